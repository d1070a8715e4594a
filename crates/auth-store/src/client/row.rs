//! An adapter that lets Diesel read rows of the driver (tokio-postgres).

use std::num::NonZeroU32;
use std::ops::Range;

use diesel::backend::Backend;
use diesel::pg::{Pg, PgValue, TypeOidLookup};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use tokio_postgres::types::{FromSql, Type};

/// A row of the driver.
pub(crate) struct PgRow(tokio_postgres::Row);

impl PgRow {
    pub(super) fn new(row: tokio_postgres::Row) -> Self {
        Self(row)
    }
}

impl RowSealed for PgRow {}

impl<'a> Row<'a, Pg> for PgRow {
    type Field<'f>
        = PgField<'f>
    where
        'a: 'f,
        Self: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.0.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<Self::Field<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let at = self.idx(index)?;
        let column = self.0.columns().get(at)?;
        let bytes = self.0.try_get::<_, Option<Raw<'b>>>(at).ok()?.map(|raw| raw.0);
        Some(PgField { name: column.name(), bytes, oid: Oid(NonZeroU32::new(column.type_().oid())?) })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for PgRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.0.len()).then_some(index)
    }
}

impl<'i> RowIndex<&'i str> for PgRow {
    fn idx(&self, name: &'i str) -> Option<usize> {
        self.0.columns().iter().position(|column| column.name() == name)
    }
}

/// One value of a row.
pub(crate) struct PgField<'f> {
    name: &'f str,
    bytes: Option<&'f [u8]>,
    oid: Oid,
}

impl<'f> Field<'f, Pg> for PgField<'f> {
    fn field_name(&self) -> Option<&str> {
        Some(self.name)
    }

    fn value(&self) -> Option<<Pg as Backend>::RawValue<'_>> {
        self.bytes.map(|bytes| PgValue::new(bytes, &self.oid))
    }
}

/// The OID of a value's type.
struct Oid(NonZeroU32);

impl TypeOidLookup for Oid {
    fn lookup(&self) -> NonZeroU32 {
        self.0
    }
}

/// A value of any type in PostgreSQL's binary format.
struct Raw<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_type: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_type: &Type) -> bool {
        true
    }
}

//! The columns of additional fields, which are known only when the process starts.
//!
//! The declarations do not change while a process runs, and values are bound as parameters. The SQL of
//! statements with these columns is therefore constant. They are prepared once per connection, like the
//! others, and are cached by their SQL.

use std::io::Write;

use auth_core::{AdditionalFields, AdditionalValues, DeclaredFields, FieldKind, FieldValue, JsonText};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, expression_types::Untyped, is_aggregate,
};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::row::{Field, Row};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz};
use time::OffsetDateTime;

use crate::error::StoreError;
use crate::id::BoundId;
use crate::oid;
use crate::timestamp::to_milliseconds;
use crate::unreadable_cell::UnreadableCell;

/// Name of the users' table.
pub(crate) const USER: &str = "user";
/// Name of the sessions' table.
pub(crate) const SESSION: &str = "session";

/// The columns of additional fields in a SELECT or RETURNING list, after all others. Without fields it writes
/// nothing, not even a comma.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldColumns<'a> {
    user: Option<&'a AdditionalFields>,
    session: Option<&'a AdditionalFields>,
}

impl<'a> FieldColumns<'a> {
    pub(crate) fn of_user(declared: &'a DeclaredFields) -> Self {
        Self { user: Some(&declared.user), session: None }
    }

    pub(crate) fn of_session(declared: &'a DeclaredFields) -> Self {
        Self { user: None, session: Some(&declared.session) }
    }

    /// The user's columns, then the session's. [`FieldCells::split`] separates them again.
    pub(crate) fn of_both(declared: &'a DeclaredFields) -> Self {
        Self { user: Some(&declared.user), session: Some(&declared.session) }
    }

    fn names(&self) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
        let columns = |table: &'static str, fields: Option<&'a AdditionalFields>| {
            fields
                .into_iter()
                .flat_map(AdditionalFields::iter)
                .map(move |field| (table, field.column.as_str()))
        };
        columns(USER, self.user).chain(columns(SESSION, self.session))
    }
}

impl QueryFragment<Pg> for FieldColumns<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (index, (table, column)) in self.names().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            out.push_identifier(table)?;
            out.push_sql(".");
            out.push_identifier(column)?;
        }
        Ok(())
    }
}

impl QueryId for FieldColumns<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for FieldColumns<'_> {
    type SqlType = Untyped;
}

impl ValidGrouping<()> for FieldColumns<'_> {
    type IsAggregate = is_aggregate::No;
}

impl<QS> AppearsOnTable<QS> for FieldColumns<'_> {}

impl<QS> SelectableExpression<QS> for FieldColumns<'_> {}

/// The values of the [`FieldColumns`] in one row.
#[derive(Debug)]
pub(crate) struct FieldCells(Vec<FieldValue>);

impl FieldCells {
    /// Assigns the values to the names of their fields.
    pub(crate) fn named(self, fields: &AdditionalFields) -> AdditionalValues {
        fields.values(self.0)
    }

    /// Separates the values of a user from those of a session.
    pub(crate) fn split(mut self, declared: &DeclaredFields) -> (AdditionalValues, AdditionalValues) {
        let session = self.0.split_off(declared.user.len().min(self.0.len()));
        (declared.user.values(self.0), declared.session.values(session))
    }
}

impl FromSqlRow<Untyped, Pg> for FieldCells {
    fn build_from_row<'a>(row: &impl Row<'a, Pg>) -> deserialize::Result<Self> {
        let cell = |index| {
            let field = row.get(index).ok_or("a row is shorter than it says")?;
            let column = field.field_name().unwrap_or("?").to_owned();
            let read = field.value().map_or(Ok(FieldValue::Null), read_cell);
            read.map_err(|cause| Box::new(UnreadableCell { column, cause }) as _)
        };
        (0..row.field_count()).map(cell).collect::<deserialize::Result<_>>().map(Self)
    }
}

/// Reads a value according to the type of its column, as Node's driver does. An adopted column may be
/// narrower or wider than the one that `migrate` would create.
fn read_cell(value: PgValue<'_>) -> deserialize::Result<FieldValue> {
    let json = |text| -> deserialize::Result<_> {
        Ok(FieldValue::Json(JsonText::parse(std::str::from_utf8(text)?)?))
    };
    Ok(match value.get_oid().get() {
        oid::BOOL => FieldValue::Boolean(FromSql::<Bool, Pg>::from_sql(value)?),
        oid::INT2 => FieldValue::Number(<i16 as FromSql<SmallInt, Pg>>::from_sql(value)?.into()),
        oid::INT4 => FieldValue::Number(<i32 as FromSql<Integer, Pg>>::from_sql(value)?.into()),
        oid::INT8 => FieldValue::BigNumber(FromSql::<BigInt, Pg>::from_sql(value)?),
        oid::TIMESTAMPTZ => FieldValue::Date(to_milliseconds(FromSql::<Timestamptz, Pg>::from_sql(value)?)),
        oid::JSON => json(value.as_bytes())?,
        // The first byte is the version of the binary format. Only version 1 exists.
        oid::JSONB => match value.as_bytes() {
            [1, text @ ..] => json(text)?,
            _ => return Err("jsonb of an unknown version".into()),
        },
        oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::FIRST_OWN.. => {
            FieldValue::Text(std::str::from_utf8(value.as_bytes())?.to_owned())
        }
        other => return Err(format!("no field is of the column's type, number {other}").into()),
    })
}

/// A value as a statement parameter.
#[derive(Debug)]
pub(crate) enum Bound<'a> {
    Id(BoundId<'a>),
    Text(Option<&'a str>),
    Boolean(Option<bool>),
    Time(Option<OffsetDateTime>),
    Integer(Option<i32>),
    BigInt(Option<i64>),
    Json(Option<JsonBytes<'a>>),
}

/// JSON in PostgreSQL's binary format for `jsonb`.
#[derive(Debug)]
pub(crate) struct JsonBytes<'a>(&'a str);

impl ToSql<Jsonb, Pg> for JsonBytes<'_> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl<'a> Bound<'a> {
    /// Binds a field's value with the type of the field's kind. The type of a parameter must not depend on
    /// the value, because each combination of types would be another prepared statement.
    fn of(kind: FieldKind, value: &'a FieldValue) -> Result<Self, StoreError> {
        let bound = match (kind, value) {
            (FieldKind::Text, FieldValue::Null) => Self::Text(None),
            (FieldKind::Text, FieldValue::Text(text)) => Self::Text(Some(text)),
            (FieldKind::Number, FieldValue::Null) => Self::Integer(None),
            (FieldKind::Number, FieldValue::Number(number) | FieldValue::BigNumber(number)) => {
                let number = i32::try_from(*number);
                Self::Integer(Some(number.map_err(|_| StoreError::rejected("number too large"))?))
            }
            (FieldKind::BigNumber, FieldValue::Null) => Self::BigInt(None),
            (FieldKind::BigNumber, FieldValue::Number(number) | FieldValue::BigNumber(number)) => {
                Self::BigInt(Some(*number))
            }
            (FieldKind::Boolean, FieldValue::Null) => Self::Boolean(None),
            (FieldKind::Boolean, FieldValue::Boolean(value)) => Self::Boolean(Some(*value)),
            (FieldKind::Date, FieldValue::Null) => Self::Time(None),
            (FieldKind::Date, FieldValue::Date(at)) => Self::Time(Some(to_milliseconds(*at))),
            (FieldKind::Json | FieldKind::TextList | FieldKind::NumberList, FieldValue::Null) => {
                Self::Json(None)
            }
            (FieldKind::Json | FieldKind::TextList | FieldKind::NumberList, FieldValue::Json(json)) => {
                Self::Json(Some(JsonBytes(json.as_str())))
            }
            _ => return Err(StoreError::rejected("a value of another kind than its field's")),
        };
        Ok(bound)
    }

    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Id(id) => id.push(out),
            Self::Text(text) => out.push_bind_param::<Nullable<Text>, _>(text),
            Self::Boolean(value) => out.push_bind_param::<Nullable<Bool>, _>(value),
            Self::Time(at) => out.push_bind_param::<Nullable<Timestamptz>, _>(at),
            Self::Integer(number) => out.push_bind_param::<Nullable<Integer>, _>(number),
            Self::BigInt(number) => out.push_bind_param::<Nullable<BigInt>, _>(number),
            Self::Json(json) => out.push_bind_param::<Nullable<Jsonb>, _>(json),
        }
    }
}

/// Returns the column and the bound value of each field. A missing value is NULL.
pub(crate) fn bound_fields<'a>(
    fields: &'a AdditionalFields,
    values: &'a AdditionalValues,
) -> Result<Vec<(&'a str, Bound<'a>)>, StoreError> {
    let bind = |field: &'a auth_core::FieldDeclaration| {
        let value = values.get(&field.name).unwrap_or(&FieldValue::Null);
        check_value(value)?;
        Ok((field.column.as_str(), Bound::of(field.kind, value)?))
    };
    fields.iter().map(bind).collect()
}

/// Rejects values that no column can hold: text with a NUL character.
pub(crate) fn check_value(value: &FieldValue) -> Result<(), StoreError> {
    let has_nul = match value {
        FieldValue::Text(text) => text.contains('\0'),
        FieldValue::Json(json) => json.has_nul(),
        _ => false,
    };
    if has_nul { Err(StoreError::rejected("text with a NUL character")) } else { Ok(()) }
}

/// An INSERT of one row that returns its id and its additional fields as the database stored them.
#[derive(Debug)]
pub(crate) struct InsertRow<'a, R> {
    pub(crate) table: &'static str,
    pub(crate) columns: Vec<(&'a str, Bound<'a>)>,
    pub(crate) returning: R,
}

impl<R: QueryFragment<Pg>> QueryFragment<Pg> for InsertRow<'_, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(self.table)?;
        for (index, (column, _)) in self.columns.iter().enumerate() {
            out.push_sql(if index == 0 { " (" } else { ", " });
            out.push_identifier(column)?;
        }
        out.push_sql(") VALUES ");
        for (index, (_, value)) in self.columns.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", " });
            value.push(&mut out)?;
        }
        out.push_sql(") RETURNING ");
        self.returning.walk_ast(out)
    }
}

impl<R> QueryId for InsertRow<'_, R> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R: Expression> Query for InsertRow<'_, R> {
    type SqlType = R::SqlType;
}

/// An UPDATE of a session's additional fields. Whether a field changes is a parameter too, so one prepared
/// statement serves all combinations.
pub(crate) struct UpdateSession<'a, R> {
    pub(crate) changes: Vec<FieldChange<'a>>,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) token: &'a str,
    pub(crate) returning: R,
}

/// One column of an [`UpdateSession`].
#[derive(Debug)]
pub(crate) struct FieldChange<'a> {
    pub(crate) column: &'a str,
    pub(crate) changes: bool,
    pub(crate) value: Bound<'a>,
}

impl<'a> FieldChange<'a> {
    /// Returns the requested change of each field.
    pub(crate) fn all(
        fields: &'a AdditionalFields,
        changes: &'a auth_core::FieldChanges,
    ) -> Result<Vec<Self>, StoreError> {
        let change = |field: &'a auth_core::FieldDeclaration| {
            let value = changes.get(&field.name);
            value.map_or(Ok(()), check_value)?;
            let bound = Bound::of(field.kind, value.unwrap_or(&FieldValue::Null))?;
            Ok(Self { column: &field.column, changes: value.is_some(), value: bound })
        };
        fields.iter().map(change).collect()
    }
}

impl<R: QueryFragment<Pg>> QueryFragment<Pg> for UpdateSession<'_, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(SESSION)?;
        out.push_sql(" SET ");
        for FieldChange { column, changes, value } in &self.changes {
            out.push_identifier(column)?;
            out.push_sql(" = CASE WHEN ");
            out.push_bind_param::<Bool, _>(changes)?;
            out.push_sql(" THEN ");
            value.push(&mut out)?;
            out.push_sql(" ELSE ");
            out.push_identifier(SESSION)?;
            out.push_sql(".");
            out.push_identifier(column)?;
            out.push_sql(" END, ");
        }
        out.push_identifier("updatedAt")?;
        out.push_sql(" = ");
        out.push_bind_param::<Timestamptz, _>(&self.updated_at)?;
        out.push_sql(" WHERE ");
        out.push_identifier("token")?;
        out.push_sql(" = ");
        out.push_bind_param::<Text, _>(self.token)?;
        out.push_sql(" RETURNING ");
        self.returning.walk_ast(out)
    }
}

impl<R> QueryId for UpdateSession<'_, R> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R: Expression> Query for UpdateSession<'_, R> {
    type SqlType = R::SqlType;
}

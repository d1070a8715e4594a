//! Ids of rows as the tables keep them: text, uuids or numbers (Better Auth core §12.3).
//!
//! Above the store an id is text. Here it becomes what its column is and comes back as the text that
//! PostgreSQL itself would show: a uuid in lower case with hyphens, a number in decimal. Only that spelling
//! names a row: `01` is not `1`, so that whatever compares ids as text compares rows.
//!
//! What is no id of the kind, such as a name in a token of another time, is looked up as NULL. That finds
//! nothing, costs the same statement, and keeps the column bare in the comparison, so that its index is used.

use std::fmt;

use diesel::deserialize::{self, FromSql};
use diesel::expression::{
    AppearsOnTable, CastsTo, Expression, FallibleCastsTo, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, SmallInt, SqlType, Text};
use uuid::{Builder, Uuid};

use crate::error::StoreError;
use crate::oid;

/// How the tables keep the ids of their rows: what Better Auth calls `advanced.database.generateId`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IdKind {
    /// Text, chosen where a row is inserted. So it is without the option, with a function, and with `false`,
    /// where Node leaves the choice to a default of the column.
    #[default]
    Text,
    /// `"uuid"`: version 4, made here; the columns can make their own, and do for Node.
    Uuid,
    /// `"serial"`: numbers that the columns count up themselves.
    Serial,
}

impl IdKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Text, Self::Uuid, Self::Serial];

    /// Gives the kind's name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "default",
            Self::Uuid => "uuid",
            Self::Serial => "serial",
        }
    }

    /// Writes an id that a row is looked up by.
    pub(crate) fn sought(self, id: &str) -> BoundId<'_> {
        match self {
            Self::Text => BoundId::Text(id),
            Self::Uuid => BoundId::Uuid(parse_uuid(id)),
            Self::Serial => BoundId::Number(parse_number(id)),
        }
    }

    /// Writes the id of another row into a new one.
    pub(crate) fn referred(self, id: &str) -> Result<BoundId<'_>, StoreError> {
        match self.sought(id) {
            BoundId::Uuid(None) | BoundId::Number(None) => {
                Err(StoreError::rejected("an id of another kind than the column's"))
            }
            id => Ok(id),
        }
    }

    /// Writes the id of a new row: the proposed one where ids are text, else one of the kind.
    pub(crate) fn new_id(self, proposed: &str) -> BoundId<'_> {
        match self {
            Self::Text => BoundId::Text(proposed),
            Self::Uuid => BoundId::Uuid(Some(Builder::from_random_bytes(rand::random()).into_uuid())),
            Self::Serial => BoundId::Default,
        }
    }

    /// Writes ids that were read from a column.
    pub(crate) fn all(self, ids: Vec<String>) -> BoundIds {
        match self {
            Self::Text => BoundIds::Text(ids),
            Self::Uuid => BoundIds::Uuid(ids.iter().filter_map(|id| parse_uuid(id)).collect()),
            Self::Serial => BoundIds::Number(ids.iter().filter_map(|id| parse_number(id)).collect()),
        }
    }
}

impl fmt::Display for IdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn parse_uuid(id: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(id).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (*uuid.hyphenated().encode_lower(&mut buffer) == *id).then_some(uuid)
}

fn parse_number(id: &str) -> Option<i64> {
    let number = id.parse::<i64>().ok()?;
    (number.to_string() == id).then_some(number)
}

/// The type of columns that hold ids of rows. Which type of PostgreSQL's they have is the database's
/// [`IdKind`]; values are therefore bound by [`BoundId`] and not as this type, whose number is never sent.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 25, array_oid = 1009))]
pub struct RowId;

/// `accountId` holds the id of a user as text in every kind.
impl CastsTo<Text> for RowId {}
impl FallibleCastsTo<Text> for RowId {}

/// Reads an id by what its column is.
impl FromSql<RowId, Pg> for String {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(match value.get_oid().get() {
            oid::UUID => Uuid::from_slice(value.as_bytes())?.hyphenated().to_string(),
            oid::INT2 => <i16 as FromSql<SmallInt, Pg>>::from_sql(value)?.to_string(),
            oid::INT4 => <i32 as FromSql<Integer, Pg>>::from_sql(value)?.to_string(),
            oid::INT8 => <i64 as FromSql<BigInt, Pg>>::from_sql(value)?.to_string(),
            oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::FIRST_OWN.. => {
                std::str::from_utf8(value.as_bytes())?.to_owned()
            }
            other => return Err(format!("no id is of the column's type, number {other}").into()),
        })
    }
}

/// An id on its way into a statement. Its parameter has the type of the kind, so that a store's statements
/// are always the same ones.
#[derive(Debug)]
pub(crate) enum BoundId<'a> {
    Text(&'a str),
    /// `None` names no row.
    Uuid(Option<Uuid>),
    /// `None` names no row. A `bigint` compares with `integer` columns through their indexes too, and is cast
    /// as it is stored.
    Number(Option<i64>),
    /// The word DEFAULT: the column makes the id.
    Default,
}

impl BoundId<'_> {
    pub(crate) fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Text(id) => out.push_bind_param::<Text, str>(id),
            Self::Uuid(id) => out.push_bind_param::<Nullable<diesel::sql_types::Uuid>, _>(id),
            Self::Number(id) => out.push_bind_param::<Nullable<BigInt>, _>(id),
            Self::Default => {
                out.push_sql("DEFAULT");
                Ok(())
            }
        }
    }
}

impl QueryFragment<Pg> for BoundId<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push(&mut out)
    }
}

/// Statements are kept by their SQL and the types of their parameters: it is not the Rust type that tells
/// kinds apart.
impl QueryId for BoundId<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for BoundId<'_> {
    type SqlType = RowId;
}

impl<G> ValidGrouping<G> for BoundId<'_> {
    type IsAggregate = is_aggregate::Never;
}

impl<QS> AppearsOnTable<QS> for BoundId<'_> {}

impl<QS> SelectableExpression<QS> for BoundId<'_> {}

/// Many ids on their way into a statement, as one array.
#[derive(Debug)]
pub(crate) enum BoundIds {
    Text(Vec<String>),
    Uuid(Vec<Uuid>),
    Number(Vec<i64>),
}

/// `column = ANY (ids)`.
#[derive(Debug)]
pub(crate) struct IsAnyOf<C> {
    pub(crate) column: C,
    pub(crate) ids: BoundIds,
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for IsAnyOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        match &self.ids {
            BoundIds::Text(ids) => out.push_bind_param::<Array<Text>, _>(ids)?,
            BoundIds::Uuid(ids) => out.push_bind_param::<Array<diesel::sql_types::Uuid>, _>(ids)?,
            BoundIds::Number(ids) => out.push_bind_param::<Array<BigInt>, _>(ids)?,
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<C> QueryId for IsAnyOf<C> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: Expression<SqlType = RowId>> Expression for IsAnyOf<C> {
    type SqlType = Bool;
}

impl<C: Expression<SqlType = RowId>, G> ValidGrouping<G> for IsAnyOf<C> {
    type IsAggregate = is_aggregate::No;
}

impl<C: AppearsOnTable<QS> + Expression<SqlType = RowId>, QS> AppearsOnTable<QS> for IsAnyOf<C> {}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]

    use super::*;

    const UUID: &str = "8d8ac610-566d-4ef0-9c22-186b2a5ed793";

    #[test]
    fn one_spelling_names_a_row() {
        assert!(matches!(IdKind::Uuid.sought(UUID), BoundId::Uuid(Some(_))));
        let upper = UUID.to_ascii_uppercase();
        let bare = UUID.replace('-', "");
        let braced = format!("{{{UUID}}}");
        for other in [upper.as_str(), &bare, &braced, "", "1", "abc"] {
            assert!(matches!(IdKind::Uuid.sought(other), BoundId::Uuid(None)), "{other}");
            assert!(matches!(IdKind::Uuid.referred(other), Err(StoreError::Rejected { .. })), "{other}");
        }
        for number in ["1", "2147483648", "-3", "9223372036854775807"] {
            assert!(matches!(IdKind::Serial.sought(number), BoundId::Number(Some(_))), "{number}");
        }
        for other in ["01", "+1", " 1", "1.0", "1e3", "-0", "", "9223372036854775808", UUID] {
            assert!(matches!(IdKind::Serial.sought(other), BoundId::Number(None)), "{other}");
            assert!(matches!(IdKind::Serial.referred(other), Err(StoreError::Rejected { .. })), "{other}");
        }
        assert!(matches!(IdKind::Text.referred("any"), Ok(BoundId::Text("any"))));
    }

    #[test]
    fn new_uuids_are_random_and_of_version_4() {
        let make = || match IdKind::Uuid.new_id("proposed") {
            BoundId::Uuid(Some(uuid)) => uuid,
            other => panic!("{other:?}"),
        };
        let (one, other) = (make(), make());
        assert_ne!(one, other);
        assert_eq!((one.get_version_num(), one.get_variant()), (4, uuid::Variant::RFC4122));
    }
}

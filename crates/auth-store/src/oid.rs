//! OIDs of PostgreSQL's built-in types (`pg_type.dat`), which never change.

pub(crate) const BOOL: u32 = 16;
pub(crate) const NAME: u32 = 19;
pub(crate) const INT8: u32 = 20;
pub(crate) const INT2: u32 = 21;
pub(crate) const INT4: u32 = 23;
pub(crate) const TEXT: u32 = 25;
pub(crate) const JSON: u32 = 114;
pub(crate) const BPCHAR: u32 = 1042;
pub(crate) const VARCHAR: u32 = 1043;
pub(crate) const TIMESTAMPTZ: u32 = 1184;
pub(crate) const UUID: u32 = 2950;
pub(crate) const JSONB: u32 = 3802;
/// Types with this OID or a higher one belong to an extension or the operator, such as citext and enums.
pub(crate) const FIRST_OWN: u32 = 16384;

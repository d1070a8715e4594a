//! Routes of the server itself: `/ok` and `/error`.

pub(crate) mod error_page;
pub(crate) mod ok;

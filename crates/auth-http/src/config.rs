//! Values that settings are made of, and the clock. Knows nothing of what uses them.

pub mod clock;
pub mod glob;
pub(crate) mod route_path;

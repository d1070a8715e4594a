//! How settings are read: their sources, the types of their values, and errors that name the key. Also the
//! clock.
//!
//! [`Loader`] combines the sources into one tree. A [`Section`] is a serde type; [`Loader::section`] reads it
//! from its table and validates it. This module knows no particular section.

pub(crate) mod base_url;
pub mod clock;
mod deserialize;
mod error;
pub mod glob;
mod loader;
mod names;
mod network;
mod reads;
pub(crate) mod route_path;
mod secret;
mod sources;
pub(crate) mod span;
mod tree;
pub(crate) mod values;

pub use error::{Problem, SettingsError, chain};
pub use loader::EffectiveKey;
pub(crate) use loader::{Loader, Section};
pub use network::Network;
pub(crate) use secret::SecretText;
pub use sources::{DEFAULT_TOML, Environment};

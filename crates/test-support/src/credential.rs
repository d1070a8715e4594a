//! The credentials of a client: a password in a body, and a cookie or a token in a header.

use std::fmt;

use serde_json::{Value, json};

/// The password of every user that a test registers.
pub const PASSWORD: &str = "correct horse battery staple";

/// The body that signs a user in with [`PASSWORD`].
pub fn email_and_password(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}

/// A header with a session's credential: a cookie or a bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialHeader {
    name: &'static str,
    value: String,
}

impl CredentialHeader {
    /// A `Cookie` header.
    pub fn cookie(pairs: impl Into<String>) -> Self {
        Self { name: "cookie", value: pairs.into() }
    }

    /// An `Authorization` header with a token (RFC 6750 §2.1).
    pub fn bearer(token: impl fmt::Display) -> Self {
        Self { name: "authorization", value: format!("Bearer {token}") }
    }

    /// Name and value.
    pub fn as_pair(&self) -> (&str, &str) {
        (self.name, &self.value)
    }

    /// The name, in lower case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

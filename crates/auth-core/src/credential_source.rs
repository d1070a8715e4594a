//! Chooses the part of a request that authenticates it. Only this file decides the order of precedence.

use std::fmt;

use crate::bearer::Bearer;

/// The part of a request that authenticates it. Nothing in it is verified yet.
///
/// The order is:
///
/// 1. `Authorization: Bearer` with a JWT, such as an access token;
/// 2. `Authorization: Bearer` with any other token, which must be a session token;
/// 3. the cookies, if there is no bearer header.
///
/// A bearer token that does not verify must be refused; the cookies must not be used instead. Otherwise the
/// client would act as another user than it believes (R-17).
///
/// ```
/// use auth_core::{Bearer, CredentialSource};
///
/// let source = |line: &'static str| CredentialSource::of(Bearer::read([line.as_bytes()]));
/// assert_eq!(source("Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln"), CredentialSource::Jwt("eyJhbGciOiJIUzI1NiJ9.e30.c2ln"));
/// assert_eq!(source("Bearer f0cJ6Kx2zx0q9d2O"), CredentialSource::SessionToken("f0cJ6Kx2zx0q9d2O"));
/// assert_eq!(source("Basic YTpi"), CredentialSource::Cookies);
/// assert_eq!(source("Bearer"), CredentialSource::MalformedBearer);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CredentialSource<'r> {
    /// A bearer header that must be refused: it has no token, occurs twice, or is not text.
    MalformedBearer,
    /// A bearer token in the form of a JWT.
    Jwt(&'r str),
    /// A bearer token in any other form: a session token, raw or signed, or a token that must be refused.
    SessionToken(&'r str),
    /// The cookies.
    Cookies,
}

impl<'r> CredentialSource<'r> {
    /// Chooses the part that counts, from the content of the `Authorization` header.
    pub fn of(bearer: Bearer<'r>) -> Self {
        match bearer {
            Bearer::Malformed => Self::MalformedBearer,
            Bearer::Absent => Self::Cookies,
            Bearer::Token(token) if is_jwt(token) => Self::Jwt(token),
            Bearer::Token(token) => Self::SessionToken(token),
        }
    }
}

/// A JWT in compact form has at least two dots. A signed session token has one dot, a raw one has none.
fn is_jwt(token: &str) -> bool {
    token.matches('.').count() >= 2
}

/// Hides the token, because it is a secret.
impl fmt::Debug for CredentialSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MalformedBearer => "MalformedBearer",
            Self::Jwt(_) => "Jwt(..)",
            Self::SessionToken(_) => "SessionToken(..)",
            Self::Cookies => "Cookies",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_dots_tells_the_kind_of_a_bearer_token() {
        for token in ["a.b.c", "..", "a.b.c.d.e"] {
            assert_eq!(CredentialSource::of(Bearer::Token(token)), CredentialSource::Jwt(token));
        }
        for token in ["a", "a.b", ".", "a-b"] {
            assert_eq!(CredentialSource::of(Bearer::Token(token)), CredentialSource::SessionToken(token));
        }
    }

    #[test]
    fn cookies_count_only_where_no_bearer_header_came() {
        assert_eq!(CredentialSource::of(Bearer::Absent), CredentialSource::Cookies);
        assert_eq!(CredentialSource::of(Bearer::Malformed), CredentialSource::MalformedBearer);
    }

    #[test]
    fn r_116_debug_shows_no_token() {
        for token in ["hunter2", "hunter2.hunter2.hunter2"] {
            let shown = format!("{:?}", CredentialSource::of(Bearer::Token(token)));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

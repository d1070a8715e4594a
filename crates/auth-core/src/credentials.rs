//! The headers of a request that authenticate it.

use crate::bearer::Bearer;
use crate::cookie::RequestCookies;
use crate::secret::Secret;

/// The headers of a request that authenticate it, parsed but not yet verified. A
/// [`Verifier`](crate::Verifier) verifies them.
///
/// ```
/// use auth_core::{Credentials, Verdict};
///
/// # let verifier = auth_core::testing::TestIssuer::new().verifier();
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// let authorization = [&b"Bearer f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3"[..]];
/// let cookie = [&b"theme=dark"[..]];
/// let credentials = Credentials::read(authorization, cookie);
/// let verdict = verifier.verify(&credentials, now)?;
/// assert!(matches!(verdict, Verdict::Session(_)), "a session token, to be looked up");
/// # Ok::<(), auth_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    authorization: Authorization,
    pub(crate) cookies: RequestCookies,
}

/// An owned copy of a [`Bearer`].
#[derive(Clone, Debug)]
enum Authorization {
    Absent,
    Malformed,
    Token(Secret<String>),
}

impl Credentials {
    /// Reads the values of all `Authorization` and all `Cookie` lines of a request.
    pub fn read<'h>(
        authorization: impl IntoIterator<Item = &'h [u8]>,
        cookie: impl IntoIterator<Item = &'h [u8]>,
    ) -> Self {
        let authorization = match Bearer::read(authorization) {
            Bearer::Absent => Authorization::Absent,
            Bearer::Malformed => Authorization::Malformed,
            Bearer::Token(token) => Authorization::Token(Secret::new(token.to_owned())),
        };
        Self { authorization, cookies: RequestCookies::parse(cookie) }
    }

    /// Returns the content of the `Authorization` header.
    pub(crate) fn bearer(&self) -> Bearer<'_> {
        match &self.authorization {
            Authorization::Absent => Bearer::Absent,
            Authorization::Malformed => Bearer::Malformed,
            Authorization::Token(token) => Bearer::Token(token.expose()),
        }
    }
}

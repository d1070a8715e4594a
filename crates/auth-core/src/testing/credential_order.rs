//! Requests with several credentials, and which of them must count, for tests of code that reads requests.
//!
//! The tests of the verifier for services and those of the auth server both run [`OrderCase::all`], so that
//! both keep the same order. A test provides the credentials of three users; the caller's user shows which
//! credential counted.

use super::{TestIssuer, cases};
use crate::wire::ErrorCode;

/// Credentials of three users. All are valid unless a field says otherwise.
///
/// ```
/// use auth_core::testing::credential_order::{OrderCase, ShownCredentials};
///
/// let shown = ShownCredentials {
///     access_token: "a.b.c".to_owned(),
///     expired_access_token: "d.e.f".to_owned(),
///     session_token: "f0cJ6Kx2zx0q9d2O".to_owned(),
///     signed_session_token: "f0cJ6Kx2zx0q9d2O.c2ln".to_owned(),
///     cookie: "better-auth.session_token=x".to_owned(),
/// };
/// let case = OrderCase::all().into_iter().find(|case| case.name == "an access token and a cookie");
/// let case = case.expect("is in the table");
/// assert_eq!(case.authorization(&shown), ["Bearer a.b.c"]);
/// assert_eq!(case.cookie(&shown).as_deref(), Some("better-auth.session_token=x"));
/// ```
#[derive(Clone)]
pub struct ShownCredentials {
    /// An access token of the first user.
    pub access_token: String,
    /// An expired access token.
    pub expired_access_token: String,
    /// A session token of the second user, as the database stores it.
    pub session_token: String,
    /// The same token, signed and percent-encoded, as a cookie carries it.
    pub signed_session_token: String,
    /// The session cookie of the third user, `name=value`.
    pub cookie: String,
}

/// Which credential of a request must count.
///
/// ```
/// use auth_core::testing::credential_order::{Counts, OrderCase};
///
/// let with_both = OrderCase::all().into_iter().find(|case| case.name == "an access token and a cookie");
/// assert_eq!(with_both.map(|case| case.counts), Some(Counts::AccessToken));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// The access token, of the first user.
    AccessToken,
    /// The session token, of the second user.
    SessionToken,
    /// The session cookie, of the third user.
    Cookie,
    /// None: the request is refused, with 401 and this code.
    Refused(ErrorCode),
}

/// A request, and which of its credentials must count.
///
/// ```
/// use auth_core::testing::credential_order::{Counts, OrderCase};
///
/// let refused = OrderCase::all().into_iter().filter(|case| matches!(case.counts, Counts::Refused(_)));
/// assert!(refused.count() > 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OrderCase {
    /// The name of the case, for messages.
    pub name: &'static str,
    /// Which credential must count.
    pub counts: Counts,
    authorization: &'static [&'static str],
    cookie: Option<&'static str>,
}

impl OrderCase {
    /// Every case.
    pub fn all() -> Vec<Self> {
        use Counts::{AccessToken, Cookie, Refused, SessionToken};
        const NONE: Counts = Refused(ErrorCode::Unauthorized);
        const INVALID: Counts = Refused(ErrorCode::InvalidToken);
        const EXPIRED: Counts = Refused(ErrorCode::TokenExpired);
        let case = |name, authorization, cookie, counts| Self { name, counts, authorization, cookie };
        let cookie = Some("{cookie}");
        vec![
            case("nothing", &[], None, NONE),
            case("a cookie", &[], cookie, Cookie),
            case("a cookie with a wrong signature", &[], Some("{cookie}x"), NONE),
            case("an access token", &["Bearer {access}"], None, AccessToken),
            case("an access token and a cookie", &["Bearer {access}"], cookie, AccessToken),
            case("a session token", &["Bearer {raw}"], None, SessionToken),
            case("a session token and a cookie", &["Bearer {raw}"], cookie, SessionToken),
            case("a signed session token and a cookie", &["bearer {signed}"], cookie, SessionToken),
            case("another scheme and a cookie", &["Basic YTpi"], cookie, Cookie),
            case("another scheme alone", &["Basic YTpi"], None, NONE),
            case("an expired access token and a cookie", &["Bearer {expired}"], cookie, EXPIRED),
            case("another server's access token and a cookie", &["Bearer {stranger}"], cookie, INVALID),
            case("a changed access token and a cookie", &["Bearer {access}x"], cookie, INVALID),
            case("a text like a JWT and a cookie", &["Bearer a.b.c"], cookie, INVALID),
            case("a text like a JWE and a cookie", &["Bearer a.b.c.d.e"], cookie, INVALID),
            case("a wrong signature and a cookie", &["Bearer {signed}x"], cookie, INVALID),
            case("a text like a signed token and a cookie", &["Bearer a.b"], cookie, INVALID),
            case("a text that is no token and a cookie", &["Bearer a-b"], cookie, INVALID),
            case("the token of no session and a cookie", &["Bearer {unknown}"], cookie, INVALID),
            case("a header without a token and a cookie", &["Bearer"], cookie, INVALID),
            case("a header with two tokens and a cookie", &["Bearer {access} {raw}"], cookie, INVALID),
            case("two headers and a cookie", &["Bearer {access}", "Bearer {access}"], cookie, INVALID),
            case("two schemes and a cookie", &["Basic YTpi", "Bearer {access}"], cookie, INVALID),
        ]
    }

    /// Returns the `Authorization` lines of the request.
    pub fn authorization(&self, shown: &ShownCredentials) -> Vec<String> {
        self.authorization.iter().map(|line| filled(line, shown)).collect()
    }

    /// Returns the `Cookie` line of the request, if it has one.
    pub fn cookie(&self, shown: &ShownCredentials) -> Option<String> {
        self.cookie.map(|line| filled(line, shown))
    }
}

/// A session token that belongs to no session.
const UNKNOWN: &str = "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3";

fn filled(line: &str, shown: &ShownCredentials) -> String {
    let stranger = TestIssuer::new().user("eve@example.com").access_token(cases::NOW);
    let stranger = stranger.value().trim_start_matches("Bearer ");
    [
        ("{access}", shown.access_token.as_str()),
        ("{expired}", &shown.expired_access_token),
        ("{stranger}", stranger),
        ("{raw}", &shown.session_token),
        ("{signed}", &shown.signed_session_token),
        ("{unknown}", UNKNOWN),
        ("{cookie}", &shown.cookie),
    ]
    .into_iter()
    .fold(line.to_owned(), |line, (name, value)| line.replace(name, value))
}

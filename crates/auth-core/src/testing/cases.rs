//! Requests and their expected responses, for the tests of crates that integrate a web framework.
//!
//! `auth-actix`, `auth-axum` and `auth-tower` all use this table. A crate for another framework sends each
//! [`Case`] to a service with [`Case::authenticator`] and passes the response to [`Case::assert_answer`]. The
//! clock of that service is fixed at [`NOW`].

use time::{Duration, OffsetDateTime};

use super::{TestCredential, TestIssuer};
use crate::authenticator::Authenticator;

/// The time of every request: 2030-01-15 12:00 UTC.
///
/// ```
/// use auth_core::testing::cases;
///
/// assert_eq!(cases::NOW, time::macros::datetime!(2030-01-15 12:00 UTC));
/// ```
pub const NOW: OffsetDateTime = match OffsetDateTime::from_unix_timestamp(1_894_708_800) {
    Ok(now) => now,
    Err(_) => OffsetDateTime::UNIX_EPOCH,
};

/// Address of the user of most cases.
const ANN: &str = "ann@example.com";

/// The requirement of a route, and its response to a caller who meets it.
///
/// ```
/// use auth_core::testing::cases::Guard;
///
/// assert_eq!(Guard::ALL.map(Guard::path), ["/who", "/maybe", "/fresh", "/admin"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Any signed-in caller; responds with the e-mail address.
    Principal,
    /// Every caller; responds with the e-mail address, or `anonymous` for a caller who is not signed in.
    Optional,
    /// A caller who signed in recently; responds with the user's id.
    Fresh,
    /// A caller with the role `admin`; responds with the user's id.
    Admin,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 4] = [Self::Principal, Self::Optional, Self::Fresh, Self::Admin];

    /// Returns the path of the route in the service under test.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Principal => "/who",
            Self::Optional => "/maybe",
            Self::Fresh => "/fresh",
            Self::Admin => "/admin",
        }
    }
}

/// One request and its expected response.
///
/// ```
/// use auth_core::testing::cases::Case;
///
/// for case in Case::refusals() {
///     // A service of the framework, made of `case.authenticator()`, answers a GET for `case.guard.path()`
///     // with the line `case.credential`.
/// #   if case.name != "no credentials" { continue; }
///     let (status, body) = (401, r#"{"message":"Unauthorized","code":"UNAUTHORIZED"}"#);
///     case.assert_answer(status, body, |name| match name {
///         "content-type" => Some("application/json".to_owned()),
///         "www-authenticate" => Some("Bearer".to_owned()),
///         "cache-control" => Some("no-store".to_owned()),
///         _ => None,
///     });
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Case {
    /// The name of the case, for messages.
    pub name: &'static str,
    /// The requested route.
    pub guard: Guard,
    /// The header line of the request; `None` for a request without credentials.
    pub credential: Option<TestCredential>,
    issuer: TestIssuer,
    status: u16,
    body: Option<String>,
    headers: &'static [(&'static str, &'static str)],
}

impl Case {
    /// Every form of credential authenticates its user.
    pub fn forms_of_credentials() -> Vec<Self> {
        let issuer = TestIssuer::new();
        let ann = issuer.user(ANN);
        let forms = [
            ("an access token", ann.access_token(NOW)),
            ("a session token", ann.session_token(NOW)),
            ("a session cookie", ann.session_cookie(NOW)),
            ("a cached cookie", ann.cached_cookie(NOW)),
        ];
        let case = |(name, credential)| {
            Self::new(name, &issuer, Guard::Principal, 200).with(&credential).answering(ANN)
        };
        forms.map(case).into()
    }

    /// Refusals have the shape of Better Auth's responses.
    pub fn refusals() -> Vec<Self> {
        let issuer = TestIssuer::new();
        let late = issuer.user(ANN).access_token(NOW - Duration::hours(2));
        let stranger = TestIssuer::new().user(ANN).access_token(NOW);
        let refused = |name| Self::new(name, &issuer, Guard::Principal, 401);
        vec![
            Self {
                headers: &[
                    ("content-type", "application/json"),
                    ("www-authenticate", "Bearer"),
                    ("cache-control", "no-store"),
                ],
                ..refused("no credentials").refusing("Unauthorized", "UNAUTHORIZED")
            },
            refused("an expired token").with(&late).refusing("Token expired", "TOKEN_EXPIRED"),
            refused("another server's token").with(&stranger).refusing("Invalid token", "INVALID_TOKEN"),
        ]
    }

    /// If a principal is optional, an invalid cookie makes the caller anonymous, and an invalid bearer token
    /// is refused.
    pub fn optional_principals() -> Vec<Self> {
        let issuer = TestIssuer::new();
        let ann = issuer.user(ANN);
        let (cookie, bearer) = (ann.session_cookie(NOW), ann.session_token(NOW));
        let stranger = TestIssuer::new().user(ANN).access_token(NOW);
        let case = |name, status| Self::new(name, &issuer, Guard::Optional, status);
        let mut cases = vec![
            case("no credentials", 200).answering("anonymous"),
            case("a live cookie", 200).with(&cookie).answering(ANN),
            case("another server's token", 401).with(&stranger),
        ];
        ann.sign_out();
        cases.push(case("a dead cookie", 200).with(&cookie).answering("anonymous"));
        cases.push(case("a dead bearer token", 401).with(&bearer));
        cases
    }

    /// An outage of the lookup gives 503 on every route, for each caller whose session must be looked up.
    pub fn outages() -> Vec<Self> {
        let issuer = TestIssuer::new();
        let cookie = issuer.user(ANN).session_cookie(NOW);
        issuer.sessions().break_down();
        let case = |guard| {
            let case = Self::new("an outage", &issuer, guard, 503).with(&cookie);
            case.refusing("Service unavailable", "SERVICE_UNAVAILABLE")
        };
        Guard::ALL.map(case).into()
    }

    /// A session is fresh by its sign-in time, whichever credential the request has.
    pub fn fresh_sessions() -> Vec<Self> {
        let issuer = TestIssuer::new();
        let ann = issuer.user(ANN);
        let case = |name, status| Self::new(name, &issuer, Guard::Fresh, status);
        let (young, old) = (NOW - Duration::hours(23), NOW - Duration::hours(24));
        let (young, old) = (ann.session_cookie(young), ann.session_cookie(old));
        let token = ann.access_token(NOW);
        let mut cases = vec![
            case("a session of 23 hours", 200).with(&young),
            case("a session of 24 hours", 403).with(&old),
            case("an access token, whose session is looked up", 200).with(&token),
        ];
        ann.sign_out();
        cases.push(case("an access token of a session that ended", 401).with(&token));
        cases
    }

    /// A role must match a whole entry of the user's list.
    pub fn roles() -> Vec<Self> {
        let issuer = TestIssuer::new();
        let admin = issuer.user(ANN).with_role("editor,admin").session_cookie(NOW);
        let other = issuer.user("bob@example.com").session_cookie(NOW);
        let case = |name, status| Self::new(name, &issuer, Guard::Admin, status);
        vec![
            case("an editor who is an admin", 200).with(&admin),
            case("a user without a role", 403).with(&other),
            case("no credentials", 401),
        ]
    }

    /// Returns the authenticator for the service under test, with a lookup of this case's sessions.
    pub fn authenticator(&self) -> Authenticator {
        Authenticator::new(self.issuer.verifier()).with_sessions(self.issuer.sessions())
    }

    /// Compares the service's response with the expected one. `header` returns a header of the response by
    /// its name.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn assert_answer(&self, status: u16, body: &str, header: impl Fn(&str) -> Option<String>) {
        let Self { name, guard, credential, .. } = self;
        let asked = format!("{name}: {} with {credential:?}", guard.path());
        assert_eq!(status, self.status, "{asked}: {body}");
        if let Some(expected) = &self.body {
            assert_eq!(body, expected, "{asked}");
        }
        for (name, expected) in self.headers {
            assert_eq!(header(name).as_deref(), Some(*expected), "{asked}: {name}");
        }
    }

    fn new(name: &'static str, issuer: &TestIssuer, guard: Guard, status: u16) -> Self {
        // A case keeps its own copy, so that later changes such as a sign-out do not affect it.
        let sessions = issuer.sessions.copy();
        let issuer = TestIssuer { sessions, ..issuer.clone() };
        Self { name, guard, credential: None, issuer, status, body: None, headers: &[] }
    }

    fn with(self, credential: &TestCredential) -> Self {
        Self { credential: Some(credential.clone()), ..self }
    }

    fn answering(self, body: impl Into<String>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    fn refusing(self, message: &str, code: &str) -> Self {
        self.answering(format!(r#"{{"message":"{message}","code":"{code}"}}"#))
    }
}

//! Requests and the answers that they must get, for the tests of crates that bring the check to a framework.
//!
//! `auth-actix`, `auth-axum` and `auth-tower` send the same requests and compare the same answers; the table stands
//! here once. A crate for another framework sends each [`Case`] to a service made of [`Case::authenticator`] and hands
//! the answer to [`Case::assert_answer`]. The clock of that service stands still at [`NOW`].

use time::{Duration, OffsetDateTime};

use super::{TestCredential, TestIssuer};
use crate::authenticator::Authenticator;

/// The moment of every request: 2030-01-15 12:00 UTC.
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

/// What a route asks of its callers, and what it answers to one that it lets in.
///
/// ```
/// use auth_core::testing::cases::Guard;
///
/// assert_eq!(Guard::ALL.map(Guard::path), ["/who", "/maybe", "/fresh", "/admin"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Any signed-in caller; answers the e-mail address.
    Principal,
    /// Every caller; answers the e-mail address, or `anonymous` to a caller who is not signed in.
    Optional,
    /// A caller who signed in lately; answers the user's id.
    Fresh,
    /// A caller with the role `admin`; answers the user's id.
    Admin,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 4] = [Self::Principal, Self::Optional, Self::Fresh, Self::Admin];

    /// Gives the path of the route in the tests' service.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Principal => "/who",
            Self::Optional => "/maybe",
            Self::Fresh => "/fresh",
            Self::Admin => "/admin",
        }
    }
}

/// One request, and the answer that it must get.
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
    /// Which one this is, for messages.
    pub name: &'static str,
    /// The route that is asked.
    pub guard: Guard,
    /// The header line of the request; `None` for a request without credentials.
    pub credential: Option<TestCredential>,
    issuer: TestIssuer,
    status: u16,
    body: Option<String>,
    headers: &'static [(&'static str, &'static str)],
}

impl Case {
    /// Every form of a credential lets its user in, under the user's name.
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

    /// Refusals have the shape of Better Auth's answers.
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

    /// Where a principal is optional, a dead cookie makes an anonymous caller, and a bad bearer token is refused.
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

    /// An outage of the lookup is 503 on every route, for each caller whose session has to be looked up.
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

    /// A session is fresh by the time of its sign-in, whatever is shown.
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

    /// A role is found in the user's list, by its whole name.
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

    /// Gives the check of the service that is asked, with a lookup of the sessions of this case.
    pub fn authenticator(&self) -> Authenticator {
        Authenticator::new(self.issuer.verifier()).with_sessions(self.issuer.sessions())
    }

    /// Compares the service's answer with the expected one; `header` gives a header of the answer by its name.
    ///
    /// # Panics
    ///
    /// Where they differ.
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
        // Later calls on this issuer's sessions, such as a sign-out, belong to later cases.
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

//! Answers that tell a client which user is signed in.

use serde::Serialize;

use super::{SessionBody, Timestamp, UserBody};

/// The answer of `/get-session`, `/register` and `/login`: Better Auth's `session` and `user`. If the server
/// is configured for it, the three members of the token API follow.
///
/// ```
/// use auth_core::wire::SessionEnvelope;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// let answer = SessionEnvelope {
///     session: Some((&signed_in.session).into()),
///     user: (&signed_in.user).into(),
///     needs_refresh: None,
///     token: None,
/// };
/// let json = serde_json::to_string(&answer)?;
/// assert!(json.starts_with(r#"{"session":{"expiresAt":"2030-01-22T12:00:00.000Z","token":""#));
/// # assert!(json.contains(r#"},"user":{"name":"ann","#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEnvelope<'a> {
    /// The session; `null` if the caller's token came from another issuer, which has no session for the user.
    pub session: Option<SessionBody<'a>>,
    /// The user.
    pub user: UserBody<'a>,
    /// Whether the client should extend the session; omitted if reads extend it themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_refresh: Option<bool>,
    /// The members of the token API.
    #[serde(flatten)]
    pub token: Option<AccessTokenBody<'a>>,
}

/// The token members of a [`SessionEnvelope`].
///
/// ```
/// use auth_core::wire::AccessTokenBody;
///
/// let none = serde_json::to_string(&AccessTokenBody::none())?;
/// assert_eq!(none, r#"{"accessToken":null,"accessTokenExpiresAt":null,"refreshToken":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessTokenBody<'a> {
    access_token: Option<&'a str>,
    access_token_expires_at: Option<Timestamp>,
    /// Always `null`; the name is reserved.
    refresh_token: Option<&'a str>,
}

impl<'a> AccessTokenBody<'a> {
    /// Creates the members for a token and its expiry.
    pub fn new(token: &'a str, expires_at: time::OffsetDateTime) -> Self {
        Self {
            access_token: Some(token),
            access_token_expires_at: Some(Timestamp(expires_at)),
            refresh_token: None,
        }
    }

    /// Creates the members of an answer without a token, because no user was signed in.
    pub fn none() -> Self {
        Self { access_token: None, access_token_expires_at: None, refresh_token: None }
    }
}

/// The answer of `/sign-up/email` and `/change-password`.
///
/// A sign-up after which the user must verify the address first:
///
/// ```
/// use auth_core::wire::TokenAndUserBody;
///
/// # let user = auth_core::testing::TestIssuer::new().user("ann@example.com").user().clone();
/// let answer = TokenAndUserBody { token: None, user: (&user).into() };
/// let json = serde_json::to_string(&answer)?;
/// assert!(json.starts_with(r#"{"token":null,"user":{"name":"ann","email":"ann@example.com","#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
pub struct TokenAndUserBody<'a> {
    /// The raw session token; `null` if no session was created.
    pub token: Option<&'a str>,
    /// The user.
    pub user: UserBody<'a>,
}

/// The answer of `/sign-in/email`.
///
/// ```
/// use auth_core::wire::SignInBody;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// let answer = SignInBody {
///     redirect: true,
///     token: signed_in.session.token.expose(),
///     url: Some("/orders"),
///     user: (&signed_in.user).into(),
/// };
/// assert!(serde_json::to_string(&answer)?.contains(r#","url":"/orders","user":{"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
pub struct SignInBody<'a> {
    /// Whether the client should go to `url` next.
    pub redirect: bool,
    /// The raw session token.
    pub token: &'a str,
    /// The `callbackURL` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<&'a str>,
    /// The user.
    pub user: UserBody<'a>,
}

//! What a request shows to say who it acts for, in the order of the token API: an access token, a session
//! token, the signed session cookie.
//!
//! With `bearer.enabled`, Better Auth's own routes read session tokens as its `bearer` plugin does: they stand for the
//! cookie, and so does the caller from there on.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use auth_core::{
    AccessTokenVerifier, Bearer, BearerCookie, ForeignTokenVerifier, RequestCookies, Secret, VerifyError,
    signed_value,
};

use time::OffsetDateTime;

use crate::session::caller::{Caller, Credential, SessionReader};
use crate::session::reply::SessionReply;
use crate::session::site::Site;
use crate::web::error::{ApiError, Unauthorized};
use crate::web::now::Now;
use crate::web::state::MissingState;

/// The cookies of a request, read once; as the `bearer` plugin leaves them, where it is on.
#[derive(Debug)]
pub(crate) struct SessionCookie {
    /// Every cookie.
    pub(crate) cookies: RequestCookies,
    /// What the session cookie, or what stands for it, shows.
    credential: Credential,
    /// Whether a rightly signed `dont_remember` came.
    pub(crate) dont_remember: bool,
    /// The value of the cookie cache, unverified, where there is to be one.
    pub(crate) cached: Option<String>,
}

impl SessionCookie {
    /// Reads the cookies of a request.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] where the routes are not mounted.
    pub(super) fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let site = Site::of(request)?;
        let SessionReply { cookies: names, secret, copies, bearer, .. } = &site.reply;
        let lines = request.headers().get_all(header::COOKIE).map(|line| line.as_bytes());
        let mut cookies = RequestCookies::parse(lines);
        let authorization = request.headers().get(header::AUTHORIZATION);
        let stand_in =
            bearer.zip(authorization).and_then(|(plugin, line)| plugin.read(line.as_bytes(), secret));
        if stand_in.is_some() {
            cookies = cookies.rewritten();
        }
        let credential = match stand_in {
            Some(BearerCookie::Token(token)) => Credential::Cookie(token),
            Some(BearerCookie::NoSession) => Credential::NoSession,
            Some(BearerCookie::Unreadable) => Credential::DeadCookie,
            None => match names.read_session_token(&cookies, secret) {
                Some(token) => Credential::Cookie(token),
                None if names.has_session_token(&cookies) => Credential::DeadCookie,
                None => Credential::None,
            },
        };
        Ok(Self {
            credential,
            dont_remember: names.read_dont_remember(&cookies, secret),
            cached: copies.as_ref().and_then(|_| names.read_session_data(&cookies)),
            cookies,
        })
    }
}

impl FromRequest for SessionCookie {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl FromRequest for Credential {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    /// For Better Auth's own routes: a bearer token that does not verify is refused, without looking at a cookie,
    /// unless the `bearer` plugin has it passed over.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_credential(request))
    }
}

/// The caller of a route that asks for credentials: the user, and the session unless a foreign token spoke.
///
/// The database is asked each time, so that a route which changes something can rely on it. Reading does not
/// extend the session; `/get-session` and the reference's guarded routes do that.
#[derive(Debug)]
pub struct Acting(pub Caller);

impl FromRequest for Acting {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let now = Now::from_request(request, payload).into_inner();
        let credential = read_strictly(request);
        let request = request.clone();
        Box::pin(async move {
            let (Now(now), credential) = (now?, credential?);
            let reader = state::<SessionReader>(&request, "SessionReader")?;
            let caller = reader.find_caller(&credential, now).await?;
            caller.map(Self).map_or_else(|| Err(refusal(&request, &credential)), Ok)
        })
    }
}

/// Says why a credential that verified, or none, speaks for nobody.
pub(super) fn refusal(request: &HttpRequest, credential: &Credential) -> ApiError {
    match credential {
        Credential::None | Credential::DeadCookie => ApiError::Unauthorized(Unauthorized::NoCredentials),
        Credential::Cookie(_) | Credential::NoSession => cleared(request).unwrap_or_else(|error| error),
        Credential::AccessToken { .. } | Credential::Foreign { .. } | Credential::SessionToken(_) => {
            ApiError::Unauthorized(Unauthorized::InvalidToken)
        }
    }
}

fn cleared(request: &HttpRequest) -> Result<ApiError, ApiError> {
    let clear = Site::of(request)?.reply.cookies.clear_session(&SessionCookie::read(request)?.cookies);
    Ok(ApiError::SessionEnded { clear })
}

/// Checks the JWTs that a caller may show. The two kinds exclude each other by their `typ`, so that no
/// token can be taken for the other kind.
#[derive(Clone, Debug)]
pub(crate) struct JwtVerifiers {
    /// For tokens of ours.
    pub(crate) access: AccessTokenVerifier,
    /// For tokens of other issuers, where `access_token.accept_foreign` is on.
    pub(crate) foreign: Option<ForeignTokenVerifier>,
}

impl JwtVerifiers {
    fn verify(&self, text: &str, now: OffsetDateTime) -> Result<Credential, VerifyError> {
        let token = || Secret::new(text.to_owned());
        match (self.access.verify(text, now), &self.foreign) {
            (Ok(claims), _) => Ok(Credential::AccessToken { claims, token: token() }),
            (Err(VerifyError::WrongType), Some(foreign)) => {
                let claims = foreign.verify(text, now)?;
                Ok(Credential::Foreign { claims, token: token() })
            }
            (Err(error), _) => Err(error),
        }
    }
}

/// Gives a capability that the routes were mounted with.
///
/// # Errors
///
/// [`ApiError::Internal`] where they were not.
pub(super) fn state<'r, T: 'static>(request: &'r HttpRequest, name: &'static str) -> Result<&'r T, ApiError> {
    let data = request.app_data::<Data<T>>().map(|data| data.as_ref());
    data.ok_or_else(|| ApiError::internal(MissingState(name)))
}

/// Reads what a request to one of Better Auth's own routes shows.
///
/// # Errors
///
/// As [`read_strictly`]. Where the `bearer` plugin has tokens that do not verify passed over, only a header that came
/// twice is refused: there is no telling whose word it would be.
pub(super) fn read_credential(request: &HttpRequest) -> Result<Credential, ApiError> {
    if Site::of(request)?.reply.bearer.is_none() {
        return read_strictly(request);
    }
    if request.headers().get_all(header::AUTHORIZATION).nth(1).is_some() {
        return Err(ApiError::Unauthorized(Unauthorized::InvalidToken));
    }
    // Access tokens are none of the plugin's business: those that verify count as ever.
    if matches!(bearer(request.headers()), Bearer::Token(token) if is_jws(token)) {
        match read_strictly(request) {
            Err(ApiError::Unauthorized(_)) => {}
            read => return read,
        }
    }
    Ok(SessionCookie::read(request)?.credential)
}

/// Reads what a request shows.
///
/// # Errors
///
/// 401 for a bearer token that does not verify; a cookie is not looked at then.
fn read_strictly(request: &HttpRequest) -> Result<Credential, ApiError> {
    let refused = || ApiError::Unauthorized(Unauthorized::InvalidToken);
    let token = match bearer(request.headers()) {
        Bearer::Malformed => return Err(refused()),
        Bearer::Absent => return Ok(SessionCookie::read(request)?.credential),
        Bearer::Token(token) => token,
    };
    let site = Site::of(request)?;
    if !is_jws(token) {
        let SessionReply { secret, bearer: plugin, .. } = &site.reply;
        let needs_signature = plugin.is_some_and(|plugin| plugin.require_signature);
        let session = signed_value::read_session_token(token, secret)
            .filter(|_| token.contains('.') || !needs_signature);
        return session.map(Credential::SessionToken).ok_or_else(refused);
    }
    let Now(now) = Now::from_request(request, &mut Payload::None).into_inner()?;
    site.verifiers.verify(token, now).map_err(|error| match error {
        VerifyError::Expired { .. } => ApiError::Unauthorized(Unauthorized::TokenExpired),
        _ => refused(),
    })
}

/// A compact JWS has exactly two dots; a signed session token has one, a raw one has none.
fn is_jws(token: &str) -> bool {
    token.matches('.').count() >= 2
}

/// Reads the `Authorization` lines.
fn bearer(headers: &HeaderMap) -> Bearer<'_> {
    Bearer::read(headers.get_all(header::AUTHORIZATION).map(|line| line.as_bytes()))
}

//! Reads the credentials of a request, in the order of [`CredentialSource`].
//!
//! With `bearer.enabled`, Better Auth's own routes read session tokens as its `bearer` plugin does: the token
//! replaces the session cookie, and the caller is treated as one with a cookie.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use auth_core::{
    AccessTokenVerifier, Bearer, CredentialSource, ForeignTokenVerifier, Secret, VerifyError, signed_value,
};
use time::OffsetDateTime;

use super::Sessions;
use super::credential::Credential;
use crate::web::context::RequestContext;
use crate::web::error::{ApiError, Unauthorized};

/// Verifies the JWTs that a caller may present. The two kinds have different `typ` values, so a token of one
/// kind is never accepted as the other.
#[derive(Clone, Debug)]
pub(crate) struct JwtVerifiers {
    /// For tokens of this server.
    pub(crate) access: AccessTokenVerifier,
    /// For tokens of other issuers; `None` if `access_token.accept_foreign` is off.
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

impl Sessions {
    /// Reads the credential of a request to one of Better Auth's own routes.
    ///
    /// # Errors
    ///
    /// 401 for a bearer token that does not verify. The `bearer` plugin ignores such tokens. With it, only a
    /// repeated `Authorization` header is refused, because it is not clear which of the two tokens counts.
    pub(crate) fn credential(&self, request: &RequestContext) -> Result<Credential, ApiError> {
        if self.bearer.is_none() {
            return self.strict_credential(request);
        }
        if request.headers().get_all(AUTHORIZATION).nth(1).is_some() {
            return Err(ApiError::Unauthorized(Unauthorized::InvalidToken));
        }
        // The plugin does not know access tokens. Those that verify are accepted as they are without the
        // plugin.
        if let CredentialSource::Jwt(token) = source(request.headers()) {
            match self.jwt(request, token) {
                Err(ApiError::Unauthorized(_)) => {}
                read => return read,
            }
        }
        Ok(self.presented(request)?.credential.clone())
    }

    /// Reads the credential of a request to a route of the token API.
    ///
    /// # Errors
    ///
    /// 401 for a bearer token that does not verify, even if the request also has a valid cookie.
    pub(crate) fn strict_credential(&self, request: &RequestContext) -> Result<Credential, ApiError> {
        match source(request.headers()) {
            CredentialSource::MalformedBearer => Err(ApiError::Unauthorized(Unauthorized::InvalidToken)),
            CredentialSource::Jwt(token) => self.jwt(request, token),
            CredentialSource::SessionToken(token) => self.session_token(token),
            CredentialSource::Cookies => Ok(self.presented(request)?.credential.clone()),
        }
    }

    fn jwt(&self, request: &RequestContext, token: &str) -> Result<Credential, ApiError> {
        self.site(request)?.verifiers.verify(token, request.now()).map_err(|error| {
            let reason =
                if error.is_expired() { Unauthorized::TokenExpired } else { Unauthorized::InvalidToken };
            ApiError::Unauthorized(reason)
        })
    }

    fn session_token(&self, token: &str) -> Result<Credential, ApiError> {
        let needs_signature = self.bearer.is_some_and(|plugin| plugin.require_signature);
        signed_value::read_session_token(token, &self.secret)
            .filter(|_| token.contains('.') || !needs_signature)
            .map(Credential::SessionToken)
            .ok_or(ApiError::Unauthorized(Unauthorized::InvalidToken))
    }
}

/// Selects the part of a request that holds the credential.
fn source(headers: &HeaderMap) -> CredentialSource<'_> {
    let lines = headers.get_all(AUTHORIZATION).map(|line| line.as_bytes());
    CredentialSource::of(Bearer::read(lines))
}

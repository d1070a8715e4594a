//! `set-auth-jwt`: a token beside the session, for clients that hand it to other services (Better Auth plugins §3.2).

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use auth_core::User;
use auth_store::Store;
use time::OffsetDateTime;

use crate::signing_keys::JwtSigner;
use crate::web::expose::expose;

const SET_AUTH_JWT: &str = "set-auth-jwt";

/// Adds a new token to an answer that shows a session. Where none can be made the answer goes without: the session is
/// there all the same, and a client that asks `/token` is told.
pub(crate) async fn add(
    answer: &mut HttpResponse,
    signer: &JwtSigner,
    store: &Store,
    user: &User,
    now: OffsetDateTime,
) {
    match signer.sign(store, user, now).await {
        Ok(token) => {
            // Three parts of base64url and their dots.
            let Ok(mut value) = HeaderValue::from_str(token.expose()) else { return };
            value.set_sensitive(true);
            answer.headers_mut().insert(HeaderName::from_static(SET_AUTH_JWT), value);
            expose(answer.headers_mut(), SET_AUTH_JWT);
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "a session is shown without its {SET_AUTH_JWT}");
        }
    }
}

//! Better Auth's `jwt` plugin: `GET /token`, and the public keys (Better Auth plugins §3.2).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use auth_store::Store;
use serde_json::json;

use crate::session::guard::SignedIn;
use crate::session::reply;
use crate::session::site::Site;
use crate::signing_keys::SigningKeys;
use crate::web::error::ApiError;
use crate::web::now::Now;
use crate::web::state::MissingState;

/// Answers a token for the caller's user.
///
/// # Errors
///
/// 401 without a session, 500 where the key cannot be used.
pub(crate) async fn token(
    caller: SignedIn,
    Now(now): Now,
    site: Site,
    store: Data<Store>,
) -> Result<HttpResponse, ApiError> {
    let signer = site.signer.as_ref().ok_or_else(|| ApiError::internal(MissingState("JwtSigner")))?;
    let token = signer.sign(&store, &caller.principal.user, now).await?;
    Ok(reply::json(StatusCode::OK, &json!({ "token": token.expose() })))
}

/// Answers the public keys, those that were replaced lately among them.
///
/// # Errors
///
/// 503 while the database is away.
pub(crate) async fn jwks(
    Now(now): Now,
    keys: Data<SigningKeys>,
    store: Data<Store>,
) -> Result<HttpResponse, ApiError> {
    let set = keys.published(&store, now).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(set.to_json()))
}

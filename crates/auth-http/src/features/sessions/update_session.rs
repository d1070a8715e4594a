//! `POST /update-session`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use auth_core::wire::{ErrorCode, SessionBody};
use auth_core::{DeclaredFields, Remember, UserSession};
use auth_store::{Store, StoreError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::session::caller::CacheUse;
use crate::session::checked::RouteBody;
use crate::session::credentials::SessionCookie;
use crate::session::guard::{Guarded, SignedIn};
use crate::session::reply;
use crate::session::site::Site;
use crate::web::body::{Body, MediaTypes};
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::now::Now;

/// Body of `/update-session`: any object. What of it may be set is for the declared fields to say; the
/// columns of every session are never among them.
#[derive(Debug)]
pub(crate) struct UpdateSessionInput(Map<String, Value>);

impl RouteBody for UpdateSessionInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::Json;
    const IS_LOGIN: bool = false;
    const CACHE_USE: CacheUse = CacheUse::Confirmed;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let fields = Fields::of(body, &["record"])?;
        let members = fields.others(&[]);
        fields.finish()?;
        Ok(Self(members))
    }
}

#[derive(Serialize)]
struct UpdatedSession<'a> {
    session: SessionBody<'a>,
}

/// Updates the additional fields of the caller's session.
///
/// # Errors
///
/// 401 without a session or when it ended meanwhile, [`ApiError::NoFieldsToUpdate`] when the body names no
/// field, 400 for a field that may not be set or cannot hold its value.
pub(crate) async fn update_session(
    Guarded { input: UpdateSessionInput(members), caller }: Guarded<UpdateSessionInput>,
    cookie: SessionCookie,
    Now(now): Now,
    store: Data<Store>,
    fields: Data<DeclaredFields>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let changes = fields.session.parse_update(&members)?;
    if changes.is_empty() {
        return Err(ApiError::NoFieldsToUpdate);
    }
    let SignedIn { principal, known_by } = caller;
    let updated = store.sessions().update_additional(&principal.session.token, &changes, now).await;
    let updated = updated.map_err(|error| match error {
        StoreError::Conflict { .. } | StoreError::Rejected { .. } => {
            ApiError::Validation("[body] Invalid input: a value cannot be stored".to_owned())
        }
        other => other.into(),
    })?;
    let Some(session) = updated else {
        let mut answer = ApiError::Coded(ErrorCode::FailedToGetSession).error_response();
        if known_by.takes_cookies() {
            site.reply.clear_session(&mut answer, &cookie)?;
        }
        return Ok(answer);
    };
    let principal = UserSession { session, ..principal };
    let body = UpdatedSession { session: (&principal.session).into() };
    let mut answer = reply::json(StatusCode::OK, &body);
    if known_by.takes_cookies() {
        let remember = if cookie.dont_remember { Remember::UntilBrowserCloses } else { Remember::Persistent };
        site.reply.set_session(&mut answer, &principal, remember, &cookie, now).await?;
    }
    Ok(answer)
}

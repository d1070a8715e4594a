//! `POST /update-session`.

use actix_web::HttpResponse;

use crate::error::ApiError;
use crate::extract::{Body, Guarded, MediaTypes, RouteBody};
use crate::flow::session::CacheUse;
use crate::validation::Fields;

/// Body of `/update-session`: any object. What of it may be set is for the configured fields to say; the
/// columns of every session are never among them.
#[derive(Debug)]
pub(crate) struct UpdateSessionInput;

impl RouteBody for UpdateSessionInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::Json;
    const IS_LOGIN: bool = false;
    const CACHE_USE: CacheUse = CacheUse::Confirmed;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        Fields::of(body, &["record"])?.finish()?;
        Ok(Self)
    }
}

/// Updates the additional fields of the caller's session; no such field can be configured yet.
///
/// # Errors
///
/// 401 without a session, [`ApiError::NoFieldsToUpdate`] with one.
pub(crate) async fn update_session(_: Guarded<UpdateSessionInput>) -> Result<HttpResponse, ApiError> {
    Err(ApiError::NoFieldsToUpdate)
}

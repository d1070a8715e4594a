//! The one moment at which a request happens.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use time::OffsetDateTime;

use crate::config::clock::Clock;
use crate::web::error::ApiError;
use crate::web::state::MissingState;

/// The moment at which the request is handled, in whole milliseconds: read once, so that one decision
/// never sees two times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now(pub(crate) OffsetDateTime);

impl FromRequest for Now {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<Data<Clock>>() {
            Some(clock) => Ok(Self(clock.now())),
            None => Err(ApiError::internal(MissingState("Clock"))),
        })
    }
}

//! `GET /user`: the current user.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::wire::UserBody;

use crate::session::credentials::Acting;
use crate::session::reply;

/// Answers the bare user.
pub(crate) async fn user(Acting(caller): Acting) -> HttpResponse {
    reply::json(StatusCode::OK, &UserBody::from(&caller.user))
}

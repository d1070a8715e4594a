//! `GET /ok`: the routes are there.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

use crate::session::reply;

/// Answers `{"ok":true}`, whatever the state of the database.
pub(crate) async fn ok() -> HttpResponse {
    reply::json(StatusCode::OK, &json!({"ok": true}))
}

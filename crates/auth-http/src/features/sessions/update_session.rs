//! `POST /update-session`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::wire::SessionBody;
use auth_core::{Remember, UserSession};
use auth_store::StoreError;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Service;
use crate::session::FAILED_TO_GET_SESSION;
use crate::session::guard::SignedIn;
use crate::web::answer::json;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::input::Input;

/// Body of `/update-session`: any object. The declared fields decide which members may be set. Better Auth's
/// own session columns are never among them.
#[derive(Debug)]
pub(super) struct UpdateSessionInput(Map<String, Value>);

impl Input for UpdateSessionInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::Json, is_login: false };

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
pub(super) async fn update_session(
    context: Context<SignedIn>,
    UpdateSessionInput(members): UpdateSessionInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let changes = service.fields.session.parse_update(&members)?;
    if changes.is_empty() {
        let message = "No fields to update".to_owned();
        return Err(ApiError::Uncoded { status: StatusCode::BAD_REQUEST, message });
    }
    let (sessions, SignedIn { principal, known_by }) = (&service.sessions, &context.caller);
    let updated = sessions.store.sessions();
    let updated = updated.update_additional(&principal.session.token, &changes, context.now()).await;
    let updated = updated.map_err(|error| match error {
        StoreError::Conflict { .. } | StoreError::Rejected { .. } => {
            ApiError::validation("[body] Invalid input: a value cannot be stored")
        }
        StoreError::Unavailable(_)
        | StoreError::UnsafePooler(_)
        | StoreError::Tls(_)
        | StoreError::Inconsistent { .. }
        | StoreError::Url(_)
        | StoreError::Query(_) => error.into(),
    })?;
    let Some(session) = updated else {
        if known_by.takes_cookies() {
            sessions.clear_session_cookies(&context)?;
        }
        return Err(ApiError::Coded(FAILED_TO_GET_SESSION));
    };
    let principal = UserSession { session, user: principal.user.clone() };
    if known_by.takes_cookies() {
        let remember = if sessions.presented(&context)?.dont_remember {
            Remember::UntilBrowserCloses
        } else {
            Remember::Persistent
        };
        sessions.set_session_cookies(&context, &principal, remember).await?;
    }
    Ok(json(StatusCode::OK, &UpdatedSession { session: (&principal.session).into() }))
}

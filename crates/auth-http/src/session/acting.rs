//! The extractor for the caller of a request, for handlers of an app that mounts the routes.

use std::pin::Pin;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::Sessions;
use super::credential::Caller;
use super::guard::Credentials;
use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::guard::Guard;
use crate::web::services::WebServices;

/// The caller of a route that requires credentials: the user and the session. A token of another issuer has
/// no session.
///
/// Each extraction reads the database, so a route that changes data can rely on it. It does not extend the
/// session; `/get-session` and the reference's guarded routes do that.
#[derive(Debug)]
pub struct Acting(pub Caller);

/// The services of the extractor; one set for each worker.
#[derive(Clone, Debug)]
pub(crate) struct ActingServices {
    /// The services of every route.
    pub(crate) web: Rc<WebServices>,
    /// Reads the session.
    pub(crate) sessions: Rc<Sessions>,
}

/// [`Auth::configure`](crate::Auth::configure) did not run for this app.
#[derive(Debug, thiserror::Error)]
#[error("the auth routes must be mounted through Auth::configure")]
struct NotMounted;

impl FromRequest for Acting {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let services = request.app_data::<ActingServices>().cloned();
            let services = services.ok_or_else(|| ApiError::internal(NotMounted))?;
            let context = RequestContext::read(&request, &services.web)?;
            let caller = Credentials.admit(&context, &*services.sessions).await;
            caller.map(Self).map_err(|refusal| {
                // No router runs here that would write the cookies of the answer, so the error carries them.
                let clear: Vec<String> = context.with_answer_cookies(|cookies| {
                    cookies.iter().map(|set| set.as_str().to_owned()).collect()
                });
                if clear.is_empty() { refusal } else { ApiError::SessionEnded { clear } }
            })
        })
    }
}

//! Better Auth's `jwt` plugin: `GET /token`, the public keys, and `set-auth-jwt` at `/get-session`.

use std::borrow::Cow;
use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderMap, HeaderName, HeaderValue};
use auth_core::{BaseUrl, JwtIssuer, Secret, User};
use auth_store::Store;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::json;

use super::{Feature, Services, facts, mount};
use crate::session::Sessions;
use crate::session::guard::{Session, SignedIn};
use crate::session::hooks::{AfterSessionShown, SessionHooks};
use crate::signing_keys::settings::JwtSettings;
use crate::signing_keys::{SigningError, SigningKeys};
use crate::web::answer::json;
use crate::web::context::{Context, RequestContext};
use crate::web::error::ApiError;
use crate::web::expose::expose;
use crate::web::guard::Anyone;
use crate::web::host::ReachedAddress;
use crate::web::input::NoBody;
use crate::web::route::{MountedRoute, Route};
use crate::web::route_facts::{CachePolicy, RouteFacts};

/// The path where other software looks for public keys. The server also serves it outside the base path.
const WELL_KNOWN_JWKS: &str = "/.well-known/jwks.json";
const SET_AUTH_JWT: &str = "set-auth-jwt";

/// The plugin.
#[derive(Debug)]
pub(crate) struct Jwt {
    settings: JwtSettings,
    keys: SigningKeys,
    fixed: Option<BaseUrl>,
}

/// Signs tokens for the host that a request reached.
#[derive(Clone, Debug)]
struct Signer {
    settings: JwtSettings,
    keys: SigningKeys,
    store: Store,
    /// The issuer of a server with one address; `None`: the issuer depends on the request.
    fixed: Option<JwtIssuer>,
}

/// The state that its routes share.
#[derive(Debug)]
struct Service {
    signer: Signer,
    sessions: Rc<Sessions>,
}

impl Jwt {
    /// Makes the plugin. `fixed` is the server's address if it has only one.
    pub(crate) fn new(settings: &JwtSettings, keys: SigningKeys, fixed: Option<&BaseUrl>) -> Self {
        Self { settings: settings.clone(), keys, fixed: fixed.cloned() }
    }

    fn signer(&self, store: &Store) -> Signer {
        let fixed = self.fixed.as_ref().map(|url| issuer(&self.settings, url));
        Signer { settings: self.settings.clone(), keys: self.keys.clone(), store: store.clone(), fixed }
    }

    fn routes(&self) -> Vec<Route<Service>> {
        let jwks_path = self.settings.jwks_path.as_str().to_owned();
        vec![
            Route::get("/token", Session::CONFIRMED, token)
                .summary("Gives a token that other services verify with the public keys.")
                .answers(&[(200, "`token`")]),
            keys_route(jwks_path.clone()),
            keys_route(WELL_KNOWN_JWKS).counts_as(jwks_path),
        ]
    }
}

impl AsRef<Sessions> for Service {
    fn as_ref(&self) -> &Sessions {
        &self.sessions
    }
}

impl Feature for Jwt {
    fn id(&self) -> &'static str {
        "jwt"
    }

    fn facts(&self) -> Vec<RouteFacts> {
        facts(&self.routes())
    }

    fn mount(&self, services: &Services) -> Vec<MountedRoute> {
        let sessions = Rc::clone(&services.sessions);
        mount(self.routes(), Service { signer: self.signer(&services.store), sessions })
    }

    fn hook_sessions(&self, hooks: &mut SessionHooks, store: &Store) {
        if !self.settings.disable_setting_jwt_header {
            hooks.after_shown.push(Rc::new(self.signer(store)));
        }
    }

    fn root_paths(&self) -> &'static [&'static str] {
        &[WELL_KNOWN_JWKS]
    }
}

impl Signer {
    async fn sign(&self, request: &RequestContext, user: &User) -> Result<Secret<String>, SigningError> {
        let issuer = match (request.reached(), &self.fixed) {
            (ReachedAddress::Listed(url), _) => Cow::Owned(issuer(&self.settings, url)),
            (ReachedAddress::Fixed, Some(fixed)) => Cow::Borrowed(fixed),
            (ReachedAddress::Fixed, None) => return Err(SigningError::NoAddress),
        };
        self.keys.sign(&issuer, &self.store, user, request.now()).await
    }
}

impl AfterSessionShown for Signer {
    /// Adds `set-auth-jwt`. If no token can be made, the answer is sent without it: the session is valid all
    /// the same, and a client that calls `/token` gets the error.
    fn after_session_shown<'a>(
        &'a self,
        request: &'a RequestContext,
        user: &'a User,
        headers: &'a mut HeaderMap,
    ) -> LocalBoxFuture<'a, ()> {
        async move {
            match self.sign(request, user).await {
                Ok(token) => {
                    // A JWT consists of base64url characters and dots, which are valid in a header.
                    let Ok(mut value) = HeaderValue::from_str(token.expose()) else { return };
                    value.set_sensitive(true);
                    headers.insert(HeaderName::from_static(SET_AUTH_JWT), value);
                    expose(headers, SET_AUTH_JWT);
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "a session is shown without its {SET_AUTH_JWT}");
                }
            }
        }
        .boxed_local()
    }
}

fn issuer(settings: &JwtSettings, url: &BaseUrl) -> JwtIssuer {
    JwtIssuer::new(settings.policy(url), settings.payload)
}

/// Whether a route serves the public keys.
pub(crate) fn is_of_public_keys(route: &RouteFacts) -> bool {
    route.summary == KEYS_SUMMARY
}

const KEYS_SUMMARY: &str = "Shows the public keys that verify the tokens of `/token`.";

fn keys_route(path: impl Into<Cow<'static, str>>) -> Route<Service> {
    Route::get(path, Anyone, jwks)
        .summary(KEYS_SUMMARY)
        .answers(&[(200, "a JSON Web Key Set (RFC 7517 §5)")])
        .cache(CachePolicy::Storable)
}

/// Answers with a token for the caller's user.
async fn token(
    context: Context<SignedIn>,
    _: NoBody,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let token = service.signer.sign(&context, &context.caller.principal.user).await?;
    Ok(json(StatusCode::OK, &json!({ "token": token.expose() })))
}

/// Answers with the public keys, including those that were replaced recently.
async fn jwks(context: Context<()>, _: NoBody, service: Rc<Service>) -> Result<HttpResponse, ApiError> {
    let Signer { keys, store, .. } = &service.signer;
    let set = keys.published(store, context.now()).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(set.to_json()))
}

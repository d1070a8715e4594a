//! What follows the address that a request came under: names and domain of cookies, and who tokens are from and for.
//!
//! A server with one address has one [`Site`], made at start. One that answers for listed hosts makes a site of what the list
//! let through, once per request, and refuses the request where that is nothing. Sites share the keys, the users and the
//! sessions; an access token names the site that made it and is good there alone.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use auth_core::wire::ErrorCode;
use auth_core::{
    AccessTokenIssuer, AccessTokenPolicy, AccessTokenVerifier, BearerPlugin, CookieCache, CookieSettings,
    CookieSettingsError, DeclaredFields, ForeignTokenVerifier, JwtIssuer, KeyedCookieCache, MaxAge,
    SessionCookies, SessionPolicy, SigningSecret,
};
use auth_store::Store;

use crate::session::caller::{CopyForm, SessionCopies};
use crate::session::credentials::JwtVerifiers;
use crate::session::reply::SessionReply;
use crate::settings::{
    AccessTokenSettings, BaseUrl, BaseUrlSettings, CookiesSettings, JwtSettings, Settings,
};
use crate::signing_keys::{JwtSigner, SigningKeys};
use crate::web::error::ApiError;
use crate::web::host::{Asked, HostPolicy};
use crate::web::state::MissingState;

/// What a request's answer looks like under the address that it came under; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Site(Arc<Parts>);

/// What a site is made of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// How sessions are shown.
    pub(crate) reply: SessionReply,
    /// Checks the JWTs that a caller may show.
    pub(crate) verifiers: JwtVerifiers,
    /// Signs tokens of the `jwt` plugin, where it is on.
    pub(crate) signer: Option<JwtSigner>,
}

/// The sites of a server.
#[derive(Debug)]
pub(crate) enum Sites {
    /// One, whatever a request says.
    One(Site),
    /// One for each host of a list.
    ByHost(HostPolicy, Box<Blueprint>),
}

/// What sites are made from.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    cookies: CookiesSettings,
    session_data_limit: usize,
    secret: SigningSecret,
    session: SessionPolicy,
    copies: Option<CopyBlueprint>,
    /// Where the keys of copies are.
    store: Store,
    bearer: Option<BearerPlugin>,
    access_token: AccessTokenSettings,
    shows_tokens: bool,
    jwt: JwtSettings,
    keys: Option<SigningKeys>,
}

/// What copies of sessions are made from.
#[derive(Clone, Debug)]
enum CopyBlueprint {
    /// They are the same at every site.
    Secret(Box<CookieCache>),
    /// They name the site that made them, and are good there alone.
    Keys { keys: SigningKeys, max_age: MaxAge, version: String, fields: DeclaredFields },
}

impl Sites {
    /// Makes the one site, or gets ready to make them.
    ///
    /// # Errors
    ///
    /// [`CookieSettingsError`] where no cookie can be as the settings say.
    pub(crate) fn new(
        settings: &Settings,
        hosts: HostPolicy,
        keys: Option<SigningKeys>,
        store: &Store,
    ) -> Result<Self, CookieSettingsError> {
        let blueprint = Blueprint::new(settings, keys, store)?;
        match &settings.server.base_url {
            BaseUrlSettings::Fixed(url) => blueprint.site(url).map(Self::One),
            BaseUrlSettings::ByHost(_) => Ok(Self::ByHost(hosts, Box::new(blueprint))),
        }
    }

    /// Gives the same sites over another store, that of a worker.
    pub(crate) fn over(&self, store: &Store) -> Self {
        match self {
            Self::One(site) => Self::One(site.over(store)),
            Self::ByHost(hosts, blueprint) => {
                let blueprint = Blueprint { store: store.clone(), ..(**blueprint).clone() };
                Self::ByHost(hosts.clone(), Box::new(blueprint))
            }
        }
    }
}

impl Site {
    /// Gives the site that a request is for. The host is looked at once per request.
    ///
    /// # Errors
    ///
    /// `MISDIRECTED_REQUEST` where it is for none, [`ApiError::Internal`] where the routes are not mounted.
    pub(crate) fn of(request: &HttpRequest) -> Result<Cow<'_, Self>, ApiError> {
        let sites = request.app_data::<Data<Sites>>().map(|sites| sites.get_ref());
        let (hosts, blueprint) = match sites.ok_or_else(|| ApiError::internal(MissingState("Sites")))? {
            Sites::One(site) => return Ok(Cow::Borrowed(site)),
            Sites::ByHost(hosts, blueprint) => (hosts, blueprint),
        };
        let known = request.extensions().get::<Self>().cloned();
        if let Some(site) = known {
            return Ok(Cow::Owned(site));
        }
        let base_url = hosts.base_url(&Asked::of(request));
        let base_url = base_url.ok_or(ApiError::Coded(ErrorCode::MisdirectedRequest))?;
        let site = blueprint.site(&base_url).map_err(ApiError::internal)?;
        request.extensions_mut().insert(site.clone());
        Ok(Cow::Owned(site))
    }
}

impl Site {
    fn over(&self, store: &Store) -> Self {
        let mut parts = Parts::clone(self);
        if let Some(copies) = &mut parts.reply.copies {
            copies.store = store.clone();
        }
        Self(Arc::new(parts))
    }
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRequest for Site {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map(Cow::into_owned))
    }
}

impl Blueprint {
    fn new(
        settings: &Settings,
        keys: Option<SigningKeys>,
        store: &Store,
    ) -> Result<Self, CookieSettingsError> {
        let copies = match settings.session.cookie_cache.clone() {
            None => None,
            Some(mut policy) => {
                // A `Max-Age` of the cookie's own is how long its content is good, as in the reference.
                let own = SessionCookies::new(settings.cookies.anywhere())?.session_data_max_age();
                policy.max_age = own.unwrap_or(policy.max_age);
                Some(match keys.clone().filter(|_| settings.jwt.session_cookie_cache) {
                    Some(keys) => CopyBlueprint::Keys {
                        keys,
                        max_age: policy.max_age,
                        version: policy.version,
                        fields: settings.fields.clone(),
                    },
                    None => {
                        let cache = CookieCache::new(policy, &settings.security.secrets);
                        CopyBlueprint::Secret(Box::new(cache.hiding(&settings.fields)))
                    }
                })
            }
        };
        Ok(Self {
            cookies: settings.cookies.clone(),
            // The other half is for all else that clients send.
            session_data_limit: settings.server.head_limit / 2,
            secret: settings.security.secrets.current().clone(),
            session: settings.session.policy,
            copies,
            store: store.clone(),
            bearer: settings.bearer.plugin(),
            access_token: settings.access_token.clone(),
            shows_tokens: settings.session.access_token_in_session,
            jwt: settings.jwt.clone(),
            keys,
        })
    }

    fn site(&self, base_url: &BaseUrl) -> Result<Site, CookieSettingsError> {
        let secret = || self.secret.clone();
        let tokens = AccessTokenPolicy {
            issuer: base_url.origin().to_owned(),
            audience: self.access_token.audience.clone(),
            ttl: self.access_token.ttl,
        };
        let foreign = || ForeignTokenVerifier::new(tokens.audience.clone(), secret());
        let verifiers = JwtVerifiers {
            access: AccessTokenVerifier::new(&tokens, secret()),
            foreign: self.access_token.accept_foreign.then(foreign),
        };
        let signer = self
            .keys
            .clone()
            .map(|keys| JwtSigner::new(keys, JwtIssuer::new(self.jwt.policy(base_url), self.jwt.payload)));
        let reply = SessionReply {
            cookies: self.cookies(base_url)?.limit_session_data(self.session_data_limit),
            copies: self.copies(base_url),
            secret: secret(),
            policy: self.session,
            bearer: self.bearer,
            issuer: self.shows_tokens.then(|| AccessTokenIssuer::new(tokens, secret())),
            jwt: signer.clone().filter(|_| !self.jwt.disable_setting_jwt_header),
        };
        Ok(Site(Arc::new(Parts { reply, verifiers, signer })))
    }

    fn copies(&self, base_url: &BaseUrl) -> Option<SessionCopies> {
        let form = match self.copies.as_ref()? {
            CopyBlueprint::Secret(cache) => CopyForm::Secret(cache.clone()),
            CopyBlueprint::Keys { keys, max_age, version, fields } => {
                let cache = KeyedCookieCache::new(base_url.origin(), *max_age, version.clone());
                CopyForm::Keys(cache.hiding(fields), keys.clone())
            }
        };
        Some(SessionCopies { form, store: self.store.clone() })
    }

    /// A host that no `Domain` can name, such as an IPv6 address, has cookies of its own: settings that name one were
    /// refused at start, so that this is a host of the list.
    fn cookies(&self, base_url: &BaseUrl) -> Result<SessionCookies, CookieSettingsError> {
        let settings = self.cookies.at(base_url);
        match SessionCookies::new(settings.clone()) {
            Err(CookieSettingsError::Domain) => {
                SessionCookies::new(CookieSettings { domain: None, ..settings })
            }
            made => made,
        }
    }
}

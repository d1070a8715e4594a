//! Per-host configuration: names and domain of cookies, issuer and audience of tokens.
//!
//! A server with one address has one [`Site`], made at start. A server with a list of hosts makes the site of
//! a listed host once per request. Sites share the keys, the users and the sessions. An access token names
//! the site that issued it and is valid only there.

use std::rc::Rc;

use auth_core::{
    AccessTokenIssuer, AccessTokenPolicy, AccessTokenVerifier, BaseUrl, CookieCache, CookieSettings,
    CookieSettingsError, DeclaredFields, ForeignTokenVerifier, KeyedCookieCache, MaxAge, SessionCookies,
    SigningSecret,
};
use auth_store::Store;

use super::cookie_cache::{CookieCacheForm, SessionCookieCache};
use super::credentials::JwtVerifiers;
use crate::session::settings::{AccessTokenSettings, CookiesSettings};
use crate::signing_keys::SigningKeys;
use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::host::ReachedAddress;

/// The configuration of one address.
#[derive(Debug)]
pub(crate) struct Site {
    /// Names and attributes of cookies.
    pub(crate) cookies: SessionCookies,
    /// Writes and reads the cookie cache; `None`: there is none.
    pub(crate) cookie_cache: Option<SessionCookieCache>,
    /// Verifies the JWTs that a caller may present.
    pub(crate) verifiers: JwtVerifiers,
    /// Issues the access tokens of envelopes; `None`: envelopes have no token members
    /// (`session.access_token_in_session = false`).
    pub(crate) issuer: Option<AccessTokenIssuer>,
}

/// The sites of a worker.
#[derive(Debug)]
pub(crate) struct Sites {
    template: SiteTemplate,
    /// The only site, if the server has one address.
    fixed: Option<Rc<Site>>,
}

/// The values that sites are made from.
#[derive(Clone, Debug)]
pub(crate) struct SiteTemplate {
    /// Names and attributes of cookies.
    pub(crate) cookies: CookiesSettings,
    /// Maximum size of the cookie cache in a request's head, in bytes.
    pub(crate) session_data_limit: usize,
    /// The secret that signs cookies and access tokens.
    pub(crate) secret: SigningSecret,
    /// How the cookie cache is protected; `None`: there is none.
    pub(crate) cookie_cache: Option<CookieCacheTemplate>,
    /// The store of the keys of the cookie cache.
    pub(crate) store: Store,
    /// Access tokens of the token API.
    pub(crate) access_token: AccessTokenSettings,
    /// Whether session answers hold an access token.
    pub(crate) shows_tokens: bool,
}

/// How the cookie cache of a site is protected.
#[derive(Clone, Debug)]
pub(crate) enum CookieCacheTemplate {
    /// With the secret, the same at every site.
    Secret(Box<CookieCache>),
    /// With a key of the `jwks` table. The value names the site that made it and is valid only there.
    Keys {
        /// The keys.
        keys: SigningKeys,
        /// Time for which a value is valid.
        max_age: MaxAge,
        /// `session.cookie_cache.version`.
        version: String,
        /// The fields that answers hide.
        fields: DeclaredFields,
    },
}

impl Sites {
    /// Makes the site of the only address. Sites of listed hosts are made by requests.
    ///
    /// # Errors
    ///
    /// [`CookieSettingsError`] if the cookie settings are not valid.
    pub(crate) fn new(template: SiteTemplate, fixed: Option<&BaseUrl>) -> Result<Self, CookieSettingsError> {
        let fixed = fixed.map(|url| template.site(url)).transpose()?.map(Rc::new);
        Ok(Self { template, fixed })
    }

    /// Returns the site that a request reached, made at most once per request.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] if the cookie settings are not valid for that host.
    pub(super) fn of(&self, request: &RequestContext) -> Result<Rc<Site>, ApiError> {
        match (request.reached(), &self.fixed) {
            (ReachedAddress::Fixed, Some(site)) => Ok(Rc::clone(site)),
            (ReachedAddress::Listed(url), _) => {
                request.once(|| self.template.site(url).map_err(ApiError::internal))
            }
            (ReachedAddress::Fixed, None) => Err(ApiError::internal(NoAddress)),
        }
    }
}

/// The host policy and the sites were made from different settings.
#[derive(Debug, thiserror::Error)]
#[error("the server has no address of its own")]
struct NoAddress;

impl SiteTemplate {
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
        Ok(Site {
            cookies: self.cookies(base_url)?.limit_session_data(self.session_data_limit),
            cookie_cache: self.cookie_cache(base_url),
            verifiers,
            issuer: self.shows_tokens.then(|| AccessTokenIssuer::new(tokens, secret())),
        })
    }

    fn cookie_cache(&self, base_url: &BaseUrl) -> Option<SessionCookieCache> {
        let form = match self.cookie_cache.as_ref()? {
            CookieCacheTemplate::Secret(cache) => CookieCacheForm::Secret(cache.clone()),
            CookieCacheTemplate::Keys { keys, max_age, version, fields } => {
                let cache = KeyedCookieCache::new(base_url.origin(), *max_age, version.clone());
                CookieCacheForm::Keys(cache.hiding(fields), keys.clone())
            }
        };
        Some(SessionCookieCache { form, store: self.store.clone() })
    }

    /// A host that no `Domain` can name, such as an IPv6 address, gets cookies without `Domain`. An invalid
    /// domain in the settings was refused at start, so this host is one of the list.
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

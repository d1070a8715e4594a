//! Builds a server from its settings: services, then features, then the routes that an Actix app mounts.

mod features;
mod plugins;
pub mod settings;
pub(crate) mod tables;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use auth_core::{CookieCache, CookieSettingsError, DeclaredFields, SessionCookies};
use auth_store::{PoolSettings, Store, StoreError};

use crate::app::settings::Settings;
use crate::config::clock::Clock;
use crate::features::Services;
use crate::features::email_password::settings::EmailAndPasswordSettings;
use crate::password::Passwords;
use crate::password::attempts::PasswordAttempts;
use crate::password::change_password::ChangePassword;
use crate::password::hashing::Hashing;
use crate::password::hooks::UserHooks;
use crate::password::sign_in::SignIn;
use crate::password::sign_up::{AfterSignUp, SignUp};
use crate::session::acting::ActingServices;
use crate::session::hooks::SessionHooks;
use crate::session::reader::SessionReader;
use crate::session::site::{CookieCacheTemplate, SiteTemplate, Sites};
use crate::session::{Gates, KnownGates, Sessions};
use crate::signing_keys::SigningKeys;
use crate::web::body::BodyLimits;
use crate::web::client_address::ClientAddressPolicy;
use crate::web::host::HostPolicy;
use crate::web::origin::{OriginChecks, OriginPattern, OriginPolicy};
use crate::web::panics::PanicCount;
use crate::web::paths::PathRules;
use crate::web::rate_limit::RateLimiter;
use crate::web::route_facts::RouteFacts;
use crate::web::route_names::RouteNames;
use crate::web::router::Router;
use crate::web::services::WebServices;

pub use features::{error_codes, routes};

/// The auth routes. They are built once from the settings and mounted in every worker:
///
/// ```no_run
/// # use auth_http::{Auth, clock::Clock, settings::{Environment, Settings}};
/// # use actix_web::{App, HttpServer};
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let auth = Auth::new(&Settings::load(&Environment::from_process())?, Clock::system())?;
/// HttpServer::new(move || App::new().configure(|app| auth.configure(app)))
///     .bind(("127.0.0.1", 3000))?
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Auth {
    shared: Arc<Shared>,
}

/// State that all workers share. Database pools are not part of it: each worker opens its own pool, because a
/// connection is driven by the thread that uses it.
struct Shared {
    settings: Settings,
    pool: PoolSettings,
    fields: Arc<DeclaredFields>,
    keys: SigningKeys,
    passwords: Passwords,
    limiter: RateLimiter,
    routes: Vec<RouteFacts>,
    hosts: HostPolicy,
    origins: Arc<OriginPolicy>,
    cookie_cache: Option<CookieCacheTemplate>,
    gates: KnownGates,
    clock: Clock,
    panics: PanicCount,
}

/// Why the routes cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// `security.trusted_origins` holds a pattern that can never match, trusts every site, or names a script
    /// scheme.
    #[error("security.trusted_origins")]
    TrustedOrigin(#[source] crate::web::origin::ParsePatternError),
    /// `cookies` holds a value that no cookie can have, or gives two cookies the same name.
    #[error("cookies")]
    Cookies(#[source] CookieSettingsError),
    /// The pool cannot be built from `database`, for example because a certificate file is missing.
    #[error("database")]
    Database(#[source] StoreError),
}

impl Auth {
    /// Builds the routes. Opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`AuthError`] names the setting's section.
    pub fn new(settings: &Settings, clock: Clock) -> Result<Self, AuthError> {
        let hosts = HostPolicy::new(settings.server.base_url.clone(), &settings.proxies);
        let keys = SigningKeys::new(&settings.jwt, &settings.security.secrets);
        let routes = features::routes(settings);
        let limiter = RateLimiter::new(
            &settings.rate_limit,
            settings.proxies.track_addresses,
            &settings.server.base_path,
            &routes,
        );
        let auth = Self {
            shared: Arc::new(Shared {
                pool: settings.database.pool(settings.server.workers),
                fields: Arc::new(settings.fields.clone()),
                passwords: Passwords {
                    hashing: Hashing::new(&settings.password),
                    attempts: PasswordAttempts::new(settings.email_and_password.failures_before_delay),
                    policy: settings.password.policy,
                },
                limiter,
                routes,
                origins: Arc::new(origins(settings, hosts.clone())?),
                hosts,
                cookie_cache: cookie_cache(settings, &keys).map_err(AuthError::Cookies)?,
                keys,
                gates: KnownGates::default(),
                settings: settings.clone(),
                clock,
                panics: PanicCount::default(),
            }),
        };
        // Neither call opens a connection. They run here so that wrong settings fail the start, not the first
        // request.
        let store = auth.store().map_err(AuthError::Database)?;
        auth.sites(&store).map_err(AuthError::Cookies)?;
        Ok(auth)
    }

    /// Makes a pool for the calling worker. Connections open with the first requests.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the pool's settings contradict each other.
    pub fn store(&self) -> Result<Store, StoreError> {
        Ok(self.with_schema(Store::connect_lazily(self.shared.pool.clone())?))
    }

    /// Applies the additional fields and the kind of ids of the settings to a store.
    fn with_schema(&self, store: Store) -> Store {
        let Shared { fields, settings, .. } = &*self.shared;
        store.with_fields(Arc::clone(fields)).with_ids(settings.database.generate_id)
    }

    /// Returns the trusted origins, for CORS.
    pub fn origins(&self) -> &OriginPolicy {
        &self.shared.origins
    }

    /// Returns the facts of every route.
    pub fn routes(&self) -> &[RouteFacts] {
        &self.shared.routes
    }

    /// Lists the ids of the features that are on.
    pub fn features(&self) -> Vec<&'static str> {
        let features = features::features(&self.shared.settings, &self.shared.keys);
        features.iter().map(|feature| feature.id()).collect()
    }

    /// Mounts the routes with a database pool for this worker. Call it in the app factory, which runs once in
    /// each worker.
    pub fn configure(&self, app: &mut ServiceConfig) {
        match self.store() {
            Ok(store) => self.configure_with(app, store),
            // `Auth::new` made a store from the same settings. Only a file on disk can have changed since.
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no pool for this worker")
            }
        }
    }

    /// Mounts the routes over a store that the app already has. The additional fields and the kind of ids
    /// come from the settings, not from the store. The store's table names ([`PoolSettings::names`]) must
    /// equal those of the settings. Otherwise no route is mounted, and an error is logged.
    pub fn configure_with(&self, app: &mut ServiceConfig, store: Store) {
        if let Some(router) = self.mount(app, store) {
            app.service(router.scope());
        }
    }

    /// Mounts the routes of the standalone server: those below the base path, and those that other software
    /// expects at the root.
    pub(crate) fn configure_server(&self, app: &mut ServiceConfig, store: Store) {
        let Some(router) = self.mount(app, store) else { return };
        if !self.shared.settings.server.base_path.is_empty() {
            let features = features::features(&self.shared.settings, &self.shared.keys);
            for path in features.iter().flat_map(|feature| feature.root_paths()) {
                app.service(router.at_root(path));
            }
        }
        app.default_service(router.default_service());
    }

    /// Builds the router of a worker; `None` if the store's table names differ from those of the settings.
    fn mount(&self, app: &mut ServiceConfig, store: Store) -> Option<Router> {
        if store.settings().names != self.shared.settings.database.names {
            tracing::error!(
                "the store calls tables otherwise than [database.names]: the auth routes are not mounted"
            );
            return None;
        }
        let store = self.with_schema(store);
        // `Auth::new` made the sites from the same settings, so this does not fail.
        let sites = self.sites(&store).ok()?;
        let features = features::features(&self.shared.settings, &self.shared.keys);
        let mut hooks = SessionHooks::default();
        features.iter().for_each(|feature| feature.hook_sessions(&mut hooks, &store));
        let mut user_hooks = UserHooks::default();
        features.iter().for_each(|feature| feature.hook_users(&mut user_hooks, &store));
        let services = self.services(&store, self.sessions(&store, sites, hooks), user_hooks);
        let web = Rc::new(self.web_services(&store));
        let acting = ActingServices { web: Rc::clone(&web), sessions: Rc::clone(&services.sessions) };
        app.app_data(acting).app_data(Data::new(self.shared.panics.clone()));
        let routes = features.iter().flat_map(|feature| feature.mount(&services));
        let answer_hooks = features.iter().filter_map(|feature| feature.answer_hook(&services)).collect();
        Some(Router::new(web, routes, answer_hooks))
    }

    fn sites(&self, store: &Store) -> Result<Sites, CookieSettingsError> {
        let Shared { settings, cookie_cache, .. } = &*self.shared;
        let template = SiteTemplate {
            cookies: settings.cookies.clone(),
            // The other half is for the rest of the request's head.
            session_data_limit: settings.server.head_limit / 2,
            secret: settings.security.secrets.current().clone(),
            cookie_cache: cookie_cache.clone(),
            store: store.clone(),
            access_token: settings.access_token.clone(),
            shows_tokens: settings.session.access_token_in_session,
        };
        Sites::new(template, settings.server.base_url.fixed())
    }

    fn sessions(&self, store: &Store, sites: Sites, hooks: SessionHooks) -> Sessions {
        let Shared { settings, fields, gates, .. } = &*self.shared;
        let reader = SessionReader {
            store: store.clone(),
            policy: settings.session.policy,
            fresh_age: settings.session.fresh_age,
            defer_refresh: settings.session.defer_refresh,
        };
        Sessions {
            store: store.clone(),
            reader,
            policy: settings.session.policy,
            max_per_user: settings.session.max_per_user,
            fields: Arc::clone(fields),
            secret: settings.security.secrets.current().clone(),
            bearer: settings.bearer.plugin(),
            sites,
            hooks,
            gates: Gates::new(store.clone(), gates.clone()),
        }
    }

    fn services(&self, store: &Store, sessions: Sessions, hooks: UserHooks) -> Services {
        let Shared { settings, fields, passwords, .. } = &*self.shared;
        let EmailAndPasswordSettings {
            enabled,
            disable_sign_up,
            auto_sign_in,
            require_email_verification,
            failures_before_delay: _,
        } = settings.email_and_password;
        let sessions = Rc::new(sessions);
        let signs_in = auto_sign_in && !require_email_verification;
        Services {
            sign_in: SignIn {
                store: store.clone(),
                passwords: passwords.clone(),
                sessions: Rc::clone(&sessions),
                is_enabled: enabled,
            },
            sign_up: SignUp {
                store: store.clone(),
                passwords: passwords.clone(),
                sessions: Rc::clone(&sessions),
                fields: Arc::clone(fields),
                hooks,
                is_enabled: enabled && !disable_sign_up,
                then: if signs_in { AfterSignUp::SignedIn } else { AfterSignUp::EnumerationSafe },
            },
            change_password: ChangePassword {
                store: store.clone(),
                passwords: passwords.clone(),
                sessions: Rc::clone(&sessions),
            },
            store: store.clone(),
            fields: Arc::clone(fields),
            sessions,
        }
    }

    fn web_services(&self, store: &Store) -> WebServices {
        let Shared { settings, limiter, routes, hosts, origins, clock, panics, .. } = &*self.shared;
        let server = &settings.server;
        WebServices {
            clock: clock.clone(),
            hosts: hosts.clone(),
            origins: Arc::clone(origins),
            clients: ClientAddressPolicy::new(settings.proxies.clone()),
            limiter: limiter.clone(),
            store: store.clone(),
            body: BodyLimits { bytes: server.body_limit, deadline: server.body_timeout },
            paths: PathRules {
                base_path: server.base_path.clone(),
                names: RouteNames::of(routes),
                disabled: server.disabled_paths.clone(),
                skip_trailing_slashes: server.skip_trailing_slashes,
            },
            panics: panics.clone(),
        }
    }
}

fn origins(settings: &Settings, hosts: HostPolicy) -> Result<OriginPolicy, AuthError> {
    let patterns: Result<Vec<_>, _> =
        settings.security.trusted_origins.iter().map(|text| OriginPattern::parse(text)).collect();
    let checks = OriginChecks {
        disable_csrf_check: settings.security.disable_csrf_check,
        disable_origin_check: settings.security.disable_origin_check.clone(),
    };
    let patterns = patterns.map_err(AuthError::TrustedOrigin)?;
    Ok(OriginPolicy::new(hosts, settings.server.base_path.clone(), patterns, checks))
}

fn cookie_cache(
    settings: &Settings,
    keys: &SigningKeys,
) -> Result<Option<CookieCacheTemplate>, CookieSettingsError> {
    let Some(mut policy) = settings.session.cookie_cache.clone() else { return Ok(None) };
    // If the `session_data` cookie has a `Max-Age` of its own, its content is valid for that time, as in the
    // reference.
    let own = SessionCookies::new(settings.cookies.anywhere())?.session_data_max_age();
    policy.max_age = own.unwrap_or(policy.max_age);
    Ok(Some(if settings.jwt.enabled && settings.jwt.session_cookie_cache {
        CookieCacheTemplate::Keys {
            keys: keys.clone(),
            max_age: policy.max_age,
            version: policy.version,
            fields: settings.fields.clone(),
        }
    } else {
        let cache = CookieCache::new(policy, &settings.security.secrets);
        CookieCacheTemplate::Secret(Box::new(cache.hiding(&settings.fields)))
    }))
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

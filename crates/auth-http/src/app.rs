//! The auth routes as something that an Actix app can mount.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use auth_core::DeclaredFields;
use auth_store::{PoolSettings, Store, StoreError};

use crate::config::clock::Clock;
use crate::features::system::error_page::ErrorPage;
use crate::password::attempts::PasswordAttempts;
use crate::password::email_and_password::{AfterSignUp, EmailAndPassword, Offer};
use crate::password::hashing::Hashing;
use crate::route_names::RouteNames;
use crate::routes;
use crate::session::caller::SessionReader;
use crate::session::site::Sites;
use crate::settings::{EmailAndPasswordSettings, Settings};
use crate::signing_keys::SigningKeys;
use crate::web::client_address::ClientAddressPolicy;
use crate::web::host::HostPolicy;
use crate::web::origin::{OriginChecks, OriginPattern, OriginPolicy};
use crate::web::panics::PanicCount;
use crate::web::paths::PathRules;
use crate::web::rate_limit::RateLimiter;
use crate::web::state::{BodyLimits, ListLimit};

/// The auth routes, built once from the settings and mounted in every worker:
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

/// What all workers share. Connections are not among it: each worker has a pool of its own, whose
/// connections are driven by the thread that uses them.
#[derive(Debug)]
struct Shared {
    base_path: String,
    pool: PoolSettings,
    hashing: Hashing,
    limiter: RateLimiter,
    attempts: PasswordAttempts,
    settings: Settings,
    fields: Arc<DeclaredFields>,
    origins: Data<OriginPolicy>,
    /// Those of every worker, over a store that nobody asks.
    sites: Sites,
    jwt: Option<Data<SigningKeys>>,
    clock: Clock,
    panics: PanicCount,
}

/// Why the routes cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// `security.trusted_origins` holds a pattern that would match nothing, or a script.
    #[error("security.trusted_origins")]
    TrustedOrigin(#[source] crate::web::origin::ParsePatternError),
    /// `cookies` holds what no cookie can have.
    #[error("cookies")]
    Cookies(#[source] auth_core::CookieSettingsError),
    /// `database` asks for what cannot be had, such as a certificate that is not there.
    #[error("database")]
    Database(#[source] StoreError),
}

impl Auth {
    /// Builds the routes; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`AuthError`] names the setting's section.
    pub fn new(settings: &Settings, clock: Clock) -> Result<Self, AuthError> {
        let patterns: Result<Vec<_>, _> =
            settings.security.trusted_origins.iter().map(|text| OriginPattern::parse(text)).collect();
        let checks = OriginChecks {
            disable_csrf_check: settings.security.disable_csrf_check,
            disable_origin_check: settings.security.disable_origin_check.clone(),
        };
        let patterns = patterns.map_err(AuthError::TrustedOrigin)?;
        let hosts = HostPolicy::new(settings.server.base_url.clone(), &settings.proxies);
        let jwt = settings.jwt.enabled.then(|| SigningKeys::new(settings));
        let pool = settings.database.pool(settings.server.workers);
        // Opens nothing; what is wrong with the settings should stop the start, not the first request.
        let store = Store::connect_lazily(pool.clone()).map_err(AuthError::Database)?;
        let sites = Sites::new(settings, hosts.clone(), jwt.clone(), &store).map_err(AuthError::Cookies)?;
        Ok(Self {
            shared: Arc::new(Shared {
                base_path: settings.server.base_path.clone(),
                pool,
                hashing: Hashing::new(&settings.password),
                attempts: PasswordAttempts::new(settings.email_and_password.failures_before_delay),
                limiter: RateLimiter::new(
                    &settings.rate_limit,
                    &settings.proxies,
                    &settings.server.base_path,
                    RouteNames::of(&settings.jwt),
                ),
                origins: Data::new(OriginPolicy::new(
                    hosts,
                    settings.server.base_path.clone(),
                    patterns,
                    checks,
                )),
                sites,
                jwt: jwt.map(Data::new),
                settings: settings.clone(),
                fields: Arc::new(settings.fields.clone()),
                clock,
                panics: PanicCount::default(),
            }),
        })
    }

    /// Makes a pool for the worker that calls; connections open with the first requests.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the pool's settings contradict each other.
    pub fn store(&self) -> Result<Store, StoreError> {
        let store = Store::connect_lazily(self.shared.pool.clone())?;
        Ok(self.with_schema(store))
    }

    /// Tells a store what the settings say of the tables.
    fn with_schema(&self, store: Store) -> Store {
        let Shared { fields, settings, .. } = &*self.shared;
        store.with_fields(Arc::clone(fields)).with_ids(settings.database.generate_id)
    }

    /// Gives which origins are trusted, for CORS.
    pub fn origins(&self) -> &OriginPolicy {
        &self.shared.origins
    }

    /// Mounts the routes with a pool of this worker's own. To be called in the app factory, so that it
    /// runs once in each worker.
    pub fn configure(&self, app: &mut ServiceConfig) {
        match self.store() {
            Ok(store) => self.configure_with(app, store),
            // `Auth::new` made a store of the same settings; all that can have changed is a file on disk.
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no pool for this worker")
            }
        }
    }

    /// Mounts what stands at the root of a server of its own: the public keys, where there are any.
    pub(crate) fn configure_well_known(&self, app: &mut ServiceConfig) {
        if self.shared.jwt.is_some() && !self.shared.base_path.is_empty() {
            app.service(routes::well_known_keys());
        }
    }

    /// Mounts the routes over a store that the app holds already; the additional fields and the kind of ids of
    /// the settings hold, not the store's. What tables are called is the store's ([`PoolSettings::names`]), and must be
    /// what the settings say: else nothing is mounted, and the log says so.
    pub fn configure_with(&self, app: &mut ServiceConfig, store: Store) {
        if store.settings().names != self.shared.settings.database.names {
            tracing::error!(
                "the store calls tables otherwise than [database.names]: the auth routes are not mounted"
            );
            return;
        }
        let Shared {
            base_path,
            hashing,
            limiter,
            attempts,
            settings,
            fields,
            origins,
            sites,
            jwt,
            clock,
            panics,
            pool: _,
        } = &*self.shared;
        let store = self.with_schema(store);
        let passwords = EmailAndPassword {
            store: store.clone(),
            hashing: hashing.clone(),
            attempts: attempts.clone(),
            passwords: settings.password.policy,
            sessions: settings.session.policy,
            offer: offer(settings),
            fields: Arc::clone(fields),
            after_sign_up: match &settings.email_and_password {
                EmailAndPasswordSettings {
                    auto_sign_in: true, require_email_verification: false, ..
                } => AfterSignUp::SignedIn,
                _ => AfterSignUp::Unseen,
            },
            requires_verified_email: settings.email_and_password.require_email_verification,
            max_sessions: settings.session.max_per_user,
        };
        let reader = SessionReader {
            store: store.clone(),
            policy: settings.session.policy,
            fresh_age: settings.session.fresh_age,
            defer_refresh: settings.session.defer_refresh,
        };
        let limits = BodyLimits { bytes: settings.server.body_limit, deadline: settings.server.body_timeout };
        let paths = PathRules {
            base_path: base_path.clone(),
            names: RouteNames::of(&settings.jwt),
            disabled: settings.server.disabled_paths.clone(),
            skip_trailing_slashes: settings.server.skip_trailing_slashes,
        };
        if let Some(jwt) = jwt {
            app.app_data(Data::clone(jwt));
        }
        app.app_data(Data::new(sites.over(&store)))
            .app_data(Data::new(store))
            .app_data(Data::new(paths))
            .app_data(Data::new(panics.clone()))
            .app_data(Data::from(Arc::clone(fields)))
            .app_data(Data::new(passwords))
            .app_data(Data::new(reader))
            .app_data(Data::new(limits))
            .app_data(Data::new(limiter.clone()))
            .app_data(Data::new(clock.clone()))
            .app_data(Data::new(ClientAddressPolicy::new(settings.proxies.clone())))
            .app_data(Data::new(settings.session.anonymous_get_session))
            .app_data(Data::new(ListLimit(settings.session.list_limit)))
            .app_data(Data::new(ErrorPage(settings.server.error_url.clone())))
            .app_data(Data::clone(origins))
            .service(routes::scope(base_path, jwt.is_some().then_some(&settings.jwt.jwks_path)));
    }
}

fn offer(settings: &Settings) -> Offer {
    match (settings.email_and_password.enabled, settings.email_and_password.disable_sign_up) {
        (false, _) => Offer::Nothing,
        (true, true) => Offer::SignIn,
        (true, false) => Offer::SignInAndSignUp,
    }
}

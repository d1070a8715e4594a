//! The services that all routes share: the policies that are applied to a request before and around its
//! handler.

use std::sync::Arc;

use actix_web::HttpRequest;
use auth_store::Store;
use time::OffsetDateTime;

use super::body::BodyLimits;
use super::client_address::{ClientAddress, ClientAddressPolicy};
use super::error::ApiError;
use super::error_code::MISDIRECTED_REQUEST;
use super::host::{HostPolicy, ReachedAddress, RequestedHost};
use super::origin::OriginPolicy;
use super::panics::PanicCount;
use super::paths::PathRules;
use super::rate_limit::RateLimiter;
use crate::config::clock::Clock;

/// The services that all routes of a worker share.
#[derive(Debug)]
pub(crate) struct WebServices {
    /// The clock.
    pub(crate) clock: Clock,
    /// The hosts for which requests are answered.
    pub(crate) hosts: HostPolicy,
    /// The pages that may act for a user.
    pub(crate) origins: Arc<OriginPolicy>,
    /// Determines a request's client address.
    pub(crate) clients: ClientAddressPolicy,
    /// The rate limiter.
    pub(crate) limiter: RateLimiter,
    /// The store, for a limiter that counts in the database.
    pub(crate) store: Store,
    /// The limits on reading a body.
    pub(crate) body: BodyLimits,
    /// How paths name routes, and which paths are disabled.
    pub(crate) paths: PathRules,
    /// The number of panics.
    pub(crate) panics: PanicCount,
}

impl WebServices {
    /// Returns the base URL that a request reached.
    ///
    /// # Errors
    ///
    /// `MISDIRECTED_REQUEST` if the server does not serve the requested host (RFC 9110 §15.5.20). Better Auth
    /// defines no response for such a request.
    pub(super) fn reached(&self, request: &HttpRequest) -> Result<ReachedAddress, ApiError> {
        self.hosts.reached(&RequestedHost::of(request)).ok_or(ApiError::Coded(MISDIRECTED_REQUEST))
    }

    /// Returns the client address of a request; `None` if it is unknown.
    pub(super) fn client_address(&self, request: &HttpRequest) -> Option<ClientAddress> {
        self.clients.client_address(request.peer_addr().map(|peer| peer.ip()), request.headers())
    }

    /// Counts a request, whatever its method and whether or not its path is a route.
    ///
    /// # Errors
    ///
    /// 429 if the request is over the limit; 503 if it cannot be counted.
    pub(super) async fn count(
        &self,
        client: Option<&ClientAddress>,
        path: &str,
        now: OffsetDateTime,
    ) -> Result<(), ApiError> {
        Ok(self.limiter.count(&self.store, client, path, now).await?)
    }
}

#[cfg(test)]
impl WebServices {
    /// Services for tests. They trust one origin, count nothing and reach no database.
    #[expect(clippy::unwrap_used, reason = "tests")]
    pub(crate) fn for_tests(base_path: &str) -> Self {
        use crate::config::Environment;
        use crate::web::client_address::settings::ProxiesSettings;
        use crate::web::origin::OriginChecks;
        use crate::web::rate_limit::RateRule;
        use crate::web::rate_limit::settings::{RateLimitSettings, RateLimitStorage};
        use std::time::Duration;

        let hosts = HostPolicy::of_one("https://auth.example.com");
        let proxies = ProxiesSettings {
            track_addresses: true,
            trusted: Vec::new(),
            headers: Vec::new(),
            trusted_proxy_headers: false,
            ipv6_prefix: 64,
        };
        let limits = RateLimitSettings {
            enabled: false,
            default: RateRule { window: Duration::from_secs(10), max: 100 },
            storage: RateLimitStorage::Memory,
            custom_rules: Vec::new(),
        };
        let environment = Environment::default()
            .with("DATABASE_URL", "postgres://localhost/none")
            .with("BETTER_AUTH_URL", "https://auth.example.com")
            .with("BETTER_AUTH_SECRET", "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz");
        let pool = crate::app::settings::Settings::load(&environment).unwrap().database.pool(1);
        Self {
            clock: Clock::system(),
            origins: Arc::new(OriginPolicy::new(
                hosts.clone(),
                base_path.to_owned(),
                Vec::new(),
                OriginChecks::default(),
            )),
            hosts,
            clients: ClientAddressPolicy::new(proxies),
            limiter: RateLimiter::new(&limits, true, base_path, &[]),
            store: Store::connect_lazily(pool).unwrap(),
            body: BodyLimits { bytes: 1_024, deadline: Duration::from_secs(1) },
            paths: PathRules {
                base_path: base_path.to_owned(),
                names: super::route_names::RouteNames::default(),
                disabled: Vec::new(),
                skip_trailing_slashes: false,
            },
            panics: PanicCount::default(),
        }
    }
}

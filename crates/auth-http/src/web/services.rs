//! What every route shares: the policies that a request is held against before and around its handler.

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

/// What every route of a worker shares.
#[derive(Debug)]
pub(crate) struct WebServices {
    /// Tells the time.
    pub(crate) clock: Clock,
    /// For which hosts requests are answered.
    pub(crate) hosts: HostPolicy,
    /// Which pages may act for a user.
    pub(crate) origins: Arc<OriginPolicy>,
    /// Which client a request comes from.
    pub(crate) clients: ClientAddressPolicy,
    /// How many requests a client may send.
    pub(crate) limiter: RateLimiter,
    /// Where the limiter counts, if it does so in the database.
    pub(crate) store: Store,
    /// How much of a body is read.
    pub(crate) body: BodyLimits,
    /// Which paths are turned off.
    pub(crate) paths: PathRules,
    /// Counts panics.
    pub(crate) panics: PanicCount,
}

impl WebServices {
    /// Gives the address that a request reached.
    ///
    /// # Errors
    ///
    /// `MISDIRECTED_REQUEST` where the server does not answer for its host (RFC 9110 §15.5.20). Better Auth leaves such
    /// a request without an answer of its own.
    pub(super) fn reached(&self, request: &HttpRequest) -> Result<ReachedAddress, ApiError> {
        self.hosts.reached(&RequestedHost::of(request)).ok_or(ApiError::Coded(MISDIRECTED_REQUEST))
    }

    /// Gives the client that a request comes from; `None` where that cannot be known.
    pub(super) fn client_address(&self, request: &HttpRequest) -> Option<ClientAddress> {
        self.clients.client_address(request.peer_addr().map(|peer| peer.ip()), request.headers())
    }

    /// Counts a request, whatever its method and whether or not its path is a route.
    ///
    /// # Errors
    ///
    /// 429 for one too many; 503 where it cannot be counted.
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
    /// Services that trust one origin, count nothing and reach no database.
    #[expect(clippy::unwrap_used, reason = "tests")]
    pub(super) fn for_tests(base_path: &str) -> Self {
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

//! The auth server's address and the HTTPS connection to it.

use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use tower_service::Service;
use url::Url;

use crate::address::is_private;

/// Timeout of a request, including connecting.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Highest accepted length of a response body, in bytes.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// An auth server: its address with the base path, and which kinds of address are allowed.
#[derive(Clone, Debug)]
pub struct AuthServer {
    base: Url,
    reach: Reach,
    roots: Option<Arc<RootCertStore>>,
    timeout: Duration,
}

/// The kinds of address that are allowed beyond public https ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach {
    private_addresses: bool,
    plain_http: bool,
}

/// Why an address was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthServerError {
    /// It is not a URL, or has a user, a query or a fragment.
    #[error("the auth server's address is not of the form https://host/path")]
    Form,
    /// It does not begin with `https://`.
    #[error("the auth server's address does not begin with https://")]
    NotHttps,
    /// It is in a private network; see [`AuthServer::allow_private_addresses`].
    #[error("the auth server's address is private")]
    PrivateAddress,
}

impl AuthServer {
    /// Creates a server from the address of its routes, such as `https://auth.example.com/api/auth`.
    ///
    /// # Errors
    ///
    /// [`AuthServerError::Form`] if it is not such an address. The scheme and the host are checked later,
    /// when a client is created, because the methods below change what is allowed.
    pub fn new(address: &str) -> Result<Self, AuthServerError> {
        let mut base: Url = address.parse().map_err(|_not_shown| AuthServerError::Form)?;
        let has_more = base.query().is_some() || base.fragment().is_some();
        let has_user = !base.username().is_empty() || base.password().is_some();
        if !matches!(base.scheme(), "https" | "http") || base.host().is_none() || has_more || has_user {
            return Err(AuthServerError::Form);
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self {
            base,
            reach: Reach { private_addresses: false, plain_http: false },
            roots: None,
            timeout: TIMEOUT,
        })
    }

    /// Returns the address, with a slash at its end.
    pub fn address(&self) -> &str {
        self.base.as_str()
    }

    /// Allows addresses in private networks, for services of one cluster.
    #[must_use]
    pub fn allow_private_addresses(mut self) -> Self {
        self.reach.private_addresses = true;
        self
    }

    /// Allows `http://` to this machine's loopback addresses, for development.
    #[must_use]
    pub fn allow_http_on_loopback(mut self) -> Self {
        self.reach.plain_http = true;
        self
    }

    /// Sets the timeout of a request; values above [`TIMEOUT`] are reduced to it.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(TIMEOUT);
        self
    }

    /// Trusts these certificate authorities instead of the platform's.
    #[must_use]
    pub fn with_roots(mut self, roots: RootCertStore) -> Self {
        self.roots = Some(Arc::new(roots));
        self
    }
}

/// Why a request to an auth server failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The address is not allowed.
    #[error("the auth server may not be asked")]
    Address(#[from] AuthServerError),
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] rustls::Error),
    /// The request could not be sent, or the connection failed.
    #[error("the auth server did not answer")]
    Transport(#[source] Box<dyn Error + Send + Sync>),
    /// There was no response within the timeout, at most [`TIMEOUT`].
    #[error("the auth server did not answer in time")]
    TimedOut,
    /// The response has an unexpected status.
    #[error("the auth server answered with status {status}")]
    Status {
        /// The status code.
        status: u16,
    },
    /// The response body is longer than [`MAX_ANSWER_BYTES`].
    #[error("the auth server's answer is too long")]
    TooLong,
    /// The previous request failed a moment ago, and no new request is sent yet.
    #[error("the auth server did not answer a moment ago")]
    NoAnswerYet,
    /// The response body cannot be parsed.
    #[error("the auth server's answer cannot be read")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
}

/// A connection pool to one server. It follows no redirects, uses no proxy and keeps no cookies.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Empty<&'static [u8]>>,
    base: Url,
    timeout: Duration,
}

impl Connection {
    /// Checks the address and sets up TLS; opens no connection.
    pub(crate) fn open(server: &AuthServer) -> Result<Self, RequestError> {
        let AuthServer { base, reach, roots, timeout } = server;
        let literal: Option<IpAddr> =
            base.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        let is_plain = base.scheme() == "http";
        let leads_home = match literal {
            Some(address) => address.is_loopback(),
            None => base.host_str() == Some("localhost"),
        };
        if is_plain && !(reach.plain_http && leads_home) {
            return Err(AuthServerError::NotHttps.into());
        }
        let may_be_private = reach.private_addresses || is_plain;
        if literal.is_some_and(is_private) && !may_be_private {
            return Err(AuthServerError::PrivateAddress.into());
        }
        let mut connector =
            HttpConnector::new_with_resolver(Resolver { may_be_private, only_home: is_plain });
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let tls = tls(roots.as_deref()).map_err(RequestError::Tls)?;
        let tls = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls);
        let tls = if is_plain { tls.https_or_http() } else { tls.https_only() };
        let client =
            Client::builder(TokioExecutor::new()).build(tls.enable_http1().wrap_connector(connector));
        Ok(Self { client, base: base.clone(), timeout: *timeout })
    }

    /// Requests a path below the base path, with at most one header from the caller.
    pub(crate) async fn get(
        &self,
        path: &str,
        header: Option<(&str, &str)>,
    ) -> Result<(StatusCode, Vec<u8>), RequestError> {
        tokio::time::timeout(self.timeout, self.ask(path, header))
            .await
            .map_err(|_| RequestError::TimedOut)?
    }

    async fn ask(
        &self,
        path: &str,
        header: Option<(&str, &str)>,
    ) -> Result<(StatusCode, Vec<u8>), RequestError> {
        let transport = |error: Box<dyn Error + Send + Sync>| RequestError::Transport(error);
        let url = self.base.join(path).map_err(|error| transport(error.into()))?;
        let mut request = Request::get(url.as_str());
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let request = request.body(Empty::new()).map_err(|error| transport(error.into()))?;
        let (head, body) =
            self.client.request(request).await.map_err(|error| transport(error.into()))?.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { RequestError::TooLong } else { transport(error) }
        })?;
        Ok((head.status, body.to_bytes().to_vec()))
    }
}

fn tls(roots: Option<&RootCertStore>) -> Result<ClientConfig, rustls::Error> {
    let roots = roots.cloned().unwrap_or_else(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    });
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Resolves names with the system's resolver and refuses forbidden addresses. One forbidden address refuses
/// the whole name, because the resolver does not know which address will be used.
#[derive(Clone, Copy, Debug)]
struct Resolver {
    may_be_private: bool,
    only_home: bool,
}

/// A name resolves to a forbidden address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the auth server's name leads to an address that may not be asked")]
struct ForbiddenAddress;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { may_be_private, only_home } = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let is_forbidden = |address: &SocketAddr| {
                let ip = address.ip();
                (is_private(ip) && !may_be_private) || (only_home && !ip.is_loopback())
            };
            if found.iter().any(is_forbidden) {
                return Err(ForbiddenAddress.into());
            }
            Ok(found.into_iter())
        })
    }
}

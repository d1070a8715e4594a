//! Database URLs in the forms that hosting panels, `.env` files and libpq's manual show.
//!
//! Only URLs are accepted (`postgres://` or `postgresql://`). The parameters of libpq that this crate
//! supports have libpq's meaning. Any other parameter is an error that names it, because silently ignoring a
//! security parameter is worse than refusing to start. See [`crate::tls`] for the meaning of each `sslmode`.
//!
//! The password is used only for connecting: `Debug` and `Display` show the address without it, and no error
//! quotes a value.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use auth_core::Secret;
use tokio_postgres::config::{Host, SslMode};

/// Suffix of the first label of a host name of Neon's pooler.
const NEON_POOLER_SUFFIX: &str = "-pooler";

/// Domain of Neon's hosts.
const NEON_DOMAIN: &str = ".neon.tech";

/// Parameters that tokio-postgres reads with libpq's meaning.
const PASSED_ON: &[&str] = &[
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Why a database URL was rejected. The error never quotes the URL, because it may contain a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Not a Postgres URL at all.
    #[error("the database URL must begin with postgres:// or postgresql://")]
    Scheme,
    /// A part cannot be read; the usual cause is an unescaped character in the password.
    #[error(
        "the database URL cannot be read ({reason}); characters such as @ : / ? # % in a user name or password have to be percent-encoded"
    )]
    Malformed {
        /// The parser's message, without the value.
        reason: String,
    },
    /// No host in the URL.
    #[error("the database URL names no host")]
    MissingHost,
    /// A parameter that this crate does not support and therefore must not ignore.
    #[error("the database URL has the parameter `{name}`, which is not supported{}", hint(name))]
    UnknownParameter {
        /// The parameter's name.
        name: String,
    },
    /// A known parameter with an invalid value.
    #[error("the database URL's parameter `{name}` must be one of: {allowed}")]
    Value {
        /// The parameter's name.
        name: &'static str,
        /// The valid values.
        allowed: &'static str,
    },
    /// `sslrootcert=system` with an `sslmode` that does not check the certificate's host name.
    #[error("the database URL's parameter `sslrootcert=system` needs `sslmode=verify-full`")]
    WeakSystemRoots,
}

/// Returns advice for unsupported parameters that are common in URLs.
fn hint(name: &str) -> &'static str {
    match name {
        "ssl" | "requiressl" => "; write sslmode=require or sslmode=verify-full instead",
        "sslcert" | "sslkey" | "sslpassword" => {
            ": client certificates cannot be used yet; sign in with a password"
        }
        "sslcrl" | "sslcrldir" => ": revocation lists cannot be used",
        "schema" => "; the schema is found through the role's search_path (ALTER ROLE … SET search_path = …)",
        "connection_limit" | "pool_timeout" | "pool_size" => "; the pool has settings of its own",
        _ => "; remove it",
    }
}

/// The TLS mode of the connection, with libpq's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain text.
    Disable,
    /// TLS if the server supports it, else plain text. A certificate that cannot be verified does not prevent
    /// the connection.
    Prefer,
    /// TLS. The certificate is verified only if `sslrootcert` is given.
    Require,
    /// TLS with a certificate from a trusted authority.
    VerifyCa,
    /// TLS with a certificate from a trusted authority for the host's name.
    VerifyFull,
}

impl TlsMode {
    fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        match text {
            "disable" => Ok(Self::Disable),
            "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err(DatabaseUrlError::Value {
                name: "sslmode",
                allowed: "disable, prefer, require, verify-ca, verify-full",
            }),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// The source of the trusted certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsRoots {
    /// No `sslrootcert`: the modes that verify use the platform's authorities.
    Unspecified,
    /// `sslrootcert=system`: the platform's authorities.
    System,
    /// `sslrootcert=<path>`: a PEM file.
    File(PathBuf),
}

/// A parsed database address.
#[derive(Clone)]
pub struct DatabaseUrl {
    text: Secret<String>,
    config: tokio_postgres::Config,
    tls_mode: TlsMode,
    tls_roots: TlsRoots,
    says_pooled: bool,
}

impl DatabaseUrl {
    /// Parses a URL.
    ///
    /// # Errors
    ///
    /// Every [`DatabaseUrlError`]; none quotes a value of the URL.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        let text = text.trim();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(DatabaseUrlError::Scheme);
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut own = OwnParameters::default();
        let mut passed_on = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if PASSED_ON.contains(&name) {
                passed_on.push(pair);
            } else {
                own.take(name, value)?;
            }
        }
        let cleaned = match passed_on.as_slice() {
            [] => address.to_owned(),
            pairs => format!("{address}?{}", pairs.join("&")),
        };
        let mut config =
            tokio_postgres::Config::from_str(&cleaned).map_err(|error| DatabaseUrlError::Malformed {
                reason: std::error::Error::source(&error)
                    .map_or_else(|| error.to_string(), ToString::to_string),
            })?;
        if config.get_hosts().is_empty() {
            let addresses = config.get_hostaddrs().to_vec();
            if addresses.is_empty() {
                return Err(DatabaseUrlError::MissingHost);
            }
            for address in addresses {
                config.host(address.to_string());
            }
        }
        if config.get_application_name().is_none() {
            config.application_name(env!("CARGO_PKG_NAME"));
        }
        let (tls_mode, tls_roots) = own.tls()?;
        // Like libpq, this crate uses no TLS on a local socket.
        let local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let tls_mode = if local { TlsMode::Disable } else { tls_mode };
        config.ssl_mode(match tls_mode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        });
        Ok(Self { text: Secret::new(text.to_owned()), config, tls_mode, tls_roots, says_pooled: own.pooled })
    }

    /// Returns the address for migrations: `unpooled` if it is given, else the direct address that can be
    /// derived from `pooled`, else `pooled` itself. If the address was derived, the second value is a note
    /// for the operator that names both hosts.
    ///
    /// # Errors
    ///
    /// [`DatabaseUrlError`] when a derived address cannot be read.
    pub fn for_migrations(
        pooled: &Self,
        unpooled: Option<&Self>,
    ) -> Result<(Self, Option<String>), DatabaseUrlError> {
        if let Some(unpooled) = unpooled {
            return Ok((unpooled.clone(), None));
        }
        let Some(text) = neon_direct(pooled.text.expose()) else {
            return Ok((pooled.clone(), None));
        };
        let direct = Self::parse(&text)?;
        let note = format!(
            "{} is Neon's pooler; migrations use the direct host {} (set DATABASE_URL_UNPOOLED to choose another)",
            pooled.first_host(),
            direct.first_host(),
        );
        Ok((direct, Some(note)))
    }

    /// Returns the TLS mode of the connection.
    pub fn tls_mode(&self) -> TlsMode {
        self.tls_mode
    }

    /// Returns the source of the trusted authorities.
    pub fn tls_roots(&self) -> &TlsRoots {
        &self.tls_roots
    }

    /// Whether the URL itself indicates a pooler (`pgbouncer=true`, or a host of Neon's pooler).
    pub fn says_pooled(&self) -> bool {
        self.says_pooled || neon_direct(self.text.expose()).is_some()
    }

    /// Returns the original URL, including the password.
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    pub(crate) fn config(&self) -> &tokio_postgres::Config {
        &self.config
    }

    fn first_host(&self) -> String {
        match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgresql://")?;
        if let Some(user) = self.config.get_user() {
            f.write_str(user)?;
            if self.config.get_password().is_some() {
                f.write_str(":***")?;
            }
            f.write_str("@")?;
        }
        f.write_str(&self.first_host())?;
        if let Some(port) = self.config.get_ports().first() {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}?sslmode={}", self.config.get_dbname().unwrap_or_default(), self.tls_mode.as_str())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// The parameters that tokio-postgres does not know, or supports with fewer values.
#[derive(Default)]
struct OwnParameters {
    mode: Option<TlsMode>,
    roots: Option<TlsRoots>,
    pooled: bool,
}

impl OwnParameters {
    fn take(&mut self, name: &str, value: &str) -> Result<(), DatabaseUrlError> {
        match name {
            "sslmode" => self.mode = Some(TlsMode::parse(value)?),
            "sslrootcert" => {
                self.roots = Some(match percent_decode(value)?.as_str() {
                    "system" => TlsRoots::System,
                    path => TlsRoots::File(PathBuf::from(path)),
                });
            }
            "pgbouncer" => {
                self.pooled = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(DatabaseUrlError::Value { name: "pgbouncer", allowed: "true, false" }),
                };
            }
            // No effect: this crate always uses libpq's meaning.
            "uselibpqcompat" if value == "true" => {}
            // No effect: the host name is always sent.
            "sslsni" if value == "1" => {}
            _ => return Err(DatabaseUrlError::UnknownParameter { name: name.to_owned() }),
        }
        Ok(())
    }

    /// Applies libpq's defaults: `prefer`, or `verify-full` with `sslrootcert=system`.
    fn tls(&self) -> Result<(TlsMode, TlsRoots), DatabaseUrlError> {
        let roots = self.roots.clone().unwrap_or(TlsRoots::Unspecified);
        let mode = match (self.mode, &roots) {
            (None | Some(TlsMode::VerifyFull), TlsRoots::System) => TlsMode::VerifyFull,
            (Some(_), TlsRoots::System) => return Err(DatabaseUrlError::WeakSystemRoots),
            (mode, _) => mode.unwrap_or(TlsMode::Prefer),
        };
        Ok((mode, roots))
    }
}

/// Returns the direct URL of the server if `text` is a URL of Neon's pooler.
fn neon_direct(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let (address, query) = rest.split_at_checked(rest.find('?').unwrap_or(rest.len()))?;
    let (credentials, place) = match address.rsplit_once('@') {
        Some((credentials, place)) => (format!("{credentials}@"), place),
        None => (String::new(), address),
    };
    let (host, path) = place.split_at_checked(place.find('/').unwrap_or(place.len()))?;
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, format!(":{port}")),
        None => (host, String::new()),
    };
    let (endpoint, domain) = name.split_once('.')?;
    let endpoint = endpoint.strip_suffix(NEON_POOLER_SUFFIX)?;
    format!(".{domain}")
        .ends_with(NEON_DOMAIN)
        .then(|| format!("{scheme}://{credentials}{endpoint}.{domain}{port}{path}{query}"))
}

fn percent_decode(text: &str) -> Result<String, DatabaseUrlError> {
    let malformed = || DatabaseUrlError::Malformed { reason: "invalid percent-encoding".to_owned() };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(malformed()) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| malformed())?);
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

#[cfg(test)]
mod tests;

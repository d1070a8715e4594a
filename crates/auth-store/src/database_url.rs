//! Database addresses as users have them: what hosting panels, `.env` files and libpq's manual show.
//!
//! Only URLs are read (`postgres://` or `postgresql://`). Everything that libpq knows and this crate
//! can honour is honoured; everything else is an error that names the parameter, because a security
//! parameter that is silently ignored is worse than a refused start. See [`crate::tls`] for what each
//! `sslmode` means.
//!
//! The password is kept for connecting and for nothing else: `Debug` and `Display` show the address
//! without it, and no error quotes a value.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use auth_core::Secret;
use tokio_postgres::config::{Host, SslMode};

/// Label that Neon appends to a host name to reach its pooler.
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

/// Why a database address was refused. Never quotes the address: it may hold a password.
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
        /// What the parser stumbled over, without the value.
        reason: String,
    },
    /// No host in the URL.
    #[error("the database URL names no host")]
    MissingHost,
    /// A parameter that this crate does not know and therefore must not ignore.
    #[error("the database URL has the parameter `{name}`, which is not supported{}", hint(name))]
    UnknownParameter {
        /// The parameter's name.
        name: String,
    },
    /// A known parameter with a value that it cannot have.
    #[error("the database URL's parameter `{name}` must be one of: {allowed}")]
    Value {
        /// The parameter's name.
        name: &'static str,
        /// The values that it can have.
        allowed: &'static str,
    },
    /// `sslrootcert=system` beside a mode that would not look at the certificate's name.
    #[error("the database URL's parameter `sslrootcert=system` needs `sslmode=verify-full`")]
    WeakSystemRoots,
}

/// Says what to do about a parameter that people are known to have in their URLs.
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

/// How far the connection is protected, by libpq's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain text.
    Disable,
    /// TLS where the server has it, plain text otherwise; nothing is verified.
    Prefer,
    /// TLS; the certificate is verified only where `sslrootcert` is given.
    Require,
    /// TLS, and the certificate comes from a trusted authority.
    VerifyCa,
    /// TLS, the certificate comes from a trusted authority and names the host.
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

/// Where trusted authorities come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsRoots {
    /// No `sslrootcert`: the platform's, for the modes that verify.
    Unspecified,
    /// `sslrootcert=system`: the platform's.
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
    /// Reads a URL.
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
        // A local socket is not TLS's business, in libpq neither.
        let local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let tls_mode = if local { TlsMode::Disable } else { tls_mode };
        config.ssl_mode(match tls_mode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        });
        Ok(Self { text: Secret::new(text.to_owned()), config, tls_mode, tls_roots, says_pooled: own.pooled })
    }

    /// Gives the address to run migrations on: `unpooled` where there is one, else the direct address
    /// that can be derived from `pooled`, else `pooled` itself. The note, when there is one, is for
    /// the operator: it says which address was derived and from what.
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

    /// Tells how the connection is protected.
    pub fn tls_mode(&self) -> TlsMode {
        self.tls_mode
    }

    /// Tells where trusted authorities come from.
    pub fn tls_roots(&self) -> &TlsRoots {
        &self.tls_roots
    }

    /// Tells whether the address itself says that a pooler answers there (`pgbouncer=true`, or a host
    /// of Neon's pooler).
    pub fn says_pooled(&self) -> bool {
        self.says_pooled || neon_direct(self.text.expose()).is_some()
    }

    /// Gives the URL as it was written, password included.
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

/// The parameters that tokio-postgres does not know, or knows with fewer values.
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
            // libpq's meaning is the one that is used here anyway.
            "uselibpqcompat" if value == "true" => {}
            // The name is always sent, and always the host's.
            "sslsni" if value == "1" => {}
            _ => return Err(DatabaseUrlError::UnknownParameter { name: name.to_owned() }),
        }
        Ok(())
    }

    /// Applies libpq's defaults: `prefer`, and `verify-full` where the platform's roots are asked for.
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

/// Gives the URL of the server behind Neon's pooler, if this is such a URL.
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

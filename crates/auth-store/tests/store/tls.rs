//! Every `sslmode` against a real server with a certificate of our own authority.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use auth_store::testing::OwnCluster;
use auth_store::{ConnectError, DatabaseUrl, Outage, PoolSettings, Store, StoreError, TlsError};
use dev_postgres::TlsFiles;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A name as Neon gives it; `hostaddr` leads it to this machine.
const NAME: &str = "ep-cool-snow-a1b2c3.eu-central-1.aws.neon.tech";

/// The password that the server asks for over TCP, with SCRAM.
const PASSWORD: &str = "p@ss word";

/// How long a store tries to connect where trying again may help.
const PATIENCE: Duration = Duration::from_secs(60);

/// Files of one test; removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("auth-store-tls-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn percent(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}

/// A server whose certificate names [`NAME`] alone, and the authorities that did and did not sign it.
struct Server {
    cluster: OwnCluster,
    authority: PathBuf,
    other: PathBuf,
    _folder: Folder,
}

impl Server {
    fn start() -> Self {
        let folder = Folder::new();
        let (authority, other) = (authority("ours"), authority("theirs"));
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let tls = TlsFiles {
            certificate: folder.write("server.pem", &certificate.pem()),
            key: folder.write("server.key", &key.serialize_pem()),
        };
        let cluster = OwnCluster::start_with(|options| {
            options.tls = Some(tls);
            options.tcp_password = Some(PASSWORD.to_owned());
        });
        Self {
            authority: folder.write("authority.pem", &authority.pem()),
            other: folder.write("other.pem", &other.pem()),
            cluster,
            _folder: folder,
        }
    }

    fn url(&self, host: &str, parameters: &str) -> String {
        let port = self.cluster.tcp_port().unwrap();
        format!("postgres://postgres:p%40ss%20word@{host}:{port}/postgres?hostaddr=127.0.0.1&{parameters}")
    }
}

/// Connects and tells whether the connection is encrypted.
async fn connect(url: &str) -> Result<bool, StoreError> {
    let settings = PoolSettings {
        acquire_timeout: PATIENCE,
        operation_timeout: PATIENCE,
        ..PoolSettings::new(DatabaseUrl::parse(url)?)
    };
    let store = Store::connect_lazily(settings)?;
    Ok(store.verify_connection().await?.encrypted.expect("no pooler here"))
}

/// Expects a refusal at once (no retrying until the deadline) and gives its whole chain of causes.
async fn refusal(url: &str) -> String {
    let started = Instant::now();
    let error = connect(url).await.expect_err(url);
    assert!(started.elapsed() < PATIENCE / 2, "a hopeless connection was retried: {error:?}");
    let StoreError::Unavailable(Outage::Connect(cause)) = &error else { panic!("{error:?}") };
    assert!(matches!(**cause, ConnectError::Refused(_)), "{cause:?}");
    let mut text = String::new();
    let mut next = Some(&error as &dyn std::error::Error);
    while let Some(error) = next {
        text.push_str(&format!("{error}; "));
        next = error.source();
    }
    assert!(!text.contains("p@ss") && !text.contains("p%40ss"), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mode_means_what_it_means_to_libpq() {
    let server = Server::start();
    let ours = format!("sslrootcert={}", percent(&server.authority));
    let theirs = format!("sslrootcert={}", percent(&server.other));

    // Encrypted, with and without looking at who answers.
    for (host, parameters) in [
        (NAME, "sslmode=require".to_owned()),
        ("other.example", "sslmode=require".to_owned()),
        ("other.example", "sslmode=prefer".to_owned()),
        ("other.example", String::new()),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("other.example", format!("sslmode=require&{ours}")),
        ("other.example", format!("sslmode=verify-ca&{ours}")),
        (NAME, format!("sslmode=verify-full&{ours}")),
        (NAME, format!("sslmode=verify-full&{ours}&channel_binding=require")),
        (NAME, "sslmode=require&channel_binding=require".to_owned()),
    ] {
        let url = server.url(host, &parameters);
        assert!(
            connect(&url).await.unwrap_or_else(|error| panic!("{url}: {error:?}")),
            "{url} is not encrypted"
        );
    }
    assert!(!connect(&server.url(NAME, "sslmode=disable")).await.unwrap(), "sslmode=disable is plain");

    // An impostor, or a name that is not the server's.
    for (host, parameters, cause) in [
        (NAME, format!("sslmode=verify-full&{theirs}"), "UnknownIssuer"),
        (NAME, format!("sslmode=verify-ca&{theirs}"), "UnknownIssuer"),
        (NAME, format!("sslmode=require&{theirs}"), "UnknownIssuer"),
        ("other.example", format!("sslmode=verify-full&{ours}"), "not valid for name"),
        ("127.0.0.1", format!("sslmode=verify-full&{ours}"), "not valid for name"),
        (NAME, "sslmode=verify-full&sslrootcert=system".to_owned(), "UnknownIssuer"),
        (NAME, "sslmode=verify-full".to_owned(), "UnknownIssuer"),
        (NAME, "sslmode=disable&channel_binding=require".to_owned(), "channel binding"),
    ] {
        let text = refusal(&server.url(host, &parameters)).await;
        assert!(text.contains(cause), "{host} {parameters}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_at_once_and_not_shown() {
    let server = Server::start();
    let url = server.url(NAME, "sslmode=require").replace("p%40ss", "wr%40ng");
    let text = refusal(&url).await;
    assert!(text.contains("password authentication failed") && !text.contains("wr@ng"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_at_the_server_prefer_is_plain_and_require_refuses() {
    let cluster = OwnCluster::start();
    let url = cluster.tcp_url("postgres").unwrap();
    assert!(!connect(&url).await.unwrap());
    assert!(!connect(&format!("{url}?sslmode=prefer")).await.unwrap());
    for mode in ["require", "verify-full"] {
        let text = refusal(&format!("{url}?sslmode={mode}")).await;
        assert!(text.contains("server does not support TLS"), "{text}");
    }
    // A Unix socket needs none, whatever the mode.
    assert!(!connect(&format!("{}?sslmode=verify-full", cluster.url("postgres"))).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn prefer_falls_back_when_the_servers_tls_does_not_work() {
    // TLS 1.1 is all that this server offers, and no client of today takes it.
    let folder = Folder::new();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let tls = TlsFiles {
        certificate: folder.write("server.pem", &certificate.pem()),
        key: folder.write("server.key", &key.serialize_pem()),
    };
    let cluster = OwnCluster::start_with(|options| {
        options.tls = Some(tls);
        options.settings.push(("ssl_max_protocol_version".to_owned(), "TLSv1.1".to_owned()));
        options.settings.push(("ssl_min_protocol_version".to_owned(), "TLSv1".to_owned()));
    });
    let url = cluster.tcp_url("postgres").unwrap();
    assert!(!connect(&format!("{url}?sslmode=prefer")).await.unwrap());
    connect(&format!("{url}?sslmode=require")).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_certificate_can_be_trusted_by_itself() {
    let folder = Folder::new();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    // As `openssl req -x509` makes them.
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = folder.write("server.pem", &params.self_signed(&key).unwrap().pem());
    let tls =
        TlsFiles { certificate: certificate.clone(), key: folder.write("server.key", &key.serialize_pem()) };
    let cluster = OwnCluster::start_with(|options| options.tls = Some(tls));
    let url = cluster.tcp_url("postgres").unwrap();
    let verify = format!("sslmode=verify-full&sslrootcert={}", percent(&certificate));
    assert!(connect(&format!("{}?{verify}", url.replace("127.0.0.1", "localhost"))).await.unwrap());
    let text = refusal(&format!("{url}?{verify}")).await;
    assert!(text.contains("not valid for name"), "{text}");
    assert!(connect(&url).await.unwrap(), "prefer takes it unseen");
}

#[tokio::test]
async fn unreadable_roots_are_said_before_anything_is_sent() {
    let folder = Folder::new();
    let empty = folder.write("empty.pem", "");
    for path in [folder.0.join("missing.pem"), empty] {
        let url = format!("postgres://u@h/d?sslmode=verify-full&sslrootcert={}", percent(&path));
        let error = Store::connect_lazily(PoolSettings::new(DatabaseUrl::parse(&url).unwrap())).unwrap_err();
        assert!(
            matches!(error, StoreError::Tls(TlsError::RootFile { .. } | TlsError::NoRoots { .. })),
            "{error:?}"
        );
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

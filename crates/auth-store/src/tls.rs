//! TLS to Postgres, with libpq's meaning of `sslmode`.
//!
//! | `sslmode` | encrypted | authority checked | host name checked |
//! |---|---|---|---|
//! | `disable` | no | | |
//! | `prefer` (default) | where the server can | no | no |
//! | `require` | yes | only with `sslrootcert` | no |
//! | `verify-ca` | yes | yes | no |
//! | `verify-full` | yes | yes | yes |
//!
//! As with `psql`, `require` protects against eavesdropping, but not against an impersonated server. Use
//! `verify-full`: the certificates of hosted databases are signed by authorities of the platform's own list.
//! One difference to libpq: without `sslrootcert` the verifying modes use that list instead of
//! `~/.postgresql/root.crt`.
//!
//! The cryptography is rustls with `ring`, passed explicitly: this crate neither installs nor needs a
//! default provider for the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::database_url::{DatabaseUrl, TlsMode, TlsRoots};

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of `sslrootcert` could not be read.
    #[error("the certificates of `sslrootcert` could not be read from {path}")]
    RootFile {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The file of `sslrootcert` has no certificate in it, or the platform has none.
    #[error("no trusted certificates in {place}")]
    NoRoots {
        /// The file or the certificate store that was searched.
        place: String,
    },
    /// rustls rejected the configuration.
    #[error("TLS could not be set up")]
    Setup(#[source] rustls::Error),
}

/// What is verified of a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Only that the server holds its private key.
    Key,
    /// A trusted authority signed the certificate.
    Authority,
    /// A trusted authority signed the certificate for this host.
    AuthorityAndName,
}

/// Creates the TLS connector for one database.
pub(crate) fn connector(url: &DatabaseUrl) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let proof = match (url.tls_mode(), url.tls_roots()) {
        (TlsMode::VerifyFull, _) => Proof::AuthorityAndName,
        (TlsMode::VerifyCa, _) | (TlsMode::Require | TlsMode::Prefer, TlsRoots::File(_)) => Proof::Authority,
        _ => Proof::Key,
    };
    let trusted = match (proof, url.tls_roots()) {
        (Proof::Key, _) => Vec::new(),
        (_, TlsRoots::File(path)) => read_roots(path)?,
        (_, TlsRoots::System | TlsRoots::Unspecified) => platform_roots()?,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted.iter().cloned());
    let verifier = Verifier { provider: Arc::clone(&provider), roots, trusted, proof };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn read_roots(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let place = || path.display().to_string();
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| TlsError::RootFile { path: place(), source })?;
    if certificates.is_empty() { Err(TlsError::NoRoots { place: place() }) } else { Ok(certificates) }
}

fn platform_roots() -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a trusted certificate of the platform could not be read");
    }
    if found.certs.is_empty() {
        return Err(TlsError::NoRoots { place: "the platform's certificate store".to_owned() });
    }
    Ok(found.certs)
}

/// Verifies a server's certificate as the TLS mode requires.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    roots: RootCertStore,
    trusted: Vec<CertificateDer<'static>>,
    proof: Proof,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.proof == Proof::Key {
            return Ok(ServerCertVerified::assertion());
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        // A self-signed server certificate that is given as `sslrootcert` is trusted directly. Verifying it
        // as a chain would fail, because a certificate authority may not act as a server.
        if !self.trusted.contains(end_entity) {
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &self.roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        if self.proof == Proof::AuthorityAndName {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The stream type of every connection, encrypted or not.
pub(crate) type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// A connector that records whether a TLS handshake has begun. With `prefer`, this distinguishes a server
/// without TLS from a failed handshake.
#[derive(Clone)]
pub(crate) struct NotingTls {
    inner: MakeRustlsConnect,
    begun: Arc<AtomicBool>,
}

impl NotingTls {
    pub(crate) fn new(inner: MakeRustlsConnect) -> Self {
        Self { inner, begun: Arc::new(AtomicBool::new(false)) }
    }

    /// Whether a server agreed to TLS on a connection of this connector.
    pub(crate) fn handshake_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }
}

impl MakeTlsConnect<Socket> for NotingTls {
    type Stream = Stream;
    type TlsConnect = NotingConnect;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<NotingConnect, Self::Error> {
        Ok(NotingConnect {
            inner: <MakeRustlsConnect as MakeTlsConnect<Socket>>::make_tls_connect(&mut self.inner, domain)?,
            begun: Arc::clone(&self.begun),
        })
    }
}

/// One handshake of [`NotingTls`].
pub(crate) struct NotingConnect {
    inner: <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect,
    begun: Arc<AtomicBool>,
}

impl TlsConnect<Socket> for NotingConnect {
    type Stream = Stream;
    type Error = io::Error;
    type Future = <<MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect as TlsConnect<Socket>>::Future;

    fn connect(self, stream: Socket) -> Self::Future {
        self.begun.store(true, Ordering::Relaxed);
        self.inner.connect(stream)
    }
}

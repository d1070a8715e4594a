//! Who may answer.

use std::sync::Arc;

use auth_client::{AuthServer, HttpSessions, RequestError};
use auth_core::testing::TestIssuer;
use auth_core::{SessionLookup, Verdict};
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::wire::{Heads, json, respond};

/// A server with a certificate for `localhost` that it signed itself, at this port.
async fn server() -> (u16, RootCertStore, Heads) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let (acceptor, heads) = (TlsAcceptor::from(Arc::new(config)), Heads::default());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                respond(stream, json("200 OK", "null").as_bytes(), &seen).await;
            }
        }
    });
    (port, roots, heads)
}

async fn ask(server: &AuthServer) -> Result<(), RequestError> {
    let issuer = TestIssuer::new();
    let now = OffsetDateTime::UNIX_EPOCH;
    let shown = issuer.user("ann@example.com").session_cookie(now);
    let Ok(Verdict::Session(session)) = issuer.verifier().verify(&shown.credentials(), now) else { panic!() };
    HttpSessions::new(server)?.find_session(&session, now).await.map(drop)
}

#[tokio::test]
async fn r_128_an_impostor_sees_no_credential() {
    let (port, roots, heads) = server().await;
    let at =
        |host: &str| AuthServer::new(&format!("https://{host}:{port}")).unwrap().allow_private_addresses();
    let unknown = ask(&at("localhost")).await.unwrap_err();
    assert!(matches!(unknown, RequestError::Transport(_)), "no authority that is trusted: {unknown:?}");
    let misnamed = ask(&at("127.0.0.1").with_roots(roots.clone())).await.unwrap_err();
    assert!(matches!(misnamed, RequestError::Transport(_)), "a certificate for another name: {misnamed:?}");
    assert!(heads.all().is_empty());
    ask(&at("localhost").with_roots(roots)).await.unwrap();
    assert_eq!(heads.all().len(), 1);
}

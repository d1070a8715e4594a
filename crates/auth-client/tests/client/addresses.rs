//! What may be asked at all.

use auth_client::{AuthServer, AuthServerError, HttpSessions, RequestError};
use auth_core::testing::TestIssuer;
use auth_core::{SessionLookup, Verdict};
use time::OffsetDateTime;

fn refused(server: &AuthServer) -> AuthServerError {
    match HttpSessions::new(server) {
        Err(RequestError::Address(error)) => error,
        other => panic!("{server:?}: {other:?}"),
    }
}

#[test]
fn r_128_only_https_and_only_public_addresses_unless_the_author_says_so() {
    for text in ["", "auth.example.com", "ftp://auth.example.com", "file:///etc/passwd", "https://"] {
        assert!(matches!(AuthServer::new(text), Err(AuthServerError::Form)), "{text}");
    }
    for text in
        ["https://u@a.example", "https://u:p@a.example", "https://a.example/?x", "https://a.example/#x"]
    {
        assert!(matches!(AuthServer::new(text), Err(AuthServerError::Form)), "{text}");
    }
    for text in [
        "https://127.0.0.1/api/auth",
        "https://[::1]",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://127.1",
        "https://[::ffff:10.0.0.1]",
        "https://0.0.0.0",
    ] {
        let server = AuthServer::new(text).unwrap();
        assert!(matches!(refused(&server), AuthServerError::PrivateAddress), "{text}");
        assert!(HttpSessions::new(&server.allow_private_addresses()).is_ok(), "{text}");
    }
    for text in ["http://auth.example.com", "http://127.0.0.1:3000", "http://localhost", "http://10.0.0.1"] {
        let server = AuthServer::new(text).unwrap();
        assert!(matches!(refused(&server), AuthServerError::NotHttps), "{text}");
        assert!(matches!(refused(&server.allow_private_addresses()), AuthServerError::NotHttps), "{text}");
    }
    for text in ["http://127.0.0.1:3000/api/auth", "http://localhost:3000", "http://[::1]:3000"] {
        assert!(
            HttpSessions::new(&AuthServer::new(text).unwrap().allow_http_on_loopback()).is_ok(),
            "{text}"
        );
    }
    for text in ["http://auth.example.com", "http://10.0.0.1", "http://localhost.example.com"] {
        let server = AuthServer::new(text).unwrap().allow_http_on_loopback();
        assert!(matches!(refused(&server), AuthServerError::NotHttps), "{text}");
    }
}

#[tokio::test]
async fn r_128_a_name_that_leads_to_a_private_address_is_not_asked() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let issuer = TestIssuer::new();
    let now = OffsetDateTime::UNIX_EPOCH;
    let shown = issuer.user("ann@example.com").session_cookie(now);
    let Ok(Verdict::Session(session)) = issuer.verifier().verify(&shown.credentials(), now) else { panic!() };
    let sessions = HttpSessions::new(&AuthServer::new(&address).unwrap()).unwrap();
    let error = sessions.find_session(&session, now).await.unwrap_err();
    let mut chain = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    assert!(chain.any(|error| error.to_string().contains("may not be asked")), "{error:?}");
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "nobody connected");
}

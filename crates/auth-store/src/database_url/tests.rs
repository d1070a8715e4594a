//! Database URLs that must be accepted, and URLs that must be rejected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

fn parse(text: &str) -> DatabaseUrl {
    DatabaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refuse(text: &str) -> DatabaseUrlError {
    DatabaseUrl::parse(text).expect_err(text)
}

#[test]
fn a_neon_url_is_read_as_handed_out() {
    let url = parse(
        "postgresql://app_owner:npg_s3cret@ep-cool-snow-a1b2c3-pooler.eu-central-1.aws.neon.tech/app?sslmode=require&channel_binding=require",
    );
    assert_eq!(url.tls_mode(), TlsMode::Require);
    assert_eq!(url.config().get_channel_binding(), tokio_postgres::config::ChannelBinding::Require);
    assert!(url.says_pooled());
}

#[test]
fn the_direct_neon_host_is_derived_and_said() {
    let pooled =
        parse("postgres://u:p%40ss@ep-x-pooler.eu-central-1.aws.neon.tech:5432/app?sslmode=verify-full");
    let (direct, note) = DatabaseUrl::for_migrations(&pooled, None).unwrap();
    assert_eq!(direct.first_host(), "ep-x.eu-central-1.aws.neon.tech");
    assert_eq!(direct.config().get_password(), Some(&b"p@ss"[..]));
    assert_eq!(direct.tls_mode(), TlsMode::VerifyFull);
    assert!(!direct.says_pooled());
    let note = note.expect("a derived host is said");
    assert!(note.contains("ep-x.eu-central-1.aws.neon.tech") && !note.contains("p@ss"), "{note}");
}

#[test]
fn an_explicit_direct_url_wins_and_others_stay_as_they_are() {
    let pooled = parse("postgres://u@ep-x-pooler.eu.aws.neon.tech/app");
    let unpooled = parse("postgres://u@db.example/app");
    let (chosen, note) = DatabaseUrl::for_migrations(&pooled, Some(&unpooled)).unwrap();
    assert_eq!((chosen.first_host().as_str(), note), ("db.example", None));
    for text in ["postgres://u@db-pooler.example/app", "postgres://u@x-pooler.neon.tech.example/app"] {
        let (chosen, note) = DatabaseUrl::for_migrations(&parse(text), None).unwrap();
        assert_eq!((chosen.expose(), note), (text, None));
    }
}

#[test]
fn every_libpq_mode_is_understood() {
    for (text, mode) in [
        ("disable", TlsMode::Disable),
        ("prefer", TlsMode::Prefer),
        ("require", TlsMode::Require),
        ("verify-ca", TlsMode::VerifyCa),
        ("verify-full", TlsMode::VerifyFull),
    ] {
        assert_eq!(parse(&format!("postgres://u@h/d?sslmode={text}")).tls_mode(), mode);
    }
    assert_eq!(parse("postgres://u@h/d").tls_mode(), TlsMode::Prefer);
    assert!(refuse("postgres://u@h/d?sslmode=yes").to_string().contains("`sslmode` must be one of: disable"));
}

#[test]
fn root_certificates_come_from_a_file_or_the_platform() {
    let file = parse("postgres://u@h/d?sslmode=verify-ca&sslrootcert=%2Fetc%2Fssl%2Fmy%20ca.pem");
    assert_eq!(file.tls_roots(), &TlsRoots::File("/etc/ssl/my ca.pem".into()));
    let system = parse("postgres://u@h/d?sslrootcert=system");
    assert_eq!((system.tls_mode(), system.tls_roots()), (TlsMode::VerifyFull, &TlsRoots::System));
    assert_eq!(
        refuse("postgres://u@h/d?sslmode=require&sslrootcert=system"),
        DatabaseUrlError::WeakSystemRoots
    );
}

#[test]
fn sockets_and_addresses_are_hosts_too() {
    let socket = parse("postgresql:///d?user=u&host=/run/postgresql&sslmode=require");
    assert_eq!(socket.tls_mode(), TlsMode::Disable, "a local socket has no TLS");
    parse("postgres://u@%2Frun%2Fpostgresql:5433/d");
    let both = parse("postgres://u@ep-x.neon.tech/d?hostaddr=127.0.0.1");
    assert_eq!(both.first_host(), "ep-x.neon.tech");
    let bare = parse("postgres:///d?user=u&hostaddr=127.0.0.1");
    assert_eq!(bare.first_host(), "127.0.0.1");
    assert_eq!(refuse("postgres:///d?user=u"), DatabaseUrlError::MissingHost);
}

#[test]
fn unknown_parameters_are_named_and_not_ignored() {
    let error = refuse("postgres://u:hunter2@h/d?schema=auth").to_string();
    assert!(
        error.contains("`schema`") && error.contains("search_path") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(refuse("postgres://u@h/d?ssl=true").to_string().contains("sslmode=require"));
    assert!(refuse("postgres://u@h/d?sslcert=a").to_string().contains("`sslcert`"));
    assert!(refuse("postgres://u@h/d?sslmod=require").to_string().contains("`sslmod`"));
}

#[test]
fn a_password_never_shows() {
    let url = parse("postgres://ann:hunter2@h:6543/d?pgbouncer=true");
    assert_eq!(url.to_string(), "postgresql://ann:***@h:6543/d?sslmode=prefer");
    assert!(!format!("{url:?}").contains("hunter2"));
    assert!(url.says_pooled());
    for text in [
        "hunter2",
        "mysql://ann:hunter2@h/d",
        "postgres://ann:hunter2@h:port/d",
        "postgres://ann:hunter2@h/d?port=hunter2",
        "postgres://ann@h/d?channel_binding=hunter2",
        "postgres://ann@h/d?sslrootcert=%zzhunter2",
    ] {
        let error = refuse(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}: {error:?}");
    }
}

//! How the sources combine, and every reason to refuse a start.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use auth_core::BaseUrl;

use super::*;

const SECRET: &str = "unit-test-secret-Zk3vQ9xT7mB2nR5c";
const URL: &str = "postgres://canary-user:canary-password@127.0.0.1/auth";

fn environment() -> Environment {
    Environment::default()
        .with("BETTER_AUTH_SECRET", SECRET)
        .with("BETTER_AUTH_URL", "https://auth.example.com")
        .with("DATABASE_URL", URL)
}

fn load(changes: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let environment =
        changes.iter().fold(environment(), |environment, (name, value)| environment.with(*name, *value));
    Settings::load(&environment)
}

fn fixed(settings: &Settings) -> &BaseUrl {
    match &settings.server.base_url {
        BaseUrlSettings::Fixed(url) => url,
        BaseUrlSettings::ByHost(_) => panic!("the address depends on the request"),
    }
}

fn file(content: &str) -> String {
    let name = format!("auth-settings-{}-{:x}", std::process::id(), rand::random::<u64>());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_three_required_settings_are_enough() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.server.port, 3000);
    assert_eq!(settings.server.base_path, "/api/auth");
    assert_eq!(fixed(&settings).origin(), "https://auth.example.com");
    assert_eq!(settings.security.trusted_origins, ["https://auth.example.com"]);
    assert_eq!(settings.session.policy.expires_in, time::Duration::days(7));
    assert!(settings.cookies.at(fixed(&settings)).secure);
    // The rate limiter is off by default, and a warning says so.
    assert!(!settings.rate_limit.enabled);
    assert!(matches!(settings.warnings().as_slice(), [one] if one.starts_with("rate_limit.enabled ")));
}

#[test]
fn every_default_reads_back_and_every_key_is_read() {
    // A key of default.toml that no code reads would have no effect. Each key gets an invalid value in turn,
    // and loading must refuse it.
    let keys: BTreeSet<String> = load(&[]).unwrap().effective().iter().map(|key| key.key.clone()).collect();
    let free_text = [
        "security.secret",
        "security.secrets",
        "security.trusted_origins",
        "access_token.audience",
        "jwt.audience",
        "jwt.issuer",
        "session.cookie_cache.version",
        "server.host",
        "database.direct_url_file",
        "database.url_file",
        "security.secret_file",
        "security.secrets_file",
    ];
    for key in keys.iter().filter(|key| !free_text.contains(&key.as_str())) {
        let variable = format!("AUTH__{}", key.replace('.', "__").to_ascii_uppercase());
        // A plain name would override the variable under test, so only the secret uses one.
        let environment = Environment::default()
            .with("BETTER_AUTH_SECRET", SECRET)
            .with("AUTH__SERVER__BASE_URL", "https://auth.example.com")
            .with("AUTH__DATABASE__URL", URL);
        let refused = Settings::load(&environment.with(variable.as_str(), "\u{1}(spoiled")).unwrap_err();
        assert_eq!(&refused.key, key);
    }
}

#[test]
fn later_sources_win() {
    let path = file("[server]\nport = 4001\nworkers = 3\n[session]\nexpires_in = \"2d\"\n");
    let settings =
        load(&[("AUTH_CONFIG", &path), ("AUTH__SERVER__PORT", "4002"), ("AUTH__SESSION__EXPIRES_IN", "3d")])
            .unwrap();
    assert_eq!((settings.server.port, settings.server.workers), (4002, 3));
    assert_eq!(settings.session.policy.expires_in, time::Duration::days(3));
    let settings = load(&[("AUTH_CONFIG", &path), ("AUTH__SERVER__PORT", "4002"), ("PORT", "4003")]).unwrap();
    assert_eq!(settings.server.port, 4003);
    let shown = settings.effective().iter().find(|key| key.key == "server.port").unwrap();
    assert_eq!((shown.shown.as_str(), shown.origin.as_deref()), ("\"4003\"", Some("PORT")));
}

#[test]
fn the_production_file_reads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/production.toml");
    let settings = load(&[("AUTH_CONFIG", path)]).unwrap();
    assert_eq!(settings.server.host, "0.0.0.0");
    // The reference turns it on with NODE_ENV=production.
    assert!(settings.rate_limit.enabled);
    assert_eq!(settings.warnings(), [""; 0]);
}

#[test]
fn r_079_production_needs_no_file() {
    let shown = |settings: Settings| {
        let keys = settings.effective().iter().cloned();
        keys.map(|key| (key.key, key.shown, key.origin.is_some())).collect::<Vec<_>>()
    };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/production.toml");
    let settings = load(&[("AUTH_ENV", "production")]).unwrap();
    let limiter = settings.effective().iter().find(|key| key.key == "rate_limit.enabled").unwrap();
    assert_eq!(limiter.origin.as_deref(), Some("production.toml (built in)"));
    assert_eq!(shown(settings), shown(load(&[("AUTH_CONFIG", path)]).unwrap()));
    // An explicit path and a name in another case do not select the built-in file.
    let key = |changes: &[(&str, &str)]| load(changes).unwrap_err().key;
    assert_eq!(key(&[("AUTH_CONFIG", "production"), ("AUTH_ENV", "production")]), "AUTH_CONFIG");
    assert_eq!(key(&[("AUTH_ENV", "Production")]), "AUTH_ENV");
}

#[test]
fn trusted_origins_of_the_plain_name_are_added() {
    let settings = load(&[
        ("AUTH__SECURITY__TRUSTED_ORIGINS", "https://a.example.com,https://b.example.com"),
        ("BETTER_AUTH_TRUSTED_ORIGINS", "https://c.example.com, https://*.example.org"),
    ])
    .unwrap();
    let expected = [
        "https://auth.example.com",
        "https://a.example.com",
        "https://b.example.com",
        "https://c.example.com",
        "https://*.example.org",
    ];
    assert_eq!(settings.security.trusted_origins, expected);
}

#[test]
fn a_path_in_the_base_url_is_the_base_path() {
    let cases = [
        ("https://auth.example.com", "/api/auth", "https://auth.example.com"),
        ("https://AUTH.example.com:443/", "/api/auth", "https://auth.example.com"),
        ("http://localhost:3000/custom/", "/custom", "http://localhost:3000"),
        ("http://[::1]:8080/a/b", "/a/b", "http://[::1]:8080"),
    ];
    for (url, path, origin) in cases {
        let settings = load(&[("BETTER_AUTH_URL", url)]).unwrap();
        assert_eq!((settings.server.base_path.as_str(), fixed(&settings).origin()), (path, origin), "{url}");
    }
    for (written, path) in [("/", ""), ("", ""), ("auth", "/auth"), ("/v1/auth/", "/v1/auth")] {
        assert_eq!(
            load(&[("AUTH__SERVER__BASE_PATH", written)]).unwrap().server.base_path,
            path,
            "{written}"
        );
    }
}

#[test]
fn secrets_come_from_files_too() {
    let (secret, url) = (file(&format!("{SECRET}\n")), file(&format!("{URL}\r\n")));
    let environment = Environment::default()
        .with("BETTER_AUTH_SECRET_FILE", &secret)
        .with("DATABASE_URL_FILE", &url)
        .with("BETTER_AUTH_URL", "https://auth.example.com");
    let settings = Settings::load(&environment).unwrap();
    assert_eq!(settings.database.url.expose(), URL);
    let both = Settings::load(&environment.with("DATABASE_URL", URL)).unwrap_err();
    assert!(matches!(both.problem, Problem::Conflict { .. }), "{both}");
}

#[test]
fn a_list_of_hosts_stands_in_for_the_base_url() {
    const HOSTS: (&str, &str) = ("AUTH__SERVER__ALLOWED_HOSTS", "app.example.com, *.example.org,localhost:*");
    let origins = |changes: &[(&str, &str)]| {
        load(&[&[HOSTS, ("BETTER_AUTH_URL", "")], changes].concat()).unwrap().security.trusted_origins
    };
    let listed =
        ["https://app.example.com", "https://*.example.org", "https://localhost:*", "http://localhost:*"];
    assert_eq!(origins(&[]), listed);
    let more = origins(&[
        ("BETTER_AUTH_URL", "https://main.example.com/api/auth/"),
        ("BETTER_AUTH_TRUSTED_ORIGINS", "https://c.example.com,https://app.example.com"),
    ]);
    assert_eq!(more, [&listed[..], &["https://main.example.com", "https://c.example.com"]].concat());
    let settings = load(&[HOSTS, ("BETTER_AUTH_URL", "https://main.example.com/v1")]);
    assert_eq!(settings.unwrap_err().key, "server.base_url", "the path is that of every host");
    let settings =
        load(&[HOSTS, ("BETTER_AUTH_URL", "https://a.test/v1"), ("AUTH__SERVER__BASE_PATH", "v1/")]);
    assert_eq!(settings.unwrap().server.base_path, "/v1");
}

#[test]
fn r_119_hosts_under_plain_http_are_warned_of() {
    let warnings = |hosts, protocol, url| {
        load(&[
            ("AUTH__RATE_LIMIT__ENABLED", "true"),
            ("AUTH__SERVER__ALLOWED_HOSTS", hosts),
            ("AUTH__SERVER__PROTOCOL", protocol),
            ("BETTER_AUTH_URL", url),
        ])
        .unwrap()
        .warnings()
    };
    let keys = |hosts, protocol, url| {
        let texts = warnings(hosts, protocol, url);
        texts.iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for protocol in ["", "auto", "https"] {
        assert_eq!(keys("app.example.com,localhost:*", protocol, ""), [""; 0], "{protocol}");
    }
    assert_eq!(keys("localhost:*", "http", ""), [""; 0]);
    assert_eq!(keys("app.example.com", "http", ""), ["server.protocol"]);
    assert_eq!(keys("app.example.com", "https", "http://app.example.com"), ["server.base_url"]);
    let off = [("AUTH__SERVER__ALLOWED_HOSTS", "app.example.com"), ("AUTH__COOKIES__SECURE", "false")];
    let texts = load(&off).unwrap().warnings();
    assert!(texts.iter().any(|text| text.starts_with("cookies.secure ")), "{texts:?}");
}

#[test]
fn the_fallback_secret_is_read_where_no_other_is_set() {
    const OTHER: &str = "another-test-secret-Zk3vQ9xT7mB2nR5c";
    let with = |changes: &[(&str, &str)]| {
        let settings = load(changes).unwrap();
        let shown = settings.effective().iter().find(|key| key.key == "security.secret").unwrap();
        let origin = shown.origin.clone();
        let token = auth_core::SessionToken::generate(&mut rand::rng());
        let sign = |secret| auth_core::signed_value::sign_session_token(&token, secret).unwrap();
        let expected = auth_core::SigningSecret::parse(SECRET).unwrap();
        (sign(settings.security.secrets.current()) == sign(&expected), origin)
    };
    let (unset, file) = (("BETTER_AUTH_SECRET", ""), file(SECRET));
    assert_eq!(with(&[unset, ("AUTH_SECRET", SECRET)]), (true, Some("AUTH_SECRET".to_owned())));
    assert_eq!(with(&[("AUTH_SECRET", OTHER)]), (true, Some("BETTER_AUTH_SECRET".to_owned())));
    assert!(with(&[unset, ("BETTER_AUTH_SECRET_FILE", &file), ("AUTH_SECRET", OTHER)]).0);
    assert!(with(&[unset, ("AUTH_SECRET", OTHER), ("BETTER_AUTH_SECRETS", &format!("2:{SECRET}"))]).0);
    // `AUTH__…` names a setting, so `AUTH__SECRET` is not read as `AUTH_SECRET`.
    assert_eq!(load(&[("AUTH__SECRET", SECRET)]).unwrap_err().key, "AUTH__SECRET");
}

#[test]
fn r_110_a_start_is_refused_by_the_keys_name_and_never_shows_the_value() {
    const CANARY: &str = "canary";
    let not_toml = file("[server]\nport = canary\n");
    let unknown = file("[server]\nprot = 1\n");
    let scalar = file("server = \"canary\"\n");
    let short = file("canary\n");
    let empty = file("");
    let cases: [(&[(&str, &str)], &str); 64] = [
        (&[("BETTER_AUTH_SECRET", "")], "security.secret"),
        (&[("BETTER_AUTH_SECRET", "canary-of-thirty-one-bytes-1234")], "security.secret"),
        (&[("BETTER_AUTH_SECRET", "better-auth-secret-12345678901234567890")], "security.secret"),
        (&[("BETTER_AUTH_SECRET", ""), ("BETTER_AUTH_SECRET_FILE", &short)], "security.secret_file"),
        (&[("BETTER_AUTH_SECRET", ""), ("BETTER_AUTH_SECRET_FILE", &empty)], "security.secret_file"),
        (
            &[("BETTER_AUTH_SECRET", ""), ("BETTER_AUTH_SECRET_FILE", "/nonexistent/canary")],
            "security.secret_file",
        ),
        (&[("BETTER_AUTH_SECRETS", "canary")], "security.secrets"),
        (&[("BETTER_AUTH_SECRETS", "1:canary")], "security.secrets"),
        (&[("BETTER_AUTH_URL", "")], "server.base_url"),
        (&[("BETTER_AUTH_URL", "canary")], "server.base_url"),
        (&[("BETTER_AUTH_URL", "ftp://canary.example.com")], "server.base_url"),
        (&[("BETTER_AUTH_URL", "https://user:canary@example.com")], "server.base_url"),
        (&[("BETTER_AUTH_URL", "https://example.com/?canary")], "server.base_url"),
        (&[("AUTH__SERVER__ALLOWED_HOSTS", "*")], "server.allowed_hosts"),
        (&[("AUTH__SERVER__ALLOWED_HOSTS", "a.example.com,canary.*")], "server.allowed_hosts"),
        (&[("AUTH__SERVER__ALLOWED_HOSTS", "canary.example.com/auth")], "server.allowed_hosts"),
        (&[("AUTH__SERVER__ALLOWED_HOSTS", "Canary.example.com")], "server.allowed_hosts"),
        (&[("AUTH__SERVER__PROTOCOL", "ftp")], "server.protocol"),
        (&[("AUTH__SERVER__PROTOCOL", "auto")], "server.protocol"),
        (
            &[
                ("AUTH__SERVER__ALLOWED_HOSTS", "a.example.com"),
                ("BETTER_AUTH_URL", "https://a.example.com/canary"),
            ],
            "server.base_url",
        ),
        (
            &[("AUTH__SERVER__ALLOWED_HOSTS", "a.example.com"), ("BETTER_AUTH_URL", "canary")],
            "server.base_url",
        ),
        (&[("AUTH__PROXIES__TRUSTED_PROXY_HEADERS", "true")], "proxies.trusted_proxy_headers"),
        (&[("BETTER_AUTH_SECRET", ""), ("AUTH_SECRET", "canary")], "security.secret"),
        (&[("BETTER_AUTH_SECRET", ""), ("AUTH_SECRET", "")], "security.secret"),
        (&[("DATABASE_URL", "")], "database.url"),
        (&[("DATABASE_URL", "mysql://canary")], "database.url"),
        (&[("DATABASE_URL_UNPOOLED", "canary")], "database.direct_url"),
        (&[("AUTH__DATABASE__GENERATE_ID", "canary")], "database.generate_id"),
        (&[("AUTH__DATABASE__GENERATE_ID", "UUID")], "database.generate_id"),
        (&[("PORT", "canary")], "server.port"),
        (&[("PORT", "65536")], "server.port"),
        (&[("PORT", "-1")], "server.port"),
        (&[("PORT", "")], "server.port"),
        (&[("AUTH__SERVER__HOST", "")], "server.host"),
        (&[("AUTH__SERVER__BASE_PATH", "/canary canary")], "server.base_path"),
        (&[("AUTH__SERVER__BASE_PATH", "/a/../canary")], "server.base_path"),
        (&[("AUTH__SERVER__DISABLED_PATHS", "/ok,/api/auth/canary")], "server.disabled_paths"),
        (&[("AUTH__SERVER__DISABLED_PATHS", "/api/auth")], "server.disabled_paths"),
        (&[("AUTH__SECURITY__DISABLE_ORIGIN_CHECK", "/api/auth/ok")], "security.disable_origin_check"),
        (&[("AUTH__SECURITY__DISABLE_ORIGIN_CHECK", "")], "security.disable_origin_check"),
        (&[("AUTH__RATE_LIMIT__CUSTOM_RULES", "/api/auth/ok = off")], "rate_limit.custom_rules"),
        (&[("AUTH__RATE_LIMIT__CUSTOM_RULES", "/ok = off,/api/auth/* = off")], "rate_limit.custom_rules"),
        (&[("AUTH__RATE_LIMIT__CUSTOM_RULES", "/ok/ = off")], "rate_limit.custom_rules"),
        (&[("AUTH__SERVER__HEAD_TIMEOUT", "5 canaries")], "server.head_timeout"),
        (&[("AUTH__SERVER__HEAD_TIMEOUT", "0s")], "server.head_timeout"),
        (&[("AUTH__SERVER__BODY_LIMIT", "64KiB")], "server.body_limit"),
        (&[("AUTH__SESSION__EXPIRES_IN", "401d")], "session.expires_in"),
        (&[("AUTH__SESSION__ANONYMOUS_GET_SESSION", "canary")], "session.anonymous_get_session"),
        (&[("AUTH__COOKIES__SECURE", "yes")], "cookies.secure"),
        (&[("AUTH__PROXIES__TRUSTED", "10.0.0.0/8,canary")], "proxies.trusted"),
        (&[("AUTH__PROXIES__HEADERS", "")], "proxies.headers"),
        (&[("AUTH__PASSWORD__MIN_LENGTH", "200")], "password.min_length"),
        (&[("AUTH__USERNAME__MIN_LENGTH", "31")], "username.min_length"),
        (&[("BETTER_AUTH_TRUSTED_ORIGINS", "https://canary.example.com/")], "security.trusted_origins"),
        (&[("BETTER_AUTH_TRUSTED_ORIGINS", "canary.example.com")], "security.trusted_origins"),
        (&[("BETTER_AUTH_TRUSTED_ORIGINS", "javascript://canary")], "security.trusted_origins"),
        (&[("AUTH__LOG__FILTER", "canary=loud")], "log.filter"),
        (&[("AUTH__LOG__FILTER", "canary")], "log.filter"),
        (&[("AUTH__SERVER__PROT", "canary")], "AUTH__SERVER__PROT"),
        (&[("AUTH__CANARY", "canary")], "AUTH__CANARY"),
        (&[("AUTH_CONFIG", &not_toml)], &not_toml),
        (&[("AUTH_CONFIG", &unknown)], "server.prot"),
        (&[("AUTH_CONFIG", &scalar)], "server"),
        (&[("AUTH_ENV", "nowhere")], "AUTH_ENV"),
    ];
    for (changes, key) in cases {
        let refused = load(changes).map(|_| ()).unwrap_err();
        assert_eq!(refused.key, key, "{changes:?}");
        let text = format!("{refused} {refused:?}");
        let canaries = changes.iter().filter(|(_, value)| value.contains(CANARY)).count();
        let named = text.matches("CANARY").count() + text.matches("/nonexistent/canary").count();
        assert!(canaries == 0 || named > 0 || !text.contains(CANARY), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[test]
fn r_110_effective_settings_show_no_secret() {
    let settings = load(&[("BETTER_AUTH_SECRETS", &format!("2:{SECRET}"))]).unwrap();
    let shown = format!("{:?} {settings:?}", settings.effective());
    for secret in [SECRET, "canary-password"] {
        assert!(!shown.contains(secret), "a secret is shown");
    }
}

#[test]
fn r_110_every_key_is_shown_as_its_type_allows_and_secrets_have_files() {
    let settings = load(&[("BETTER_AUTH_SECRETS", &format!("2:{SECRET}"))]).unwrap();
    let keys = settings.effective();
    assert!(keys.iter().all(|key| key.shown != "(not read)"), "{keys:?}");
    let is_secret = |key: &&EffectiveKey| ["(set)", "(not set)"].contains(&key.shown.as_str());
    let secrets: Vec<_> = keys.iter().filter(is_secret).map(|key| key.key.as_str()).collect();
    assert_eq!(secrets, ["database.direct_url", "database.url", "security.secret", "security.secrets"]);
    for secret in secrets {
        assert!(keys.iter().any(|key| key.key == format!("{secret}_file")), "{secret}");
    }
}

#[test]
fn a_misspelt_name_is_refused_with_the_one_that_may_have_been_meant() {
    let nearest = |changes: &[(&str, &str)]| {
        let error = load(changes).unwrap_err();
        match error.problem {
            Problem::Unknown { nearest } => (error.key, nearest.unwrap_or_default()),
            other => panic!("{other}"),
        }
    };
    for (toml, key, meant) in [
        ("[server]\nprot = 1", "server.prot", "server.port"),
        ("[sesion]\nexpires_in = \"1d\"", "sesion.expires_in", "session.expires_in"),
        ("[session]\nexpiresIn = \"1d\"", "session.expiresIn", "session.expires_in"),
        ("[ratelimit]", "ratelimit", "rate_limit"),
        ("port = 1", "port", "server.port"),
        ("[server.port]\nx = 1", "server.port.x", "server.port"),
        (
            "[user.aditional_fields.plan]\ntype = \"string\"",
            "user.aditional_fields.plan.type",
            "user.additional_fields",
        ),
        ("[canary]\nx = 1", "canary.x", ""),
    ] {
        let path = file(toml);
        assert_eq!(nearest(&[("AUTH_CONFIG", &path)]), (key.to_owned(), meant.to_owned()), "{toml}");
    }
    let variable = nearest(&[("AUTH__SERVER__PROT", "1")]);
    assert_eq!(variable, ("AUTH__SERVER__PROT".to_owned(), "AUTH__SERVER__PORT".to_owned()));
}

#[test]
fn r_110_an_error_says_the_key_where_it_came_from_and_what_is_expected() {
    let path = file("[password.argon2]\niterations = \"canary\"\n");
    for (name, value, expected) in [
        ("PORT", "canary", "`server.port` (from PORT): expected a whole number from 0 to 65535"),
        (
            "AUTH__SERVER__HEAD_TIMEOUT",
            "5 canaries",
            "`server.head_timeout` (from AUTH__SERVER__HEAD_TIMEOUT): expected a span of time such as \"15s\", \"10m\", \"1h\" or \"7d\"",
        ),
        (
            "AUTH__SERVER__HEAD_TIMEOUT",
            "1ms",
            "`server.head_timeout` (from AUTH__SERVER__HEAD_TIMEOUT): expected a span of time from 100ms to 10m",
        ),
        (
            "AUTH__CORS__ENABLED",
            "canary",
            "`cors.enabled` (from AUTH__CORS__ENABLED): expected true or false",
        ),
        (
            "AUTH__LOG__FORMAT",
            "canary",
            "`log.format` (from AUTH__LOG__FORMAT): expected one of \"json\", \"human\"",
        ),
        (
            "AUTH_CONFIG",
            &path,
            &format!("`password.argon2.iterations` (from {path}): expected a whole number from 1 to 1048576"),
        ),
    ] {
        let error = load(&[(name, value)]).unwrap_err();
        assert_eq!(error.to_string(), format!("setting {expected}"));
    }
}

#[test]
fn r_119_every_weakened_check_is_warned_of() {
    let cases = [
        ("AUTH__SECURITY__DISABLE_CSRF_CHECK", "true", "security.disable_csrf_check"),
        ("AUTH__SECURITY__DISABLE_ORIGIN_CHECK", "true", "security.disable_origin_check"),
        ("AUTH__SECURITY__DISABLE_ORIGIN_CHECK", "/sign-in,/sign-up", "security.disable_origin_check"),
        ("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true", "access_token.accept_foreign"),
        ("AUTH__BEARER__REQUIRE_SIGNATURE", "true", "bearer.require_signature"),
        ("AUTH__COOKIES__SECURE", "false", "cookies.secure"),
        ("AUTH__COOKIES__SESSION_TOKEN__HTTP_ONLY", "false", "cookies.session_token.http_only"),
        ("AUTH__COOKIES__DEFAULT_ATTRIBUTES__HTTP_ONLY", "false", "cookies.session_token.http_only"),
        ("AUTH__PROXIES__TRUSTED", "0.0.0.0/0", "proxies.trusted"),
        ("BETTER_AUTH_URL", "http://auth.example.com", "server.base_url"),
        ("AUTH__RATE_LIMIT__ENABLED", "false", "rate_limit.enabled"),
        ("AUTH__PROXIES__TRACK_ADDRESSES", "false", "proxies.track_addresses"),
        ("AUTH__JWT__DISABLE_PRIVATE_KEY_ENCRYPTION", "true", "jwt.disable_private_key_encryption"),
        ("AUTH__JWT__GRACE_PERIOD", "14m", "jwt.expiration_time"),
        ("AUTH__SESSION__MAX_PER_USER", "0", "session.max_per_user"),
        ("AUTH__SESSION__LIST_LIMIT", "99", "session.max_per_user"),
        ("AUTH__EMAIL_AND_PASSWORD__FAILURES_BEFORE_DELAY", "0", "email_and_password.failures_before_delay"),
    ];
    for (name, value, key) in cases {
        let on = [("AUTH__JWT__ENABLED", "true"), ("AUTH__JWT__ROTATION_INTERVAL", "1h")];
        let settings = [on[0], on[1], ("AUTH__RATE_LIMIT__ENABLED", "true"), (name, value)];
        let warnings = load(&settings).unwrap().warnings();
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        assert!(warnings.iter().all(|warning| warning.starts_with(key)), "{warnings:?}");
    }
    assert_eq!(load(&[("BETTER_AUTH_URL", "http://localhost:3000")]).unwrap().warnings(), [""; 0]);
}

#[test]
fn copies_under_public_keys_need_the_keys_and_a_cache_of_that_form() {
    const KEY: &str = "jwt.session_cookie_cache";
    const ON: (&str, &str) = ("AUTH__JWT__SESSION_COOKIE_CACHE", "true");
    const JWT: (&str, &str) = ("AUTH__JWT__ENABLED", "true");
    const CACHE: (&str, &str) = ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true");
    const FORM: (&str, &str) = ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwt");
    let settings = load(&[ON, JWT, CACHE, FORM]).unwrap();
    assert!(settings.jwt.session_cookie_cache);
    let refused = |changes: &[(&str, &str)]| {
        let error = load(changes).unwrap_err();
        assert_eq!((error.key.as_str(), error.origin.as_deref()), (KEY, Some(ON.0)));
        error.problem.to_string()
    };
    let check = |changes: &[(&str, &str)], way_out: &str| {
        let problem = refused(changes);
        assert!(problem.ends_with(way_out), "{changes:?}: {problem}");
    };
    check(&[ON], "turn on `jwt.enabled`");
    check(&[ON, CACHE, FORM], "turn on `jwt.enabled`");
    check(&[ON, JWT], "turn on `session.cookie_cache.enabled`");
    check(&[ON, JWT, FORM], "turn on `session.cookie_cache.enabled`");
    let way_out = "set `session.cookie_cache.strategy` to \"jwt\"";
    check(&[ON, JWT, CACHE], way_out);
    check(&[ON, JWT, CACHE, (FORM.0, "jwe")], way_out);
}

#[test]
fn copies_that_outlive_their_keys_are_warned_of() {
    let warned = |changes: &[(&str, &str)]| {
        let on = [
            ("AUTH__JWT__SESSION_COOKIE_CACHE", "true"),
            ("AUTH__JWT__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwt"),
            ("AUTH__JWT__EXPIRATION_TIME", "1s"),
        ];
        let warnings = load(&[&on, changes].concat()).unwrap().warnings();
        warnings.iter().any(|warning| warning.starts_with("session.cookie_cache.max_age "))
    };
    let (rotated, short) = (("AUTH__JWT__ROTATION_INTERVAL", "1d"), ("AUTH__JWT__GRACE_PERIOD", "299s"));
    assert!(warned(&[rotated, short]));
    assert!(!warned(&[rotated]) && !warned(&[short]), "a grace of days, and keys that are not replaced");
    assert!(!warned(&[rotated, short, ("AUTH__SESSION__COOKIE_CACHE__MAX_AGE", "299s")]));
    assert!(!warned(&[rotated, short, ("AUTH__JWT__SESSION_COOKIE_CACHE", "false")]));
}

#[test]
fn r_119_a_cookie_cache_that_shows_the_session_token_to_scripts_is_warned_of() {
    let keys = |strategy, http_only: &str| {
        let warnings = load(&[
            ("AUTH__RATE_LIMIT__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", strategy),
            (http_only, "false"),
        ]);
        let warnings = warnings.unwrap().warnings();
        warnings.iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (own, all) =
        ("AUTH__COOKIES__SESSION_DATA__HTTP_ONLY", "AUTH__COOKIES__DEFAULT_ATTRIBUTES__HTTP_ONLY");
    let (token, cache) = ("cookies.session_token.http_only", "cookies.session_data.http_only");
    for strategy in ["compact", "jwt"] {
        assert_eq!(keys(strategy, own), [cache], "{strategy}");
        assert_eq!(keys(strategy, all), [token, cache], "{strategy}");
        assert_eq!(keys(strategy, "AUTH__COOKIES__SESSION_TOKEN__HTTP_ONLY"), [token], "{strategy}");
    }
    assert_eq!(keys("jwe", own), [""; 0]);
    assert_eq!(keys("jwe", all), [token]);
}

#[test]
fn r_072_a_path_that_is_no_route_is_warned_of_by_its_name() {
    let warnings = |paths| {
        let on = ("AUTH__RATE_LIMIT__ENABLED", "true");
        load(&[on, ("AUTH__SERVER__DISABLED_PATHS", paths)]).unwrap().warnings()
    };
    assert_eq!(warnings("/sign-up/email,/login,/user"), [""; 0]);
    let unknown = warnings("/sign-in/social,/ok,/Sign-up/email");
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    for (warning, path) in unknown.iter().zip([" /sign-in/social,", " /Sign-up/email,"]) {
        assert!(warning.starts_with("server.disabled_paths ") && warning.contains(path), "{warning}");
    }
}

#[test]
fn r_072_routes_of_the_jwt_plugin_are_known_where_it_puts_them() {
    const RULE: &str = "5 per 10s";
    let warned = |jwt: &[(&str, &str)], path: &str| {
        let rule = format!("{path} = {RULE}");
        let mut all = vec![
            ("AUTH__RATE_LIMIT__ENABLED", "true"),
            ("AUTH__RATE_LIMIT__CUSTOM_RULES", &rule),
            ("AUTH__SERVER__DISABLED_PATHS", path),
        ];
        all.extend(jwt);
        let expected = [
            format!("server.disabled_paths names {path}, which is no route of this server"),
            format!("rate_limit.custom_rules: `{rule}` fits no route of this server"),
        ];
        match load(&all).unwrap().warnings() {
            warnings if warnings.is_empty() => false,
            warnings => warnings == expected || panic!("{warnings:?}"),
        }
    };
    const WELL_KNOWN: &str = "/.well-known/jwks.json";
    let on = ("AUTH__JWT__ENABLED", "true");
    for (jwt, known, unknown) in [
        (&[][..], &["/ok"][..], &["/token", "/jwks", WELL_KNOWN][..]),
        (&[on], &["/token", "/jwks"], &["/keys"]),
        (&[on, ("AUTH__JWT__JWKS_PATH", "/keys")], &["/token", "/keys"], &["/jwks"]),
        (&[("AUTH__JWT__JWKS_PATH", "/keys")], &[], &["/keys", "/jwks", WELL_KNOWN]),
        (&[on, ("AUTH__JWT__JWKS_PATH", WELL_KNOWN)], &[WELL_KNOWN], &["/jwks"]),
    ] {
        for path in known {
            assert!(!warned(jwt, path), "{path} {jwt:?}");
        }
        for path in unknown {
            assert!(warned(jwt, path), "{path} {jwt:?}");
        }
    }
}

#[test]
fn r_079_a_rule_for_a_second_path_is_refused_with_the_one_to_write() {
    const WELL_KNOWN: &str = "/.well-known/jwks.json = 5 per 10s";
    let (on, keys) = (("AUTH__JWT__ENABLED", "true"), ("AUTH__JWT__JWKS_PATH", "/keys"));
    for (jwt, rule, counts_as) in [
        (&[][..], "/login = 5 per 10s", "/sign-in/email"),
        (&[on], WELL_KNOWN, "/jwks"),
        (&[on, keys], WELL_KNOWN, "/keys"),
    ] {
        let changes = [jwt, &[("AUTH__RATE_LIMIT__CUSTOM_RULES", rule)]].concat();
        let refused = load(&changes).unwrap_err();
        assert_eq!(refused.key, "rate_limit.custom_rules");
        assert!(refused.to_string().contains(&format!("counts as `{counts_as}`")), "{refused}");
    }
}

#[test]
fn r_079_a_rule_of_no_route_is_warned_of_by_its_text() {
    let warnings = |rules: &[&str]| {
        let on = ("AUTH__RATE_LIMIT__ENABLED", "true");
        load(&[on, ("AUTH__RATE_LIMIT__CUSTOM_RULES", &rules.join(","))]).unwrap().warnings()
    };
    assert_eq!(
        warnings(&["/ok = off", "/sign-in/* = 5 per 30s", "/user = 5 per 1s", "/** = 9 per 1s"]),
        [""; 0]
    );
    let fits_none =
        ["/sign-in/social = 5 per 30s", "/Ok = off", "/log* = 5 per 30s", "/ = off", "/some/* = off"];
    for rule in fits_none {
        let warned = warnings(&[rule]);
        assert_eq!(warned, [format!("rate_limit.custom_rules: `{rule}` fits no route of this server")]);
    }
    let shadowed = warnings(&["/get-* = 5 per 1s", "/ok = off", "/get-session = off"]);
    let expected = "`/get-session = off` applies to no route, since rules before it fit the same ones";
    assert_eq!(shadowed, [format!("rate_limit.custom_rules: {expected}")]);
}

#[test]
fn the_path_of_public_keys_is_one_that_requests_can_have_and_no_other_route_has() {
    for path in ["/jwks", "/.well-known/jwks.json", "/keys/public.json"] {
        let settings = load(&[("AUTH__JWT__JWKS_PATH", path)]).unwrap();
        assert_eq!(settings.jwt.jwks_path.as_str(), path);
    }
    for path in [
        "",
        "jwks",
        "/",
        "/a/../b",
        "/keys/",
        "/{keys}",
        "/keys{",
        "/api/auth/jwks",
        "/get-session",
        "/token",
        "/login",
    ] {
        assert_eq!(load(&[("AUTH__JWT__JWKS_PATH", path)]).unwrap_err().key, "jwt.jwks_path", "{path}");
    }
    for probe in ["/healthz", "/readyz"] {
        let at = |base_path| load(&[("AUTH__JWT__JWKS_PATH", probe), ("AUTH__SERVER__BASE_PATH", base_path)]);
        let refused = at("/").unwrap_err();
        assert_eq!(refused.key, "jwt.jwks_path", "{probe}");
        assert!(refused.to_string().contains("another route's"), "{refused}");
        assert!(at("/api/auth").is_ok(), "{probe} is a probe's at the root alone");
    }
}

#[test]
fn tokens_are_of_and_for_the_base_urls_origin_unless_said_otherwise() {
    let policy = |changes: &[(&str, &str)]| {
        let settings = load(changes).unwrap();
        settings.jwt.policy(fixed(&settings))
    };
    let own = policy(&[("BETTER_AUTH_URL", "https://auth.example.com/api")]);
    assert_eq!(
        (own.issuer.as_str(), own.audience.as_str()),
        ("https://auth.example.com", "https://auth.example.com")
    );
    let other = policy(&[
        ("AUTH__JWT__ISSUER", "i"),
        ("AUTH__JWT__AUDIENCE", "a"),
        ("AUTH__JWT__EXPIRATION_TIME", "1h"),
    ]);
    assert_eq!(
        (other.issuer.as_str(), other.audience.as_str(), other.ttl),
        ("i", "a", time::Duration::hours(1))
    );
}

#[test]
fn connections_are_divided_over_workers() {
    let database = load(&[("AUTH__DATABASE__MAX_CONNECTIONS", "10")]).unwrap().database;
    for (workers, each) in [(1, 10), (2, 5), (3, 3), (10, 1), (64, 1)] {
        assert_eq!(database.pool(workers).max_connections, each);
    }
    assert_eq!(database.pool(1).acquire_timeout, Duration::from_secs(3));
}

#[test]
fn migrations_need_the_database_and_nothing_else() {
    let environment = Environment::default().with("DATABASE_URL", URL);
    assert!(Settings::load(&environment).is_err(), "a server needs a secret and an address");
    assert_eq!(SchemaSettings::load(&environment).unwrap().database.url.expose(), URL);
    let misspelt = environment.with("AUTH__DATABASE__URI", "x");
    assert!(SchemaSettings::load(&misspelt).is_err());
    assert!(SchemaSettings::load(&Environment::default()).is_err());
}

#[test]
fn r_019_cookies_are_as_the_settings_say() {
    let check = |changes: &[(&str, &str)], expected: [&str; 2]| {
        let settings = load(changes).unwrap();
        let cookies = auth_core::SessionCookies::new(settings.cookies.at(fixed(&settings))).unwrap();
        let secret = auth_core::SigningSecret::parse(SECRET).unwrap();
        let mark = cookies.dont_remember(&secret);
        // The signed value is the same in all cases.
        let (name, rest) = mark.as_str().split_once('=').unwrap();
        let (_, attributes) = rest.split_once("; ").unwrap();
        let brought = format!("{}=x", cookies.session_data_name());
        let cleared = cookies.clear_session_data(&auth_core::RequestCookies::parse([brought.as_bytes()]));
        let cleared: String = cleared.iter().map(auth_core::SetCookie::as_str).collect();
        assert_eq!([cleared, format!("{name}; {attributes}")], expected);
    };
    check(
        &[],
        [
            "__Secure-better-auth.session_data=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
            "__Secure-better-auth.dont_remember; Path=/; HttpOnly; Secure; SameSite=Lax",
        ],
    );
    check(
        &[
            ("AUTH__COOKIES__DOMAIN", "auto"),
            ("AUTH__COOKIES__DEFAULT_ATTRIBUTES__SAME_SITE", "none"),
            ("AUTH__COOKIES__SESSION_DATA__NAME", "cache"),
            ("AUTH__COOKIES__SESSION_DATA__PATH", "/api"),
            ("AUTH__COOKIES__SESSION_DATA__MAX_AGE", "1m"),
            ("AUTH__COOKIES__DONT_REMEMBER__DOMAIN", ".example.com"),
            ("AUTH__COOKIES__DONT_REMEMBER__HTTP_ONLY", "false"),
            ("AUTH__COOKIES__DONT_REMEMBER__MAX_AGE", "1h"),
        ],
        [
            "__Secure-cache=; Max-Age=0; Domain=auth.example.com; Path=/api; HttpOnly; Secure; SameSite=None",
            "__Secure-better-auth.dont_remember; Max-Age=3600; Domain=.example.com; Path=/; Secure; SameSite=None",
        ],
    );
    check(
        &[
            ("AUTH__COOKIES__SECURE", "false"),
            ("AUTH__COOKIES__PREFIX", "app"),
            ("AUTH__COOKIES__SESSION_DATA__NAME", "__Host-cache"),
            ("AUTH__COOKIES__DEFAULT_ATTRIBUTES__DOMAIN", "example.com"),
            ("AUTH__COOKIES__DONT_REMEMBER__PARTITIONED", "true"),
        ],
        [
            "__Host-cache=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
            "app.dont_remember; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned",
        ],
    );
}

#[test]
fn r_021_the_cache_lives_as_its_cookie_is_told() {
    let age = |value: &str| {
        let cookies = load(&[("AUTH__COOKIES__SESSION_DATA__MAX_AGE", value)]).unwrap().cookies;
        auth_core::SessionCookies::new(cookies.anywhere()).unwrap().session_data_max_age()
    };
    assert_eq!(age(""), None);
    assert_eq!(age("90s"), auth_core::MaxAge::new(time::Duration::seconds(90)));
    assert_eq!(age("400d"), Some(auth_core::MaxAge::LONGEST));
}

#[test]
fn cookie_settings_that_no_cookie_can_have_are_refused_by_their_key() {
    let cases = [
        ("cookies.prefix", "a=b"),
        ("cookies.domain", "a b"),
        ("cookies.default_attributes.domain", "a; Path=/x"),
        ("cookies.default_attributes.path", "x"),
        ("cookies.session_token.name", "a b"),
        ("cookies.session_token.name", "better-auth.dont_remember"),
        ("cookies.dont_remember.name", "better-auth.session_data.7"),
        ("cookies.session_data.same_site", "Lax"),
        ("cookies.session_data.max_age", "401d"),
        ("cookies.session_data.max_age", "0s"),
        ("cookies.dont_remember.path", "/;"),
    ];
    for (key, value) in cases {
        let variable = format!("AUTH__{}", key.replace('.', "__").to_ascii_uppercase());
        assert_eq!(load(&[(&variable, value)]).unwrap_err().key, key, "{value}");
    }
}

#[test]
fn r_111_a_secret_beside_versioned_ones_is_that_of_the_time_before() {
    const NEW: &str = "2:fedcba9876543210fedcba9876543210";
    let secrets = |changes: &[(&str, &str)]| load(changes).map(|settings| settings.security.secrets);
    assert!(secrets(&[]).unwrap().legacy().is_none(), "a single secret is the current one");
    assert!(!secrets(&[]).unwrap().are_numbered());
    let both = secrets(&[("BETTER_AUTH_SECRETS", NEW)]).unwrap();
    let value = auth_core::SymmetricKeys::derive(&secrets(&[]).unwrap(), auth_core::Purpose::Stored)
        .encrypt("text", &mut rand::rng())
        .unwrap();
    let keys = auth_core::SymmetricKeys::derive(&both, auth_core::Purpose::Stored);
    assert_eq!(keys.decrypt(&value).unwrap().expose(), "text");
    assert!(keys.encrypt("text", &mut rand::rng()).unwrap().starts_with("$ba$2$"));
    // Better Auth's published default is ignored. Any other bad secret is refused under its key.
    let with = |single| secrets(&[("BETTER_AUTH_SECRETS", NEW), ("BETTER_AUTH_SECRET", single)]);
    assert!(with("better-auth-secret-12345678901234567890").unwrap().legacy().is_none());
    for bad in [
        "short",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
        "change-me-change-me-change-me-change-me",
        "Better-Auth-Secret-12345678901234567890",
        " better-auth-secret-12345678901234567890",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ] {
        let refused = with(bad).unwrap_err();
        assert_eq!(refused.key, "security.secret", "{bad}");
        assert!(refused.to_string().contains("leave it out"), "{refused}");
    }
    assert!(with("").unwrap().legacy().is_none());
}

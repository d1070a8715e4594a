//! Compares `auth-core` with jsonwebtoken and a bare HMAC, on the same token and secret in one program.
//!
//! `times` measures durations. `allocations` counts allocations in a separate program, because counting takes
//! time. `cargo xtask bench core` runs both, then `jose` on Node, and prints one table.
#![cfg(feature = "jsonwebtoken")]
#![expect(clippy::expect_used, reason = "a measuring program stops where something does not work")]

#[allow(unreachable_pub, reason = "two programs use it, and not the same of it")]
#[path = "../../benches/core/operations.rs"]
mod operations;

use std::hint::black_box;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use operations::ISSUER;
pub use operations::{Form, NOW, Operations, SECRET};

/// One implementation of one task.
pub struct Contestant {
    /// The task, such as `verify access token`.
    pub task: &'static str,
    /// The implementation, such as `auth-core`.
    pub by: &'static str,
    /// Performs the task once.
    pub run: Box<dyn Fn()>,
}

/// The claims of an access token, each with its type.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    iss: String,
    sub: String,
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
    email: String,
    name: String,
    email_verified: bool,
    request_type: (),
}

/// All contestants.
pub fn contestants() -> Vec<Contestant> {
    let operations: &'static Operations = Box::leak(Box::new(Operations::signed_in()));
    let decoding: &'static DecodingKey = Box::leak(Box::new(DecodingKey::from_secret(SECRET.as_bytes())));
    let encoding = EncodingKey::from_secret(SECRET.as_bytes());
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    let validation: &'static Validation = Box::leak(Box::new(validation));
    let verify = move || {
        let token = jsonwebtoken::decode::<Claims>(operations.access_token(), decoding, validation);
        let token = token.expect("a good token");
        assert_eq!(token.header.typ.as_deref(), Some("at+jwt"));
        token.claims
    };
    let claims = verify();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    let sign = move || jsonwebtoken::encode(&header, &claims, &encoding).expect("claims become JSON");
    let mut all = Vec::new();
    let mut add = |task, by, run: Box<dyn Fn()>| all.push(Contestant { task, by, run });
    add("verify access token", "auth-core", once(|| operations.verify_access_token()));
    add("verify access token", "jsonwebtoken", once(verify));
    add("verify access token", "bare HMAC", once(|| operations.bare_mac_of_access_token()));
    add("issue access token", "auth-core", once(|| operations.issue_access_token()));
    add("issue access token", "jsonwebtoken", once(sign));
    add("issue access token", "bare HMAC", once(|| operations.bare_mac_of_access_token()));
    add("verify signed cookie", "auth-core", once(|| operations.verify_signed_cookie()));
    add("verify signed cookie", "bare HMAC", once(|| operations.bare_mac_of_cookie()));
    add("read cookie header", "auth-core", once(|| operations.read_cookie_header()));
    for (form, read, write) in [
        (Form::Compact, "read compact cache", "write compact cache"),
        (Form::Jwt, "read jwt cache", "write jwt cache"),
        (Form::Jwe, "read jwe cache", "write jwe cache"),
    ] {
        add(read, "auth-core", once(move || operations.read_cache(form)));
        add(write, "auth-core", once(move || operations.write_cache(form)));
    }
    all
}

/// Wraps a function whose result is unused. `black_box` keeps the compiler from removing the call.
fn once<T>(run: impl Fn() -> T + 'static) -> Box<dyn Fn()> {
    Box::new(move || {
        black_box(run());
    })
}

//! Authenticates a caller without a framework, from the value of `Authorization` or `Cookie` alone.
//!
//! ```sh
//! export BETTER_AUTH_URL=http://127.0.0.1:3000 BETTER_AUTH_SECRET=…   # those of the auth server
//! cargo run -p auth-core --example plain_function -- authorization "Bearer $TOKEN"
//! cargo run -p auth-core --example plain_function -- cookie "$COOKIE"
//! ```

#![allow(clippy::print_stdout, reason = "an example says what it found")]
#![allow(clippy::disallowed_methods, reason = "a program of its own has a clock of its own")]

use std::error::Error;

use auth_core::{Credentials, Refusal, Verdict, Verifier};
use time::OffsetDateTime;

/// Describes the caller that a header line identifies, without a session lookup.
fn who_is_calling(verifier: &Verifier, name: &str, value: &str) -> Result<String, Refusal> {
    let line = [value.as_bytes()];
    let credentials = match name {
        "authorization" => Credentials::read(line, []),
        _ => Credentials::read([], line),
    };
    Ok(match verifier.verify(&credentials, OffsetDateTime::now_utc())? {
        Verdict::Principal(caller) => format!("user {} ({:?})", caller.user_id(), caller.email()),
        Verdict::Session(_) => {
            "a session that this server handed out; whether it lives has to be looked up".to_owned()
        }
        _ => "somebody this example knows nothing of".to_owned(),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(value)) = (arguments.next(), arguments.next()) else {
        return Err("usage: plain_function authorization|cookie VALUE".into());
    };
    let verifier = Verifier::from_vars(std::env::vars())?;
    match who_is_calling(&verifier, &name, &value) {
        Ok(caller) => println!("{caller}"),
        Err(refusal) => println!("refused with {}: {refusal}", refusal.status()),
    }
    Ok(())
}

//! What these tests share.

use auth_core::{Credentials, Principal, Refusal, UnconfirmedSession, Verdict, Verifier};
use time::OffsetDateTime;
use time::macros::datetime;

/// The moment of every test.
pub(crate) const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

pub(crate) fn principal(verdict: Result<Verdict, Refusal>) -> Principal {
    match verdict.unwrap() {
        Verdict::Principal(principal) => principal,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn unconfirmed(verdict: Result<Verdict, Refusal>) -> UnconfirmedSession {
    match verdict.unwrap() {
        Verdict::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

/// Gives the refusal of a request with these headers.
pub(crate) fn refusal(verifier: &Verifier, authorization: &[&str], cookie: &[&str]) -> Refusal {
    verifier.verify(&credentials(authorization, cookie), NOW).unwrap_err()
}

pub(crate) fn credentials(authorization: &[&str], cookie: &[&str]) -> Credentials {
    Credentials::read(
        authorization.iter().map(|line| line.as_bytes()),
        cookie.iter().map(|line| line.as_bytes()),
    )
}

/// Waits for what never waits: the lookups of these tests answer at once.
pub(crate) fn now_or_never<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("nothing here waits"),
    }
}

//! Looking up what a request does not prove.

use auth_core::testing::{TestIssuer, TestOutage};
use auth_core::{Authenticator, Proof, Refusal, SessionLookup, ShownBy, UnconfirmedSession, UserSession};
use time::{Duration, OffsetDateTime};

use crate::verifier::support::{NOW, now_or_never};

/// A lookup that gives the wrong session.
struct Always(UserSession);

impl SessionLookup for Always {
    type Error = TestOutage;

    async fn find_session(
        &self,
        _: &UnconfirmedSession,
        _: OffsetDateTime,
    ) -> Result<Option<UserSession>, TestOutage> {
        Ok(Some(self.0.clone()))
    }
}

#[test]
fn r_016_sign_out_counts_at_once_where_sessions_are_looked_up() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let all = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions()).confirming_all();
    let forms =
        [ann.access_token(NOW), ann.session_token(NOW), ann.session_cookie(NOW), ann.cached_cookie(NOW)];
    for form in &forms {
        let caller = now_or_never(all.authenticate(&form.credentials(), NOW)).unwrap();
        assert!(matches!(caller.proof(), Proof::Session(_)), "{form:?}");
        assert!(caller.is_fresh(Duration::days(1), NOW + Duration::hours(23)));
        assert!(!caller.is_fresh(Duration::days(1), NOW + Duration::hours(24)));
    }
    ann.sign_out();
    for form in &forms {
        let refused = now_or_never(all.authenticate(&form.credentials(), NOW)).unwrap_err();
        let expected = if form.header().0 == "cookie" { ShownBy::Cookie } else { ShownBy::Bearer };
        assert!(matches!(refused, Refusal::SessionOver(by) if by == expected), "{form:?}: {refused:?}");
    }
}

#[test]
fn r_025_what_changes_something_does_not_rest_on_a_copy_or_a_token() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let sparing = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    let forms = [ann.access_token(NOW), ann.cached_cookie(NOW)];
    ann.sign_out();
    for form in forms {
        let shown = form.credentials();
        assert!(now_or_never(sparing.authenticate(&shown, NOW)).is_ok(), "offline: {form:?}");
        let refused = now_or_never(sparing.confirm(&shown, NOW)).unwrap_err();
        assert!(matches!(refused, Refusal::SessionOver(_)), "{form:?}: {refused:?}");
    }
}

#[test]
fn without_a_lookup_a_bare_session_is_refused() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let offline = Authenticator::new(issuer.verifier());
    assert!(now_or_never(offline.authenticate(&ann.cached_cookie(NOW).credentials(), NOW)).is_ok());
    for form in [ann.session_cookie(NOW), ann.session_token(NOW)] {
        let refused = now_or_never(offline.authenticate(&form.credentials(), NOW)).unwrap_err();
        assert!(matches!(refused, Refusal::Unconfirmed(_)), "{refused:?}");
        assert_eq!(refused.status(), 401);
    }
    let refused = now_or_never(offline.confirm(&ann.access_token(NOW).credentials(), NOW)).unwrap_err();
    assert!(matches!(refused, Refusal::Unconfirmed(ShownBy::Bearer)), "{refused:?}");
}

#[test]
fn r_093_an_outage_is_never_not_signed_in() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let away = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    issuer.sessions().break_down();
    let refused = now_or_never(away.authenticate(&ann.session_cookie(NOW).credentials(), NOW)).unwrap_err();
    assert_eq!((refused.status(), refused.www_authenticate()), (503, None));
    let cause = std::error::Error::source(&refused).map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("sessions are away, as the test asked"));
    assert!(!refused.body().contains("away"), "the cause is for the log");
    // What needs no lookup goes on.
    assert!(now_or_never(away.authenticate(&ann.access_token(NOW).credentials(), NOW)).is_ok());
}

#[test]
fn r_061_a_lookup_that_gives_another_session_is_not_believed() {
    let issuer = TestIssuer::new();
    let (ann, bob) = (issuer.user("ann@example.com"), issuer.user("bob@example.com"));
    let wrong =
        Authenticator::new(issuer.verifier()).with_sessions(Always(bob.sign_in(NOW))).confirming_all();
    for form in [ann.access_token(NOW), ann.session_cookie(NOW), ann.session_token(NOW)] {
        let refused = now_or_never(wrong.authenticate(&form.credentials(), NOW)).unwrap_err();
        assert!(matches!(refused, Refusal::SessionOver(_)), "{form:?}: {refused:?}");
    }
}

#[test]
fn r_028_a_session_that_ended_is_over_whatever_the_lookup_says() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let lookup = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    let shown = ann.session_cookie(NOW).credentials();
    let end = NOW + Duration::days(7);
    assert!(now_or_never(lookup.authenticate(&shown, end)).is_ok());
    let late = now_or_never(lookup.authenticate(&shown, end + Duration::milliseconds(1))).unwrap_err();
    assert!(matches!(late, Refusal::SessionOver(ShownBy::Cookie)), "{late:?}");
}

#[test]
fn r_030_only_a_recent_sign_in_that_is_looked_up_is_fresh() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let offline = Authenticator::new(issuer.verifier());
    let looking = offline.clone().with_sessions(issuer.sessions()).with_fresh_age(Duration::hours(1));
    for form in [ann.access_token(NOW), ann.cached_cookie(NOW)] {
        let shown = form.credentials();
        let refused = now_or_never(offline.authenticate_fresh(&shown, NOW)).unwrap_err();
        assert!(matches!(refused, Refusal::NotFresh), "{form:?}: {refused:?}");
        let just_so = NOW + Duration::minutes(59);
        assert!(now_or_never(looking.authenticate_fresh(&shown, just_so)).is_ok(), "{form:?}");
    }
    let shown = ann.session_cookie(NOW).credentials();
    let stale = now_or_never(looking.authenticate_fresh(&shown, NOW + Duration::hours(1))).unwrap_err();
    assert!(matches!(stale, Refusal::NotFresh), "{stale:?}");
    ann.sign_out();
    let over = now_or_never(looking.authenticate_fresh(&shown, NOW)).unwrap_err();
    assert!(matches!(over, Refusal::SessionOver(_)), "{over:?}");
}

#[test]
fn r_061_a_role_is_one_that_the_user_has() {
    let issuer = TestIssuer::new();
    let lookup = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    let ann = issuer.user("ann@example.com").with_role("editor,admin");
    let caller = now_or_never(lookup.authenticate(&ann.session_cookie(NOW).credentials(), NOW)).unwrap();
    assert!(caller.require_role("admin").is_ok());
    for role in ["adm", "ADMIN", "editor,admin", ""] {
        assert!(matches!(caller.require_role(role), Err(Refusal::MissingRole)), "{role:?}");
    }
    let bob = issuer.user("bob@example.com").session_cookie(NOW);
    let caller = now_or_never(lookup.authenticate(&bob.credentials(), NOW)).unwrap();
    assert!(matches!(caller.require_role("admin"), Err(Refusal::MissingRole)));
}

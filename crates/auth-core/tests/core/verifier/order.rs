//! Which credential of a request counts where it shows several.

use auth_core::testing::TestIssuer;
use auth_core::testing::credential_order::{Counts, OrderCase, ShownCredentials};
use auth_core::{Authenticator, Credentials};
use time::Duration;

use crate::verifier::support::{NOW, now_or_never};

#[test]
fn r_017_the_order_of_credentials_is_that_of_the_server() {
    let issuer = TestIssuer::new();
    let authenticator = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    let [ann, bob, carl] = ["ann", "bob", "carl"].map(|name| issuer.user(&format!("{name}@example.com")));
    let token = |shown: &str| shown.strip_prefix("Bearer ").unwrap().to_owned();
    let at_bobs = bob.session_cookie(NOW);
    let shown = ShownCredentials {
        access_token: token(ann.access_token(NOW).value()),
        expired_access_token: token(ann.access_token(NOW - Duration::hours(2)).value()),
        session_token: token(bob.session_token(NOW).value()),
        signed_session_token: at_bobs.value().split_once('=').unwrap().1.to_owned(),
        cookie: carl.session_cookie(NOW).value().to_owned(),
    };
    for case in OrderCase::all() {
        let (authorization, cookie) = (case.authorization(&shown), case.cookie(&shown));
        let credentials = Credentials::read(
            authorization.iter().map(|line| line.as_bytes()),
            cookie.iter().map(|line| line.as_bytes()),
        );
        let answer = now_or_never(authenticator.authenticate(&credentials, NOW));
        let user = match case.counts {
            Counts::AccessToken => &ann,
            Counts::SessionToken => &bob,
            Counts::Cookie => &carl,
            Counts::Refused(code) => {
                assert_eq!(answer.unwrap_err().code(), code, "{}", case.name);
                continue;
            }
        };
        assert_eq!(answer.unwrap().user_id(), &user.user().id, "{}", case.name);
    }
}

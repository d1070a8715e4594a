//! E-mail tokens and foreign tokens: what marks them.

use auth_core::{Email, EmailTokenPurpose, ForeignTokenVerifier, UserId};
use serde_json::json;

use crate::tokens::support::{
    CONSUMERS, FOREIGN_HEADER, NOW, email_claims, email_tokens, foreign, foreign_claims, forge, secret, with,
};

#[test]
fn what_is_issued_verifies_for_each_purpose() {
    let email = Email::parse("ann@example.com").unwrap();
    let update_to = Email::parse("new@example.com").unwrap();
    let user_id = UserId::from_stored("u1");
    for purpose in [
        EmailTokenPurpose::Verify,
        EmailTokenPurpose::ConfirmChange { update_to: update_to.clone() },
        EmailTokenPurpose::VerifyChange { update_to: update_to.clone() },
        EmailTokenPurpose::LegacyChange { update_to },
    ] {
        let token = email_tokens().issue(&email, &purpose, Some(&user_id), NOW).unwrap();
        let claims = email_tokens().verify(token.expose(), NOW).unwrap();
        assert_eq!(claims.purpose, purpose);
        assert_eq!((&claims.email, claims.user_id.as_ref()), (&email, Some(&user_id)));
    }
}

#[test]
fn addresses_in_tokens_are_parsed_like_those_of_forms() {
    let e_mail = &CONSUMERS[2];
    e_mail.check(&with(email_claims(), "email", None), Some("MissingClaim { name: \"email\" }"));
    for address in ["", "ann", "ann@localhost", "\u{212a}ate@example.com", " ann@example.com"] {
        let payload = with(email_claims(), "email", Some(json!(address)));
        e_mail.check(&payload, Some("MalformedClaim { name: \"email\" }"));
        let payload = with(email_claims(), "updateTo", Some(json!(address)));
        e_mail.check(&payload, Some("MalformedClaim { name: \"updateTo\" }"));
    }
}

#[test]
fn a_change_names_its_user_and_its_kind() {
    let e_mail = &CONSUMERS[2];
    let mut change = email_claims();
    change.insert("updateTo".to_owned(), json!("new@example.com"));
    e_mail.check(&with(change.clone(), "userId", None), Some("MissingClaim { name: \"userId\" }"));
    e_mail.check(
        &with(change, "requestType", Some(json!("other"))),
        Some("MalformedClaim { name: \"requestType\" }"),
    );
    let without_address = with(email_claims(), "requestType", Some(json!("change-email-verification")));
    e_mail.check(&without_address, Some("MalformedClaim { name: \"requestType\" }"));
    e_mail.check(&with(email_claims(), "userId", None), None);
    e_mail
        .check(&with(email_claims(), "userId", Some(json!(""))), Some("MalformedClaim { name: \"userId\" }"));
}

#[test]
fn r_002_members_of_other_kinds_are_refused_even_as_null() {
    let [_, foreign, e_mail] = CONSUMERS;
    for value in [json!(null), json!("x"), json!({})] {
        for name in ["updateTo", "requestType", "session"] {
            let payload = with(foreign_claims(), name, Some(value.clone()));
            foreign.check(&payload, Some(&format!("OtherKind {{ name: \"{name}\" }}")));
        }
        for name in ["sub", "sid", "session", "user"] {
            let payload = with(email_claims(), name, Some(value.clone()));
            e_mail.check(&payload, Some(&format!("OtherKind {{ name: \"{name}\" }}")));
        }
    }
}

#[test]
fn a_foreign_token_needs_a_subject_and_an_audience_that_is_ours() {
    let consumer = &CONSUMERS[1];
    consumer.check(&with(foreign_claims(), "sub", None), Some("MissingClaim { name: \"sub\" }"));
    consumer.check(&with(foreign_claims(), "sub", Some(json!(""))), Some("MalformedClaim { name: \"sub\" }"));
    for aud in [json!("api"), json!(["api"]), json!([])] {
        consumer.check(&with(foreign_claims(), "aud", Some(aud)), Some("WrongAudience"));
    }
    let api = ForeignTokenVerifier::new(Some("api".to_owned()), secret());
    let verdict = |aud| {
        let token = forge(FOREIGN_HEADER, &with(foreign_claims(), "aud", aud));
        api.verify(&token, NOW).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(verdict(Some(json!("api"))), Ok(()));
    assert_eq!(verdict(Some(json!(["other", "api"]))), Ok(()));
    assert_eq!(verdict(Some(json!(["other"]))).unwrap_err(), "token is for another audience");
    assert_eq!(verdict(None).unwrap_err(), "claim `aud` is missing");
}

#[test]
fn a_foreign_token_has_no_type_or_the_common_one() {
    let payload = serde_json::Value::Object(foreign_claims()).to_string();
    for header in [r#"{"alg":"HS256"}"#, r#"{"typ":"JWT","alg":"HS256"}"#, r#"{"typ":"jwt","alg":"HS256"}"#] {
        assert!(foreign().verify(&forge(header, &payload), NOW).is_ok(), "{header}");
    }
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "logout+jwt", ""] {
        let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
        CONSUMERS[1].check_token(&forge(&header, &payload), Some("WrongType"), typ);
    }
}

//! Tables that keep ids as uuids or numbers: clients see text, and what is no id of the kind is nobody (Better Auth core
//! §12.3).

use auth_store::IdKind;
use serde_json::{Value, json};
use test_support::{CredentialHeader, PASSWORD, TestApp, claims, header};

const KINDS: [IdKind; 2] = [IdKind::Uuid, IdKind::Serial];

/// Tells whether a client is shown an id of the kind, as text.
fn is_of(ids: IdKind, id: &Value) -> bool {
    let id = id.as_str().unwrap_or_default();
    match ids {
        IdKind::Text => id.len() == 32,
        IdKind::Uuid => id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12]),
        IdKind::Serial => id.parse::<u32>().is_ok_and(|number| number > 0 && number.to_string() == id),
    }
}

#[actix_web::test]
async fn sessions_are_shown_and_ended_with_ids_of_the_kind() {
    for ids in KINDS {
        let app = TestApp::with_ids(ids, &[]).await;
        let registered = app.register("ann@example.com").await;
        app.register("bob@example.com").await;
        let body = registered.json();
        let (user, session) = (&body["user"]["id"], &body["session"]["id"]);
        assert!(is_of(ids, user) && is_of(ids, session), "{body}");
        assert_eq!(body["session"]["userId"], *user);

        let access_token = registered.access_token();
        let said = claims(&access_token);
        assert_eq!((&said["sub"], &said["sid"]), (user, session), "{ids}");
        let bearer = CredentialHeader::bearer(&access_token);
        let read = app.get_as(&bearer, "/get-session").await.json();
        assert_eq!((&read["user"]["id"], &read["session"]["id"]), (user, session), "{ids}");
        assert_eq!(app.get_as(&bearer, "/user").await.json()["id"], *user);

        let other = app.login("ann@example.com").await;
        assert!(is_of(ids, &other.json()["session"]["id"]));
        let listed = app.get_as(&bearer, "/list-sessions").await.json();
        assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
        assert_eq!(listed[0]["id"], *session, "oldest first");
        assert!(listed.as_array().unwrap().iter().all(|session| session["userId"] == *user));

        let revoke = app.request("POST", "/revoke-session").bearer_auth(&access_token);
        let revoked = app.send(revoke.json(&json!({"token": other.session_token()}))).await;
        assert_eq!((revoked.status, app.count("session").await), (200, 2), "bob's stays: {}", revoked.body);
        let change = json!({"currentPassword": PASSWORD, "newPassword": "another password", "revokeOtherSessions": true});
        let change = app.request("POST", "/change-password").bearer_auth(&access_token).json(&change);
        let changed = app.send(change).await;
        assert_eq!((changed.status, app.count("session").await), (200, 2), "{}", changed.body);
        assert!(is_of(ids, &changed.json()["user"]["id"]));
        assert_eq!(app.get_as(&bearer, "/get-session").await.status, 401, "replaced");

        // Signing out by an access token names the session by its id.
        let again =
            app.post("/login", &json!({"email": "ann@example.com", "password": "another password"})).await;
        let out = app.request("POST", "/logout").bearer_auth(again.access_token());
        assert_eq!(app.send(out).await.status, 200);
        assert_eq!(app.count("session").await, 2);
    }
}

/// A token of another time may name anything.
#[actix_web::test]
async fn a_signed_token_that_names_no_id_of_the_kind_is_refused_and_no_failure() {
    for ids in IdKind::ALL {
        let app = TestApp::with_ids(ids, &[("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true")]).await;
        let token = app.register("ann@example.com").await.access_token();
        let header = header(&token);
        let good = claims(&token);
        let resigned = app.sign_jwt(&header, &good);
        let ask = async |token: &str| app.get_as(&CredentialHeader::bearer(token), "/user").await;
        assert_eq!(ask(&resigned).await.status, 200, "{ids}: the control");
        for stranger in
            ["nobody", "0", "01", "-1", "99999999999999999999", "8D8AC610-566D-4EF0-9C22-186B2A5ED793"]
        {
            for claim in ["sid", "sub"] {
                let mut bad = good.clone();
                bad[claim] = stranger.into();
                let answer = ask(&app.sign_jwt(&header, &bad)).await;
                assert_eq!(answer.status, 401, "{ids}: {claim} {stranger}: {}", answer.body);
            }
            // One that somebody else signed names a user alone.
            let foreign = json!({"sub": stranger, "exp": app.now_seconds() + 60});
            let answer = ask(&app.sign_jwt(&json!({"alg": "HS256", "typ": "JWT"}), &foreign)).await;
            assert_eq!(answer.status, 401, "{ids}: {stranger}: {}", answer.body);
        }
    }
}

/// A number can be given out again, by a database that was restored: a token of before must not end a stranger's session.
#[actix_web::test]
async fn a_token_whose_session_is_anothers_now_is_refused_and_ends_nothing() {
    let app = TestApp::with_ids(IdKind::Serial, &[]).await;
    let token = app.register("ann@example.com").await.access_token();
    let header = header(&token);
    let mut said = claims(&token);
    said["sid"] = app.register("bob@example.com").await.json()["session"]["id"].clone();
    let token = app.sign_jwt(&header, &said);
    let read = app.get_as(&CredentialHeader::bearer(&token), "/user").await;
    assert_eq!(read.status, 401, "{}", read.body);
    for path in ["/logout", "/sign-out"] {
        app.send(app.request("POST", path).bearer_auth(&token)).await;
        assert_eq!(app.count("session").await, 2, "{path}");
    }
}

/// an answer that must not tell whether an address is taken has an id of the same form for both.
#[actix_web::test]
async fn r_056_a_taken_address_is_answered_with_an_id_of_the_kind() {
    for ids in IdKind::ALL {
        let app = TestApp::with_ids(ids, &[("AUTH__EMAIL_AND_PASSWORD__AUTO_SIGN_IN", "false")]).await;
        let person = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann"});
        let (free, taken) =
            (app.post("/sign-up/email", &person).await, app.post("/sign-up/email", &person).await);
        for answer in [&free, &taken] {
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert!(is_of(ids, &answer.json()["user"]["id"]), "{ids}: {}", answer.body);
        }
        assert_ne!(free.json()["user"]["id"], taken.json()["user"]["id"]);
        assert_eq!(app.count("user").await, 1);
    }
}

#[actix_web::test]
async fn tokens_of_the_jwt_plugin_name_user_and_key_by_ids_of_the_kind() {
    for ids in KINDS {
        let app = TestApp::with_ids(ids, &[("AUTH__JWT__ENABLED", "true")]).await;
        let registered = app.register("ann@example.com").await;
        let cookie = registered.cookie();
        let token = app.get_as(&cookie, "/token").await.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&token)["sub"], registered.json()["user"]["id"]);
        let header = header(&token);
        let shown = app.get("/jwks", &[]).await.json();
        assert!(is_of(ids, &header["kid"]), "{header}");
        assert_eq!(shown["keys"][0]["kid"], header["kid"]);
        assert_eq!(app.sql("select id from jwks").await, header["kid"].as_str().unwrap());
    }
}

/// The tables must be of the kind that the settings say: `auth-server` tells, and does not serve wrongly.
#[actix_web::test]
async fn a_server_on_tables_of_another_kind_is_not_ready() {
    for (there, told) in [(IdKind::Uuid, "serial"), (IdKind::Serial, "default"), (IdKind::Text, "uuid")] {
        let app = TestApp::with_ids(there, &[]).await;
        let other = TestApp::sharing(&app, &[("AUTH__DATABASE__GENERATE_ID", told)]).await;
        for (app, status, said) in [(&app, 200, "ready"), (&other, 503, "schema")] {
            let answer = app.get_at_root("/readyz").await;
            assert_eq!(answer.status, status, "{there}, {told}");
            assert!(answer.body.contains(said), "{}", answer.body);
        }
    }
}

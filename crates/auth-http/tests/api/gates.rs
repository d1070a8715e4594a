//! Users whom plugins of another server on the same database bar (R-137).

use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, SettingsFile, TestApp};
use time::Duration;

/// What Node's `two-factor` and `admin` plugins add to the table.
const COLUMNS: &str = r#"alter table "user" add column "twoFactorEnabled" boolean,
    add column banned boolean, add column "banReason" text, add column "banExpires" timestamptz"#;

const BANNED: &str =
    "You have been banned from this application. Please contact support if you believe this is an error.";

/// Every way to a session by a password.
const WAYS: [&str; 2] = ["/sign-in/email", "/login"];

/// A database with these columns and one user, and a server that started on it.
async fn with_columns() -> (TestApp, TestApp) {
    let (owner, _) = TestApp::signed_in(&[]).await;
    owner.execute(COLUMNS).await;
    let app = TestApp::sharing(&owner, &[]).await;
    (owner, app)
}

async fn sign_in(app: &TestApp, path: &str) -> Answer {
    app.post(path, &json!({"email": "ann@example.com", "password": PASSWORD})).await
}

async fn sessions(app: &TestApp) -> String {
    app.sql("select count(*)::text from session").await
}

#[actix_web::test]
async fn r_137_a_user_with_a_second_factor_gets_no_session_by_password_alone() {
    let (database, app) = with_columns().await;
    for (value, refused) in [("null", false), ("false", false), ("true", true)] {
        database.execute(&format!("update \"user\" set \"twoFactorEnabled\" = {value}")).await;
        for path in WAYS {
            let before = sessions(&database).await;
            let answer = sign_in(&app, path).await;
            if refused {
                assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (403, "SECOND_FACTOR_REQUIRED"),
                    "{path}"
                );
                assert!(answer.body.contains("two-factor authentication"), "{}", answer.body);
                assert!(answer.set_cookies().is_empty(), "{path}");
                assert_eq!(sessions(&database).await, before, "{path}");
            } else {
                assert_eq!(answer.status, 200, "{path} {value}");
            }
        }
    }
    let wrong = json!({"email": "ann@example.com", "password": "a wrong password"});
    let answer = app.post("/sign-in/email", &wrong).await;
    assert_eq!(answer.code(), "INVALID_EMAIL_OR_PASSWORD", "the factor is not told without the password");
}

#[actix_web::test]
async fn r_137_a_banned_user_gets_no_session_until_the_ban_is_over() {
    let (database, app) = with_columns().await;
    let cookie = sign_in(&app, "/sign-in/email").await.cookie();
    let end = app.clock.now() + Duration::hours(1);
    for expires in ["null".to_owned(), format!("to_timestamp({})", end.unix_timestamp())] {
        database.execute(&format!("update \"user\" set banned = true, \"banExpires\" = {expires}")).await;
        for path in WAYS {
            let answer = sign_in(&app, path).await;
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(
                (answer.status, body),
                (403, json!({"message": BANNED, "code": "BANNED_USER"})),
                "{path}"
            );
        }
        let change =
            json!({"currentPassword": PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": true});
        let answer = app.post_as(&cookie, "/change-password", &change).await;
        assert_eq!(answer.code(), "BANNED_USER", "a new session in place of the others");
    }
    app.clock.advance(Duration::hours(1) + Duration::seconds(1));
    assert_eq!(sign_in(&app, "/sign-in/email").await.status, 200);
    let lifted = "select concat_ws(' ', banned, \"banReason\" is null, \"banExpires\" is null) from \"user\"";
    assert_eq!(database.sql(lifted).await, "f t t", "an expired ban is lifted");
}

#[actix_web::test]
async fn r_137_columns_count_under_the_names_that_the_database_gives_them() {
    let names = "[database.names.user]\ntwoFactorEnabled = \"two_factor_enabled\"\nbanned = \"is_banned\"\n";
    let (app, _) = TestApp::signed_in(&[]).await;
    app.execute("alter table \"user\" add column two_factor_enabled boolean, add column is_banned boolean")
        .await;
    app.execute("update \"user\" set is_banned = true").await;
    let file = SettingsFile::new(names);
    let other = TestApp::sharing(&app, &[file.variable()]).await;
    assert_eq!(sign_in(&other, "/sign-in/email").await.code(), "BANNED_USER");
    app.execute("update \"user\" set is_banned = false, two_factor_enabled = true").await;
    assert_eq!(sign_in(&other, "/sign-in/email").await.code(), "SECOND_FACTOR_REQUIRED");
}

#[actix_web::test]
async fn r_137_users_of_a_database_without_these_columns_sign_in() {
    let (app, _) = TestApp::signed_in(&[]).await;
    for path in WAYS {
        assert_eq!(sign_in(&app, path).await.status, 200, "{path}");
    }
}

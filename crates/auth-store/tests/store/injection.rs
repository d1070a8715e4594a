//! text is a value, whatever it looks like.

use auth_core::{Email, Session, SessionId, SessionToken, StoredHash, UserId};
use auth_store::testing::TestDatabase;

use crate::made;

const CORPUS: &[&str] = &[
    "'",
    "''",
    "\"",
    "\\",
    "\\'; DROP TABLE session; --",
    "'; DROP TABLE \"user\" CASCADE; --",
    "' OR '1'='1",
    "' OR 1=1 --",
    "\" OR \"\"=\"",
    "') UNION SELECT id, password FROM account --",
    "$1",
    "$$; DELETE FROM session; $$",
    "$tag$ $tag$",
    "%",
    "_",
    "{}",
    "{0}",
    "?",
    ":name",
    "E'\\x27'",
    "U&'\\0027'",
    "/* */ --",
    "null",
    "NULL",
    "\u{27}\u{2019}\u{ff07}",
    "\u{feff}\u{202e}",
    "\r\n\t\u{1}",
    "pg_sleep(10)",
    "'||pg_sleep(10)||'",
    "COPY session FROM PROGRAM 'id'",
];

#[tokio::test]
async fn r_104_hostile_text_is_stored_and_found_as_it_is() {
    let database = TestDatabase::create().await;
    let store = database.store();
    for (number, text) in CORPUS.iter().enumerate() {
        let mut new = made::registration(&format!("user{number}@example.com"));
        let email = Email::from_stored(format!("{number}{text}"));
        new.user.name = (*text).to_owned();
        new.user.image = Some((*text).to_owned());
        new.user.email = email.clone();
        new.account.password = Some(StoredHash::from_stored(*text));
        let session = Session {
            token: SessionToken::from_stored(format!("{number}{text}")),
            ip_address: Some((*text).to_owned()),
            user_agent: Some((*text).to_owned()),
            ..made::session(&new.user)
        };
        new.session = Some(session.clone());
        store.register(&new).await.unwrap_or_else(|error| panic!("{text:?}: {error:?}"));

        let found = store.sessions().find_by_token(&session.token).await.unwrap().expect(text);
        assert_eq!(found.user.name, *text);
        assert_eq!(found.user.image.as_deref(), Some(*text));
        assert_eq!(found.session.user_agent.as_deref(), Some(*text));
        let (user, hash) = store.users().find_credential_by_email(&email).await.unwrap().expect(text);
        assert_eq!((user.email, hash.unwrap().expose()), (email, *text));

        // As a key it finds nothing and changes nothing.
        let (id, token) = (UserId::from_stored(*text), SessionToken::from_stored(*text));
        let hash = StoredHash::from_stored("x");
        assert!(store.users().find_by_id(&id).await.unwrap().is_none());
        assert!(store.users().find_by_email(&Email::from_stored(*text)).await.unwrap().is_none());
        assert!(store.sessions().find_by_token(&token).await.unwrap().is_none());
        assert!(store.sessions().find_by_id(&SessionId::from_stored(*text)).await.unwrap().is_none());
        assert!(!store.sessions().delete_by_token(&token).await.unwrap());
        assert!(!store.accounts().update_password(&id, &hash, &hash, made::NOW).await.unwrap());
    }
    let rows = "SELECT (SELECT count(*) FROM \"user\") || ' ' || (SELECT count(*) FROM session)";
    let expected = format!("{0} {0}", CORPUS.len());
    assert_eq!(database.query_one_text(rows).await, Some(expected));
}

/// Files that may send SQL as text, and why: none of them sees a value of a request.
const TEXT_ALLOWED: &[(&str, &str)] = &[
    (
        "client.rs",
        "what runs Diesel's statements; the session's limits, which are numbers of the settings; BEGIN, COMMIT",
    ),
    ("gates.rs", "the catalogue"),
    ("migrations/link.rs", "BEGIN and COMMIT of migrations"),
    ("migrations/record.rs", "the record of what was made"),
    ("migrations/run.rs", "statements of the declared tables, which are constants"),
    ("migrations/fields.rs", "columns of declared fields, whose names are identifiers by their type"),
    ("migrations/live.rs", "the catalogue"),
    ("pool.rs", "BEGIN with the transaction's limits"),
    ("pooler.rs", "the probe, with a random marker"),
    ("names/connection.rs", "what every connection can do; the text of Diesel's statements, names exchanged"),
    ("store.rs", "constant expressions of the connection's report"),
    ("testing.rs", "tests"),
];

#[test]
fn r_104_repositories_send_no_sql_as_text() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut folders = vec![root.to_owned()];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.ends_with("tests.rs") && !TEXT_ALLOWED.iter().any(|(allowed, _)| *allowed == name)
            {
                looked_at += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                for way in [
                    "sql_query",
                    "batch_execute",
                    "simple_query",
                    "dsl::sql",
                    "query_raw",
                    "copy_in",
                    "COPY ",
                ] {
                    assert!(!text.contains(way), "{name} uses {way}");
                }
            }
        }
    }
    assert!(looked_at >= 10, "{looked_at} files");
}

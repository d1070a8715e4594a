//! Migrating empty databases, filled ones, and those that Node's Better Auth made.

use auth_core::Email;
use auth_store::migrations::{self, Applied, Data, MigrationError, Problem, Reverted, Severity};
use auth_store::testing::TestDatabase;
use auth_store::{IdKind, TableNames};

use crate::made;

/// What Node's Better Auth 1.7.25 emits for an empty database (core §12.1).
const NODE: &str = r#"
create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique,
  "emailVerified" boolean not null, "image" text,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
create table "session" ("id" text not null primary key, "expiresAt" timestamptz not null, "token" text not null unique,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null,
  "ipAddress" text, "userAgent" text, "userId" text not null references "user" ("id") on delete cascade);
create table "account" ("id" text not null primary key, "accountId" text not null, "providerId" text not null,
  "userId" text not null references "user" ("id") on delete cascade,
  "accessToken" text, "refreshToken" text, "idToken" text,
  "accessTokenExpiresAt" timestamptz, "refreshTokenExpiresAt" timestamptz, "scope" text, "password" text,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null);
create table "verification" ("id" text not null primary key, "identifier" text not null, "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
create table "rateLimit" ("id" text not null primary key, "key" text not null unique, "count" integer not null,
  "lastRequest" bigint not null);
create table "jwks" ("id" text not null primary key, "publicKey" text not null, "privateKey" text not null,
  "createdAt" timestamptz not null, "expiresAt" timestamptz, "alg" text, "crv" text);
create index "session_userId_idx" on "session" ("userId");
create index "account_userId_idx" on "account" ("userId");
create index "verification_identifier_idx" on "verification" ("identifier");
"#;

const ROWS: &str = r#"
INSERT INTO "user" (id, name, email, "emailVerified") VALUES ('u1', 'Ann', 'ann@example.com', true);
INSERT INTO session (id, "expiresAt", token, "updatedAt", "userId") VALUES ('s1', '2031-01-01Z', 't1', now(), 'u1');
INSERT INTO account (id, "accountId", "providerId", "userId", password, "updatedAt")
  VALUES ('a1', 'u1', 'credential', 'u1', 'salt:hash', now());
"#;

/// The features that have tables, in the order in which those are made.
const FEATURES: [&str; 3] = ["core", "rate_limit", "jwt"];

/// What Better Auth's own tool does not make.
const EXPIRY_INDEXES: [&str; 3] = [
    "index \"session_expiresAt_idx\"",
    "index \"verification_expiresAt_idx\"",
    "index \"rateLimit_lastRequest_idx\"",
];

/// Everything in the schema and its rows, but for the bookkeeping.
pub(crate) async fn snapshot(database: &TestDatabase) -> String {
    database
        .query_one_text(
            "SELECT concat_ws(E'\\n', \
               (SELECT string_agg(concat_ws(' ', attrelid::regclass, attname, atttypid::regtype, attnotnull, attnum, \
                  pg_get_expr(adbin, adrelid)), E'\\n' ORDER BY attrelid::regclass::text, attnum) \
                FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid \
                LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 \
                  AND relname !~ '^auth_schema'), \
               (SELECT string_agg(concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)), E'\\n' \
                  ORDER BY conrelid::regclass::text, conname) FROM pg_constraint \
                WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text !~ '^auth_schema'))",
        )
        .await
        .unwrap()
}

async fn rows(database: &TestDatabase) -> String {
    let all = "SELECT concat_ws(E'\\n', (SELECT string_agg(u::text, ' ') FROM \"user\" u), \
               (SELECT string_agg(s::text, ' ') FROM session s), (SELECT string_agg(a::text, ' ') FROM account a))";
    database.query_one_text(all).await.unwrap()
}

#[tokio::test]
async fn r_106_up_down_and_up_again_on_filled_tables() {
    let database = TestDatabase::create_empty().await;
    let url = database.database_url();
    assert_eq!(database.store().pending_migrations().await.unwrap(), FEATURES.len());
    assert_eq!(migrations::up(&url, IdKind::Text).await.unwrap().features, FEATURES);
    assert_eq!(migrations::up(&url, IdKind::Text).await.unwrap(), Applied::default());
    assert_eq!(database.store().pending_migrations().await.unwrap(), 0);
    let before = snapshot(&database).await;
    database.execute(ROWS).await;

    // The later ones made nothing that has rows.
    for name in FEATURES[1..].iter().rev() {
        assert_eq!(
            migrations::down(&url, Data::Keep, &TableNames::default()).await.unwrap(),
            Some(Reverted::Dropped(name))
        );
    }
    let refused = migrations::down(&url, Data::Keep, &TableNames::default()).await.unwrap_err();
    let MigrationError::WouldLoseData { tables, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(tables.join(" "), "user session account");
    assert_eq!(database.store().pending_migrations().await.unwrap(), FEATURES.len() - 1);
    assert_eq!(database.query_one_text("SELECT name FROM \"user\"").await.as_deref(), Some("Ann"));

    assert_eq!(
        migrations::down(&url, Data::Drop, &TableNames::default()).await.unwrap(),
        Some(Reverted::Dropped(FEATURES[0]))
    );
    assert_eq!(database.store().pending_migrations().await.unwrap(), FEATURES.len());
    assert_eq!(migrations::down(&url, Data::Drop, &TableNames::default()).await.unwrap(), None);
    assert_eq!(migrations::up(&url, IdKind::Text).await.unwrap().features, FEATURES);
    assert_eq!(snapshot(&database).await, before);
    for name in FEATURES.iter().rev() {
        let reverted = migrations::down(&url, Data::Keep, &TableNames::default()).await.unwrap();
        assert_eq!(reverted, Some(Reverted::Dropped(name)), "empty tables go");
    }
}

#[tokio::test]
async fn a_database_made_by_node_is_adopted_and_not_changed() {
    let database = TestDatabase::create_empty().await;
    let url = database.database_url();
    database.execute(NODE).await;
    database.execute(ROWS).await;
    let (schema, data) = (snapshot(&database).await, rows(&database).await);

    let plan = migrations::plan(&url, IdKind::Text).await.unwrap();
    assert_eq!(plan.adopts, ["user", "session", "account", "verification", "rateLimit", "jwks"]);
    assert!(plan.obstacles.is_empty());
    assert_eq!(plan.pending, FEATURES);
    assert_eq!(plan.changes.iter().map(|change| change.what.as_str()).collect::<Vec<_>>(), EXPIRY_INDEXES);
    let pending = database.store().pending_migrations().await.unwrap();
    assert_eq!(pending, FEATURES.len(), "planning does nothing");

    migrations::up(&url, IdKind::Text).await.unwrap();
    assert_eq!(snapshot(&database).await, schema);
    assert_eq!(rows(&database).await, data);
    assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), []);
    let status = migrations::status(&url, IdKind::Text).await.unwrap();
    assert!(status[0].adopted && status[0].known && status[0].applied_at.is_some());
    let adopted: Vec<bool> = status.iter().map(|status| status.adopted).collect();
    assert_eq!(adopted, [true; 3]);

    let store = database.store();
    let ann = Email::parse("ann@example.com").unwrap();
    let (user, hash) = store.users().find_credential_by_email(&ann).await.unwrap().unwrap();
    assert_eq!((user.name.as_str(), hash.unwrap().expose()), ("Ann", "salt:hash"));
    store.register(&made::registration("bob@example.com")).await.unwrap();

    // Taking it back, and twice, loses nothing either.
    let data = rows(&database).await;
    for feature in FEATURES.into_iter().rev() {
        let reverted = migrations::down(&url, Data::Drop, &TableNames::default()).await.unwrap();
        assert_eq!(reverted, Some(Reverted::Forgotten(feature)));
    }
    migrations::up(&url, IdKind::Text).await.unwrap();
    assert_eq!((snapshot(&database).await, rows(&database).await), (schema, data));
}

#[tokio::test]
async fn what_an_older_database_lacks_is_added() {
    let database = TestDatabase::create_empty().await;
    let url = database.database_url();
    database.execute(NODE).await;
    database.execute(ROWS).await;
    database
        .execute(
            "DROP TABLE verification; ALTER TABLE jwks DROP \"expiresAt\", DROP alg, DROP crv; DROP INDEX \"session_userId_idx\"; \
             ALTER TABLE \"user\" DROP \"emailVerified\", DROP image, DROP \"createdAt\", DROP \"updatedAt\"; \
             ALTER TABLE account DROP \"accessTokenExpiresAt\", DROP \"updatedAt\"; \
             ALTER TABLE session DROP \"userAgent\", DROP \"updatedAt\"",
        )
        .await;
    let findings = migrations::check(&url, IdKind::Text).await.unwrap();
    assert!(
        findings
            .iter()
            .any(|finding| finding.table == "verification" && finding.problem == Problem::MissingTable)
    );
    assert!(findings.iter().any(|finding| finding.column.as_deref() == Some("userAgent")));
    migrations::up(&url, IdKind::Text).await.unwrap();
    assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), []);
    let ann = database
        .store()
        .users()
        .find_by_email(&Email::parse("ann@example.com").unwrap())
        .await
        .unwrap()
        .unwrap();
    assert!(!ann.email_verified, "an address that nobody is known to have proven is not proven");
}

#[tokio::test]
async fn the_leftover_issuer_of_1_7_1_is_explained_with_its_fix() {
    let database = TestDatabase::create_empty().await;
    let url = database.database_url();
    database.execute(NODE).await;
    database.execute("ALTER TABLE account ADD issuer text NOT NULL; CREATE UNIQUE INDEX ON account (issuer, \"accountId\")").await;
    migrations::up(&url, IdKind::Text).await.unwrap();
    let findings = migrations::check(&url, IdKind::Text).await.unwrap();
    let [issuer] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((issuer.table.as_str(), issuer.column.as_deref()), ("account", Some("issuer")));
    assert_eq!((&issuer.problem, issuer.severity), (&Problem::LeftoverIssuer, Severity::Breaks));
    let text = issuer.to_string();
    let fix = "ALTER TABLE \"account\" ALTER COLUMN \"issuer\" DROP NOT NULL;";
    assert!(text.contains("1.7.1") && text.ends_with(fix), "{text}");
    database.store().register(&made::registration("ann@example.com")).await.unwrap_err();
    database.execute(fix).await;
    assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), []);
    database.store().register(&made::registration("ann@example.com")).await.unwrap();
}

#[tokio::test]
async fn an_applications_own_tables_are_refused_untouched() {
    for own in [
        "CREATE TABLE \"user\" (id integer PRIMARY KEY, name text, email text UNIQUE)",
        "CREATE TABLE \"user\" (id text PRIMARY KEY, login text)",
        "CREATE TABLE session (sid text PRIMARY KEY, data jsonb)",
    ] {
        let database = TestDatabase::create_empty().await;
        let url = database.database_url();
        database.execute(own).await;
        let before = snapshot(&database).await;
        assert!(!migrations::plan(&url, IdKind::Text).await.unwrap().obstacles.is_empty(), "{own}");
        let error = migrations::up(&url, IdKind::Text).await.unwrap_err();
        let MigrationError::NotAdoptable { findings } = &error else { panic!("{error:?}") };
        assert!(!findings.is_empty() && error.to_string().contains("cannot be adopted"), "{error}");
        assert_eq!(snapshot(&database).await, before);
        assert_eq!(database.store().pending_migrations().await.unwrap(), FEATURES.len());
    }
}

#[tokio::test]
async fn check_names_every_kind_of_drift_and_its_fix_mends_it() {
    for (drift, table, column, problem) in [
        ("DROP TABLE verification", "verification", None, Problem::MissingTable),
        ("ALTER TABLE \"user\" DROP image", "user", Some("image"), Problem::MissingColumn),
        (
            "ALTER TABLE session ALTER \"expiresAt\" TYPE timestamp",
            "session",
            Some("expiresAt"),
            Problem::WrongType { found: "timestamp without time zone".to_owned(), expected: "timestamptz" },
        ),
        ("ALTER TABLE \"user\" ADD tenant text NOT NULL", "user", Some("tenant"), Problem::ExtraRequired),
        ("ALTER TABLE account ALTER scope SET NOT NULL", "account", Some("scope"), Problem::MustBeNullable),
        ("ALTER TABLE \"user\" ALTER name DROP NOT NULL", "user", Some("name"), Problem::Nullable),
        ("ALTER TABLE \"user\" DROP CONSTRAINT user_email_key", "user", Some("email"), Problem::NotUnique),
        (
            "ALTER TABLE session DROP CONSTRAINT \"session_userId_fkey\"",
            "session",
            Some("userId"),
            Problem::NoForeignKey { to: "user".to_owned() },
        ),
        (
            "ALTER TABLE account DROP CONSTRAINT \"account_userId_fkey\", \
             ADD CONSTRAINT k FOREIGN KEY (\"userId\") REFERENCES \"user\" (id)",
            "account",
            Some("userId"),
            Problem::OtherDeleteRule { expected: "CASCADE" },
        ),
        ("DROP INDEX \"verification_identifier_idx\"", "verification", Some("identifier"), Problem::NoIndex),
    ] {
        let database = TestDatabase::create().await;
        let url = database.database_url();
        database.execute(drift).await;
        let findings = migrations::check(&url, IdKind::Text).await.unwrap();
        let [finding] = findings.as_slice() else { panic!("{drift}: {findings:?}") };
        assert_eq!(
            (finding.table.as_str(), finding.column.as_deref(), &finding.problem),
            (table, column, &problem),
            "{drift}"
        );
        let text = finding.to_string();
        assert!(text.contains(table) && text.contains(column.unwrap_or_default()), "{text}");
        if let Some(fix) = &finding.fix {
            database.execute(fix).await;
            assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), [], "{fix}");
        }
    }
}

#[tokio::test]
async fn what_does_no_harm_is_no_drift() {
    let database = TestDatabase::create().await;
    database
        .execute(
            "ALTER TABLE \"user\" ADD nickname text, ADD plan text NOT NULL DEFAULT 'free', \
             ADD number integer GENERATED ALWAYS AS IDENTITY NOT NULL; \
             ALTER TABLE session ALTER \"userAgent\" TYPE varchar(4000); CREATE TABLE orders (id int NOT NULL); \
             ALTER TABLE \"user\" DROP CONSTRAINT user_email_key; CREATE UNIQUE INDEX other_name ON \"user\" (email)",
        )
        .await;
    assert_eq!(migrations::check(&database.database_url(), IdKind::Text).await.unwrap(), []);
    database.store().register(&made::registration("ann@example.com")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r_106_of_many_starters_one_migrates() {
    for _ in 0..5 {
        let database = TestDatabase::create_empty().await;
        let url = database.database_url();
        let outcomes = futures_util::future::join_all((0..8).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { migrations::up(&url, IdKind::Text).await })
        }))
        .await;
        let applied: Vec<Applied> = outcomes.into_iter().map(|outcome| outcome.unwrap().unwrap()).collect();
        assert_eq!(applied.iter().filter(|applied| !applied.is_empty()).count(), 1, "{applied:?}");
        assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_106_an_interrupted_migration_leaves_nothing_and_runs_again() {
    let database = TestDatabase::create_empty().await;
    let url = database.database_url();
    database.execute(NODE).await;
    database.execute("ALTER TABLE account DROP scope; DROP TABLE verification").await;
    let before = snapshot(&database).await;
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE datname = current_database() AND application_name = 'auth-store' AND wait_event_type = 'Lock'";
    for _ in 0..3 {
        // Holds the migration where the table is to be altered, after another was made.
        let blocker = database.client().await;
        blocker.batch_execute("BEGIN; LOCK TABLE account IN ACCESS SHARE MODE").await.unwrap();
        let migrating = tokio::spawn({
            let url = url.clone();
            async move { migrations::up(&url, IdKind::Text).await }
        });
        made::wait_for(&database.client().await, kill, "1").await;
        let error = migrating.await.unwrap().unwrap_err();
        assert!(matches!(error, MigrationError::Failed { .. }), "{error:?}");
        assert_eq!(snapshot(&database).await, before);
        blocker.batch_execute("COMMIT").await.unwrap();
    }
    migrations::up(&url, IdKind::Text).await.unwrap();
    assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), []);
}

#[test]
fn migrations_run_on_any_runtime() {
    let runtimes =
        [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()];
    for mut runtime in runtimes {
        runtime.enable_all().build().unwrap().block_on(async {
            let database = TestDatabase::create_empty().await;
            let url = database.database_url();
            migrations::up(&url, IdKind::Text).await.unwrap();
            assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), []);
        });
    }
}

#[tokio::test]
async fn diesels_own_bookkeeping_and_another_schema_are_left_alone() {
    let database = TestDatabase::create_empty().await;
    database
        .execute(&format!(
            "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
             INSERT INTO __diesel_schema_migrations VALUES ('core'); \
             CREATE TABLE \"user\" (id integer PRIMARY KEY); \
             CREATE SCHEMA auth; ALTER DATABASE {} SET search_path = auth, public",
            database.url().rsplit('/').next().unwrap()
        ))
        .await;
    let url = database.database_url();
    migrations::up(&url, IdKind::Text).await.unwrap();
    assert_eq!(migrations::check(&url, IdKind::Text).await.unwrap(), []);
    database.store().register(&made::registration("ann@example.com")).await.unwrap();
    let counts = "SELECT (SELECT count(*) FROM auth.\"user\") || ' ' || (SELECT count(*) FROM public.\"user\") || ' ' || \
                  (SELECT count(*) FROM __diesel_schema_migrations)";
    assert_eq!(database.query_one_text(counts).await.as_deref(), Some("1 0 1"));
}

#[tokio::test]
async fn a_newer_builds_migration_is_named_and_not_reverted() {
    let database = TestDatabase::create().await;
    let url = database.database_url();
    database
        .execute(
            "INSERT INTO auth_schema_migrations (name, adopted) VALUES ('2999-01-01-000000_later', false)",
        )
        .await;
    let status = migrations::status(&url, IdKind::Text).await.unwrap();
    assert!(status.iter().any(|status| status.feature.contains("later") && !status.known));
    let error = migrations::down(&url, Data::Drop, &TableNames::default()).await.unwrap_err();
    assert!(matches!(&error, MigrationError::Unknown { feature } if feature.contains("later")), "{error:?}");
    assert_eq!(database.store().pending_migrations().await.unwrap(), 0);
}

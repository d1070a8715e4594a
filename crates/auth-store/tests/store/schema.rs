//! The live schema against Better Auth core §12.1: what `migrate up` makes must be what Node's own
//! migration makes, to the names of the constraints, and the indexes by which expired rows are found.

use auth_store::testing::TestDatabase;

/// Table, column, type, NOT NULL, default; in the order of the columns.
const COLUMNS: &str = "\
account id text required
account accountId text required
account providerId text required
account userId text required
account accessToken text
account refreshToken text
account idToken text
account accessTokenExpiresAt timestamp with time zone
account refreshTokenExpiresAt timestamp with time zone
account scope text
account password text
account createdAt timestamp with time zone required CURRENT_TIMESTAMP
account updatedAt timestamp with time zone required
jwks id text required
jwks publicKey text required
jwks privateKey text required
jwks createdAt timestamp with time zone required
jwks expiresAt timestamp with time zone
jwks alg text
jwks crv text
rateLimit id text required
rateLimit key text required
rateLimit count integer required
rateLimit lastRequest bigint required
session id text required
session expiresAt timestamp with time zone required
session token text required
session createdAt timestamp with time zone required CURRENT_TIMESTAMP
session updatedAt timestamp with time zone required
session ipAddress text
session userAgent text
session userId text required
user id text required
user name text required
user email text required
user emailVerified boolean required
user image text
user createdAt timestamp with time zone required CURRENT_TIMESTAMP
user updatedAt timestamp with time zone required CURRENT_TIMESTAMP
verification id text required
verification identifier text required
verification value text required
verification expiresAt timestamp with time zone required
verification createdAt timestamp with time zone required CURRENT_TIMESTAMP
verification updatedAt timestamp with time zone required CURRENT_TIMESTAMP";

const CONSTRAINTS: &str = "\
account account_pkey PRIMARY KEY (id)
account account_userId_fkey FOREIGN KEY (\"userId\") REFERENCES \"user\"(id) ON DELETE CASCADE
jwks jwks_pkey PRIMARY KEY (id)
rateLimit rateLimit_key_key UNIQUE (key)
rateLimit rateLimit_pkey PRIMARY KEY (id)
session session_pkey PRIMARY KEY (id)
session session_token_key UNIQUE (token)
session session_userId_fkey FOREIGN KEY (\"userId\") REFERENCES \"user\"(id) ON DELETE CASCADE
user user_email_key UNIQUE (email)
user user_pkey PRIMARY KEY (id)
verification verification_pkey PRIMARY KEY (id)";

const INDEXES: &str = "\
CREATE INDEX \"account_userId_idx\" ON public.account USING btree (\"userId\")
CREATE UNIQUE INDEX account_pkey ON public.account USING btree (id)
CREATE UNIQUE INDEX jwks_pkey ON public.jwks USING btree (id)
CREATE INDEX \"rateLimit_lastRequest_idx\" ON public.\"rateLimit\" USING btree (\"lastRequest\")
CREATE UNIQUE INDEX \"rateLimit_key_key\" ON public.\"rateLimit\" USING btree (key)
CREATE UNIQUE INDEX \"rateLimit_pkey\" ON public.\"rateLimit\" USING btree (id)
CREATE INDEX \"session_expiresAt_idx\" ON public.session USING btree (\"expiresAt\")
CREATE INDEX \"session_userId_idx\" ON public.session USING btree (\"userId\")
CREATE UNIQUE INDEX session_pkey ON public.session USING btree (id)
CREATE UNIQUE INDEX session_token_key ON public.session USING btree (token)
CREATE UNIQUE INDEX user_email_key ON public.\"user\" USING btree (email)
CREATE UNIQUE INDEX user_pkey ON public.\"user\" USING btree (id)
CREATE INDEX \"verification_expiresAt_idx\" ON public.verification USING btree (\"expiresAt\")
CREATE INDEX verification_identifier_idx ON public.verification USING btree (identifier)
CREATE UNIQUE INDEX verification_pkey ON public.verification USING btree (id)";

/// Leaves the bookkeeping of the migrations out.
const OURS: &str = "relnamespace = 'public'::regnamespace AND relname <> 'auth_schema_migrations'";

#[tokio::test]
async fn r_107_the_schema_is_what_the_reference_makes() {
    let database = TestDatabase::create().await;
    let columns = format!(
        "SELECT string_agg(concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), \
             CASE WHEN attnotnull THEN 'required' END, pg_get_expr(adbin, adrelid)), E'\\n' ORDER BY relname, attnum) \
         FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid \
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
         WHERE {OURS} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
    );
    assert_eq!(database.query_one_text(&columns).await.unwrap(), COLUMNS);
    let constraints = format!(
        "SELECT string_agg(concat_ws(' ', relname, conname, pg_get_constraintdef(pg_constraint.oid)), E'\\n' \
             ORDER BY relname, conname COLLATE \"C\") \
         FROM pg_constraint JOIN pg_class ON conrelid = pg_class.oid WHERE {OURS} AND contype <> 'n'"
    );
    assert_eq!(database.query_one_text(&constraints).await.unwrap(), CONSTRAINTS);
    let indexes = "SELECT string_agg(indexdef, E'\\n' ORDER BY tablename, indexdef COLLATE \"C\") FROM pg_indexes \
                   WHERE schemaname = 'public' AND tablename <> 'auth_schema_migrations'";
    assert_eq!(database.query_one_text(indexes).await.unwrap(), INDEXES);
}

#[tokio::test]
async fn r_107_nothing_else_is_made() {
    let database = TestDatabase::create().await;
    let relations = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class \
                     WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'";
    assert_eq!(
        database.query_one_text(relations).await.unwrap(),
        "account auth_schema_migrations jwks rateLimit session user verification"
    );
    let others = "SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) \
                  + (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal) \
                  + (SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql')";
    assert_eq!(database.query_one_text(others).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn each_foreign_key_has_an_index_and_a_delete_rule() {
    let database = TestDatabase::create().await;
    let without = "SELECT count(*) FROM pg_constraint k WHERE contype = 'f' AND (confdeltype <> 'c' OR NOT EXISTS \
                   (SELECT FROM pg_index WHERE indrelid = k.conrelid AND indkey[0] = k.conkey[1]))";
    assert_eq!(database.query_one_text(without).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn r_103_rows_that_break_a_rule_are_refused_by_the_database() {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    client
        .batch_execute(
            "INSERT INTO \"user\" (id, name, email, \"emailVerified\") VALUES ('u', '', 'ann@example.com', false); \
             INSERT INTO session (id, \"expiresAt\", token, \"updatedAt\", \"userId\") \
               VALUES ('s', now(), 't', now(), 'u'); \
             INSERT INTO account (id, \"accountId\", \"providerId\", \"userId\", \"updatedAt\") \
               VALUES ('a', 'u', 'credential', 'u', now())",
        )
        .await
        .unwrap();
    let user = "INSERT INTO \"user\" (id, name, email, \"emailVerified\") VALUES";
    let session = "INSERT INTO session (id, \"expiresAt\", token, \"updatedAt\", \"userId\") VALUES";
    let account = "INSERT INTO account (id, \"accountId\", \"providerId\", \"userId\", \"updatedAt\") VALUES";
    for (statement, rule) in [
        (format!("{user} ('u', '', 'bob@example.com', false)"), "user_pkey"),
        (format!("{user} ('v', '', 'ann@example.com', false)"), "user_email_key"),
        (format!("{session} ('s', now(), 't2', now(), 'u')"), "session_pkey"),
        (format!("{session} ('s2', now(), 't', now(), 'u')"), "session_token_key"),
        (format!("{session} ('s2', now(), 't2', now(), 'nobody')"), "session_userId_fkey"),
        (format!("{account} ('a', 'u', 'credential', 'u', now())"), "account_pkey"),
        (format!("{account} ('a2', 'u', 'credential', 'nobody', now())"), "account_userId_fkey"),
    ] {
        let error = client.batch_execute(&statement).await.expect_err(&statement);
        assert_eq!(error.as_db_error().unwrap().constraint(), Some(rule), "{statement}");
    }
    for (statement, column) in [
        (format!("{user} ('v', '', NULL, false)"), "email"),
        (format!("{user} ('v', '', 'bob@example.com', NULL)"), "emailVerified"),
        (format!("{session} ('s2', NULL, 't2', now(), 'u')"), "expiresAt"),
        (format!("{session} ('s2', now(), NULL, now(), 'u')"), "token"),
        (format!("{session} ('s2', now(), 't2', now(), NULL)"), "userId"),
        (format!("{account} ('a2', 'u', 'credential', NULL, now())"), "userId"),
    ] {
        let error = client.batch_execute(&statement).await.expect_err(&statement);
        assert_eq!(error.as_db_error().unwrap().column(), Some(column), "{statement}");
    }
}

#[tokio::test]
async fn r_103_what_a_user_owns_goes_with_the_user() {
    let database = TestDatabase::create().await;
    database.store().register(&crate::made::registration("ann@example.com")).await.unwrap();
    database.execute("DELETE FROM \"user\"").await;
    let left = "SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM account)";
    assert_eq!(database.query_one_text(left).await.as_deref(), Some("0"));
}

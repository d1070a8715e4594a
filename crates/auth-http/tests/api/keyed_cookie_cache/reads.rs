//! How often the `jwks` table is read for copies, who waits for that, and what becomes of copies meanwhile.

use std::time::{Duration as Span, Instant};

use auth_http::signing_keys::READ_WAIT;
use futures_util::future::{join, join_all};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{
    Answer, DATA, Duration, KEY_CACHE_TTL, ON, TestApp, beside, copy, json, kid, name, read, rename, start,
};
use crate::statements::counting::CountingProxy;

/// A server that knows no keys yet, as after a restart, and what counts its reads.
struct Restarted {
    app: TestApp,
    proxy: CountingProxy,
}

impl Restarted {
    async fn of(app: &TestApp) -> Self {
        let proxy = CountingProxy::start(app.database_url()).await;
        // Longer than anybody holds the table here.
        let patient = ("AUTH__DATABASE__LOCK_TIMEOUT", "4s");
        let restarted = TestApp::on(&proxy.url(), &[&ON[..], &[patient]].concat()).await;
        // A connection is open, and the statement prepared; nothing is learnt by showing keys.
        restarted.get("/jwks", &[]).await;
        proxy.take();
        Self { app: restarted, proxy }
    }

    /// How often the keys were read since it was asked last.
    fn reads(&self) -> usize {
        self.proxy.take().iter().filter(|statement| *statement == "select jwks").count()
    }
}

/// The table, held so that whoever reads it waits.
struct Held(tokio_postgres::Client);

impl Held {
    async fn of(app: &TestApp) -> Self {
        let client = app.connect().await;
        client.batch_execute("begin; lock table jwks in access exclusive mode").await.unwrap();
        Self(client)
    }

    /// Tells whether somebody waits for the table.
    async fn is_asked(&self) -> bool {
        let waiting = "select 1 from pg_locks where not granted and relation = 'jwks'::regclass limit 1";
        self.0.query_opt(waiting, &[]).await.unwrap().is_some()
    }

    async fn until_asked(&self) {
        let given_up_at = Instant::now() + Span::from_secs(10);
        while !self.is_asked().await {
            assert!(Instant::now() < given_up_at, "nobody reads the keys");
        }
    }

    async fn release(self) {
        self.0.batch_execute("rollback").await.unwrap();
    }
}

/// Plays a round again that took so long that nobody waited for its end.
async fn in_time<T>(round: impl AsyncFn() -> (Span, T)) -> T {
    for _ in 0..20 {
        let (took, outcome) = round().await;
        if took < READ_WAIT {
            return outcome;
        }
    }
    panic!("this machine is too slow for {READ_WAIT:?}")
}

/// What an answer says of the copy that came: whose name it shows, and whether a new one takes its place.
fn seen(answer: &Answer) -> (String, bool) {
    (answer.json()["user"]["name"].as_str().unwrap().to_owned(), copy(answer).is_some())
}

#[actix_web::test]
async fn whoever_comes_while_the_keys_are_read_waits_and_is_a_hit() {
    let app = start(&[]).await;
    let cookies = app.register("ann@example.com").await.cookie_header();
    rename(&app).await;
    let (answers, reads) = in_time(async || {
        let restarted = Restarted::of(&app).await;
        let held = Held::of(&app).await;
        let begun = Instant::now();
        let others = async {
            held.until_asked().await;
            let mut others = Box::pin(join_all((0..4).map(|_| read(&restarted.app, &cookies))));
            let early = timeout(Span::from_millis(50), &mut others).await;
            held.release().await;
            let took = begun.elapsed();
            match early {
                Ok(others) => (took, others),
                Err(_they_wait) => (took, others.await),
            }
        };
        let (first, (took, mut answers)) = join(read(&restarted.app, &cookies), others).await;
        answers.push(first);
        let reads = restarted.reads();
        (took, (answers, reads))
    })
    .await;
    assert_eq!(answers.iter().map(seen).collect::<Vec<_>>(), vec![("ann".to_owned(), false); 5]);
    assert_eq!(reads, 1);
}

/// Sends a request without waiting for its answer; the client hangs up as this is dropped.
async fn ask_and_keep(app: &TestApp, cookies: &str) -> TcpStream {
    let mut peer = TcpStream::connect(app.address).await.unwrap();
    let request =
        format!("GET /api/auth/get-session HTTP/1.1\r\nHost: auth.test\r\nCookie: {cookies}\r\n\r\n");
    peer.write_all(request.as_bytes()).await.unwrap();
    peer
}

#[actix_web::test]
async fn a_reader_who_hangs_up_costs_the_others_nothing() {
    let app = start(&[]).await;
    let cookies = app.register("ann@example.com").await.cookie_header();
    rename(&app).await;
    let (answers, reads) = in_time(async || {
        let restarted = Restarted::of(&app).await;
        let held = Held::of(&app).await;
        let begun = Instant::now();
        let hung_up = ask_and_keep(&restarted.app, &cookies).await;
        held.until_asked().await;
        drop(hung_up);
        let mut others = Box::pin(join_all((0..4).map(|_| read(&restarted.app, &cookies))));
        let early = timeout(Span::from_millis(50), &mut others).await;
        held.release().await;
        let took = begun.elapsed();
        let answers = match early {
            Ok(answers) => answers,
            Err(_they_wait) => others.as_mut().await,
        };
        drop(others);
        let reads = restarted.reads();
        (took, (answers, reads))
    })
    .await;
    assert_eq!(answers.iter().map(seen).collect::<Vec<_>>(), vec![("ann".to_owned(), false); 4]);
    assert_eq!(reads, 1, "the read went on");
}

/// Names keys that nobody has, each time another one.
async fn ask_for_strange_keys(app: &TestApp, session: &str, count: usize) {
    let answers = (0..count).map(async |number| {
        let header =
            json!({"alg": "EdDSA", "kid": format!("k{number}"), "typ": "better-auth.session-cache+jwt"});
        let forged = app.sign_jwt(&header, &json!({}));
        let cookies = format!("{session}; {DATA}={forged}");
        // So that no copy takes its place, for which a key would be read too.
        app.get("/get-session?disableRefresh=true", &[("cookie", &cookies)]).await
    });
    for answer in join_all(answers).await {
        assert_eq!((answer.status, copy(&answer)), (200, None), "{}", answer.body);
    }
}

#[actix_web::test]
async fn names_of_strange_keys_have_the_table_read_once_in_five_seconds() {
    let app = start(&[]).await;
    let session = app.register("ann@example.com").await.session_cookie();
    let restarted = Restarted::of(&app).await;
    let ask = async |count: usize| {
        ask_for_strange_keys(&restarted.app, &session, count).await;
        restarted.reads()
    };
    assert_eq!(ask(20).await, 1);
    // Requests that began before the one which read.
    restarted.app.clock.advance(Duration::seconds(-9));
    assert_eq!(ask(5).await, 0, "older ones");
    restarted.app.clock.advance(Duration::seconds(9));
    assert_eq!(ask(5).await, 0, "younger ones");
    restarted.app.clock.advance(KEY_CACHE_TTL);
    assert_eq!(ask(20).await, 1, "later");
    app.execute(
        "alter table jwks rename to keys_elsewhere; \
         create view jwks as select * from keys_elsewhere where 1 / 0 = 1",
    )
    .await;
    restarted.app.clock.advance(KEY_CACHE_TTL);
    assert_eq!(ask(20).await, 1, "it is no other where the table cannot be read");
    assert_eq!(ask(5).await, 0);
}

#[actix_web::test]
async fn r_093_nobody_waits_long_for_keys_that_they_can_do_without() {
    let app = start(&[]).await;
    let registered = app.register("ann@example.com").await;
    rename(&app).await;
    let restarted = Restarted::of(&app).await;
    let held = Held::of(&app).await;
    let path = "/get-session?disableRefresh=true";
    let cookies = registered.cookie_header();
    let cookies = [("cookie", cookies.as_str())];
    let first = restarted.app.get(path, &cookies).await;
    assert!(held.is_asked().await, "the table has not answered the one who asked");
    let mut answers = join_all((0..3).map(|_| restarted.app.get(path, &cookies))).await;
    assert!(held.is_asked().await, "nor the others");
    answers.push(first);
    held.release().await;
    for answer in &answers {
        assert_eq!(seen(answer), ("stored".to_owned(), false));
    }
}

#[actix_web::test]
async fn r_130_copies_go_on_for_a_minute_while_the_keys_cannot_be_read() {
    let app = start(&[]).await;
    let registered = app.register("ann@example.com").await;
    let signed_by = kid(&copy(&registered).unwrap());
    app.execute("alter table jwks rename to keys_elsewhere").await;
    for seconds in [5, 10, 15, 20, 25, 30, 35, 40, 45, 50] {
        app.clock.advance(KEY_CACHE_TTL);
        for _ in 0..2 {
            let value = copy(&app.login("ann@example.com").await).unwrap_or_else(|| panic!("{seconds} s"));
            assert_eq!(kid(&value), signed_by);
        }
    }
    app.clock.advance(Duration::seconds(10));
    assert_eq!(copy(&app.login("ann@example.com").await), None, "after a minute");
    app.execute("alter table keys_elsewhere rename to jwks").await;
    app.clock.advance(KEY_CACHE_TTL);
    assert!(copy(&app.login("ann@example.com").await).is_some());
}

#[actix_web::test]
async fn r_130_a_key_that_has_run_out_or_cannot_be_opened_does_not_go_on() {
    let app = start(&[("AUTH__JWT__ROTATION_INTERVAL", "30s")]).await;
    app.register("ann@example.com").await;
    app.execute("alter table jwks rename to keys_elsewhere").await;
    app.clock.advance(Duration::seconds(20));
    assert!(copy(&app.login("ann@example.com").await).is_some());
    app.clock.advance(Duration::seconds(11));
    assert_eq!(copy(&app.login("ann@example.com").await), None, "it has run out");
    app.execute("alter table keys_elsewhere rename to jwks").await;
    app.clock.advance(KEY_CACHE_TTL);
    assert!(copy(&app.login("ann@example.com").await).is_some());

    // Somebody makes a newer key that this server cannot open, and then the table is away.
    app.execute(
        r#"insert into jwks (id, "publicKey", "privateKey", "createdAt", alg, crv)
           select 'newer', "publicKey", '"sealed"', "createdAt" + interval '1 second', alg, crv from jwks
           order by "createdAt" desc limit 1"#,
    )
    .await;
    app.clock.advance(KEY_CACHE_TTL);
    assert_eq!(copy(&app.login("ann@example.com").await), None, "the table says that another signs");
    app.execute("alter table jwks rename to keys_elsewhere").await;
    app.clock.advance(KEY_CACHE_TTL);
    assert_eq!(copy(&app.login("ann@example.com").await), None, "and that is not forgotten");
}

#[actix_web::test]
async fn sign_ins_do_not_wait_for_a_key_that_was_opened() {
    let app = start(&[]).await;
    app.register("ann@example.com").await;
    app.clock.advance(KEY_CACHE_TTL);
    let held = Held::of(&app).await;
    // Nobody lets the table go before they are answered.
    let answers = join_all((0..4).map(|_| app.login("ann@example.com"))).await;
    assert!(answers.iter().all(|answer| copy(answer).is_some()));
    held.release().await;
}

#[actix_web::test]
async fn sign_ins_after_a_restart_read_the_key_once() {
    let app = start(&[]).await;
    app.register("ann@example.com").await;
    let restarted = Restarted::of(&app).await;
    let held = Held::of(&app).await;
    let mut logins = Box::pin(join_all((0..4).map(|_| restarted.app.login("ann@example.com"))));
    tokio::select! {
        biased;
        () = held.until_asked() => {}
        answers = &mut logins => panic!("{answers:?}"),
    }
    // Whoever hashed longer finds the key in memory, which is no read either.
    let early = timeout(Span::from_millis(200), &mut logins).await;
    assert!(early.is_err(), "they wait for it");
    held.release().await;
    assert!(logins.await.iter().all(|answer| copy(answer).is_some()));
    assert_eq!(restarted.reads(), 1);

    // And once where there is none to be had.
    let other = beside(&app, &[]).await;
    app.execute("alter table jwks rename to keys_elsewhere").await;
    let answers = join_all((0..4).map(|_| other.login("ann@example.com"))).await;
    assert!(answers.iter().all(|answer| copy(answer).is_none()));
    assert_eq!(name(&other, &answers[0].cookie_header()).await, "ann");
}

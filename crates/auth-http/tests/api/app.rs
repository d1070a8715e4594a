//! A server on a free port over a database of its own, and a client that reads like one.

use std::net::SocketAddr;

use auth_core::SigningSecret;
use auth_http::clock::Clock;
use auth_http::settings::{Environment, Settings};
use auth_http::{Application, ApplicationHandle};
use auth_store::testing::TestDatabase;
use auth_store::{IdKind, migrations};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// The password of everyone who is registered here.
pub const PASSWORD: &str = "correct horse battery staple";

/// Published with the reference's test vectors; signs nothing outside tests.
pub const SECRET: &str = "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz";

/// The address under which clients believe the server to be.
const ORIGIN: &str = "http://auth.test:3000";

/// A running server.
pub struct TestApp {
    /// Its base URL's origin.
    pub origin: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its clock, which tests move.
    pub clock: Clock,
    /// Its secret.
    pub secret: SigningSecret,
    database_url: String,
    database: Option<TestDatabase>,
    client: Client,
    handle: ApplicationHandle,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts with settings changed, by the names of their variables.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create().await;
        let url = database.url().to_owned();
        Self::serve(url, Some(database), variables).await
    }

    /// Starts on tables that keep ids of a kind.
    pub async fn with_ids(ids: IdKind, variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create_with_ids(ids).await;
        let url = database.url().to_owned();
        let mut variables = variables.to_vec();
        variables.push(("AUTH__DATABASE__GENERATE_ID", ids.name()));
        Self::serve(url, Some(database), &variables).await
    }

    /// Starts with a settings file; the columns that it declares are there.
    pub async fn with_file(toml: &str, variables: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("auth-api-{:x}.toml", rand::random::<u128>()));
        std::fs::write(&path, toml).unwrap();
        let mut variables = variables.to_vec();
        variables.push(("AUTH_CONFIG", path.to_str().unwrap()));
        let app = Self::with(&variables).await;
        std::fs::remove_file(path).unwrap();
        app
    }

    /// Starts on a database that the test looks after itself.
    pub async fn on(database_url: &str, variables: &[(&str, &str)]) -> Self {
        Self::serve(database_url.to_owned(), None, variables).await
    }

    /// Starts a second server on the same database and secret.
    pub async fn sharing(other: &Self, variables: &[(&str, &str)]) -> Self {
        Self::on(&other.database_url, variables).await
    }

    async fn serve(database_url: String, database: Option<TestDatabase>, variables: &[(&str, &str)]) -> Self {
        let mut environment = Environment::default()
            .with("DATABASE_URL", &database_url)
            .with("BETTER_AUTH_SECRET", SECRET)
            .with("BETTER_AUTH_URL", ORIGIN)
            .with("PORT", "0")
            .with("AUTH__SERVER__WORKERS", "1");
        for (name, value) in variables {
            environment = environment.with(*name, *value);
        }
        let settings = Settings::load(&environment).unwrap();
        let (url, names) = (&settings.database.url, &settings.database.names);
        migrations::fields::up(url, &settings.fields, names).await.unwrap();
        let clock = Clock::system();
        let application = Application::build_with_clock(settings, clock.clone()).await.unwrap();
        let (address, handle) = (application.address(), application.handle());
        actix_web::rt::spawn(application.run());
        let secret = SigningSecret::parse(SECRET).unwrap();
        Self {
            origin: ORIGIN.to_owned(),
            address,
            clock,
            secret,
            database_url,
            database,
            client: Client::new(),
            handle,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/api/auth{path}", self.address)
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), self.url(path))
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers
            .iter()
            .fold(self.request("GET", path), |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", path).form(fields)).await
    }

    /// Sends bytes as they are and reads until the server closes.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let mut peer = tokio::net::TcpStream::connect(self.address).await.unwrap();
        peer.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let whole = tokio::time::timeout(std::time::Duration::from_secs(10), peer.read_to_end(&mut answer));
        // A reset is an end as well.
        let _reset =
            whole.await.unwrap_or_else(|_| panic!("not closed after {:?}", String::from_utf8_lossy(bytes)));
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Registers a user with [`PASSWORD`].
    pub async fn register(&self, email: &str) -> Answer {
        let answer = self.post("/register", &serde_json::json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }

    /// Signs any header and claims with the server's secret.
    pub fn sign_jwt(&self, header: &Value, claims: &Value) -> String {
        use hmac::{Hmac, KeyInit, Mac};

        let part = |value: &Value| to_base64(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(input.as_bytes());
        format!("{input}.{}", to_base64(&mac.finalize().into_bytes()))
    }

    pub fn now_seconds(&self) -> i64 {
        self.clock.now().unix_timestamp()
    }

    fn database(&self) -> &TestDatabase {
        self.database.as_ref().expect("this server's database is another's")
    }

    /// The address of its database.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Opens a connection to the database, for what lasts longer than one call.
    pub async fn connect(&self) -> tokio_postgres::Client {
        self.database().client().await
    }

    pub async fn execute(&self, sql: &str) {
        self.database().execute(sql).await;
    }

    pub async fn sql(&self, sql: &str) -> String {
        self.database().query_one_text(sql).await.unwrap_or_default()
    }

    pub async fn count(&self, table: &str) -> i64 {
        self.sql(&format!("select count(*)::text from \"{table}\"")).await.parse().unwrap()
    }

    pub async fn stored_hash(&self, email: &str) -> String {
        self.sql(&format!(
            "select password from account join \"user\" u on u.id = \"userId\" where u.email = '{email}'"
        ))
        .await
    }

    pub async fn set_hash(&self, email: &str, hash: &str) {
        self.execute(&format!("update account set password = '{hash}' where \"userId\" = (select id from \"user\" where email = '{email}')")).await;
    }

    /// Stops the server.
    pub async fn stop(self) {
        self.handle.stop().await;
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// Gives the body's `code`, or nothing.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect()
    }

    /// Gives all cookies that were set as a client sends them back.
    pub fn cookie_header(&self) -> String {
        self.set_cookies().iter().map(|line| line.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
    }

    /// Gives the session cookie as a client sends it back.
    pub fn session_cookie(&self) -> String {
        let cookies = self.set_cookies();
        let line =
            cookies.iter().find(|line| line.contains("session_token=")).expect("a session cookie is set");
        line.split(';').next().unwrap().to_owned()
    }

    pub fn access_token(&self) -> String {
        self.json()["accessToken"].as_str().unwrap().to_owned()
    }

    pub fn session_token(&self) -> String {
        self.json()["session"]["token"].as_str().unwrap().to_owned()
    }
}

pub fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub fn to_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

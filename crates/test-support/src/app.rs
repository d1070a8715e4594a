//! A server with its own database, and a client for it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use auth_core::SigningSecret;
use auth_http::clock::Clock;
use auth_http::settings::{Environment, Settings};
use auth_store::testing::TestDatabase;
use auth_store::{IdKind, migrations};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::TEST_HASHES;
use crate::answer::Answer;
use crate::credential::{CredentialHeader, PASSWORD, email_and_password};
use crate::server::Server;
use crate::token::to_base64;

/// The secret of test servers. It is published with the reference's test vectors and signs nothing outside
/// tests.
pub const SECRET: &str = "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz";

/// The origin of the configured base URL.
const ORIGIN: &str = "http://auth.test:3000";

/// A running server, its database, and a client. Drop stops the server, then removes the database.
#[derive(Debug)]
pub struct TestApp {
    /// The origin of the configured base URL.
    pub origin: String,
    /// The address on which the server listens.
    pub address: SocketAddr,
    /// The server's clock, which tests can move.
    pub clock: Clock,
    /// The server's secret.
    pub secret: SigningSecret,
    database_url: String,
    client: Client,
    // Fields are dropped in this order: the database is dropped after the server that uses it.
    _server: Server,
    database: Option<TestDatabase>,
}

impl TestApp {
    /// Starts a server with the default settings and cheap password hashes ([`TEST_HASHES`]).
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts a server with changed settings, given as environment variables.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create().await;
        let url = database.url().to_owned();
        Self::serve(url, Some(database), variables).await
    }

    /// Starts a server with changed settings, registers `ann@example.com`, and returns that response.
    pub async fn signed_in(variables: &[(&str, &str)]) -> (Self, Answer) {
        let app = Self::with(variables).await;
        let ann = app.register("ann@example.com").await;
        (app, ann)
    }

    /// Starts a server on tables with this kind of ids.
    pub async fn with_ids(ids: IdKind, variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create_with_ids(ids).await;
        let url = database.url().to_owned();
        let mut variables = variables.to_vec();
        variables.push(("AUTH__DATABASE__GENERATE_ID", ids.name()));
        Self::serve(url, Some(database), &variables).await
    }

    /// Starts a server with a settings file, and creates the columns that it declares.
    pub async fn with_file(toml: &str, variables: &[(&str, &str)]) -> Self {
        let file = SettingsFile::new(toml);
        Self::with(&[&[file.variable()], variables].concat()).await
    }

    /// Starts a server on a database that the test manages itself.
    pub async fn on(database_url: &str, variables: &[(&str, &str)]) -> Self {
        Self::serve(database_url.to_owned(), None, variables).await
    }

    /// Starts a second server on the same database and secret.
    pub async fn sharing(other: &Self, variables: &[(&str, &str)]) -> Self {
        Self::on(&other.database_url, variables).await
    }

    async fn serve(database_url: String, database: Option<TestDatabase>, variables: &[(&str, &str)]) -> Self {
        let usual = [
            ("DATABASE_URL", database_url.as_str()),
            ("BETTER_AUTH_SECRET", SECRET),
            ("BETTER_AUTH_URL", ORIGIN),
            ("PORT", "0"),
            ("AUTH__SERVER__WORKERS", "1"),
        ];
        let all = usual.iter().chain(&TEST_HASHES).chain(variables);
        let environment =
            all.fold(Environment::default(), |environment, (name, value)| environment.with(*name, *value));
        let settings = Settings::load(&environment).unwrap();
        let (url, names) = (&settings.database.url, &settings.database.names);
        migrations::fields::up(url, &settings.fields, names).await.unwrap();
        let server = Server::serve(settings).await.unwrap();
        Self {
            origin: ORIGIN.to_owned(),
            address: server.address(),
            clock: server.clock().clone(),
            secret: SigningSecret::parse(SECRET).unwrap(),
            database_url,
            client: Client::new(),
            _server: server,
            database,
        }
    }

    /// The URL of a path below the base path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/api/auth{path}", self.address)
    }

    /// A request for a path below the base path, for tests that need more than the methods below.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), self.url(path))
    }

    /// The same with a credential and with the server's own origin as the `Origin` header.
    pub fn request_as(&self, credential: &CredentialHeader, method: &str, path: &str) -> RequestBuilder {
        let (name, value) = credential.as_pair();
        self.request(method, path).header("origin", &self.origin).header(name, value)
    }

    /// Sends a request and reads the response.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// Sends a GET request with headers.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers
            .iter()
            .fold(self.request("GET", path), |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    /// Sends a GET request with a credential.
    pub async fn get_as(&self, credential: &CredentialHeader, path: &str) -> Answer {
        self.get(path, &[credential.as_pair()]).await
    }

    /// Sends a GET request for a path outside the base path.
    pub async fn get_at_root(&self, path: &str) -> Answer {
        self.send(self.client.get(format!("http://{}{path}", self.address))).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    /// Posts JSON with a credential and with the server's own origin as the `Origin` header.
    pub async fn post_as(&self, credential: &CredentialHeader, path: &str, body: &Value) -> Answer {
        self.send(self.request_as(credential, "POST", path).json(body)).await
    }

    /// Posts a form.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", path).form(fields)).await
    }

    /// Sends raw bytes and reads until the server closes the connection.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut peer = tokio::net::TcpStream::connect(self.address).await.unwrap();
        peer.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let whole = tokio::time::timeout(Duration::from_secs(30), peer.read_to_end(&mut answer));
        // A connection reset counts as closing.
        let _reset =
            whole.await.unwrap_or_else(|_| panic!("not closed after {:?}", String::from_utf8_lossy(bytes)));
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Registers a user with [`PASSWORD`] through the token API.
    pub async fn register(&self, email: &str) -> Answer {
        self.expect(201, "/register", &email_and_password(email)).await
    }

    /// Signs a user in through the token API.
    pub async fn login(&self, email: &str) -> Answer {
        self.expect(200, "/login", &email_and_password(email)).await
    }

    /// Signs a user up as Better Auth's client does.
    pub async fn sign_up(&self, email: &str) -> Answer {
        let body = json!({"email": email, "password": PASSWORD, "name": "Ann"});
        self.expect(200, "/sign-up/email", &body).await
    }

    /// Signs a user in as Better Auth's client does.
    pub async fn sign_in(&self, email: &str) -> Answer {
        self.expect(200, "/sign-in/email", &email_and_password(email)).await
    }

    async fn expect(&self, status: u16, path: &str, body: &Value) -> Answer {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        answer
    }

    /// Signs a JWT with any header and claims, using the server's secret.
    pub fn sign_jwt(&self, header: &Value, claims: &Value) -> String {
        use hmac::{Hmac, KeyInit, Mac};

        let part = |value: &Value| to_base64(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(input.as_bytes());
        format!("{input}.{}", to_base64(&mac.finalize().into_bytes()))
    }

    /// The time of the server's clock, in seconds since 1970.
    pub fn now_seconds(&self) -> i64 {
        self.clock.now().unix_timestamp()
    }

    fn database(&self) -> &TestDatabase {
        self.database.as_ref().expect("this server's database is another's")
    }

    /// The URL of the server's database.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Opens a connection to the database, for tests that need one for more than one call.
    pub async fn connect(&self) -> tokio_postgres::Client {
        self.database().client().await
    }

    /// Runs SQL without parameters.
    pub async fn execute(&self, sql: &str) {
        self.database().execute(sql).await;
    }

    /// Runs a query and returns the first column of its first row as text; empty if there is no row or the
    /// value is NULL.
    pub async fn sql(&self, sql: &str) -> String {
        self.database().query_one_text(sql).await.unwrap_or_default()
    }

    /// The number of rows of a table.
    pub async fn count(&self, table: &str) -> i64 {
        self.sql(&["select count(*)::text from \"", table, "\""].concat()).await.parse().unwrap()
    }

    /// The password hash of a user.
    pub async fn stored_hash(&self, email: &str) -> String {
        let hash = "select password from account a join \"user\" u on u.id = a.\"userId\" where u.email = $1";
        self.connect().await.query_one(hash, &[&email]).await.unwrap().get(0)
    }

    /// Replaces the password hash of a user.
    pub async fn set_hash(&self, email: &str, hash: &str) {
        let set =
            "update account a set password = $2 from \"user\" u where u.id = a.\"userId\" and u.email = $1";
        assert_eq!(self.connect().await.execute(set, &[&email, &hash]).await.unwrap(), 1, "{email}");
    }
}

/// A settings file, removed on drop. The server reads it only at start.
#[derive(Debug)]
pub struct SettingsFile(PathBuf);

impl SettingsFile {
    /// Writes a file.
    pub fn new(toml: &str) -> Self {
        let path = std::env::temp_dir().join(format!("auth-test-{:x}.toml", rand::random::<u128>()));
        std::fs::write(&path, toml).unwrap();
        Self(path)
    }

    /// The environment variable that names the file, with its value.
    pub fn variable(&self) -> (&str, &str) {
        ("AUTH_CONFIG", self.0.to_str().unwrap())
    }
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        // If this fails, the file remains in the folder for temporary files.
        let _ = std::fs::remove_file(&self.0);
    }
}

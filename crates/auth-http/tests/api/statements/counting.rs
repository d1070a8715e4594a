//! A proxy before PostgreSQL that notes each statement a client runs: each Execute of the extended protocol and each
//! simple query, `begin` and `commit` among them (PostgreSQL documentation, "Message Formats").

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

pub struct CountingProxy {
    address: SocketAddr,
    database: String,
    ran: Arc<Mutex<Vec<String>>>,
}

/// Where the tests' server listens.
#[derive(Clone)]
enum Behind {
    Socket(String),
    Tcp(String),
}

impl CountingProxy {
    /// Listens on a free port, before the database of an address.
    pub async fn start(database_url: &str) -> Self {
        let url = url::Url::parse(database_url).unwrap();
        let port = url.port().unwrap_or(5432);
        let host = auth_core::decode_uri_component(url.host_str().unwrap()).unwrap();
        let behind = if host.starts_with('/') {
            Behind::Socket(format!("{host}/.s.PGSQL.{port}"))
        } else {
            Behind::Tcp(format!("{host}:{port}"))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ran = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&ran);
        actix_web::rt::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                actix_web::rt::spawn(serve(client, behind.clone(), Arc::clone(&noted)));
            }
        });
        let user = match (url.username(), url.password()) {
            ("", _) => "postgres".to_owned(),
            (user, None) => user.to_owned(),
            (user, Some(password)) => format!("{user}:{password}"),
        };
        let database = format!("postgres://{user}@{address}{}?sslmode=disable", url.path());
        Self { address, database, ran }
    }

    /// The address of the same database through the proxy.
    pub fn url(&self) -> String {
        debug_assert!(self.database.contains(&self.address.to_string()));
        self.database.clone()
    }

    /// Gives what ran since the last call, in order.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.ran.lock().unwrap())
    }
}

async fn serve(client: TcpStream, behind: Behind, ran: Arc<Mutex<Vec<String>>>) {
    match behind {
        Behind::Socket(path) => relay(client, UnixStream::connect(path).await.unwrap(), ran).await,
        Behind::Tcp(address) => relay(client, TcpStream::connect(address).await.unwrap(), ran).await,
    }
}

async fn relay<S>(client: TcpStream, server: S, ran: Arc<Mutex<Vec<String>>>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
{
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    actix_web::rt::spawn(async move {
        let _closed = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut statements = Statements::default();
    // The first message has no type.
    let mut kind = None;
    loop {
        let Ok(length) = from_client.read_u32().await else { return };
        let mut body = vec![0; length as usize - 4];
        if from_client.read_exact(&mut body).await.is_err() {
            return;
        }
        if let Some(statement) = kind.and_then(|kind| statements.see(kind, &body)) {
            ran.lock().unwrap().push(statement);
        }
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(&body);
        if to_server.write_all(&message).await.is_err() || to_server.flush().await.is_err() {
            return;
        }
        let Ok(next) = from_client.read_u8().await else { return };
        kind = Some(next);
    }
}

/// What a connection has prepared and bound.
#[derive(Default)]
struct Statements {
    /// Whether something ran that is no `SET`: a pool sets a connection up whenever it opens one, which may be while a
    /// test counts.
    in_use: bool,
    prepared: HashMap<String, String>,
    bound: HashMap<String, String>,
}

impl Statements {
    /// Reads a message and gives the statement that it runs, unless it sets a new connection up.
    fn see(&mut self, kind: u8, body: &[u8]) -> Option<String> {
        let statement = self.statement(kind, body)?;
        self.in_use |= statement != "set";
        self.in_use.then_some(statement)
    }

    fn statement(&mut self, kind: u8, body: &[u8]) -> Option<String> {
        let mut texts = body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        let first = texts.next().unwrap_or_default();
        match kind {
            b'P' => drop(self.prepared.insert(first, texts.next().unwrap_or_default())),
            b'B' => drop(self.bound.insert(first, texts.next().unwrap_or_default())),
            b'E' => return Some(summary(self.prepared.get(self.bound.get(&first)?)?)),
            b'Q' => return Some(summary(&first)),
            _ => {}
        }
        None
    }
}

/// The verb of a statement and the first table that it names.
fn summary(sql: &str) -> String {
    let mut words = sql.split_whitespace();
    let verb = words.next().unwrap_or_default().trim_end_matches(';').to_lowercase();
    let table = sql
        .split_whitespace()
        .skip_while(|word| !["FROM", "INTO", "UPDATE"].contains(&word.to_uppercase().as_str()));
    match table.skip(1).find_map(|word| word.split('"').nth(1)) {
        Some(table) => format!("{verb} {table}"),
        None => verb,
    }
}

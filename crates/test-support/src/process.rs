//! The server's binary as a process, with its output and its resource use.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auth_store::testing::TestDatabase;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::credential::email_and_password;
use crate::{SECRET, TEST_HASHES};

/// The binary `auth-server`. Cargo gives its path only to tests of the same package:
/// `Program::at(env!("CARGO_BIN_EXE_auth-server"))`.
#[derive(Clone, Copy, Debug)]
pub struct Program(&'static str);

impl Program {
    /// Creates a program from the path of the binary.
    pub const fn at(path: &'static str) -> Self {
        Self(path)
    }

    /// A command with these environment variables; of others, only `RUST_BACKTRACE` is set.
    pub fn command(self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(self.0);
        command.args(arguments).env_clear().env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        command.current_dir(std::env::temp_dir()).envs(variables.iter().copied());
        command
    }

    /// Starts a server on a database, with cheap password hashes. `changes` override the other settings.
    pub async fn start(self, database_url: &str, changes: &[(&str, &str)]) -> Process {
        let usual = [
            ("DATABASE_URL", database_url),
            ("BETTER_AUTH_SECRET", SECRET),
            ("BETTER_AUTH_URL", "http://localhost:3000"),
            ("PORT", "0"),
            ("AUTH__SERVER__WORKERS", "2"),
        ];
        let variables = [&usual[..], &TEST_HASHES, changes].concat();
        let mut child =
            self.command(&[], &variables).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (told, listening) = oneshot::channel();
        collect(child.stdout.take().unwrap(), Arc::clone(&lines), Some(told));
        collect(child.stderr.take().unwrap(), Arc::clone(&lines), None);
        match tokio::time::timeout(Duration::from_secs(30), listening).await {
            Ok(Ok(address)) => Process { child, address, client: reqwest::Client::new(), lines },
            _ => {
                let _ = child.kill();
                panic!("the server does not listen: {:#?}", lines.lock().unwrap());
            }
        }
    }

    /// Starts a server on a new database.
    pub async fn on_own_database(self, changes: &[(&str, &str)]) -> (TestDatabase, Process) {
        let database = TestDatabase::create().await;
        let process = self.start(database.url(), changes).await;
        (database, process)
    }
}

/// A running server, killed on drop.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// The address on which the server listens.
    pub address: SocketAddr,
    /// A client that stores no cookies.
    pub client: reqwest::Client,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until the process has printed a text, and returns all of its output. The wait is needed because
    /// output may be read later than the response to which it belongs.
    pub async fn prints(&self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let output = self.output();
            if output.contains(text) {
                return output;
            }
            assert!(Instant::now() < deadline, "`{text}` is not printed: {output}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns all output of the process up to now. It sends one more request and waits for its log line,
    /// which follows all earlier lines.
    pub async fn printed(&self) -> String {
        let id = format!("marker-{:x}", rand::random::<u64>());
        let request = self.client.get(self.url("/api/auth/ok")).header("x-request-id", &id);
        assert_eq!(request.send().await.unwrap().status(), 200);
        self.prints(&id).await
    }

    /// The output that was read so far.
    pub fn output(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Sends the signal with this name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits until the process has exited.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running after {within:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Number of open file descriptors of the process.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Resident memory of the process in KiB, from the kernel (VmRSS).
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// CPU time of the process, all threads together, in steps of 10 ms.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The fields after the name (which may contain anything) start with field 3. Fields 14 and 15 are
        // ticks, of which Linux always has 100 per second (proc_pid_stat(5)).
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// Posts JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        self.client.post(self.url(path)).json(body).send().await.unwrap()
    }

    /// Registers a user and returns the response body.
    pub async fn register(&self, email: &str) -> Value {
        let answer = self.post("/api/auth/register", &email_and_password(email)).await;
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    /// Waits until a GET request for a path returns this status.
    pub async fn becomes(&self, path: &str, status: u16, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            let answer = self.get(path).await.status().as_u16();
            if answer == status {
                return;
            }
            assert!(Instant::now() < deadline, "{path} is {answer} after {within:?}, not {status}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Opens a connection and sends raw bytes.
    pub async fn raw(&self, bytes: &[u8]) -> TcpStream {
        let mut peer = TcpStream::connect(self.address).await.unwrap();
        peer.write_all(bytes).await.unwrap();
        peer
    }

    /// Requests a path `times` times, each over a new connection, and returns the sorted response times.
    pub async fn latencies(&self, path: &str, headers: &str, times: usize) -> Vec<Duration> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n");
        let mut all = Vec::new();
        for _ in 0..times {
            let began = Instant::now();
            let answer = to_end(self.raw(request.as_bytes()).await).await;
            all.push(began.elapsed());
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
        all.sort();
        all
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.lines.lock().unwrap();
            let last = lines.iter().rev().take(20).rev();
            eprintln!("the server's last lines:\n{}", last.cloned().collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The 99th percentile of sorted times.
pub fn p99(sorted: &[Duration]) -> Duration {
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

/// Reads until the peer closes the connection.
pub async fn to_end(mut peer: TcpStream) -> String {
    let mut answer = Vec::new();
    let _reset = peer.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Collects lines of output on a new thread, and sends the address from the first `listening` message.
fn collect(
    from: impl Read + Send + 'static,
    lines: Arc<Mutex<Vec<String>>>,
    mut told: Option<oneshot::Sender<SocketAddr>>,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let address = serde_json::from_str::<Value>(&line)
                .ok()
                .filter(|event| event["message"] == "listening")
                .and_then(|event| event["address"].as_str()?.parse().ok());
            lines.lock().unwrap().push(line);
            if let Some(address) = address
                && let Some(told) = told.take()
            {
                let _ = told.send(address);
            }
        }
    });
}

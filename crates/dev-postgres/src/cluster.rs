//! A running PostgreSQL server with its own folder.

mod files;
pub(crate) mod options;

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Progress;
use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{Attempting, Error};
use crate::folder::{FolderLock, make_own, make_socket_folder, reachable_folder, remove};
use crate::keeper::Keeper;
use crate::postmaster::{Leftover, PostmasterFile, clear_leftovers};
use crate::process::{Signal, dying_with_parent, send, tree, wait_until_gone};
use files::{copy_tls, fitting, initialise, tail};
use options::{ClusterOptions, Durability, Tcp};

/// Timeout of a start. Crash recovery of a large development database can take this long; a normal start
/// takes tens of milliseconds.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Timeout of a stop. A fast shutdown writes one checkpoint.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Port number in the socket's name if TCP is off. It can be the same for all clusters, because each has its
/// own socket folder.
const SOCKET_PORT: u16 = 5432;

/// Number of attempts to start on a free port. Another program may take the port after it was chosen.
const PORT_ATTEMPTS: u32 = 5;

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// Ends sessions and writes a checkpoint; the next start is quick.
    Fast,
    /// Ends at once; the next start recovers from the write-ahead log.
    Immediate,
}

/// A running server with exclusive use of its folder.
///
/// Methods take `&self`, so that tasks of a test can share it. Drop stops the server, and removes the folder
/// of a throw-away cluster.
#[derive(Debug)]
pub struct Cluster {
    dir: PathBuf,
    socket_dir: PathBuf,
    port: u16,
    options: ClusterOptions,
    binaries: Binaries,
    account: Account,
    server: Mutex<Server>,
    keeper: Keeper,
    // The last field, so that the lock is released after everything else is dropped.
    _lock: FolderLock,
}

#[derive(Debug, Default)]
struct Server {
    process: Option<Child>,
    paused: bool,
}

impl Cluster {
    /// Creates the data if there is none, starts the server, and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if PostgreSQL is not installed; [`Error::InUse`] if another process uses the
    /// folder; [`Error::VersionMismatch`] and [`Error::ForeignData`] if existing data does not fit;
    /// [`Error::PortTaken`]; [`Error::NoAccount`] if the caller is root and there is no unprivileged user;
    /// [`Error::Program`] and [`Error::TooSlow`] with the server's messages; [`Error::Io`] for other
    /// failures.
    pub fn start(options: ClusterOptions) -> Result<Self, Error> {
        Self::start_with(options, &mut |_| {})
    }

    /// Like [`Cluster::start`], and reports its progress.
    ///
    /// # Errors
    ///
    /// As [`Cluster::start`].
    pub fn start_with(mut options: ClusterOptions, progress: Progress<'_>) -> Result<Self, Error> {
        let dir = reachable_folder(&options.dir)?;
        if Ok(&dir) != std::path::absolute(&options.dir).as_ref().map_err(|_| ()) {
            progress(&format!(
                "{} cannot be reached by the user PostgreSQL runs as; the database is kept in {}",
                options.dir.display(),
                dir.display()
            ));
        }
        let binaries = match options.binaries.take() {
            Some(binaries) => binaries,
            None => Binaries::find()?,
        };
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).attempting(|| format!("make {}", parent.display()))?;
        }
        make_own(&dir, 0o711)?;
        let lock = FolderLock::take(&dir)?;
        let account = Account::for_folder(&dir)?;
        if let Some(user) = account.dropped_to() {
            progress(&format!("PostgreSQL does not run as root: its processes run as {user}"));
        }
        let data = dir.join("data");
        match clear_leftovers(&data) {
            Leftover::None => {}
            Leftover::Server => progress("stopped a database that an earlier run left behind"),
            Leftover::LockFile => {
                progress("the last run ended without stopping its database; it recovers now")
            }
        }
        let binaries = if data.join("PG_VERSION").exists() {
            fitting(binaries, &dir, &data)?
        } else {
            progress(&format!("making a database with PostgreSQL {}", binaries.version()));
            initialise(&dir, &options, &binaries, &account)?;
            binaries
        };
        if let Some(files) = &options.tls {
            copy_tls(&dir, files, &account)?;
        }
        let keeper = Keeper::new().attempting(|| "start a thread".to_owned())?;
        let mut cluster = Self {
            socket_dir: PathBuf::new(),
            port: SOCKET_PORT,
            dir,
            options,
            binaries,
            account,
            server: Mutex::default(),
            keeper,
            _lock: lock,
        };
        cluster.choose_port_and_launch()?;
        Ok(cluster)
    }

    /// URL of a database in this cluster over the Unix socket, as user `postgres`:
    /// `postgresql://postgres@%2Fpath%2Fto%2Fsocket:5432/name`.
    pub fn url(&self, database: &str) -> String {
        let host = percent_encode(&self.socket_dir.to_string_lossy());
        format!("postgresql://postgres@{host}:{}/{}", self.port, percent_encode(database))
    }

    /// URL of the database `postgres`, for creating and dropping other databases.
    pub fn admin_url(&self) -> String {
        self.url("postgres")
    }

    /// URL of a database over TCP, with the password if one is set; `None` if TCP is off.
    pub fn tcp_url(&self, database: &str) -> Option<String> {
        let port = self.tcp_port()?;
        let password = self.options.tcp_password.as_deref().map(|text| format!(":{}", percent_encode(text)));
        let password = password.unwrap_or_default();
        Some(format!("postgresql://postgres{password}@127.0.0.1:{port}/{}", percent_encode(database)))
    }

    /// The folder of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The number in the socket's name. Clients call it the port, even for a Unix socket.
    pub fn socket_port(&self) -> u16 {
        self.port
    }

    /// The port on 127.0.0.1; `None` if TCP is off.
    pub fn tcp_port(&self) -> Option<u16> {
        (self.options.tcp != Tcp::Off).then_some(self.port)
    }

    /// The folder in use, which may differ from the requested one; see [`reachable_folder`].
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The programs this cluster runs.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The user that runs the server. A pooler that uses the socket must run as the same user or as root.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The server's messages since the last start.
    pub fn log(&self) -> String {
        fs::read(self.dir.join("log"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Whether the server's process exists. A paused server counts as running.
    pub fn is_running(&self) -> bool {
        self.server().process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// Stops the server and waits until it has exited. Data and folder remain until the value is dropped.
    /// Stopping a stopped server is not an error.
    ///
    /// # Errors
    ///
    /// [`Error::TooSlow`] if the server had to be killed.
    pub fn stop(&self, mode: StopMode) -> Result<(), Error> {
        let mut server = self.server();
        let Some(mut process) = server.process.take() else {
            return Ok(());
        };
        let family = tree(process.id());
        if std::mem::take(&mut server.paused) {
            send(Signal::Continue, &family);
        }
        let signal = match mode {
            StopMode::Fast => Signal::Interrupt,
            StopMode::Immediate => Signal::Quit,
        };
        send(signal, &[process.id()]);
        if wait_for_exit(&mut process, STOP_LIMIT) {
            return Ok(());
        }
        send(Signal::Kill, &tree(process.id()));
        let _ = process.wait();
        Err(Error::TooSlow { what: "stop", seconds: STOP_LIMIT.as_secs(), log: self.log_tail() })
    }

    /// Kills the server and its children with SIGKILL, like a crash of the machine, and waits until they are
    /// gone.
    ///
    /// # Errors
    ///
    /// [`Error::NotRunning`]; [`Error::TooSlow`] if a process still exists after the timeout.
    pub fn kill(&self) -> Result<(), Error> {
        let mut server = self.server();
        let mut process = server.process.take().ok_or_else(|| self.not_running())?;
        server.paused = false;
        // The parent is frozen first, so that it starts no process between the listing and the signal.
        send(Signal::Stop, &[process.id()]);
        let family = tree(process.id());
        send(Signal::Kill, &family);
        let _ = process.wait();
        if wait_until_gone(&family, STOP_LIMIT) {
            Ok(())
        } else {
            Err(Error::TooSlow { what: "die", seconds: STOP_LIMIT.as_secs(), log: self.log_tail() })
        }
    }

    /// Freezes the server and its children. Connections stay open without any response, as in a network
    /// failure.
    ///
    /// # Errors
    ///
    /// [`Error::NotRunning`].
    pub fn pause(&self) -> Result<(), Error> {
        let mut server = self.server();
        let pid = server.process.as_ref().ok_or_else(|| self.not_running())?.id();
        send(Signal::Stop, &[pid]);
        send(Signal::Stop, &tree(pid));
        server.paused = true;
        Ok(())
    }

    /// Resumes a server that [`pause`](Self::pause) has frozen.
    ///
    /// # Errors
    ///
    /// [`Error::NotRunning`].
    pub fn resume(&self) -> Result<(), Error> {
        let mut server = self.server();
        let pid = server.process.as_ref().ok_or_else(|| self.not_running())?.id();
        send(Signal::Continue, &tree(pid));
        server.paused = false;
        Ok(())
    }

    /// Starts the server again on the same folder, socket and port, after a stop or a [`kill`](Self::kill). A
    /// running server is stopped first.
    ///
    /// # Errors
    ///
    /// As [`Cluster::start`].
    pub fn restart(&self) -> Result<(), Error> {
        self.stop(StopMode::Fast)?;
        clear_leftovers(&self.dir.join("data"));
        self.launch()
    }

    fn choose_port_and_launch(&mut self) -> Result<(), Error> {
        for attempt in 1.. {
            self.port = match self.options.tcp {
                Tcp::Off => SOCKET_PORT,
                Tcp::Port(port) => port,
                Tcp::Free => free_port()?,
            };
            self.socket_dir = make_socket_folder(&self.dir, &self.account, self.port)?;
            match self.launch() {
                Err(Error::PortTaken { .. }) if self.options.tcp == Tcp::Free && attempt < PORT_ATTEMPTS => {}
                outcome => return outcome,
            }
        }
        Ok(())
    }

    fn launch(&self) -> Result<(), Error> {
        let mut server = self.server();
        let log = self.dir.join("log");
        // Messages can quote SQL statements, so only the owner may read the file.
        let log = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&log)
            .attempting(|| format!("write {}", log.display()))?;
        let output = log.try_clone().attempting(|| "share the log file".to_owned())?;
        let mut command = dying_with_parent(&self.binaries.program("postgres"), self.stop_signal());
        command.arg("-D").arg(self.dir.join("data"));
        for (name, value) in self.settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        self.account.apply(&mut command);
        command.current_dir("/").process_group(0).stdin(Stdio::null()).stdout(output).stderr(log);
        let mut process = self.keeper.spawn(command).attempting(|| "start postgres".to_owned())?;
        let ready = self.wait_until_ready(&mut process);
        if ready.is_err() {
            send(Signal::Kill, &tree(process.id()));
            let _ = process.wait();
        } else {
            *server = Server { process: Some(process), paused: false };
        }
        ready
    }

    fn settings(&self) -> Vec<(String, String)> {
        let throw_away = self.options.durability == Durability::ThrowAway;
        let tcp = self.options.tcp != Tcp::Off;
        let mut settings: Vec<(String, String)> = Vec::new();
        let mut set = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
        set("listen_addresses", if tcp { "127.0.0.1" } else { "" });
        set("port", &self.port.to_string());
        set("unix_socket_directories", &self.socket_dir.to_string_lossy());
        set("max_connections", &self.options.max_connections.to_string());
        set("timezone", "UTC");
        set("logging_collector", "off");
        set("cluster_name", "dev-postgres");
        if throw_away {
            for name in ["fsync", "synchronous_commit", "full_page_writes"] {
                set(name, "off");
            }
            set("wal_level", "minimal");
            set("max_wal_senders", "0");
            set("checkpoint_timeout", "1h");
            // The write-ahead log may be in memory, so its size is limited.
            set("max_wal_size", "256MB");
            // With mmap, a killed server leaves no shared memory segments in /dev/shm.
            set("dynamic_shared_memory_type", "mmap");
        }
        if self.options.tls.is_some() {
            let tls = self.dir.join("tls");
            set("ssl", "on");
            set("ssl_cert_file", &tls.join("server.crt").to_string_lossy());
            set("ssl_key_file", &tls.join("server.key").to_string_lossy());
        }
        settings.extend(self.options.settings.iter().cloned());
        settings
    }

    fn wait_until_ready(&self, process: &mut Child) -> Result<(), Error> {
        let data = self.dir.join("data");
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if PostmasterFile::read(&data).is_some_and(|file| file.ready && file.pid == process.id()) {
                return Ok(());
            }
            if !matches!(process.try_wait(), Ok(None)) {
                let output = self.log_tail();
                if let (true, Some(port)) = (output.contains("could not bind"), self.tcp_port()) {
                    return Err(Error::PortTaken { port });
                }
                return Err(Error::Program { program: "postgres".to_owned(), output });
            }
            if Instant::now() > deadline {
                return Err(Error::TooSlow {
                    what: "start",
                    seconds: START_LIMIT.as_secs(),
                    log: self.log_tail(),
                });
            }
            sleep(Duration::from_millis(5));
        }
    }

    fn stop_signal(&self) -> Signal {
        match self.options.durability {
            Durability::Durable => Signal::Interrupt,
            Durability::ThrowAway => Signal::Quit,
        }
    }

    fn log_tail(&self) -> String {
        tail(&self.log())
    }

    fn not_running(&self) -> Error {
        Error::NotRunning { dir: self.dir.clone() }
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        match self.options.durability {
            Durability::Durable => {
                let _ = self.stop(StopMode::Fast);
                let _ = fs::remove_dir_all(&self.socket_dir);
            }
            Durability::ThrowAway => {
                let _ = self.stop(StopMode::Immediate);
                let _ = remove(&self.dir);
            }
        }
    }
}

fn wait_for_exit(process: &mut Child, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while matches!(process.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            return false;
        }
        sleep(Duration::from_millis(2));
    }
    true
}

/// A port on which no program listens at the moment.
fn free_port() -> Result<u16, Error> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| Ok(listener.local_addr()?.port()));
    port.attempting(|| "find a free port".to_owned())
}

/// Percent-encodes all bytes except the unreserved characters of RFC 3986 §2.3. This is correct for a host, a
/// password and a path segment.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

//! The servers that are measured, and the requests that each receives.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use dev_postgres::process::{Signal, dying_with_parent};

use super::body;
use crate::bench::load::{Client, get};
use crate::bench::server::{Bench, SECRET, Server, build};
use crate::database::say;
use crate::failure::Failure;
use crate::needs;
use crate::shell::{root, which};

/// Number of sessions that are read from cookie caches. The measured server has written each cache itself.
const CACHED: usize = 500;

/// Lifetime of the cookie caches in seconds; longer than any measurement.
const CACHE_SECONDS: &str = "86400";

/// Script that serves Better Auth without the conformance tests' extra code.
const NODE_SCRIPT: &str = "xtask/src/bench/serve/better_auth.mjs";

pub(super) const FLOOR: &str = "floor";
pub(super) const SHIPPED: &str = "auth-server, as shipped";
pub(super) const EXACT: &str = "auth-server, no access token";
pub(super) const NODE: &str = "Better Auth on Node";

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    /// `/get-session` with a session cookie, read from the database.
    Cookie,
    /// `/get-session` with a cookie cache.
    Cache,
    /// `/ok`.
    Ok,
}

impl Asked {
    pub(super) const ALL: [Self; 3] = [Self::Cookie, Self::Cache, Self::Ok];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cookie => "/get-session by cookie",
            Self::Cache => "/get-session from the cookie cache",
            Self::Ok => "/ok",
        }
    }
}

/// A running server and its requests.
pub(super) struct Contestant {
    pub(super) name: &'static str,
    pub(super) server: Server,
    /// The kinds of request that are sent to this server, and the requests of each kind.
    requests: Vec<(Asked, Vec<String>)>,
}

impl Contestant {
    pub(super) fn requests(&self, asked: Asked) -> &[String] {
        self.requests.iter().find(|(what, _)| *what == asked).map_or(&[], |(_, requests)| requests)
    }
}

/// All servers of one run.
pub(super) struct Contestants(Vec<Contestant>);

impl Contestants {
    /// Builds and starts all servers, the floor first.
    pub(super) fn start(
        bench: &Bench,
        profile: &str,
        workers: usize,
        node: bool,
        tokens: &[String],
    ) -> Result<Self, Failure> {
        let floor = build("auth-http-floor", "auth-floor", profile)?;
        let database = bench.cluster.admin_url();
        let cookies = signed(&floor, tokens)?;
        let by_cookie: Vec<String> = cookies.iter().map(|cookie| session_read(cookie)).collect();
        let ok = vec![get("/api/auth/ok", "")];
        let workers = workers.to_string();
        let with_cache = |server: &Server| cached(server, &cookies);

        let plain = [("AUTH__SERVER__WORKERS", workers.as_str())];
        let exact = [plain.as_slice(), &[("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false")]].concat();
        let age = format!("{CACHE_SECONDS}s");
        let cache = [
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__MAX_AGE", age.as_str()),
        ];
        let caching = bench.start(&[exact.as_slice(), &cache].concat())?;
        let from_cache = with_cache(&caching)?;
        let mut all = vec![
            Contestant {
                name: FLOOR,
                server: Server::start(
                    environment(&mut dying_with_parent(&floor, Signal::Kill), &database)
                        .env("WORKERS", &workers),
                    "/api/auth/ok",
                )?,
                requests: vec![
                    (Asked::Cookie, by_cookie.clone()),
                    (Asked::Cache, from_cache.clone()),
                    (Asked::Ok, ok.clone()),
                ],
            },
            Contestant {
                name: SHIPPED,
                server: bench.start(&plain)?,
                requests: vec![(Asked::Cookie, by_cookie.clone()), (Asked::Ok, ok.clone())],
            },
            Contestant {
                name: EXACT,
                server: bench.start(&exact)?,
                requests: vec![(Asked::Cookie, by_cookie.clone())],
            },
            Contestant { name: EXACT, server: caching, requests: vec![(Asked::Cache, from_cache)] },
        ];
        if let Some(folder) = node.then(node_folder).flatten() {
            all.push(Contestant {
                name: NODE,
                server: better_auth(&folder, &database, false)?,
                requests: vec![(Asked::Cookie, by_cookie), (Asked::Ok, ok)],
            });
            let server = better_auth(&folder, &database, true)?;
            let requests = vec![(Asked::Cache, with_cache(&server)?)];
            all.push(Contestant { name: NODE, server, requests });
        }
        Ok(Self(all))
    }

    /// The servers that receive this kind of request, the floor first.
    pub(super) fn for_request(&self, asked: Asked) -> impl Iterator<Item = &Contestant> {
        self.0.iter().filter(move |contestant| !contestant.requests(asked).is_empty())
    }

    /// Fails unless all servers return the same body as the floor, because only equal work can be compared.
    /// The access token members of the shipped server are ignored.
    pub(super) fn compare(&self) -> Result<(), Failure> {
        for asked in Asked::ALL {
            let mut contestants = self.for_request(asked);
            let floor = contestants.next().map(|floor| body(floor, asked)).transpose()?.unwrap_or_default();
            for contestant in contestants {
                let mut answer = body(contestant, asked)?;
                if let Some(members) = answer.as_object_mut().filter(|_| contestant.name == SHIPPED) {
                    members.retain(|name, _| {
                        !["accessToken", "accessTokenExpiresAt", "refreshToken"].contains(&name.as_str())
                    });
                }
                if answer != floor {
                    return Err(Failure::new(format!(
                        "{} answers {} with {answer}, the floor with {floor}",
                        contestant.name,
                        asked.name()
                    )));
                }
            }
        }
        Ok(())
    }
}

fn environment<'a>(command: &'a mut Command, database: &str) -> &'a mut Command {
    command
        .env_clear()
        .env("DATABASE_URL", database)
        .env("BETTER_AUTH_SECRET", SECRET)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
}

fn session_read(cookies: &str) -> String {
    get("/api/auth/get-session", &format!("cookie: {cookies}\r\n"))
}

/// Signs the session tokens with the floor's program and returns the cookies.
fn signed(floor: &Path, tokens: &[String]) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::because("cannot run auth-floor", error);
    let mut command = Command::new(floor);
    command.arg("cookies").env("BETTER_AUTH_SECRET", SECRET).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let input = child.stdin.take();
    let text = tokens.join("\n");
    // Input and output run in parallel: the program writes while it reads, so writing all input first would
    // block both sides on full pipes.
    let writing =
        std::thread::spawn(move || input.map_or(Ok(()), |mut input| input.write_all(text.as_bytes())));
    let output = child.wait_with_output().map_err(failed)?;
    let written = writing.join().map_err(|_| Failure::new("signing the cookies panicked"))?;
    written.map_err(failed)?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Reads sessions once, and returns requests that also carry the cookie caches from the responses.
fn cached(server: &Server, cookies: &[String]) -> Result<Vec<String>, Failure> {
    let mut client = Client::new(server.address);
    let with_cache = |cookie: &String| {
        let answer = client.send(&session_read(cookie))?;
        let cache = answer.cookies.split("; ").find(|cookie| cookie.starts_with("better-auth.session_data="));
        let cache = cache.ok_or_else(|| Failure::new("a server with cookie caches wrote none"))?;
        Ok(session_read(&format!("{cookie}; {cache}")))
    };
    cookies.iter().take(CACHED).map(with_cache).collect()
}

/// The folder with the npm packages of Better Auth; `None` if they are missing and cannot be installed.
fn node_folder() -> Option<std::path::PathBuf> {
    let folder = match which("node") {
        Some(_) => needs::node_packages().map_err(|failure| failure.to_string()),
        None => Err("there is no `node`".to_owned()),
    };
    folder.map_err(|reason| say(&format!("without Better Auth on Node: {reason}"))).ok()
}

fn better_auth(folder: &Path, database: &str, cache: bool) -> Result<Server, Failure> {
    let node = which("node").unwrap_or_else(|| "node".into());
    let mut command = dying_with_parent(&node, Signal::Kill);
    environment(&mut command, database).current_dir(folder).arg(root().join(NODE_SCRIPT));
    if cache {
        command.env("CACHE_SECONDS", CACHE_SECONDS);
    }
    Server::start(&mut command, "/api/auth/ok")
}

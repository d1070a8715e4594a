//! Both servers on one database, configured alike.

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth_store::IdKind;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::configuration::Configuration;
use super::lane::{Course, Lane, Side};
use crate::cache::Secrets;
use crate::database::Database;
use crate::keys::PublicKeys;
use crate::node::{self, Reference};
use crate::normalise::Names;
use crate::ours::{self, Ours, random_secret};

/// Which servers take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    Both,
    /// The tests run without Node.
    OursAlone,
    /// Better Auth's answers are written, or another release of it is asked.
    TheirsAlone,
}

impl Cast {
    pub(crate) fn of_this_run() -> Self {
        if super::recording() || crate::node::is_another_release() {
            Self::TheirsAlone
        } else if crate::is_left_out("node") {
            Self::OursAlone
        } else {
            Self::Both
        }
    }
}

/// The servers that take part, on a database of theirs.
pub(crate) struct Pair {
    configuration: &'static Configuration,
    reference: Option<Reference>,
    ours: Option<Ours>,
    /// What each is known as.
    origins: [String; 2],
    secrets: Secrets,
    tables: Vec<String>,
    database: Arc<Database>,
    /// Where the clocks of both servers were stopped; `None` where they follow the system's.
    stopped_at: Option<OffsetDateTime>,
    /// How far they were moved since.
    ahead: Cell<Duration>,
}

impl Pair {
    pub(crate) fn start(configuration: &'static Configuration) -> Self {
        let cast = Cast::of_this_run();
        let secret = random_secret();
        let versions = configuration.secret_versions.iter();
        let list: Vec<(u64, String)> = versions.map(|version| (*version, random_secret())).collect();
        let written: Vec<String> =
            list.iter().map(|(version, secret)| format!("{version}:{secret}")).collect();
        let written = written.join(",");
        let secrets = if list.is_empty() { Secrets::single(&secret) } else { Secrets::versioned(&written) };

        let file = settings_file(configuration);
        let file = file.to_str().expect("a path in UTF-8");
        let mut variables = vec![("AUTH_CONFIG", file)];
        match &configuration.base_url {
            Some(url) => variables.push(("BETTER_AUTH_URL", url)),
            None if configuration.is_by_host() => variables.push(("BETTER_AUTH_URL", "")),
            None => {}
        }
        if !list.is_empty() {
            variables.push(("BETTER_AUTH_SECRETS", &written));
        }
        let options = options(configuration, &list);
        let database = if cast == Cast::TheirsAlone {
            let database = Database::empty();
            node::migrate_with(&database, &options, &json!(configuration.plugins));
            database
        } else if configuration.has_tables_of_its_own() {
            Database::empty()
        } else {
            Database::migrated_by_us()
        };
        if (configuration.migrate || configuration.has_tables_of_its_own()) && cast != Cast::TheirsAlone {
            let output = ours::migrate_with(&database, "up", &variables);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{}: {said}", configuration.name);
        }
        if configuration.ids() == IdKind::Serial {
            keep_numbers_apart(&database);
        }
        let database = Arc::new(database);
        let keys = if configuration.plugins.contains_key("jwt") {
            PublicKeys::of(&database)
        } else {
            PublicKeys::default()
        };
        let secrets = secrets.with_keys(keys);
        let reference = (cast != Cast::OursAlone).then(|| {
            let extra = json!({
                "quick": !configuration.real_hashes,
                "options": options,
                "plugins": configuration.plugins,
            });
            Reference::start_with(&database, &secret, &extra)
        });
        let ours = (cast != Cast::TheirsAlone).then(|| Ours::start_with(&database, &secret, &variables));
        let known_as = |origin: &str| configuration.base_url.as_deref().unwrap_or(origin).to_owned();
        let origins = [
            reference.as_ref().map_or_else(String::new, |it| known_as(it.origin())),
            ours.as_ref().map_or_else(String::new, |it| known_as(it.origin())),
        ];
        let tables = database
            .query(
                "select quote_ident(tablename) from pg_tables where schemaname = 'public' \
                 and tablename not in ('auth_schema_migrations', 'jwks')",
            )
            .into_iter()
            .filter_map(|mut row| row.pop().flatten())
            .collect();
        // What a limit allows and when the next request may come depends on the time between requests.
        let is_limited = configuration.options["rateLimit"]["enabled"] == true;
        let stopped_at = is_limited.then(OffsetDateTime::now_utc);
        if let Some(at) = stopped_at {
            reference.iter().for_each(|reference| reference.stop_clock(at));
            ours.iter().for_each(|ours| ours.stop_clock(at));
        }
        let ahead = Cell::default();
        Self { configuration, reference, ours, origins, secrets, tables, database, stopped_at, ahead }
    }

    /// The configuration's name.
    pub(crate) fn name(&self) -> &'static str {
        &self.configuration.name
    }

    /// Where a server listens, and the origin it is known as.
    pub(crate) fn server(&self, side: Side) -> (&str, &str) {
        match side {
            Side::Theirs => (self.reference.as_ref().expect("Better Auth runs").origin(), &self.origins[0]),
            Side::Ours => (self.ours.as_ref().expect("this server runs").origin(), &self.origins[1]),
        }
    }

    /// Fresh lanes, `apart` without those that change servers; that of Better Auth alone comes first where there is one.
    pub(crate) fn lanes(&self, apart: bool) -> Vec<Lane> {
        let courses: &[Course] = if self.reference.is_none() {
            &[Course::Stays(Side::Ours)]
        } else if self.ours.is_none() {
            &[Course::Stays(Side::Theirs)]
        } else if apart || self.configuration.apart.is_some() {
            &[Course::Stays(Side::Theirs), Course::Stays(Side::Ours)]
        } else {
            &[
                Course::Stays(Side::Theirs),
                Course::Stays(Side::Ours),
                Course::Alternates(Side::Theirs),
                Course::Alternates(Side::Ours),
            ]
        };
        let lane = |(index, course): (usize, &Course)| {
            Lane::new(index + 1, *course, Names::new(self.secrets.clone()).with_ids(self.configuration.ids()))
        };
        courses.iter().enumerate().map(lane).collect()
    }

    /// Lets time pass at both servers.
    pub(crate) fn advance(&self, by: Duration) {
        if let Some(reference) = &self.reference {
            reference.advance(by);
        }
        if let Some(ours) = &self.ours {
            ours.advance(by);
        }
        self.ahead.set(self.ahead.get() + by);
    }

    /// What the clocks of both servers say.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.stopped_at.unwrap_or_else(OffsetDateTime::now_utc) + self.ahead.get()
    }

    pub(crate) fn empty_tables(&self) {
        self.database.execute(&format!("truncate {}", self.tables.join(", ")));
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.database.execute(sql);
    }
}

fn options(configuration: &Configuration, secrets: &[(u64, String)]) -> Value {
    let mut options = configuration.options.clone();
    if options.is_null() {
        options = json!({});
    }
    match &configuration.base_url {
        Some(url) if configuration.is_by_host() => options["baseURL"]["fallback"] = json!(url),
        Some(url) => options["baseURL"] = json!(url),
        None => {}
    }
    if !secrets.is_empty() {
        options["secrets"] =
            secrets.iter().map(|(version, value)| json!({ "version": version, "value": value })).collect();
    }
    options
}

/// Has each table count from elsewhere: a user and a session of one number would look like the same row.
fn keep_numbers_apart(database: &Database) {
    for (index, table) in ["\"user\"", "session", "account"].into_iter().enumerate() {
        database.execute(&format!("alter table {table} alter id restart with {}", (index + 1) * 1_000_000));
    }
}

/// Writes the settings where the server can read them.
pub(crate) fn settings_file(configuration: &Configuration) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).expect("a folder for temporary files");
    let path = folder.join(format!("{}-{}.toml", configuration.slug(), std::process::id()));
    let mut file = std::fs::File::create(&path).expect("a file of settings");
    file.write_all(configuration.settings_file().as_bytes()).expect("written settings");
    path
}

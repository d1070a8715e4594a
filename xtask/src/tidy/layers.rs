//! Checks the layers of each crate: which modules a file may use, and that files do not form import cycles.
//!
//! A layer is called a room: a file or folder directly under `src`, or one feature. An arrow is a dependency
//! of one file on another. `cargo xtask tidy --graph` prints the rooms and the arrows between them.

use super::modules::{self, Package};
use super::{Files, Finding};

/// Highest number of lines of a file, without its tests.
const MAX_LINES: usize = 500;

/// The table of rooms of one crate. In a crate without a table, any file may use any other file, as long as
/// there is no cycle.
struct House {
    package: &'static str,
    rooms: &'static [Room],
}

/// A room and the rooms that it may use. Any other use is a finding.
struct Room {
    name: &'static str,
    knows: &'static [&'static str],
}

/// Placeholder for each `features/<name>`.
const FEATURES: &str = "features/*";

const HOUSES: [House; 1] = [House {
    package: "auth-http",
    rooms: &[
        // `lib.rs` only re-exports items of the rooms, and re-exports are not arrows.
        Room { name: "lib", knows: &[] },
        Room { name: "main", knows: &["cli", "config"] },
        Room { name: "cli", knows: &["server", "app", "signing_keys", "config"] },
        Room { name: "server", knows: &["app", "web", "config"] },
        Room {
            name: "app",
            knows: &["features", FEATURES, "password", "session", "signing_keys", "web", "config"],
        },
        Room { name: FEATURES, knows: &["features", "password", "session", "signing_keys", "web", "config"] },
        // The types shared by all features, and the services that features receive.
        Room { name: "features", knows: &["password", "session", "web", "config"] },
        Room { name: "password", knows: &["session", "web", "config"] },
        // The cookie cache may be signed with the keys of the `jwt` plugin.
        Room { name: "session", knows: &["signing_keys", "web", "config"] },
        Room { name: "signing_keys", knows: &["web", "config"] },
        Room { name: "web", knows: &["config"] },
        Room { name: "config", knows: &[] },
    ],
}];

pub(super) fn check(files: &Files) -> Vec<Finding> {
    judge(&modules::packages(files), &HOUSES)
}

fn judge(packages: &[Package], houses: &[House]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        findings.extend(lengths(package));
        findings.extend(cycles(package));
        if let Some(house) = houses.iter().find(|house| house.package == package.name) {
            findings.extend(strangers(package, house));
            findings.extend(arrows(package, house));
        }
        findings.extend(package.unreadable.iter().map(|(path, reason)| Finding {
            file: path.clone(),
            line: None,
            message: format!("cannot be read as Rust: {reason}"),
        }));
    }
    findings
}

/// The name of the room that contains a file.
pub(super) fn room(package: &Package, file: usize) -> String {
    let path = package.short(file);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut parts = path.split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("features", Some(name)) => format!("features/{name}"),
        (first, _) => first.to_owned(),
    }
}

/// The name of the room in the table.
fn in_table(room: &str) -> &str {
    if room.starts_with("features/") { FEATURES } else { room }
}

fn finding(package: &Package, file: usize, line: Option<usize>, message: String) -> Finding {
    Finding { file: package.path(file).to_owned(), line, message }
}

fn lengths(package: &Package) -> Vec<Finding> {
    let files = package.files.iter().enumerate().filter(|(_, file)| !file.test && file.lines > MAX_LINES);
    files
        .map(|(index, file)| {
            let message = format!(
                "has {} lines without its tests, at most {MAX_LINES} are allowed: \
                 give the second subject a file of its own",
                file.lines
            );
            finding(package, index, None, message)
        })
        .collect()
}

fn cycles(package: &Package) -> Vec<Finding> {
    let knots = modules::knots(package).into_iter();
    knots
        .map(|knot| {
            let cycle = modules::shortest_cycle(package, &knot);
            let first = cycle.first().copied().unwrap_or_default();
            let mut message = format!("import cycle: {}", package.short(first));
            let nexts = cycle.iter().skip(1).chain([&first]);
            let mut line = None;
            for (from, to) in cycle.iter().zip(nexts) {
                if let Some(arrow) = package.arrows.get(&(*from, *to)) {
                    line = line.or(Some(arrow.line));
                    message += &format!(" -(line {})-> {}", arrow.line, package.short(*to));
                }
            }
            if knot.len() > cycle.len() {
                message += &format!("; {} files use each other in circles with these", knot.len());
            }
            finding(package, first, line, message)
        })
        .collect()
}

/// Files whose room is not in the table.
fn strangers(package: &Package, house: &House) -> Vec<Finding> {
    let files = package.files.iter().enumerate().filter(|(_, file)| !file.test).map(|(index, _)| index);
    files
        .filter(|file| {
            let room = room(package, *file);
            // `features.rs` only declares its modules; if it used anything, that would be an arrow.
            room != "features" && !house.rooms.iter().any(|known| known.name == in_table(&room))
        })
        .map(|file| {
            let message = format!(
                "`{}` is no room of {}: the rooms are in xtask/src/tidy/layers.rs",
                room(package, file),
                package.name
            );
            finding(package, file, None, message)
        })
        .collect()
}

/// Arrows that the table does not allow.
fn arrows(package: &Package, house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for ((from, to), arrow) in &package.arrows {
        let (user, used) = (room(package, *from), room(package, *to));
        let row = house.rooms.iter().find(|row| row.name == in_table(&user));
        // A file whose room is not in the table is already a finding of `strangers`.
        if user == used || row.is_none_or(|row| row.knows.contains(&in_table(&used))) {
            continue;
        }
        let names = arrow.names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let uses = format!("uses {names} of {}", package.short(*to));
        let message = if in_table(&user) == FEATURES && in_table(&used) == FEATURES {
            format!("{uses}, but a feature never calls another feature: what both need goes to a room below")
        } else {
            format!("{uses}: `{user}` may not know `{used}`")
        };
        found.push(finding(package, *from, Some(arrow.line), message));
    }
    found
}

#[cfg(test)]
mod tests;

//! `cargo xtask tidy --graph`: prints the layers of a crate ("rooms"), the dependencies between them
//! ("arrows") and the cycles, as plain text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::Files;
use super::layers::room;
use super::modules::{self, Package};
use crate::failure::Failure;

/// Number of names that are printed for one arrow.
const MAX_NAMES: usize = 6;

/// Prints the graph of one package, or of all packages if `only` is empty.
pub(super) fn print(files: &Files, only: &str) -> Result<(), Failure> {
    let packages = modules::packages(files);
    let mut shown = packages.iter().filter(|package| only.is_empty() || package.name == only).peekable();
    if shown.peek().is_none() {
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        return Err(Failure::new(format!("there is no crate {only}; there are {}", names.join(", "))));
    }
    for package in shown {
        println!("{}", text(package));
    }
    Ok(())
}

fn text(package: &Package) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = rooms(package, &mut text).and_then(|()| knots(package, &mut text));
    text
}

fn rooms(package: &Package, text: &mut String) -> std::fmt::Result {
    let mut rooms: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (index, file) in package.files.iter().enumerate().filter(|(_, file)| !file.test) {
        let (files, lines) = rooms.entry(room(package, index)).or_default();
        *files += 1;
        *lines += file.lines;
    }
    let mut arrows: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for (from, to) in package.arrows.keys() {
        let (user, used) = (room(package, *from), room(package, *to));
        if user != used {
            *arrows.entry(user).or_default().entry(used).or_default() += 1;
        }
    }
    writeln!(
        text,
        "{}: {} rooms, and how many arrows between files lead to others",
        package.name,
        rooms.len()
    )?;
    for (name, (files, lines)) in &rooms {
        let uses = arrows.get(name).into_iter().flatten();
        let uses: Vec<String> = uses.map(|(used, count)| format!("{used} {count}")).collect();
        let uses = if uses.is_empty() { "nothing".to_owned() } else { uses.join(", ") };
        writeln!(text, "  {name} ({files} files, {lines} lines) -> {uses}")?;
    }
    Ok(())
}

fn knots(package: &Package, text: &mut String) -> std::fmt::Result {
    let knots = modules::knots(package);
    if knots.is_empty() {
        writeln!(text, "  no import cycle")?;
    }
    for knot in knots {
        writeln!(text, "  {} files use each other in circles; their arrows to each other:", knot.len())?;
        let members: BTreeSet<usize> = knot.iter().copied().collect();
        for file in &knot {
            writeln!(text, "    {}", package.path(*file))?;
            for to in package.targets(*file).filter(|to| members.contains(to)) {
                let Some(arrow) = package.arrows.get(&(*file, to)) else { continue };
                let names: Vec<&str> = arrow.names.iter().map(String::as_str).take(MAX_NAMES).collect();
                let more = if arrow.names.len() > MAX_NAMES { ", …" } else { "" };
                writeln!(
                    text,
                    "      line {:>3} -> {} ({}{more})",
                    arrow.line,
                    package.short(to),
                    names.join(", ")
                )?;
            }
        }
        let cycle: Vec<&str> =
            modules::shortest_cycle(package, &knot).into_iter().map(|file| package.short(file)).collect();
        writeln!(text, "    a shortest cycle: {}, and back", cycle.join(" -> "))?;
    }
    Ok(())
}

//! Cycles of the module graph: the groups of files that form them ("knots"), and a shortest cycle of each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Package;

/// The strongly connected components with a cycle: groups of files in which every file reaches every other.
/// The largest comes first, and each is sorted by path.
pub(in crate::tidy) fn knots(package: &Package) -> Vec<Vec<usize>> {
    let count = package.files.len();
    let reached: Vec<BTreeSet<usize>> = (0..count).map(|file| reachable(package, file)).collect();
    let reaches = |from: usize, to: usize| reached.get(from).is_some_and(|set| set.contains(&to));
    let mut taken = BTreeSet::new();
    let mut knots = Vec::new();
    for file in 0..count {
        if taken.contains(&file) || !reaches(file, file) {
            continue;
        }
        let mut knot: Vec<usize> =
            (0..count).filter(|other| reaches(file, *other) && reaches(*other, file)).collect();
        knot.sort_by_key(|file| package.path(*file));
        taken.extend(knot.iter().copied());
        knots.push(knot);
    }
    knots.sort_by_key(|knot| std::cmp::Reverse(knot.len()));
    knots
}

/// The files that can be reached from a file. The file itself is included only if a cycle leads back to it.
fn reachable(package: &Package, from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<usize> = package.targets(from).collect();
    while let Some(file) = waiting.pop() {
        if reached.insert(file) {
            waiting.extend(package.targets(file));
        }
    }
    reached
}

/// A shortest cycle within a group of files. The first file is not repeated at the end.
pub(in crate::tidy) fn shortest_cycle(package: &Package, knot: &[usize]) -> Vec<usize> {
    let cycles = knot.iter().filter_map(|start| cycle_through(package, *start));
    cycles.min_by_key(Vec::len).unwrap_or_default()
}

fn cycle_through(package: &Package, start: usize) -> Option<Vec<usize>> {
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        for next in package.targets(file) {
            if next == start {
                let mut cycle = vec![file];
                let mut at = file;
                while at != start {
                    at = *before.get(&at)?;
                    cycle.push(at);
                }
                cycle.reverse();
                return Some(cycle);
            }
            before.entry(next).or_insert_with(|| {
                waiting.push_back(next);
                file
            });
        }
    }
    None
}

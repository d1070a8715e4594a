//! The results: medians over the rounds, ratios within each round, and their limits.

use std::collections::BTreeMap;

use super::contestants::{Asked, EXACT, FLOOR, NODE, SHIPPED};
use crate::failure::Failure;

/// The measurement of one server in one turn. CPU times are microseconds per request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    /// Median response time in milliseconds.
    pub(super) median: f64,
    /// 99th percentile of the response times in milliseconds.
    pub(super) p99: f64,
    pub(super) server: f64,
    pub(super) postgres: f64,
    /// CPU time of the clients, which run on the same machine.
    pub(super) clients: f64,
}

/// The samples of each server and kind of request, one per round.
#[derive(Debug, Default)]
pub(super) struct Report(BTreeMap<(Asked, &'static str), Vec<Sample>>);

/// Selects one figure of a sample.
type Figure = fn(&Sample) -> f64;

const SERVER: Figure = |sample| sample.server;
const POSTGRES: Figure = |sample| sample.postgres;

/// The highest allowed ratio of a figure of `ours` to the same figure of `base`.
struct Limit {
    what: &'static str,
    ours: (Asked, &'static str),
    base: (Asked, &'static str),
    figure: Figure,
    at_most: f64,
}

/// The project's performance targets. Better Auth on Node and other servers are far above all of them.
const LIMITS: [Limit; 6] = [
    Limit {
        what: "CPU of a session read, no access token, to the floor's",
        ours: (Asked::Cookie, EXACT),
        base: (Asked::Cookie, FLOOR),
        figure: SERVER,
        at_most: 1.8,
    },
    Limit {
        what: "CPU of a session read, as shipped, to the floor's",
        ours: (Asked::Cookie, SHIPPED),
        base: (Asked::Cookie, FLOOR),
        figure: SERVER,
        at_most: 2.3,
    },
    Limit {
        what: "PostgreSQL's CPU of a session read, no access token, to the floor's",
        ours: (Asked::Cookie, EXACT),
        base: (Asked::Cookie, FLOOR),
        figure: POSTGRES,
        at_most: 1.3,
    },
    Limit {
        what: "PostgreSQL's CPU of a session read, as shipped, to the floor's",
        ours: (Asked::Cookie, SHIPPED),
        base: (Asked::Cookie, FLOOR),
        figure: POSTGRES,
        at_most: 1.3,
    },
    Limit {
        what: "CPU of a read from the cookie cache, to the server's own /ok",
        ours: (Asked::Cache, EXACT),
        base: (Asked::Ok, SHIPPED),
        figure: SERVER,
        at_most: 2.2,
    },
    Limit {
        what: "CPU of /ok, to the floor's",
        ours: (Asked::Ok, SHIPPED),
        base: (Asked::Ok, FLOOR),
        figure: SERVER,
        at_most: 1.4,
    },
];

/// Median and extremes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        Some(Self { least: *values.first()?, median: *values.get(values.len() / 2)?, most: *values.last()? })
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { least, median, most } = self;
        formatter.pad(&format!("{median:.2} ({least:.2}–{most:.2})"))
    }
}

impl Report {
    pub(super) fn add(&mut self, asked: Asked, contestant: &'static str, sample: Sample) {
        self.0.entry((asked, contestant)).or_default().push(sample);
    }

    /// Prints a table for each kind of request.
    pub(super) fn print(&self) {
        println!(
            "\nMedians over the rounds; ratios to the floor are those of each round, with the least and the most."
        );
        for asked in Asked::ALL {
            println!(
                "\n{:36}{:>11}{:>9}{:>9}{:>11}{:>26}{:>13}{:>20}{:>12}",
                asked.name(),
                "requests/s",
                "p50 ms",
                "p99 ms",
                "server µs",
                "× floor",
                "Postgres µs",
                "× floor",
                "clients µs"
            );
            let rows = self.0.iter().filter(|((what, _), _)| *what == asked);
            let mut rows: Vec<_> = rows.map(|((_, name), samples)| (*name, samples)).collect();
            rows.sort_by_key(|(name, _)| (*name != FLOOR, *name == NODE, *name));
            for (name, samples) in rows {
                let median =
                    |figure: Figure| Spread::of(samples.iter().map(figure)).map_or(0.0, |it| it.median);
                let ratio = |figure: Figure| {
                    let spread = self.ratio((asked, name), (asked, FLOOR), figure);
                    spread.filter(|_| name != FLOOR).map_or_else(String::new, |spread| spread.to_string())
                };
                // Only requests by cookie use the database. The small CPU time of PostgreSQL in the other
                // cases comes from its background work, so its ratio is meaningless.
                let postgres = if asked == Asked::Cookie { ratio(POSTGRES) } else { String::new() };
                println!(
                    "  {name:34}{:>11.0}{:>9.2}{:>9.2}{:>11.1}{:>26}{:>13.1}{postgres:>20}{:>12.1}",
                    median(|sample| sample.per_second),
                    median(|sample| sample.median),
                    median(|sample| sample.p99),
                    median(SERVER),
                    ratio(SERVER),
                    median(POSTGRES),
                    median(|sample| sample.clients),
                );
            }
        }
        println!();
    }

    /// Prints each ratio that has a limit, and fails if one exceeds it.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let mut over = 0;
        for limit in &LIMITS {
            let ratio = self
                .ratio(limit.ours, limit.base, limit.figure)
                .ok_or_else(|| Failure::new(format!("not measured: {}", limit.what)))?;
            let is_over = ratio.median > limit.at_most;
            over += usize::from(is_over);
            let verdict = if is_over { ", which is missed" } else { "" };
            println!("{:70}{ratio:>20}, limit {:.1}{verdict}", limit.what, limit.at_most);
        }
        match over {
            0 => Ok(()),
            missed => Err(Failure::new(format!("{missed} of {} limits are missed", LIMITS.len()))),
        }
    }

    /// The ratios of a figure of two servers, computed within each round.
    fn ratio(
        &self,
        ours: (Asked, &'static str),
        base: (Asked, &'static str),
        figure: Figure,
    ) -> Option<Spread> {
        let (ours, base) = (self.0.get(&ours)?, self.0.get(&base)?);
        Spread::of(ours.iter().zip(base).map(|(ours, base)| figure(ours) / figure(base)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn sample(server: f64, postgres: f64) -> Sample {
        Sample { per_second: 1.0, median: 1.0, p99: 1.0, server, postgres, clients: 1.0 }
    }

    /// A run of three rounds in which every server costs `times` as much as the floor.
    fn report(times: f64) -> Report {
        let mut report = Report::default();
        for noise in [1.0, 3.0, 2.0] {
            for asked in Asked::ALL {
                report.add(asked, FLOOR, sample(10.0 * noise, 5.0 * noise));
                for name in [SHIPPED, EXACT] {
                    report.add(asked, name, sample(10.0 * noise * times, 5.0 * noise * times));
                }
            }
        }
        report
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let ratio = report(1.25).ratio((Asked::Cookie, EXACT), (Asked::Cookie, FLOOR), SERVER).unwrap();
        assert_eq!(ratio, Spread { least: 1.25, median: 1.25, most: 1.25 });
    }

    #[test]
    fn the_median_is_the_middle_one_and_what_was_not_measured_does_not_count() {
        let spread = Spread::of([3.0, 1.0, f64::NAN, 2.0, f64::INFINITY]).unwrap();
        assert_eq!(spread, Spread { least: 1.0, median: 2.0, most: 3.0 });
        assert_eq!(spread.to_string(), "2.00 (1.00–3.00)");
        assert_eq!(Spread::of([f64::NAN]), None);
    }

    #[test]
    fn a_missed_limit_fails_the_run_and_so_does_a_missing_figure() {
        assert!(report(1.25).check().is_ok());
        assert!(report(1.35).check().unwrap_err().to_string().starts_with("2 of 6"), "PostgreSQL's alone");
        assert!(
            report(9.0).check().unwrap_err().to_string().starts_with("5 of 6"),
            "cache and /ok grow alike"
        );
        assert!(Report::default().check().is_err());
    }
}

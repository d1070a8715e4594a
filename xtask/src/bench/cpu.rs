//! CPU time of processes, read from Linux's `/proc`.

use std::fs;
use std::time::Duration;

use dev_postgres::process::tree;

use crate::failure::Failure;

/// The unit of CPU times in `/proc` (`USER_HZ`), which is the same on every Linux platform that Rust
/// supports.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time of a process in user and kernel mode (`utime` and `stime` of `proc_pid_stat(5)`).
pub(super) fn cpu_time(process: u32) -> Result<Duration, Failure> {
    let path = format!("/proc/{process}/stat");
    let stat =
        fs::read_to_string(&path).map_err(|error| Failure::because("this needs Linux's /proc", error))?;
    ticks(&stat, 2)
        .map(from_ticks)
        .ok_or_else(|| Failure::new(format!("{path} does not say utime and stime")))
}

/// CPU time of a process and all its descendants, including descendants that have exited.
pub(super) fn cpu_time_of_all(root: u32) -> Duration {
    let stats =
        tree(root).into_iter().filter_map(|process| fs::read_to_string(format!("/proc/{process}/stat")).ok());
    // The next fields are `cutime` and `cstime`: the CPU time of exited children that the process has waited
    // for.
    from_ticks(stats.filter_map(|stat| ticks(&stat, 4)).sum())
}

fn from_ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

/// Adds up `fields` consecutive fields, starting with `utime`, which is field 14.
fn ticks(stat: &str, fields: usize) -> Option<u64> {
    // Field 2 is the name in parentheses, which may contain spaces.
    let (_, after_name) = stat.rsplit_once(')')?;
    let values: Result<Vec<u64>, _> =
        after_name.split_whitespace().skip(11).take(fields).map(str::parse).collect();
    values.ok().filter(|values| values.len() == fields).map(|values| values.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_behind_the_name() {
        let stat = "17 (a b) c) S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 5 6";
        assert_eq!(ticks(stat, 2), Some(120));
        assert_eq!(ticks(stat, 4), Some(127));
        assert_eq!(ticks("17 (a) S 1 2", 2), None);
        assert_eq!(from_ticks(120), Duration::from_millis(1_200));
    }
}

//! Prints one line per contestant: task, implementation, number of allocations and allocated bytes of one
//! run.
#![expect(clippy::print_stdout, reason = "a program for another one")]

use auth_core_compare::contestants;

fn main() {
    for contestant in contestants() {
        // The first run does the one-time initialisation, such as that of the thread's random generator.
        (contestant.run)();
        let counted = allocation_counter::measure(|| (contestant.run)());
        println!("{}\t{}\t{}\t{}", contestant.task, contestant.by, counted.count_total, counted.bytes_total);
    }
}

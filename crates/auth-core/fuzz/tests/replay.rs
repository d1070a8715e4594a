//! Runs the targets on the stored corpus, without a fuzzer, so that earlier findings stay fixed.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use auth_core_fuzz::TARGETS;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

#[test]
fn r_133_no_input_of_the_corpus_is_a_finding() {
    for (name, target) in TARGETS {
        let mut files: Vec<PathBuf> =
            fs::read_dir(corpus(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 5, "{name} has {} inputs", files.len());
        let mut taken = 0;
        let count = files.len();
        for file in files {
            let input = fs::read(&file).unwrap();
            assert!(input.len() <= 16 * 1024, "{} is too large to keep", file.display());
            // The backtrace of a panic does not name the input file.
            println!("{}", file.display());
            taken += usize::from(target(&input));
        }
        // A corpus with outdated signatures would be refused at the first check and would test nothing.
        assert!((1..count).contains(&taken), "{name} took {taken} of {count} inputs");
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    let folders = fs::read_dir(corpus("")).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    folders.sort();
    let mut names = TARGETS.map(|(name, _)| name);
    names.sort_unstable();
    assert_eq!(folders, names);
}

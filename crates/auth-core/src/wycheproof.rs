//! The vectors of Project Wycheproof, run against the code that reads outside input.
//!
//! `tests/wycheproof/README.md` says where the files come from and why the tests are inside the crate.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod aead;
#[cfg(feature = "josekit")]
mod jwe;
mod jws;
mod kdf;
mod mac;
#[cfg(feature = "josekit")]
mod signatures;

use std::rc::Rc;

use serde_json::Value;

/// One vector with its group.
struct Vector {
    group: Rc<Value>,
    test: Value,
}

impl Vector {
    /// Reads all vectors of a file.
    fn read(file: &str) -> Vec<Self> {
        let file: Value = serde_json::from_str(file).unwrap();
        let groups = file["testGroups"].as_array().unwrap();
        let vectors: Vec<Self> = groups
            .iter()
            .flat_map(|group| {
                let tests = group["tests"].as_array().unwrap();
                let group = Rc::new(group.clone());
                tests.iter().map(move |test| Self { group: Rc::clone(&group), test: test.clone() })
            })
            .collect();
        assert_eq!(file["numberOfTests"], vectors.len());
        vectors
    }

    fn id(&self) -> u64 {
        self.test["tcId"].as_u64().unwrap()
    }

    fn is_valid(&self) -> bool {
        match self.test["result"].as_str().unwrap() {
            "valid" => true,
            "invalid" => false,
            other => panic!("vector {} is neither valid nor invalid but {other}", self.id()),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.test[name].as_str().unwrap()
    }

    /// Decodes a member that is written in hex.
    fn bytes(&self, name: &str) -> Vec<u8> {
        let (pairs, rest) = self.text(name).as_bytes().as_chunks::<2>();
        assert!(rest.is_empty(), "{name} of vector {}", self.id());
        pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// Compares a verdict with the published one.
    fn check(&self, accepted: bool) {
        assert_eq!(accepted, self.is_valid(), "vector {}: {}", self.id(), self.test);
    }
}

//! The crates that each layer must not depend on.
//!
//! Some layers are checked with their whole dependency tree, because the rule is about all code that they
//! bring in. Others are checked by their direct dependencies only, because they get a database driver through
//! the layer below.

use super::Finding;
use crate::failure::Failure;
use crate::shell::{capture, cargo};

struct Layer {
    name: &'static str,
    folder: &'static str,
    reach: Reach,
    forbidden: &'static [&'static str],
    reason: &'static str,
}

#[derive(Clone, Copy)]
enum Reach {
    /// The dependencies in the layer's own `Cargo.toml`.
    Direct,
    /// The direct dependencies and all transitive ones.
    Whole,
}

const LAYERS: [Layer; 9] = [
    Layer {
        name: "auth-core",
        folder: "crates/auth-core",
        reach: Reach::Whole,
        forbidden: &[
            "actix-web",
            "async-std",
            "auth-http",
            "auth-store",
            "axum",
            "config",
            "dev-postgres",
            "diesel",
            "diesel-async",
            "hyper",
            "mio",
            "reqwest",
            "rustls",
            "tokio",
            "tokio-postgres",
            "tracing-subscriber",
        ],
        reason: "auth-core knows no sockets, files, SQL, HTTP or async",
    },
    Layer {
        name: "auth-tower",
        folder: "crates/auth-tower",
        reach: Reach::Whole,
        forbidden: &["actix-web", "auth-http", "auth-store", "axum", "axum-core", "hyper", "tokio", "tower"],
        reason: "auth-tower fits every runtime and every server over http::Request",
    },
    Layer {
        name: "auth-axum",
        folder: "crates/auth-axum",
        reach: Reach::Whole,
        forbidden: &["actix-web", "auth-http", "auth-store", "axum", "hyper", "tokio"],
        reason: "auth-axum is extractors alone; the service brings axum",
    },
    Layer {
        name: "auth-actix",
        folder: "crates/auth-actix",
        reach: Reach::Whole,
        forbidden: &["auth-http", "auth-store", "diesel", "reqwest", "rustls", "tokio-postgres"],
        reason: "auth-actix is extractors alone; where sessions are looked up is the service's choice",
    },
    Layer {
        name: "auth-client",
        folder: "crates/auth-client",
        reach: Reach::Whole,
        forbidden: &["actix-web", "auth-http", "auth-store", "axum", "diesel", "josekit", "tokio-postgres"],
        reason: "auth-client asks a server over HTTPS and knows nothing of its database",
    },
    Layer {
        name: "auth-store",
        folder: "crates/auth-store",
        reach: Reach::Direct,
        forbidden: &[
            "actix-cors",
            "actix-web",
            "auth-http",
            "axum",
            "clap",
            "config",
            "josekit",
            "reqwest",
            "serde_json",
        ],
        reason: "auth-store knows no HTTP, cookies, JSON or settings files, and builds without OpenSSL",
    },
    Layer {
        name: "auth-http",
        folder: "crates/auth-http",
        reach: Reach::Direct,
        forbidden: &[
            "bb8",
            "diesel",
            "diesel-async",
            "diesel_migrations",
            "postgres-protocol",
            "tokio-postgres",
        ],
        reason: "auth-http knows no SQL and no Diesel types",
    },
    Layer {
        name: "dev-postgres",
        folder: "crates/dev-postgres",
        reach: Reach::Direct,
        forbidden: &["auth-core", "auth-http", "auth-store", "tokio", "tokio-postgres"],
        reason: "dev-postgres speaks no SQL and knows nothing of this project",
    },
    Layer {
        name: "xtask",
        folder: "xtask",
        reach: Reach::Whole,
        forbidden: &["actix-web", "auth-http", "josekit", "openssl-sys"],
        reason: "xtask builds on a bare machine, without OpenSSL",
    },
];

pub(super) fn check() -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for layer in &LAYERS {
        let depth = match layer.reach {
            Reach::Direct => "1",
            Reach::Whole => "1000",
        };
        // Only this package is resolved, because other packages may turn on more features of shared crates.
        // Dev-dependencies are not included.
        let tree = capture(&mut cargo([
            "tree",
            "--locked",
            "--package",
            layer.name,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--depth",
            depth,
            "--format",
            "{p}",
        ]))?;
        findings.extend(judge(layer, &tree));
    }
    Ok(findings)
}

/// Looks for forbidden names in the output of `cargo tree`: lines `name vX.Y.Z …`, the first of which is the
/// package itself.
fn judge(layer: &Layer, tree: &str) -> Vec<Finding> {
    let names = tree.lines().skip(1).filter_map(|line| line.split(' ').next());
    let mut found: Vec<&str> = names.filter(|name| layer.forbidden.contains(name)).collect();
    found.sort_unstable();
    found.dedup();
    found
        .into_iter()
        .map(|name| Finding {
            file: format!("{}/Cargo.toml", layer.folder),
            line: None,
            message: format!(
                "depends on {name} (`cargo tree -p {} -i {name}`), but {}",
                layer.name, layer.reason
            ),
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_crate_is_found_once() {
        let tree = "auth-core v0.1.0 (/somewhere)\nbase64 v0.23.1\ntokio v1.48.0\ntokio v1.48.0 (*)\ntokio-test v1.0.0\n";
        let findings = judge(&LAYERS[0], tree);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].message.contains("depends on tokio "));
    }

    #[test]
    fn the_package_itself_is_not_its_own_dependency() {
        assert_eq!(judge(&LAYERS[0], "auth-store v0.1.0 (/somewhere)\nserde v1.0.0\n"), []);
    }
}

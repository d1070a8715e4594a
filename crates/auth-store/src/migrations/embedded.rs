//! The migrations of this build, from `migrations/` at the root of the repository.

/// One migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Name of its folder; migrations run in the order of their names.
    pub name: &'static str,
    /// SQL that makes the change.
    pub up: &'static str,
    /// SQL that takes it back.
    pub down: &'static str,
    /// Tables that it makes, or adopts where they are there.
    pub makes: &'static [&'static str],
}

macro_rules! embed {
    ($($name:literal makes $makes:expr),+ $(,)?) => {
        &[$(Migration {
            name: $name,
            makes: &$makes,
            up: include_str!(concat!("../../../../migrations/", $name, "/up.sql")),
            down: include_str!(concat!("../../../../migrations/", $name, "/down.sql")),
        }),+]
    };
}

/// Every migration, oldest first.
pub const ALL: &[Migration] = embed![
    "2026-11-22-000000_core_tables" makes ["user", "session", "account", "verification"],
    "2026-11-22-210000_rate_limit" makes ["rateLimit"],
    "2026-11-22-210100_expiry_indexes" makes [],
    "2026-11-25-210000_jwks" makes ["jwks"],
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::ALL;

    #[test]
    fn every_folder_is_embedded_in_order() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let mut folders: Vec<String> = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        folders.sort();
        let embedded: Vec<&str> = ALL.iter().map(|migration| migration.name).collect();
        assert_eq!(embedded, folders);
    }
}

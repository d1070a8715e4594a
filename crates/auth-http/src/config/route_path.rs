//! Paths as written in the settings: below the base path, without trailing slashes (Better Auth core §2.2).

mod list;

pub(crate) use list::list;

/// Removes the base path and trailing slashes (`normalizePathname` of `@better-auth/core` 1.7.25). A path
/// outside the base path keeps its start.
pub(crate) fn below_base<'p>(path: &'p str, base_path: &str) -> &'p str {
    let or_root = |path: &'p str| if path.is_empty() { "/" } else { path };
    let path = or_root(path.trim_end_matches('/'));
    match path.strip_prefix(base_path.trim_end_matches('/')) {
        Some("") => "/",
        Some(below) if below.starts_with('/') => or_root(below),
        _ => path,
    }
}

/// A path in the settings, such as `/sign-in/email`: one leading slash, no trailing slash, never the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePath(String);

impl RoutePath {
    /// Parses a path; `None` if it could match no request, or would match every request.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"%?#\\".contains(&byte));
        let inner = text.strip_prefix('/')?;
        let dots = |segment: &str| matches!(segment, "" | "." | "..");
        (is_plain && !inner.split('/').any(dots)).then(|| Self(text.to_owned()))
    }

    /// The path as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the path includes the base path, so that it would match no request.
    pub(crate) fn has_base(&self, base_path: &str) -> bool {
        below_base(&self.0, base_path) != self.0
    }

    /// Whether a path below the base path equals this one or is below it. `/sign-in-x` is not below
    /// `/sign-in`.
    pub(crate) fn holds(&self, path: &str) -> bool {
        path.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::Value;

    use super::*;

    #[test]
    fn paths_are_normalised_as_the_reference_does() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/vectors/path_normalisation.json")).unwrap();
        assert_eq!(vectors.len(), 6);
        for vector in vectors {
            let url = url::Url::parse(vector["url"].as_str().unwrap()).unwrap();
            let path = below_base(url.path(), vector["base_path"].as_str().unwrap());
            assert_eq!(path, vector["path"], "{url}");
        }
    }

    #[test]
    fn r_072_a_path_ends_where_a_segment_does() {
        let path = RoutePath::parse("/sign-in").unwrap();
        for (asked, holds) in [
            ("/sign-in", true),
            ("/sign-in/email", true),
            ("/sign-in-x", false),
            ("/sign-inx/email", false),
            ("/Sign-in", false),
            ("/x/sign-in", false),
            ("/", false),
        ] {
            assert_eq!(path.holds(asked), holds, "{asked}");
        }
    }

    #[test]
    fn r_072_paths_that_match_nothing_or_everything_are_refused() {
        for text in [
            "",
            "/",
            "//",
            "sign-in",
            "/sign-in/",
            "/a//b",
            "/a/./b",
            "/..",
            "/a b",
            "/%6fk",
            "/a?b",
            "/a\\b",
        ] {
            assert_eq!(RoutePath::parse(text), None, "{text}");
        }
    }
}

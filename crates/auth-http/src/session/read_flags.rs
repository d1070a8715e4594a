//! Flags in the query of `/get-session` and of guarded routes.

/// Options that a query sets for a read. They can only restrict what the caller may do, never extend it
///
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadFlags {
    /// Read without extending the session.
    pub(crate) disable_refresh: bool,
    /// Read the store and ignore the cookie cache.
    pub(crate) disable_cookie_cache: bool,
}

impl ReadFlags {
    /// Reads the flags as the reference does: any non-empty value is true, even `false` and `0`, and so is a
    /// repeated flag.
    pub(crate) fn of(query: &str) -> Self {
        if query.is_empty() {
            return Self::default();
        }
        Self {
            disable_refresh: is_set(query, "disableRefresh"),
            disable_cookie_cache: is_set(query, "disableCookieCache"),
        }
    }
}

fn is_set(query: &str, name: &str) -> bool {
    let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (None, _) => false,
        (Some((_, value)), None) => !value.is_empty(),
        (Some(_), Some(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_non_empty_value_sets_a_flag() {
        let cases = [
            ("", false),
            ("disableRefresh=", false),
            ("disableRefresh", false),
            ("disableRefresh=false", true),
            ("disableRefresh=0", true),
            ("disableRefresh=&disableRefresh=", true),
            ("disablerefresh=1", false),
        ];
        for (query, expected) in cases {
            assert_eq!(is_set(query, "disableRefresh"), expected, "{query}");
        }
    }
}

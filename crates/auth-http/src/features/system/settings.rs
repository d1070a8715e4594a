//! `server.error_url`: where browsers are redirected after an error.

use serde::{Deserialize, Deserializer};
use url::{Url, form_urlencoded};

use crate::config::values;

/// An address that errors are added to: an absolute URL, or a path on the server's own host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorUrl {
    url: Url,
    is_path: bool,
}

/// Base for resolving a path; `.invalid` never names a host (RFC 2606 §2).
const DUMMY_ORIGIN: &str = "https://origin.invalid";
/// URL schemes whose content a browser executes.
const SCRIPT_SCHEMES: [&str; 3] = ["javascript", "data", "vbscript"];

impl ErrorUrl {
    /// Reads an address or a path.
    fn parse(text: &str) -> Option<Self> {
        let is_path = text.starts_with('/');
        let url = if is_path {
            let dummy = Url::parse(DUMMY_ORIGIN).ok()?;
            // Browsers read `//host` and `/\host` as addresses of another host.
            dummy.join(text).ok().filter(|url| url.origin() == dummy.origin())?
        } else {
            Url::parse(text).ok().filter(|url| !SCRIPT_SCHEMES.contains(&url.scheme()))?
        };
        Some(Self { url, is_path })
    }

    /// Adds an error to the query, before any fragment. The existing query is not re-encoded.
    pub(crate) fn with_error(&self, code: &str, description: Option<&str>) -> String {
        let mut url = self.url.clone();
        let mut query = url.query().unwrap_or_default().to_owned();
        if !query.is_empty() && !query.ends_with('&') {
            query.push('&');
        }
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("error", code);
        if let Some(description) = description {
            pairs.append_pair("error_description", description);
        }
        query.push_str(&pairs.finish());
        url.set_query(Some(&query));
        let whole = String::from(url);
        match whole.strip_prefix(DUMMY_ORIGIN) {
            Some(path) if self.is_path => path.to_owned(),
            _ => whole,
        }
    }
}

impl<'de> Deserialize<'de> for ErrorUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = "an address such as \"https://app.example.com/oops\" or a path such as \"/oops\"";
        values::parsed(deserializer, wanted, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_added_to_the_query_before_the_fragment() {
        let check = |text: &str, expected: &str| {
            let url = ErrorUrl::parse(text).map(|url| url.with_error("a_b", Some("it's & <so>")));
            assert_eq!(url.as_deref(), Some(expected), "{text}");
        };
        let added = "error=a_b&error_description=it%27s+%26+%3Cso%3E";
        check("/", &format!("/?{added}"));
        check("/oops?from=auth#top", &format!("/oops?from=auth&{added}#top"));
        check("/oops?from=auth&", &format!("/oops?from=auth&{added}"));
        check("https://app.example.com", &format!("https://app.example.com/?{added}"));
        check("https://app.example.com/oops?#top", &format!("https://app.example.com/oops?{added}#top"));
        check("myapp://oops", &format!("myapp://oops?{added}"));
    }

    #[test]
    fn an_address_that_would_lead_elsewhere_or_run_something_is_refused() {
        for text in [
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "oops",
            "javascript:alert(1)",
            "DATA:,x",
        ] {
            assert_eq!(ErrorUrl::parse(text), None, "{text}");
        }
    }
}

//! Patterns of trusted origins: `https://app.example.com`, `*.example.com`, `https://*.example.com`,
//! `myapp://` (Better Auth core §4.4).

use std::fmt;

use url::{Host, Url};

/// A pattern of the trusted list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Equal, byte for byte, to the URL's origin.
    Origin(String),
    /// A glob over `host[:port]`, whatever the scheme.
    Host { glob: String, ipv4_only: bool },
    /// A glob over the origin of an `http` or `https` URL.
    OriginGlob { glob: String, ipv4_only: bool },
    /// A scheme of an installed application; `rest` is what must follow `scheme://`.
    CustomScheme { scheme: String, rest: String },
}

/// The pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePatternError {
    /// It is empty.
    #[error("a trusted origin is empty")]
    Empty,
    /// It would run a script in the page that follows it.
    #[error("`{0}` can never be a trusted origin")]
    ScriptScheme(String),
    /// It could never match, because an origin ends after the port.
    #[error("`{given}` is no origin and would never match; did you mean `{meant}`?")]
    NotAnOrigin {
        /// As given.
        given: String,
        /// The origin of the URL given.
        meant: String,
    },
    /// It has no scheme and no wildcard, so it could never match.
    #[error("`{0}` has no scheme; write `https://{0}`")]
    NoScheme(String),
    /// It would trust every site.
    #[error("`{0}` trusts every site; name at least a domain, such as `*.example.com`")]
    TrustsEveryone(String),
    /// A wildcard pattern with an upper-case letter or a path, which no host or origin has.
    #[error("`{0}` would never match; hosts are in lower case and end before a `/`")]
    NeverMatches(String),
    /// Wildcards in a custom scheme are not offered.
    #[error("`{0}`: wildcards need a host or an http(s) origin")]
    CustomSchemeWildcard(String),
}

impl OriginPattern {
    /// Trusts exactly one origin.
    pub(crate) fn exact(origin: &str) -> Self {
        Self(Kind::Origin(origin.to_owned()))
    }

    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// [`ParsePatternError`] for one that would match nothing, or a script: the reference takes such a
    /// pattern silently, and the page it was meant for is then refused.
    pub fn parse(text: &str) -> Result<Self, ParsePatternError> {
        let text = text.trim();
        let has_wildcard = text.contains(['*', '?']);
        match text.split_once("://") {
            _ if text.is_empty() => Err(ParsePatternError::Empty),
            None if is_script(text) => Err(ParsePatternError::ScriptScheme(text.to_owned())),
            None if has_wildcard => {
                check_glob(text, text)?;
                Ok(Self(Kind::Host { glob: text.to_owned(), ipv4_only: is_ipv4_like(text) }))
            }
            None => Err(ParsePatternError::NoScheme(text.to_owned())),
            Some((scheme, _)) if is_script(scheme) => Err(ParsePatternError::ScriptScheme(text.to_owned())),
            Some(("http" | "https" | "*", rest)) if has_wildcard => {
                check_glob(text, rest)?;
                Ok(Self(Kind::OriginGlob { glob: text.to_owned(), ipv4_only: is_ipv4_like(rest) }))
            }
            Some((scheme, _)) if is_web(scheme) => {
                match Url::parse(text).ok().as_ref().and_then(web_origin) {
                    Some(origin) if origin == text => Ok(Self::exact(text)),
                    meant => Err(ParsePatternError::NotAnOrigin {
                        given: text.to_owned(),
                        meant: meant.unwrap_or_else(|| "https://app.example.com".to_owned()),
                    }),
                }
            }
            Some(_) if has_wildcard => Err(ParsePatternError::CustomSchemeWildcard(text.to_owned())),
            Some((scheme, rest)) => Ok(Self(Kind::CustomScheme {
                scheme: scheme.to_ascii_lowercase(),
                rest: rest.trim_end_matches('/').to_owned(),
            })),
        }
    }

    /// Tells whether the origin of `url` is meant. A URL that runs a script never is, whatever host it
    /// claims to have.
    pub fn matches(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        if is_script(url.scheme()) {
            return false;
        }
        match &self.0 {
            Kind::Origin(origin) => web_origin(&url).is_some_and(|of_url| of_url == *origin),
            Kind::Host { glob, ipv4_only } => {
                let Some(host) = url.host_str() else { return false };
                let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
                (!ipv4_only || has_ipv4_host(&url)) && is_glob_match(glob, &host)
            }
            Kind::OriginGlob { glob, ipv4_only } => {
                (!ipv4_only || has_ipv4_host(&url))
                    && web_origin(&url).is_some_and(|origin| is_glob_match(glob, &origin))
            }
            Kind::CustomScheme { scheme, rest } => {
                url.scheme() == scheme && url.username().is_empty() && is_below(&url, rest)
            }
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Origin(text) | Kind::Host { glob: text, .. } | Kind::OriginGlob { glob: text, .. } => {
                f.write_str(text)
            }
            Kind::CustomScheme { scheme, rest } => write!(f, "{scheme}://{rest}"),
        }
    }
}

/// Refuses a glob over hosts that would trust everyone or could never match.
fn check_glob(pattern: &str, host: &str) -> Result<(), ParsePatternError> {
    let host_name = host.split(':').next().unwrap_or_default();
    if !host_name.contains(|c: char| c.is_ascii_alphanumeric()) {
        return Err(ParsePatternError::TrustsEveryone(pattern.to_owned()));
    }
    if host.contains('/') || host.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(ParsePatternError::NeverMatches(pattern.to_owned()));
    }
    Ok(())
}

/// Gives the WHATWG origin of an `http` or `https` URL.
fn web_origin(url: &Url) -> Option<String> {
    is_web(url.scheme()).then(|| url.origin().ascii_serialization())
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

fn is_script(scheme: &str) -> bool {
    let scheme = scheme.split(':').next().unwrap_or_default();
    ["javascript", "data", "vbscript"].iter().any(|script| scheme.eq_ignore_ascii_case(script))
}

/// `192.168.*.*` is meant for addresses; the name `192.168.evil.com` must not match it.
fn is_ipv4_like(host: &str) -> bool {
    let host = host.split([':', '/']).next().unwrap_or_default();
    host.contains(|c: char| c.is_ascii_digit())
        && host.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '*' | '?'))
}

fn has_ipv4_host(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_)))
}

/// Tells whether a URL of a custom scheme equals the pattern's host and path or lies below them.
fn is_below(url: &Url, rest: &str) -> bool {
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    let host_fits = host.is_empty() || url.host_str().is_some_and(|of_url| of_url.eq_ignore_ascii_case(host));
    let of_url = url.path().trim_matches('/');
    let path_fits = path.is_empty()
        || of_url == path
        || of_url.strip_prefix(path).is_some_and(|below| below.starts_with('/'));
    host_fits && path_fits && !url.path().to_ascii_lowercase().contains("%2e")
}

/// Matches a glob over the whole text: `*` is any run and `?` any one character, neither crossing `/` or
/// `\`. Time is the product of the lengths at most.
fn is_glob_match(glob: &str, text: &str) -> bool {
    let crosses = |c: char| matches!(c, '/' | '\\');
    let glob: Vec<char> = glob.trim_end_matches('/').chars().collect();
    // reached[i]: the first i characters of the glob can match what was read so far.
    let mut reached = vec![false; glob.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    let spread = |reached: &mut Vec<bool>| {
        for (at, part) in glob.iter().enumerate() {
            if *part == '*'
                && reached.get(at).copied().unwrap_or(false)
                && let Some(next) = reached.get_mut(at + 1)
            {
                *next = true;
            }
        }
    };
    spread(&mut reached);
    for c in text.chars() {
        let mut next = vec![false; glob.len() + 1];
        for (at, part) in glob.iter().enumerate() {
            if !reached.get(at).copied().unwrap_or(false) {
                continue;
            }
            let to = match part {
                '*' if !crosses(c) => at,
                '?' if !crosses(c) => at + 1,
                part if *part == c && !matches!(part, '*' | '?') => at + 1,
                _ => continue,
            };
            if let Some(state) = next.get_mut(to) {
                *state = true;
            }
        }
        spread(&mut next);
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn check(pattern: &str, url: &str, expected: bool) {
        assert_eq!(OriginPattern::parse(pattern).unwrap().matches(url), expected, "{pattern} on {url}");
    }

    #[test]
    fn r_068_exact_origins_are_compared_as_parsed() {
        check("https://app.example.com", "https://APP.example.com:443/p?q#f", true);
        check("https://app.example.com", "https://user@app.example.com/", true);
        check("https://app.example.com", "https://app.example.com:8443", false);
        check("https://app.example.com", "http://app.example.com", false);
        check("https://app.example.com", "https://app.example.com.evil.com", false);
        check("https://app.example.com", "null", false);
        check("https://app.example.com", "/path", false);
    }

    #[test]
    fn r_068_wildcards_do_not_cross_a_host_or_scheme() {
        check("*.example.com", "https://a.example.com", true);
        check("*.example.com", "https://a.b.example.com", true);
        check("*.example.com", "https://example.com", false);
        check("*.example.com", "https://a.example.com:8443", false);
        check("*.example.com", "https://evil.com/.example.com", false);
        check("https://*.example.com", "https://a.example.com/x", true);
        check("https://*.example.com", "http://a.example.com", false);
        check("https://*.example.com", "https://evil.com/a.example.com", false);
        check("192.168.*.*", "http://192.168.1.7", true);
        check("192.168.*.*", "http://192.168.evil.com", false);
        check("https://app-?.example.com", "https://app-1.example.com", true);
    }

    #[test]
    fn r_068_a_script_is_never_an_origin_whatever_its_host() {
        for scheme in ["javascript", "JavaScript", "vbscript", "data"] {
            check("*.example.com", &format!("{scheme}://a.example.com/%0aalert(1)"), false);
        }
    }

    #[test]
    fn r_070_patterns_that_trust_everyone_or_nobody_are_refused() {
        for pattern in ["*", "*.*", "https://*", "*://*", "http://*:3000", "?"] {
            let error = OriginPattern::parse(pattern).unwrap_err();
            assert!(matches!(error, ParsePatternError::TrustsEveryone(_)), "{pattern}: {error}");
        }
        for pattern in ["https://*.Example.com", "https://*.example.com/app", "*.example.com/x"] {
            let error = OriginPattern::parse(pattern).unwrap_err();
            assert!(matches!(error, ParsePatternError::NeverMatches(_)), "{pattern}: {error}");
        }
    }

    #[test]
    fn r_068_custom_schemes_match_their_own_scheme_alone() {
        check("myapp://", "myapp://anything/at/all", true);
        check("myapp://", "MYAPP://x", true);
        check("myapp://", "other://x", false);
        check("demo://host/cb", "demo://host/cb/next", true);
        check("demo://host/cb", "demo://host/cbx", false);
        check("demo://host/cb", "demo://evil/cb", false);
    }

    #[test]
    fn a_pattern_that_could_never_match_is_refused_with_what_was_meant() {
        for (pattern, said) in [
            ("https://app.example.com/", "https://app.example.com`?"),
            ("https://APP.example.com", "https://app.example.com`?"),
            ("app.example.com", "write `https://app.example.com`"),
            ("javascript:alert(1)", "never"),
            ("data://x", "never"),
            ("", "empty"),
        ] {
            let error = OriginPattern::parse(pattern).unwrap_err().to_string();
            assert!(error.contains(said), "{pattern}: {error}");
        }
    }
}

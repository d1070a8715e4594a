//! Patterns of trusted origins: `https://app.example.com`, `*.example.com`, `https://*.example.com`,
//! `myapp://` (Better Auth core §4.4).

use std::fmt;

use url::Url;

use super::custom_scheme::{Address, AddressGlob, ExactAddress};
use super::ipv4_range::{self, Authority, is_range};
use crate::config::glob::Glob;

/// A pattern of the list of trusted origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// No wildcard. Matches the origin of an `http` or `https` URL byte for byte, or the URL of an installed
    /// application.
    Exact(Option<ExactAddress>),
    /// Wildcards without a scheme: a glob over `host[:port]`, with any scheme.
    Host(Authority),
    /// Wildcards and a scheme: one glob over the origin of an `http` or `https` URL, and one over URLs of
    /// applications.
    Glob { web: Authority, address: Option<AddressGlob> },
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePatternError {
    /// It is empty.
    #[error("a trusted origin is empty")]
    Empty,
    /// A redirect to it would run a script in the page.
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
    /// It would trust names that anyone can register, such as `app.evil.com` for `app.*`.
    #[error(
        "`{0}` trusts names that anyone can register; end it in a domain of yours, such as `*.example.com`"
    )]
    TrustsStrangers(String),
    /// It has wildcards and an upper-case letter or a path, which no host or origin has.
    #[error("`{0}` would never match; hosts are in lower case and end before a `/`")]
    NeverMatches(String),
}

/// A URL to match against patterns, parsed once.
#[derive(Debug)]
pub(super) struct Target<'t> {
    text: &'t str,
    url: Option<Url>,
}

impl<'t> Target<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, url: Url::parse(text).ok() }
    }
}

impl OriginPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// [`ParsePatternError`] if the pattern would match nothing, a script, or sites of anyone. Better Auth
    /// accepts such a pattern without a message; then it refuses the intended page, or trusts every site.
    pub fn parse(text: &str) -> Result<Self, ParsePatternError> {
        let text = text.trim();
        check(text)?;
        Ok(Self::compile(text))
    }

    /// Parses a pattern as Better Auth does, without checking what it trusts.
    fn compile(text: &str) -> Self {
        let kind = match (text.split_once("://"), Glob::has_wildcard(text)) {
            (_, false) => Kind::Exact(ExactAddress::parse(text)),
            (None, true) => Kind::Host(Authority::new(text, text)),
            (Some((_, rest)), true) => {
                Kind::Glob { web: Authority::new(text, rest), address: AddressGlob::parse(text) }
            }
        };
        Self { text: text.to_owned(), kind }
    }

    /// Whether the origin of `url` matches. A URL that runs a script never matches, whatever its host.
    pub fn matches(&self, url: &str) -> bool {
        self.matches_target(&Target::new(url))
    }

    pub(super) fn matches_target(&self, target: &Target<'_>) -> bool {
        let Some(url) = &target.url else { return false };
        if target.text.starts_with('/') || is_script(url.scheme()) {
            return false;
        }
        let address = || if is_web(url.scheme()) { None } else { Address::parse(target.text) };
        match &self.kind {
            Kind::Exact(_) if is_web(url.scheme()) => url.origin().ascii_serialization() == self.text,
            Kind::Exact(pattern) => {
                pattern.as_ref().zip(address()).is_some_and(|(pattern, address)| pattern.matches(&address))
            }
            Kind::Host(glob) => host(url).is_some_and(|host| glob.matches(&host, &host)),
            Kind::Glob { web, .. } if is_web(url.scheme()) => {
                let origin = url.origin().ascii_serialization();
                let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
                web.matches(&origin, authority)
            }
            Kind::Glob { address: pattern, .. } => {
                pattern.as_ref().zip(address()).is_some_and(|(pattern, address)| pattern.matches(&address))
            }
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Refuses a pattern that would match nothing, a script, or every site.
fn check(text: &str) -> Result<(), ParsePatternError> {
    let has_wildcard = Glob::has_wildcard(text);
    match text.split_once("://") {
        _ if text.is_empty() => Err(ParsePatternError::Empty),
        None if is_script(text) => Err(ParsePatternError::ScriptScheme(text.to_owned())),
        None if has_wildcard => check_hosts(text, text),
        None => Err(ParsePatternError::NoScheme(text.to_owned())),
        Some((scheme, _)) if is_script(scheme) => Err(ParsePatternError::ScriptScheme(text.to_owned())),
        Some((scheme, rest)) if has_wildcard => {
            let scheme_glob = Glob::new(scheme);
            if ["http", "https"].iter().any(|web| scheme_glob.is_match(web)) {
                check_hosts(text, rest)
            } else if Glob::has_wildcard(scheme) || is_web(scheme) || AddressGlob::parse(text).is_none() {
                Err(ParsePatternError::NeverMatches(text.to_owned()))
            } else {
                Ok(())
            }
        }
        Some((scheme, _)) if is_web(scheme) => {
            let url = Url::parse(text).ok().filter(|url| is_web(url.scheme()));
            match url.map(|url| url.origin().ascii_serialization()) {
                Some(origin) if origin == text => Ok(()),
                meant => Err(ParsePatternError::NotAnOrigin {
                    given: text.to_owned(),
                    meant: meant.unwrap_or_else(|| "https://app.example.com".to_owned()),
                }),
            }
        }
        Some(_) => match ExactAddress::parse(text) {
            Some(_) => Ok(()),
            None => Err(ParsePatternError::NeverMatches(text.to_owned())),
        },
    }
}

/// Refuses a glob over hosts that would trust every site or could never match.
fn check_hosts(pattern: &str, authority: &str) -> Result<(), ParsePatternError> {
    let host = ipv4_range::host(authority);
    if !host.contains(|c: char| c.is_ascii_alphanumeric()) {
        return Err(ParsePatternError::TrustsEveryone(pattern.to_owned()));
    }
    if authority.contains('/') || authority.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(ParsePatternError::NeverMatches(pattern.to_owned()));
    }
    // `app.*` matches app.evil.com, and `*example.com` matches evilexample.com.
    let mut labels = host.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let glued = labels.next().is_some_and(|label| label.len() > 1 && label.starts_with('*'));
    if (Glob::has_wildcard(last) || glued) && !is_range(host) {
        return Err(ParsePatternError::TrustsStrangers(pattern.to_owned()));
    }
    Ok(())
}

/// Returns `host[:port]`; the default port of the scheme is left out.
fn host(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

fn is_script(scheme: &str) -> bool {
    let scheme = scheme.split(':').next().unwrap_or_default();
    ["javascript", "data", "vbscript"].iter().any(|script| scheme.eq_ignore_ascii_case(script))
}

#[cfg(test)]
mod tests;

//! Describes what is wrong with a host or origin pattern. The description omits the pattern, because errors
//! of settings show no values.

use crate::web::origin::ParsePatternError;

/// Describes what is wrong with a pattern, without quoting it.
pub(crate) fn unusable(error: &ParsePatternError) -> &'static str {
    match error {
        ParsePatternError::Empty => "is empty",
        ParsePatternError::ScriptScheme(_) => "is a script and can never be trusted",
        ParsePatternError::NotAnOrigin { .. } => {
            "is not an origin as browsers write it: scheme, lower-case host and no default port, nothing after it"
        }
        ParsePatternError::NoScheme(_) => "has no scheme",
        ParsePatternError::TrustsEveryone(_) => "trusts every site; name at least a domain",
        ParsePatternError::NeverMatches(_) => {
            "would never match: hosts are in lower case, an origin ends before its path, and a scheme has no wildcard"
        }
        ParsePatternError::TrustsStrangers(_) => {
            "trusts names that anyone can register; end it in a domain, with a dot after a leading wildcard"
        }
    }
}

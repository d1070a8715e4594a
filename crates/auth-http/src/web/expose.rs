//! `Access-Control-Expose-Headers`: the response headers that scripts of other origins may read.

use actix_web::http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap, HeaderValue};

/// Adds a header name to the exposed ones, unless it is listed already (ignoring case). The result is one
/// line, joined by comma and space, as Better Auth merges the names that its plugins expose.
pub(crate) fn expose(headers: &mut HeaderMap, name: &'static str) {
    let lines = headers.get_all(ACCESS_CONTROL_EXPOSE_HEADERS).filter_map(|line| line.to_str().ok());
    let names = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let mut names: Vec<&str> = names.collect();
    if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        names.push(name);
    }
    // This always succeeds, because every name came from a valid header value.
    if let Ok(list) = HeaderValue::from_str(&names.join(", ")) {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, list);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_are_merged_into_one_line_whatever_their_case() {
        let check = |lines: &[&'static str], expected: &str| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(line));
            }
            expose(&mut headers, "set-auth-token");
            let lines: Vec<_> = headers.get_all(ACCESS_CONTROL_EXPOSE_HEADERS).collect();
            assert_eq!(lines, [expected]);
        };
        check(&[], "set-auth-token");
        check(&["retry-after"], "retry-after, set-auth-token");
        check(&["retry-after,x-a ,, ", "x-b"], "retry-after, x-a, x-b, set-auth-token");
        check(&["x-a, Set-Auth-Token"], "x-a, Set-Auth-Token");
        check(&["set-auth-tokens"], "set-auth-tokens, set-auth-token");
    }
}

//! `Set-Cookie` lines: the one place that puts them into answers, one per name.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};

use crate::web::error::ApiError;

/// Puts a line into an answer, in the place of an earlier one for the same cookie.
///
/// # Errors
///
/// [`ApiError::Internal`] when the line is no header value.
pub(crate) fn put(headers: &mut HeaderMap, line: &str) -> Result<(), ApiError> {
    let line = HeaderValue::from_str(line).map_err(ApiError::internal)?;
    replace(headers, line);
    Ok(())
}

/// Lines that a guard found due before the handler ran.
struct Held(Vec<HeaderValue>);

/// Keeps lines for whatever the route will answer, a refusal included: a guard that extended a session has
/// done so even if the handler then refuses the request (Better Auth core §2.4).
///
/// # Errors
///
/// [`ApiError::Internal`] when a line is no header value.
pub(crate) fn hold(request: &HttpRequest, lines: &[String]) -> Result<(), ApiError> {
    let lines: Result<Vec<_>, _> = lines.iter().map(|line| HeaderValue::from_str(line)).collect();
    let lines = lines.map_err(ApiError::internal)?;
    let mut extensions = request.extensions_mut();
    match extensions.get_mut::<Held>() {
        Some(Held(held)) => held.extend(lines),
        None => drop(extensions.insert(Held(lines))),
    }
    Ok(())
}

/// Sends what was held, but for cookies that the handler itself decided about: it ran later and knows more.
pub(crate) async fn release(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody + 'static>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let held = response.request().extensions_mut().remove::<Held>();
    if let Some(Held(held)) = held {
        let headers = response.headers_mut();
        let decided: Vec<Vec<u8>> =
            headers.get_all(header::SET_COOKIE).map(|line| family(line).to_vec()).collect();
        for line in held.into_iter().filter(|line| !decided.iter().any(|it| it == family(line))) {
            replace(headers, line);
        }
    }
    Ok(response)
}

fn replace(headers: &mut HeaderMap, line: HeaderValue) {
    if headers.get_all(header::SET_COOKIE).any(|set| *set == line) {
        return;
    }
    let others: Vec<HeaderValue> =
        headers.get_all(header::SET_COOKIE).filter(|set| name(set) != name(&line)).cloned().collect();
    headers.remove(header::SET_COOKIE);
    for line in others.into_iter().chain([line]) {
        headers.append(header::SET_COOKIE, line);
    }
}

fn name(line: &HeaderValue) -> &[u8] {
    line.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default()
}

/// The name without the number of a chunk: chunks are one cookie, written and cleared together.
fn family(line: &HeaderValue) -> &[u8] {
    let name = name(line);
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    match name.split_at_checked(name.len() - digits) {
        Some(([family @ .., b'.'], [_, ..])) => family,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn lines(headers: &HeaderMap) -> Vec<&str> {
        headers.get_all(header::SET_COOKIE).map(|line| line.to_str().unwrap()).collect()
    }

    #[test]
    fn r_020_a_later_line_takes_the_place_of_an_earlier_one() {
        let mut headers = HeaderMap::new();
        for line in ["a=1; Path=/", "b=1", "a.0=1", "a=; Max-Age=0"] {
            put(&mut headers, line).unwrap();
        }
        assert_eq!(lines(&headers), ["b=1", "a.0=1", "a=; Max-Age=0"]);
        put(&mut headers, "b=1").unwrap();
        assert_eq!(lines(&headers), ["b=1", "a.0=1", "a=; Max-Age=0"], "what is there stays where it is");
        assert!(put(&mut headers, "a=\r\nb").is_err());
    }

    #[test]
    fn chunks_are_of_one_family_and_other_names_are_not() {
        let check = |line, expected: &str| {
            assert_eq!(family(&HeaderValue::from_static(line)), expected.as_bytes());
        };
        check("a.data=1", "a.data");
        check("a.data.0=1", "a.data");
        check("a.data.12=1.5", "a.data");
        check("a.data12=1", "a.data12");
        check("12=1", "12");
    }
}

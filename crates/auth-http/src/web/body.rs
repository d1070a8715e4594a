//! The request body, read by Better Auth's rules (Better Auth core §2.3) within our limits.

use std::fmt;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, http::Version};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use self::lone_surrogates::replace_lone_surrogates;
use super::error::ApiError;
use super::error_code::{BAD_REQUEST, PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE};

mod lone_surrogates;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The media types that a route accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaTypes {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded` and `application/json`.
    FormOrJson,
}

impl MediaTypes {
    /// The accepted types, formatted as in Better Auth's error message.
    fn listed(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::FormOrJson => "application/x-www-form-urlencoded, application/json",
        }
    }
}

/// How a route's body is read, and which checks against cross-site requests apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRule {
    /// The body is not read and no check runs, because the route changes nothing.
    Unread,
    /// The body is not read. The request's origin and the redirect field of its query are checked.
    Ignored,
    /// The body is read and checked.
    Read {
        /// The accepted media types.
        media_types: MediaTypes,
        /// Whether the route signs a user in. If so, pages of other sites may not call it even without a
        /// cookie.
        is_login: bool,
    },
}

/// Limits on the size of a body and on the time to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyLimits {
    /// Maximum size of a body in bytes.
    pub(crate) bytes: usize,
    /// Maximum time to read the whole body.
    pub(crate) deadline: Duration,
}

/// A parsed body whose fields are not checked yet.
///
/// It may hold a password, so `Debug` prints no content and the values are zeroed on drop.
pub(crate) struct Body {
    value: Option<Value>,
    is_form: bool,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("is_form", &self.is_form).finish_non_exhaustive()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(value) = &mut self.value {
            wipe(value);
        }
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Body {
    /// Returns an empty body, for routes that do not read it.
    pub(crate) fn none() -> Self {
        Self { value: None, is_form: false }
    }

    /// Builds a body for tests.
    #[cfg(test)]
    pub(crate) fn of(value: Value) -> Self {
        Self { value: Some(value), is_form: false }
    }

    /// Returns the value; `None` if the request has no body.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// Whether the body came as a form.
    pub(crate) fn is_form(&self) -> bool {
        self.is_form
    }

    /// Returns a member of the body, if the body is an object that has it.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.value.as_ref().and_then(|value| value.get(name))
    }

    /// Returns the members so that they can be changed; `None` if the body is not an object.
    pub(crate) fn members_mut(&mut self) -> Option<&mut Map<String, Value>> {
        self.value.as_mut().and_then(Value::as_object_mut)
    }

    /// Reads and parses the body of a request.
    ///
    /// # Errors
    ///
    /// - `UNSUPPORTED_MEDIA_TYPE` if the media type is not in `allowed`;
    /// - `BAD_REQUEST` if the body is not valid JSON, or if the client aborts while sending it;
    /// - `PAYLOAD_TOO_LARGE` and `REQUEST_TIMEOUT` if a limit is exceeded.
    pub(crate) async fn read(
        request: &HttpRequest,
        payload: &mut Payload,
        allowed: MediaTypes,
        limits: BodyLimits,
    ) -> Result<Self, ApiError> {
        if !has_body(request.version(), request.headers()) {
            return Ok(Self::none());
        }
        let sent = request.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes());
        let sent = String::from_utf8_lossy(sent.unwrap_or_default()).into_owned();
        let media_type = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_form = media_type == FORM && allowed == MediaTypes::FormOrJson;
        if !is_form && media_type != JSON {
            let message =
                format!("Content-Type \"{sent}\" is not allowed. Allowed types: {}", allowed.listed());
            return Err(ApiError::WithMessage { code: UNSUPPORTED_MEDIA_TYPE, message });
        }
        if declared_length(request.headers()).is_some_and(|length| length > limits.bytes) {
            // The declared length alone exceeds the limit, so the body is not read.
            return Err(ApiError::Coded(PAYLOAD_TOO_LARGE));
        }
        let bytes = tokio::time::timeout(limits.deadline, collect(payload, limits.bytes))
            .await
            .map_err(|_elapsed| ApiError::Coded(REQUEST_TIMEOUT))??;
        // Better Auth decodes as browsers do: invalid UTF-8 becomes U+FFFD, and a BOM is dropped.
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let value = if is_form { parse_form(text) } else { parse_json(text)? };
        Ok(Self { value: Some(value), is_form })
    }
}

/// Whether Better Auth would see a body: it requires a media type, and a length or a transfer coding. HTTP/2
/// needs neither of these two headers, so there the stream itself is read.
fn has_body(version: Version, headers: &HeaderMap) -> bool {
    if headers.get(header::CONTENT_TYPE).is_none_or(|media_type| media_type.is_empty()) {
        return false;
    }
    match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.as_bytes() != b"0",
        None => headers.contains_key(header::TRANSFER_ENCODING) || version >= Version::HTTP_2,
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(payload: &mut Payload, limit: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken| ApiError::Coded(BAD_REQUEST))?;
        if bytes.len() + chunk.len() > limit {
            return Err(ApiError::Coded(PAYLOAD_TOO_LARGE));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Parses JSON as `JSON.parse` does: of two members with the same name, the last wins. The parser's error is
/// dropped, because its text quotes the offending value, which may be a password.
fn parse_json(text: &str) -> Result<Value, ApiError> {
    serde_json::from_str(&Zeroizing::new(replace_lone_surrogates(text).into_owned())).map_err(
        |_quotes_the_value| ApiError::WithMessage {
            code: BAD_REQUEST,
            message: "Invalid JSON in request body".to_owned(),
        },
    )
}

/// Parses a form. Every value is text; of two fields with the same name, the last wins.
fn parse_form(text: &str) -> Value {
    let members: Map<String, Value> = url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Value::Object(members)
}

//! Field checks with Better Auth's messages (Better Auth core §2.5).
//!
//! A route reads its fields through [`Fields`], in the order of Better Auth's schema. All issues are
//! collected, so that a client sees all of them at once.

use actix_web::http::StatusCode;
use auth_core::{Email, FieldInputError, MistypedField};
use serde_json::{Map, Value};

use super::body::Body;
use super::error::ApiError;
use super::error_code::ErrorCode;

/// The members of a body that is an object, and the issues found so far.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    members: &'a Map<String, Value>,
    issues: Vec<String>,
}

impl<'a> Fields<'a> {
    /// Starts to read a body.
    ///
    /// `roots` are the types that Better Auth's schema requires of the whole body. Each gives one message.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` if the body is not an object.
    pub(crate) fn of(body: &'a Body, roots: &[&str]) -> Result<Self, ApiError> {
        match body.value() {
            Some(Value::Object(members)) => Ok(Self { members, issues: Vec::new() }),
            other => {
                let received = other.map_or("undefined", type_name);
                let issue =
                    |root: &&str| format!("[body] Invalid input: expected {root}, received {received}");
                Err(ApiError::validation(roots.iter().map(issue).collect::<Vec<_>>().join("; ")))
            }
        }
    }

    /// Reads a required text.
    pub(crate) fn required_text(&mut self, name: &str) -> &'a str {
        match self.members.get(name) {
            Some(Value::String(text)) => text,
            other => {
                self.wrong_type(name, "string", other);
                ""
            }
        }
    }

    /// Adds an issue if a text is longer than `max` UTF-16 units.
    pub(crate) fn at_most(&mut self, max: usize, name: &str) {
        let text = self.members.get(name).and_then(Value::as_str).unwrap_or_default();
        // A UTF-16 unit takes at least one byte of UTF-8, so a text of at most `max` bytes always fits.
        if text.len() > max && text.encode_utf16().count() > max {
            self.issue(name, &format!("Too big: expected string to have <={max} characters"));
        }
    }

    /// Returns the members whose names are not in `named`.
    pub(crate) fn others(&self, named: &[&str]) -> Map<String, Value> {
        let others = self.members.iter().filter(|(name, _)| !named.contains(&name.as_str()));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Reads a required text that must not be empty.
    pub(crate) fn non_empty_text(&mut self, name: &str) -> &'a str {
        let before = self.issues.len();
        let text = self.required_text(name);
        if text.is_empty() && self.issues.len() == before {
            self.issue(name, "Too small: expected string to have >=1 characters");
        }
        // Better Auth checks the length of any value that has one, so an empty list causes two issues.
        if self.members.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            self.issue(name, "Too small: expected array to have >=1 items");
        }
        text
    }

    /// Reads a required e-mail address.
    pub(crate) fn email(&mut self, name: &str) -> Option<Email> {
        let before = self.issues.len();
        let text = self.required_text(name);
        if self.issues.len() > before {
            return None;
        }
        let email = Email::parse(text).ok();
        if email.is_none() {
            self.issue(name, "Invalid email address");
        }
        email
    }

    /// Reads an optional text; `null` is refused.
    pub(crate) fn optional_text(&mut self, name: &str) -> Option<&'a str> {
        match self.members.get(name) {
            None => None,
            Some(Value::String(text)) => Some(text),
            other => {
                self.wrong_type(name, "string", other);
                None
            }
        }
    }

    /// Reads an optional boolean; `null` is refused.
    pub(crate) fn optional_bool(&mut self, name: &str) -> Option<bool> {
        match self.members.get(name) {
            None => None,
            Some(Value::Bool(value)) => Some(*value),
            other => {
                self.wrong_type(name, "boolean", other);
                None
            }
        }
    }

    /// Ends the checks.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` with all issues, if there are any.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.issues.is_empty() { Ok(()) } else { Err(ApiError::validation(self.issues.join("; "))) }
    }

    /// Ends the checks and returns `value`, which is `Some` if there was no issue.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` with all issues, if there are any.
    pub(crate) fn finish_with<T>(self, value: Option<T>) -> Result<T, ApiError> {
        match value {
            Some(value) if self.issues.is_empty() => Ok(value),
            _ => Err(ApiError::validation(self.issues.join("; "))),
        }
    }

    fn wrong_type(&mut self, name: &str, expected: &str, received: Option<&Value>) {
        let received = received.map_or("undefined", type_name);
        self.issue(name, &format!("Invalid input: expected {expected}, received {received}"));
    }

    fn issue(&mut self, name: &str, text: &str) {
        self.issues.push(format!("[body.{name}] {text}"));
    }
}

/// A field that clients may not set; the message names it.
pub(crate) const FIELD_NOT_ALLOWED: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "FIELD_NOT_ALLOWED", "Field not allowed to be set");
/// A required field is absent; the message names it.
pub(crate) const MISSING_FIELD: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "MISSING_FIELD", "Field is required");

/// The codes of additional fields.
pub(crate) const CODES: &[ErrorCode] = &[FIELD_NOT_ALLOWED, MISSING_FIELD];

/// In Better Auth, the database refuses a value of the wrong type and the response is 500. Here it is a
/// validation error.
impl From<FieldInputError> for ApiError {
    fn from(error: FieldInputError) -> Self {
        let message = error.to_string();
        match error {
            FieldInputError::NotAllowed { .. } => Self::WithMessage { code: FIELD_NOT_ALLOWED, message },
            FieldInputError::Missing { .. } => Self::WithMessage { code: MISSING_FIELD, message },
            FieldInputError::Mistyped(MistypedField { name, expected }) => {
                Self::validation(format!("[body.{name}] Invalid input: expected {expected}"))
            }
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

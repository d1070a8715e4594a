//! Values of additional fields: columns of a user or session beyond Better Auth's own (core §11.10). The
//! `fields` module holds the declarations.

mod json_text;

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

pub use json_text::{JsonText, ParseJsonError};

/// The value of one additional field of a user or session.
///
/// ```
/// use auth_core::{FieldValue, Visibility, wire::UserBody};
///
/// # let mut user = auth_core::testing::TestIssuer::new().user("ann@example.com").user().clone();
/// let fields = &mut user.additional;
/// fields.set("visits".into(), FieldValue::Number(7), Visibility::Returned);
/// fields.set("balance".into(), FieldValue::BigNumber(9_007_199_254_740_993), Visibility::Returned);
/// let body = serde_json::to_string(&UserBody::from(&user))?;
/// assert!(body.contains(r#""visits":7,"balance":"9007199254740993""#), "too large for JavaScript");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// No value.
    Null,
    /// Text.
    Text(String),
    /// A 32-bit integer; a number on the wire.
    Number(i64),
    /// A 64-bit integer; text on the wire, as from Better Auth's database driver, because a JavaScript number
    /// cannot hold it.
    BigNumber(i64),
    /// A boolean.
    Boolean(bool),
    /// A point in time, to the millisecond.
    Date(OffsetDateTime),
    /// Any JSON, including lists.
    Json(JsonText),
}

impl FieldValue {
    /// Returns the text; `None` for every other kind.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null
            | Self::Number(_)
            | Self::BigNumber(_)
            | Self::Boolean(_)
            | Self::Date(_)
            | Self::Json(_) => None,
        }
    }
}

/// Whether clients may see a field (`returned` in its declaration).
///
/// ```
/// use auth_core::{AdditionalValues, FieldValue, Visibility};
///
/// let mut values = AdditionalValues::default();
/// values.set("plan".into(), FieldValue::Text("team".to_owned()), Visibility::Returned);
/// values.set("risk".into(), FieldValue::Number(3), Visibility::Hidden);
/// assert_eq!(values.returned().map(|(name, _)| name).collect::<Vec<_>>(), ["plan"]);
/// assert_eq!(format!("{values:?}"), r#"{"plan": Text("team"), "risk": (hidden)}"#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Part of every answer that contains the user or session, and of cookie caches.
    Returned,
    /// Never sent to clients.
    Hidden,
}

/// The additional fields of one user or session: name, value and visibility. They are in the order of their
/// declaration, which is also their order on the wire.
///
/// ```
/// use auth_core::FieldValue;
///
/// # let issuer = auth_core::testing::TestIssuer::new();
/// # let user = issuer.user("ann@example.com").with_role("admin").user().clone();
/// match user.additional.get("role") {
///     Some(FieldValue::Text(role)) => assert_eq!(role, "admin"),
///     other => panic!("no role: {other:?}"),
/// }
/// assert_eq!(user.additional.get("department"), None, "no such field is declared");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdditionalValues(Vec<AdditionalValue>);

#[derive(Clone, PartialEq, Eq)]
struct AdditionalValue {
    name: Arc<str>,
    value: FieldValue,
    visibility: Visibility,
}

impl AdditionalValues {
    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value of a field, even if it is hidden; `None` if no field has that name.
    pub fn get(&self, name: &str) -> Option<&FieldValue> {
        self.0.iter().find(|field| &*field.name == name).map(|field| &field.value)
    }

    /// Sets the value of a field. A new name is added at the end.
    pub fn set(&mut self, name: Arc<str>, value: FieldValue, visibility: Visibility) {
        match self.0.iter_mut().find(|field| field.name == name) {
            Some(field) => *field = AdditionalValue { name, value, visibility },
            None => self.0.push(AdditionalValue { name, value, visibility }),
        }
    }

    /// Marks a field as hidden, if there is one with that name.
    pub fn hide(&mut self, name: &str) {
        if let Some(field) = self.0.iter_mut().find(|field| &*field.name == name) {
            field.visibility = Visibility::Hidden;
        }
    }

    /// Returns all names and values, including hidden ones.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        self.0.iter().map(|field| (&*field.name, &field.value))
    }

    /// Returns the names and values that clients may see.
    pub fn returned(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        let shown = self.0.iter().filter(|field| field.visibility == Visibility::Returned);
        shown.map(|field| (&*field.name, &field.value))
    }
}

/// Hidden values must not appear in logs, so `Debug` prints `(hidden)` in their place.
impl fmt::Debug for AdditionalValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for field in &self.0 {
            match field.visibility {
                Visibility::Returned => map.entry(&field.name, &field.value),
                Visibility::Hidden => map.entry(&field.name, &format_args!("(hidden)")),
            };
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_the_order_in_which_they_were_first_set() {
        let mut values = AdditionalValues::default();
        assert!(values.is_empty());
        values.set("plan".into(), FieldValue::Text("free".to_owned()), Visibility::Returned);
        values.set("age".into(), FieldValue::Number(7), Visibility::Returned);
        values.set("plan".into(), FieldValue::Null, Visibility::Returned);
        let expected = [("plan", &FieldValue::Null), ("age", &FieldValue::Number(7))];
        assert_eq!(values.iter().collect::<Vec<_>>(), expected);
        assert_eq!(values.get("age"), Some(&FieldValue::Number(7)));
        assert_eq!(values.get("Age"), None);
    }

    #[test]
    fn hidden_values_are_neither_returned_nor_printed() {
        let mut values = AdditionalValues::default();
        values.set("note".into(), FieldValue::Text("s3cret".to_owned()), Visibility::Hidden);
        values.set("age".into(), FieldValue::Number(7), Visibility::Returned);
        assert_eq!(values.returned().collect::<Vec<_>>(), [("age", &FieldValue::Number(7))]);
        assert_eq!(format!("{values:?}"), r#"{"note": (hidden), "age": Number(7)}"#);
        assert!(values.get("note").is_some());
    }
}

//! Values of additional fields: columns of a user or session beyond the ones that Better Auth has
//! (core §11.10). Which fields there are is declared elsewhere; here are only their values.

mod json_text;

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

pub use json_text::{JsonText, ParseJsonError};

/// What an additional field of one user or session holds.
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
    /// Nothing.
    Null,
    /// Text.
    Text(String),
    /// A whole number of 32 bits; a number on the wire.
    Number(i64),
    /// A whole number of 64 bits; text on the wire, since JavaScript cannot hold it and the reference's
    /// driver does not try.
    BigNumber(i64),
    /// A truth value.
    Boolean(bool),
    /// A moment, to the millisecond.
    Date(OffsetDateTime),
    /// Any JSON, lists included.
    Json(JsonText),
}

impl FieldValue {
    /// Gives a text; `None` for every other kind.
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

/// Whether clients are shown a field (`returned` in its declaration).
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
    /// In every answer that holds the user or session, and in cookie caches.
    Returned,
    /// On the server alone.
    Hidden,
}

/// The additional fields of one user or session: name, value and visibility, in the order of their
/// declaration, which is their order on the wire too.
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
    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the value of a field, hidden ones included; `None` where no field has the name.
    pub fn get(&self, name: &str) -> Option<&FieldValue> {
        self.0.iter().find(|field| &*field.name == name).map(|field| &field.value)
    }

    /// Sets the value of a field; a new name goes to the end.
    pub fn set(&mut self, name: Arc<str>, value: FieldValue, visibility: Visibility) {
        match self.0.iter_mut().find(|field| field.name == name) {
            Some(field) => *field = AdditionalValue { name, value, visibility },
            None => self.0.push(AdditionalValue { name, value, visibility }),
        }
    }

    /// Hides the value of a field, where there is one of the name.
    pub fn hide(&mut self, name: &str) {
        if let Some(field) = self.0.iter_mut().find(|field| &*field.name == name) {
            field.visibility = Visibility::Hidden;
        }
    }

    /// Gives names and values, hidden ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        self.0.iter().map(|field| (&*field.name, &field.value))
    }

    /// Gives the names and values that clients may see.
    pub fn returned(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        let shown = self.0.iter().filter(|field| field.visibility == Visibility::Returned);
        shown.map(|field| (&*field.name, &field.value))
    }
}

/// Hidden values stay hidden in logs too.
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

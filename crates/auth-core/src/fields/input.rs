//! Additional fields in the bodies of clients, checked in Better Auth's order (`parseInputData` of Better
//! Auth 1.7.25).

use serde_json::{Map, Value};

use super::{AdditionalFields, FieldDeclaration};
use crate::additional::{AdditionalValues, FieldValue};
use crate::wire::is_truthy;

/// Why a body was refused.
///
/// ```
/// use auth_core::FieldInputError;
///
/// # use auth_core::{AdditionalFields, FieldDeclaration, FieldKind, FieldOwner, Visibility};
/// # let role = FieldDeclaration { name: "role".into(), column: "role".to_owned(), kind: FieldKind::Text,
/// #     required: false, default: None, input: false, visibility: Visibility::Returned,
/// #     unique: false, index: false };
/// # let fields = AdditionalFields::new(FieldOwner::User, vec![role])?;
/// let body: serde_json::Map<_, _> = serde_json::from_str(r#"{"role":"admin"}"#)?;
/// let error = fields.parse_update(&body).unwrap_err();
/// assert_eq!(error, FieldInputError::NotAllowed { name: "role".to_owned() });
/// assert_eq!(error.to_string(), "role is not allowed to be set");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldInputError {
    /// Clients may not set the field. The message is the one on the wire (`FIELD_NOT_ALLOWED`).
    #[error("{name} is not allowed to be set")]
    NotAllowed {
        /// The field.
        name: String,
    },
    /// A required field is missing. The message is the one on the wire (`MISSING_FIELD`).
    #[error("{name} is required")]
    Missing {
        /// The field.
        name: String,
    },
    /// The field cannot hold the value.
    #[error(transparent)]
    Mistyped(#[from] MistypedField),
}

/// A value that a field cannot hold, or `null` for a required field.
///
/// ```
/// # use auth_core::{AdditionalFields, FieldDeclaration, FieldKind, FieldOwner, Visibility};
/// # let age = FieldDeclaration { name: "age".into(), column: "age".to_owned(), kind: FieldKind::Number,
/// #     required: false, default: None, input: true, visibility: Visibility::Returned,
/// #     unique: false, index: false };
/// # let fields = AdditionalFields::new(FieldOwner::User, vec![age])?;
/// let body: serde_json::Map<_, _> = serde_json::from_str(r#"{"age":"thirty"}"#)?;
/// let mistyped = fields.parse_new(&body)?.unwrap_err();
/// assert_eq!(mistyped.to_string(), "age holds no number");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} holds no {expected}")]
pub struct MistypedField {
    /// The field.
    pub name: String,
    /// Its declared type, such as `number`.
    pub expected: &'static str,
}

/// New values for some fields of a row.
///
/// ```
/// use auth_core::FieldValue;
///
/// # use auth_core::{AdditionalFields, FieldDeclaration, FieldKind, FieldOwner, Visibility};
/// # let declared = |name: &str| FieldDeclaration {
/// #     name: name.into(), column: name.to_owned(), kind: FieldKind::Text,
/// #     required: false, default: None, input: true, visibility: Visibility::Returned,
/// #     unique: false, index: false };
/// # let fields = AdditionalFields::new(FieldOwner::User, vec![declared("plan"), declared("city")])?;
/// let body: serde_json::Map<_, _> = serde_json::from_str(r#"{"city":null}"#)?;
/// let changes = fields.parse_update(&body)?;
/// assert_eq!(changes.get("city"), Some(&FieldValue::Null), "emptied");
/// assert_eq!(changes.get("plan"), None, "left as it is");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldChanges(AdditionalValues);

impl FieldChanges {
    /// Whether nothing changes. Better Auth refuses such a request.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a field's new value; `None` if the field does not change.
    pub fn get(&self, name: &str) -> Option<&FieldValue> {
        self.0.get(name)
    }
}

impl AdditionalFields {
    /// Reads the fields of a new row from a body. Keys of undeclared fields are ignored.
    ///
    /// The outer error must be reported at once. The inner error is a value that the column cannot hold. In
    /// Better Auth the database reports it, only when the row is stored.
    ///
    /// # Errors
    ///
    /// [`FieldInputError::NotAllowed`] or [`FieldInputError::Missing`] for the first field with such an
    /// error.
    pub fn parse_new(
        &self,
        body: &Map<String, Value>,
    ) -> Result<Result<AdditionalValues, MistypedField>, FieldInputError> {
        let mut values = Vec::with_capacity(self.len());
        let mut mistyped = None;
        for field in self.iter() {
            let default = || field.default.clone().unwrap_or(FieldValue::Null);
            values.push(match body.get(&*field.name) {
                None if field.default.is_none() && field.required => {
                    return Err(FieldInputError::Missing { name: field.name.to_string() });
                }
                None => default(),
                Some(_) if !field.input && field.default.is_some() => default(),
                Some(value) if !field.input => {
                    field.refuse_if_truthy(value)?;
                    FieldValue::Null
                }
                Some(Value::Null) if field.required && field.default.is_some() => default(),
                Some(value) => field.read(value).unwrap_or_else(|error| {
                    mistyped.get_or_insert(error);
                    FieldValue::Null
                }),
            });
        }
        Ok(mistyped.map_or_else(|| Ok(self.values(values)), Err))
    }

    /// Reads changes of a row from a body. Keys of undeclared fields are ignored, and so are falsy values of
    /// fields that clients may not set.
    ///
    /// # Errors
    ///
    /// [`FieldInputError::NotAllowed`] for the first value that clients may not set, otherwise
    /// [`FieldInputError::Mistyped`].
    pub fn parse_update(&self, body: &Map<String, Value>) -> Result<FieldChanges, FieldInputError> {
        let mut changes = FieldChanges::default();
        let mut mistyped = None;
        for field in self.iter() {
            let Some(value) = body.get(&*field.name) else { continue };
            if !field.input {
                field.refuse_if_truthy(value)?;
                continue;
            }
            match field.read(value) {
                Ok(value) => changes.0.set(field.name.clone(), value, field.visibility),
                Err(error) => {
                    mistyped.get_or_insert(error);
                }
            }
        }
        mistyped.map_or(Ok(changes), |error| Err(error.into()))
    }
}

impl FieldDeclaration {
    /// Reads a value. A required field does not accept `null`.
    fn read(&self, value: &Value) -> Result<FieldValue, MistypedField> {
        let read = self.kind.read(value).filter(|read| !(self.required && *read == FieldValue::Null));
        read.ok_or_else(|| MistypedField { name: self.name.to_string(), expected: self.kind.word() })
    }

    fn refuse_if_truthy(&self, value: &Value) -> Result<(), FieldInputError> {
        if is_truthy(value) {
            return Err(FieldInputError::NotAllowed { name: self.name.to_string() });
        }
        Ok(())
    }
}

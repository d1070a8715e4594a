//! Which additional fields users and sessions have, and what clients may say about them (Better Auth
//! core §11.10).
//!
//! A [`FieldDeclaration`] is what an operator wrote, [`AdditionalFields`] the checked declarations of one
//! entity in their order. The order is seen by clients: it is that of the members in answers, and of two
//! mistakes in a body the one of the earlier field is reported.

mod input;
mod kind;

use std::sync::Arc;

pub use input::{FieldChanges, FieldInputError, MistypedField};
pub use kind::FieldKind;

use crate::additional::{AdditionalValues, FieldValue, Visibility};

/// Whose fields they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOwner {
    /// The user.
    User,
    /// The session.
    Session,
}

/// One additional field, as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDeclaration {
    /// Name in bodies and answers.
    pub name: Arc<str>,
    /// Name of the column; the field's own unless declared otherwise.
    pub column: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a user cannot be made without it.
    pub required: bool,
    /// Its value where the client gave none.
    pub default: Option<FieldValue>,
    /// Whether clients may set it.
    pub input: bool,
    /// Whether clients are shown it.
    pub visibility: Visibility,
    /// Whether no two rows may have one value.
    pub unique: bool,
    /// Whether the column has an index.
    pub index: bool,
}

/// Why a field cannot be declared so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationProblem {
    /// The name or the column's is no identifier.
    #[error("{0} is no identifier: letters, digits and `_`, at most 63, no digit first")]
    NoIdentifier(&'static str),
    /// Better Auth has a member, a body field or a column of this name.
    #[error("{0} is one that Better Auth or PostgreSQL uses itself")]
    Reserved(&'static str),
    /// An earlier field has this column.
    #[error("its column is that of another field")]
    ColumnTaken,
    /// Nobody could ever give the value that is required.
    #[error("it is required, has no default, and nobody can give it a value")]
    NobodyCanSet,
    /// Two rows would have the default.
    #[error("it is unique, so a default could be used once only")]
    UniqueDefault,
    /// Values of the kind cannot be told apart by an index.
    #[error("lists and json can neither be unique nor have an index")]
    NotIndexable,
}

/// A field that cannot be declared so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the additional field cannot be declared so: {problem}")]
pub struct DeclarationError {
    /// Position of the field among the given ones, from 0.
    pub position: usize,
    /// What is wrong.
    pub problem: DeclarationProblem,
}

/// The additional fields of one entity, in the order of their declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdditionalFields(Vec<FieldDeclaration>);

/// The additional fields of users and of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredFields {
    /// Of users.
    pub user: AdditionalFields,
    /// Of sessions.
    pub session: AdditionalFields,
}

/// Longest identifier of PostgreSQL, in bytes.
const IDENTIFIER_MAX: usize = 63;

/// Members and columns of the user, and what the sign-up body has besides.
const OF_USER: [&str; 10] = [
    "id",
    "name",
    "email",
    "emailVerified",
    "image",
    "createdAt",
    "updatedAt",
    "password",
    "callbackURL",
    "rememberMe",
];

/// Members and columns of the session.
const OF_SESSION: [&str; 8] =
    ["id", "token", "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent"];

/// Columns that every table of PostgreSQL has, and a name that JavaScript objects do not keep.
const OF_EVERYTHING: [&str; 7] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "__proto__"];

impl AdditionalFields {
    /// Checks declarations, each by itself and all together.
    ///
    /// # Errors
    ///
    /// [`DeclarationError`] with the first field that cannot be so.
    pub fn new(owner: FieldOwner, fields: Vec<FieldDeclaration>) -> Result<Self, DeclarationError> {
        for (position, field) in fields.iter().enumerate() {
            let earlier = fields.iter().take(position);
            check(owner, field, earlier).map_err(|problem| DeclarationError { position, problem })?;
        }
        Ok(Self(fields))
    }

    /// Gives the declarations.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldDeclaration> {
        self.0.iter()
    }

    /// Tells how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the values of a new row for which nobody said anything: each field's default, or nothing.
    pub fn defaults(&self) -> AdditionalValues {
        self.values(self.0.iter().map(|field| field.default.clone().unwrap_or(FieldValue::Null)))
    }

    /// Names values that come in the order of the declarations; a field without a value gets none.
    pub fn values(&self, values: impl IntoIterator<Item = FieldValue>) -> AdditionalValues {
        let mut values = values.into_iter();
        let mut named = AdditionalValues::default();
        for field in &self.0 {
            let value = values.next().unwrap_or(FieldValue::Null);
            named.set(Arc::clone(&field.name), value, field.visibility);
        }
        named
    }
}

fn check<'a>(
    owner: FieldOwner,
    field: &FieldDeclaration,
    mut earlier: impl Iterator<Item = &'a FieldDeclaration>,
) -> Result<(), DeclarationProblem> {
    let core: &[&str] = match owner {
        FieldOwner::User => &OF_USER,
        FieldOwner::Session => &OF_SESSION,
    };
    for (what, text) in [("its name", &*field.name), ("its column", field.column.as_str())] {
        if !is_identifier(text) {
            return Err(DeclarationProblem::NoIdentifier(what));
        }
        if core.contains(&text) || OF_EVERYTHING.contains(&text) {
            return Err(DeclarationProblem::Reserved(what));
        }
    }
    if earlier.any(|other| other.column == field.column) {
        return Err(DeclarationProblem::ColumnTaken);
    }
    // Sessions are made by signing in, which gives none but the defaults.
    let can_be_set = field.input && owner == FieldOwner::User;
    if field.required && field.default.is_none() && !can_be_set {
        return Err(DeclarationProblem::NobodyCanSet);
    }
    if field.unique && field.default.is_some() {
        return Err(DeclarationProblem::UniqueDefault);
    }
    if (field.unique || field.index) && !field.kind.is_indexable() {
        return Err(DeclarationProblem::NotIndexable);
    }
    Ok(())
}

fn is_identifier(text: &str) -> bool {
    text.len() <= IDENTIFIER_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;

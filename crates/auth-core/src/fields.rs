//! The additional fields of users and sessions, and the values that clients may set (Better Auth core
//! §11.10).
//!
//! A [`FieldDeclaration`] is an operator's declaration of one field. [`AdditionalFields`] is the checked list
//! of one entity's declarations. Clients can observe the order of the list: members of answers are in this
//! order, and if a body has two errors, the one of the earlier field is reported.

mod input;
mod kind;

use std::sync::Arc;

pub use input::{FieldChanges, FieldInputError, MistypedField};
pub use kind::FieldKind;

use crate::additional::{AdditionalValues, FieldValue, Visibility};
use crate::identifier::is_identifier;

/// The entity that additional fields belong to.
///
/// ```
/// use auth_core::{AdditionalFields, DeclarationProblem, FieldOwner};
///
/// # use auth_core::{FieldDeclaration, FieldKind, Visibility};
/// # let field = FieldDeclaration {
/// #     name: "terms".into(), column: "terms".to_owned(), kind: FieldKind::Boolean,
/// #     required: true, default: None, input: true, visibility: Visibility::Returned,
/// #     unique: false, index: false };
/// assert!(AdditionalFields::new(FieldOwner::User, vec![field.clone()]).is_ok(), "sign-up asks for it");
/// let error = AdditionalFields::new(FieldOwner::Session, vec![field]).unwrap_err();
/// assert_eq!(error.problem, DeclarationProblem::NobodyCanSet);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOwner {
    /// The user.
    User,
    /// The session.
    Session,
}

/// The declaration of one additional field.
///
/// ```
/// use auth_core::{AdditionalFields, FieldDeclaration, FieldKind, FieldOwner, FieldValue, Visibility};
///
/// let role = FieldDeclaration {
///     name: "role".into(),
///     column: "role".to_owned(),
///     kind: FieldKind::Text,
///     required: true,
///     default: Some(FieldValue::Text("member".to_owned())),
///     input: false,
///     visibility: Visibility::Returned,
///     unique: false,
///     index: true,
/// };
/// let fields = AdditionalFields::new(FieldOwner::User, vec![role])?;
/// assert_eq!(fields.defaults().get("role"), Some(&FieldValue::Text("member".to_owned())));
/// # Ok::<(), auth_core::DeclarationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDeclaration {
    /// Name in request bodies and answers.
    pub name: Arc<str>,
    /// Name of the column; the same as `name` unless declared otherwise.
    pub column: String,
    /// Type of the value.
    pub kind: FieldKind,
    /// Whether a user cannot be created without a value for it.
    pub required: bool,
    /// Value that is stored if the client sends none.
    pub default: Option<FieldValue>,
    /// Whether clients may set it.
    pub input: bool,
    /// Whether clients may see it.
    pub visibility: Visibility,
    /// Whether the column is unique: no two rows may have the same value.
    pub unique: bool,
    /// Whether the column has an index.
    pub index: bool,
}

/// Why a field declaration is invalid.
///
/// ```
/// use auth_core::{AdditionalFields, DeclarationProblem, FieldOwner};
///
/// # use auth_core::{FieldDeclaration, FieldKind, Visibility};
/// # let declared = |name: &str| FieldDeclaration {
/// #     name: name.into(), column: name.to_owned(), kind: FieldKind::Text,
/// #     required: false, default: None, input: true, visibility: Visibility::Returned,
/// #     unique: false, index: false };
/// let problem = |name| AdditionalFields::new(FieldOwner::User, vec![declared(name)]).unwrap_err().problem;
/// assert_eq!(problem("email"), DeclarationProblem::Reserved("its name"));
/// let reason = problem("drop table").to_string();
/// assert_eq!(reason, "its name is no identifier: letters, digits and `_`, at most 63, no digit first");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationProblem {
    /// The name of the field or of its column is not an identifier.
    #[error("{0} is no identifier: letters, digits and `_`, at most 63, no digit first")]
    NoIdentifier(&'static str),
    /// Better Auth or PostgreSQL already uses the name for a member, a body field or a column.
    #[error("{0} is one that Better Auth or PostgreSQL uses itself")]
    Reserved(&'static str),
    /// An earlier field has the same column.
    #[error("its column is that of another field")]
    ColumnTaken,
    /// The field is required, but it has no default and clients cannot set it.
    #[error("it is required, has no default, and nobody can give it a value")]
    NobodyCanSet,
    /// The field is unique, so only one row could have the default.
    #[error("it is unique, so a default could be used once only")]
    UniqueDefault,
    /// The field is unique or has an index, but values of its type cannot be indexed.
    #[error("lists and json can neither be unique nor have an index")]
    NotIndexable,
}

/// An invalid field declaration and its position.
///
/// ```
/// use auth_core::{AdditionalFields, DeclarationProblem, FieldOwner};
///
/// # use auth_core::{FieldDeclaration, FieldKind, Visibility};
/// # let plan = FieldDeclaration { name: "plan".into(), column: "plan".to_owned(), kind: FieldKind::Text,
/// #     required: false, default: None, input: true, visibility: Visibility::Returned,
/// #     unique: false, index: false };
/// # let tariff = FieldDeclaration { name: "tariff".into(), ..plan.clone() };
/// let error = AdditionalFields::new(FieldOwner::User, vec![plan, tariff]).unwrap_err();
/// assert_eq!((error.position, error.problem), (1, DeclarationProblem::ColumnTaken));
/// assert!(error.to_string().ends_with("its column is that of another field"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the additional field cannot be declared so: {problem}")]
pub struct DeclarationError {
    /// Position of the field in the given list, from 0.
    pub position: usize,
    /// What is wrong.
    pub problem: DeclarationProblem,
}

/// The additional fields of one entity, in the order of their declaration.
///
/// ```
/// use auth_core::{AdditionalFields, FieldOwner, FieldValue};
///
/// # use auth_core::{FieldDeclaration, FieldKind, Visibility};
/// # let plan = FieldDeclaration { name: "plan".into(), column: "plan".to_owned(), kind: FieldKind::Text,
/// #     required: false, default: None, input: true, visibility: Visibility::Returned,
/// #     unique: false, index: false };
/// # let sign_up: serde_json::Map<_, _> = serde_json::from_str(r#"{"name":"Ann","plan":"team"}"#)?;
/// let fields = AdditionalFields::new(FieldOwner::User, vec![plan])?;
/// let values = fields.parse_new(&sign_up)??;
/// assert_eq!(values.get("plan"), Some(&FieldValue::Text("team".to_owned())));
/// assert_eq!(values.get("name"), None, "of the body's members those that are declared");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdditionalFields(Vec<FieldDeclaration>);

/// The additional fields of users and of sessions.
///
/// ```
/// use auth_core::{AdditionalFields, DeclaredFields, FieldOwner, Visibility};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// # let max_age = MaxAge::LONGEST;
/// # let policy = CookieCachePolicy { strategy: CacheStrategy::Compact, max_age, version: String::new() };
/// # let cache = CookieCache::new(policy, &secrets);
/// # let role = FieldDeclaration { name: "role".into(), column: "role".to_owned(), kind: FieldKind::Text,
/// #     required: false, default: None, input: false, visibility: Visibility::Hidden,
/// #     unique: false, index: false };
/// # let signed_in = testing::TestIssuer::new().user("ann@example.com").with_role("admin").sign_in(now);
/// assert_eq!(role.visibility, Visibility::Hidden);
/// let user = AdditionalFields::new(FieldOwner::User, vec![role])?;
/// let cache = cache.hiding(&DeclaredFields { user, session: AdditionalFields::default() });
/// # let cached = cache.write(&signed_in, Remember::Persistent, now, &mut rand::rng())?;
/// // A cache from before the field was hidden:
/// let read = cache.read(&cached.value, &signed_in.session.token, now).expect("our own");
/// assert_eq!(read.user.additional.returned().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredFields {
    /// Fields of users.
    pub user: AdditionalFields,
    /// Fields of sessions.
    pub session: AdditionalFields,
}

/// Names of the user's members and columns, and of the other members of the sign-up body.
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

/// Names of the session's members and columns.
const OF_SESSION: [&str; 8] =
    ["id", "token", "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent"];

/// System columns of every PostgreSQL table, and `__proto__`, which JavaScript objects do not store as a
/// member.
const OF_EVERYTHING: [&str; 7] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "__proto__"];

impl AdditionalFields {
    /// Checks each declaration by itself and against the earlier ones.
    ///
    /// # Errors
    ///
    /// [`DeclarationError`] with the first invalid field.
    pub fn new(owner: FieldOwner, fields: Vec<FieldDeclaration>) -> Result<Self, DeclarationError> {
        for (position, field) in fields.iter().enumerate() {
            let earlier = fields.iter().take(position);
            check(owner, field, earlier).map_err(|problem| DeclarationError { position, problem })?;
        }
        Ok(Self(fields))
    }

    /// Returns the declarations in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldDeclaration> {
        self.0.iter()
    }

    /// Returns the number of declarations.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no declarations.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the values of a new row if the client sent none: each field's default, or
    /// [`FieldValue::Null`].
    pub fn defaults(&self) -> AdditionalValues {
        self.values(self.0.iter().map(|field| field.default.clone().unwrap_or(FieldValue::Null)))
    }

    /// Names values that come in the order of the declarations. A missing value becomes [`FieldValue::Null`].
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
    // Sign-in creates sessions, and it sets only the defaults.
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

#[cfg(test)]
mod tests;

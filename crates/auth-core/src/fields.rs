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
use crate::identifier::is_identifier;

/// Whose fields they are.
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

/// One additional field, as it is declared.
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
    /// The name or the column's is no identifier.
    #[error("{0} is no identifier: letters, digits and `_`, at most 63, no digit first")]
    NoIdentifier(&'static str),
    /// Better Auth has a member, a body field or a column of this name.
    #[error("{0} is one that Better Auth or PostgreSQL uses itself")]
    Reserved(&'static str),
    /// An earlier field has this column.
    #[error("its column is that of another field")]
    ColumnTaken,
    /// There is no way to give the value that is required.
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
    /// Position of the field among the given ones, from 0.
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
    /// Of users.
    pub user: AdditionalFields,
    /// Of sessions.
    pub session: AdditionalFields,
}

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

    /// Gives the values of a new row for which no value was given: each field's default, or nothing.
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

#[cfg(test)]
mod tests;

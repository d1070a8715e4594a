//! Body fields that several routes read: the data of a new user, and how long to stay signed in.

use auth_core::{Email, Password, Remember};

use super::hooks::KNOWN;
use super::sign_up::NewUser;
use crate::web::error::ApiError;
use crate::web::fields::Fields;

/// In Better Auth, the schema of a sign-up is an object and a record at once, and its error names both.
pub(crate) const SIGN_UP_ROOTS: [&str; 2] = ["object", "record"];

/// Maximum length of a name in UTF-16 units. Access tokens contain the name, and a longer one would make a
/// token too large for servers to read.
pub(crate) const NAME_MAX: usize = 512;

/// Maximum length of `image` in UTF-16 units. It leaves room for a small picture as a `data:` URL, and equals
/// the default limit of a request body.
const IMAGE_MAX: usize = 65_536;

/// How long a session is remembered. Only a literal `false` asks for a session that ends with the browser.
pub(crate) fn remember(remember_me: Option<bool>) -> Remember {
    match remember_me {
        Some(false) => Remember::UntilBrowserCloses,
        Some(true) | None => Remember::Persistent,
    }
}

impl NewUser {
    /// Reads the fields after the name, in the order of Better Auth's schema.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` with every issue, including those of the name.
    pub(crate) fn read(mut fields: Fields<'_>, name: impl Fn(&Email) -> String) -> Result<Self, ApiError> {
        let email = fields.email("email");
        let password = Password::new(fields.non_empty_text("password"));
        let image = fields.optional_text("image").map(str::to_owned);
        fields.at_most(IMAGE_MAX, "image");
        fields.optional_text("callbackURL");
        let remember = remember(fields.optional_bool("rememberMe"));
        let others = fields.others(&KNOWN);
        let email = fields.finish_with(email)?;
        Ok(Self { name: name(&email), email, password, image, remember, others })
    }
}

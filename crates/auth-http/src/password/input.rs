//! Members of bodies that several routes read: what a new user types, and how long to stay signed in.

use auth_core::{Email, Password, Remember};

use super::hooks::KNOWN;
use super::sign_up::NewUser;
use crate::web::error::ApiError;
use crate::web::fields::Fields;

/// The reference's schema of a sign-up is an object and a record at once, and names both.
pub(crate) const SIGN_UP_ROOTS: [&str; 2] = ["object", "record"];

/// Longest name in UTF-16 units. Access tokens carry the name; with a longer one a token would outgrow what servers read.
pub(crate) const NAME_MAX: usize = 512;

/// Longest `image` in UTF-16 units: room for a small picture as a `data:` address, and as much as a request's body by
/// default.
const IMAGE_MAX: usize = 65_536;

/// How long a session is remembered: only a literal `false` asks for one that ends with the browser.
pub(crate) fn remember(remember_me: Option<bool>) -> Remember {
    match remember_me {
        Some(false) => Remember::UntilBrowserCloses,
        Some(true) | None => Remember::Persistent,
    }
}

impl NewUser {
    /// Reads the fields after the name, in the reference's schema order.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` with every issue, those of the name among them.
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

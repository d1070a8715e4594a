//! The features of a server: the one list that names them all.

use auth_core::FieldDeclaration;

use crate::app::settings::Settings;
use crate::config::{Loader, SettingsError};
use crate::features::Feature;
use crate::features::bearer::BearerTokens;
use crate::features::email_password::EmailPassword;
use crate::features::jwt::Jwt;
use crate::features::sessions::SessionRoutes;
use crate::features::system::System;
use crate::features::token_api::TokenApi;
use crate::features::username::Username;
use crate::signing_keys::SigningKeys;
use crate::web::error_code::{self, ErrorCode};
use crate::web::route_facts::RouteFacts;
use crate::{password, session, web};

/// Gives the features that the settings turn on. Hooks run in this order.
pub(crate) fn features(settings: &Settings, keys: &SigningKeys) -> Vec<Box<dyn Feature>> {
    let fixed = settings.server.base_url.fixed();
    let jwt = settings.jwt.enabled.then(|| Jwt::new(&settings.jwt, keys.clone(), fixed));
    let features: [Option<Box<dyn Feature>>; 7] = [
        Some(Box::new(TokenApi)),
        Some(Box::new(EmailPassword::new(&settings.email_and_password))),
        Some(Box::new(SessionRoutes::new(&settings.session))),
        Some(Box::new(System::new(settings.server.error_url.clone()))),
        boxed(BearerTokens::new(settings.bearer)),
        boxed(jwt),
        boxed(Username::new(settings.username)),
    ];
    features.into_iter().flatten().collect()
}

fn boxed(feature: Option<impl Feature + 'static>) -> Option<Box<dyn Feature>> {
    feature.map(|feature| Box::new(feature) as Box<dyn Feature>)
}

/// Reads a feature's section, and gives the fields of users that it declares; none where it is off.
type UserFields = fn(&Loader) -> Result<Vec<FieldDeclaration>, SettingsError>;

/// The features that declare fields of users.
const USER_FIELDS: &[UserFields] = &[Username::user_fields];

/// Gives the fields that the features which are on declare for users, in the order of the list.
pub(crate) fn user_fields(loader: &Loader) -> Result<Vec<FieldDeclaration>, SettingsError> {
    let fields: Result<Vec<_>, _> = USER_FIELDS.iter().map(|fields| fields(loader)).collect();
    fields.map(|fields| fields.concat())
}

/// Gives what is known of the routes of a server with these settings.
pub fn routes(settings: &Settings) -> Vec<RouteFacts> {
    let keys = SigningKeys::new(&settings.jwt, &settings.security.secrets);
    features(settings, &keys).iter().flat_map(|feature| feature.facts()).collect()
}

/// Lists every code that a server with these settings answers with.
pub fn error_codes(settings: &Settings) -> Vec<ErrorCode> {
    let keys = SigningKeys::new(&settings.jwt, &settings.security.secrets);
    let shared = [error_code::CODES, web::origin::CODES, web::fields::CODES, session::CODES, password::CODES];
    let own = features(settings, &keys);
    let own = own.iter().flat_map(|feature| feature.errors());
    shared.into_iter().flatten().chain(own).copied().collect()
}

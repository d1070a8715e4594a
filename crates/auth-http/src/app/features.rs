//! The list of the server's features.

use std::sync::Arc;

use crate::app::settings::Settings;
use crate::features::Feature;
use crate::features::bearer::BearerTokens;
use crate::features::email_password::EmailPassword;
use crate::features::jwt::Jwt;
use crate::features::sessions::SessionRoutes;
use crate::features::system::System;
use crate::features::token_api::TokenApi;
use crate::signing_keys::SigningKeys;
use crate::web::error_code::{self, ErrorCode};
use crate::web::route_facts::RouteFacts;
use crate::{password, session, web};

/// Returns the features that the settings turn on. Hooks run in this order.
pub(crate) fn features(settings: &Settings, keys: &SigningKeys) -> Vec<Arc<dyn Feature>> {
    let fixed = settings.server.base_url.fixed();
    let mut features: Vec<Arc<dyn Feature>> = vec![
        Arc::new(TokenApi),
        Arc::new(EmailPassword::new(&settings.email_and_password)),
        Arc::new(SessionRoutes::new(&settings.session)),
        Arc::new(System::new(settings.server.error_url.clone())),
    ];
    if let Some(bearer) = BearerTokens::new(settings.bearer) {
        features.push(Arc::new(bearer));
    }
    if settings.jwt.enabled {
        features.push(Arc::new(Jwt::new(&settings.jwt, keys.clone(), fixed)));
    }
    features.extend(settings.plugins.iter().cloned());
    features
}

/// Returns the facts of the routes of a server with these settings.
pub fn routes(settings: &Settings) -> Vec<RouteFacts> {
    let keys = SigningKeys::new(&settings.jwt, &settings.security.secrets);
    features(settings, &keys).iter().flat_map(|feature| feature.facts()).collect()
}

/// Lists every error code that a server with these settings can answer with.
pub fn error_codes(settings: &Settings) -> Vec<ErrorCode> {
    let keys = SigningKeys::new(&settings.jwt, &settings.security.secrets);
    let shared = [error_code::CODES, web::origin::CODES, web::fields::CODES, session::CODES, password::CODES];
    let own = features(settings, &keys);
    let own = own.iter().flat_map(|feature| feature.errors());
    shared.into_iter().flatten().chain(own).copied().collect()
}

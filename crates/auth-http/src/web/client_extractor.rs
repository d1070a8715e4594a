//! Who is at the other end of the connection, as far as that can be known.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use crate::web::client::Client;
use crate::web::client_address::ClientAddressPolicy;
use crate::web::error::ApiError;
use crate::web::state::MissingState;

/// Longest `User-Agent` in characters that is stored with a session; browsers stay well under it.
const USER_AGENT_MAX: usize = 1024;

impl FromRequest for Client {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(policy) = request.app_data::<Data<ClientAddressPolicy>>() else {
            return ready(Err(ApiError::internal(MissingState("ClientAddressPolicy"))));
        };
        let peer = request.peer_addr().map(|peer| peer.ip());
        let ip_address = policy.client_address(peer, request.headers());
        let user_agent = request.headers().get(header::USER_AGENT).map(|value| value.as_bytes());
        // One character per byte, as Node reads headers: the stored text is then the same at both servers.
        let user_agent = user_agent.unwrap_or_default().iter().copied().map(char::from);
        let user_agent = user_agent.take(USER_AGENT_MAX).collect();
        ready(Ok(Self { ip_address: ip_address.map_or_else(String::new, |ip| ip.to_string()), user_agent }))
    }
}

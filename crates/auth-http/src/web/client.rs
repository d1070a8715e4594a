//! The client of a request, as stored with a session.

use actix_web::http::header::{HeaderMap, USER_AGENT};

use super::client_address::ClientAddress;

/// Maximum length of a stored `User-Agent`, in characters. Browsers stay well below it.
const USER_AGENT_MAX: usize = 1024;

/// The client's address and software, as stored with a session. Empty means unknown, as in Better Auth.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Canonical address.
    pub(crate) ip_address: String,
    /// `User-Agent`, cut to its first 1,024 characters.
    pub(crate) user_agent: String,
}

impl Client {
    /// Builds the client from a request's address and headers.
    pub(crate) fn new(address: Option<&ClientAddress>, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(USER_AGENT).map(|value| value.as_bytes()).unwrap_or_default();
        // One character per byte, as Node reads headers, so that both servers store the same text.
        let user_agent = user_agent.iter().copied().map(char::from).take(USER_AGENT_MAX).collect();
        let ip_address = address.map_or_else(String::new, |address| address.to_string());
        Self { ip_address, user_agent }
    }
}

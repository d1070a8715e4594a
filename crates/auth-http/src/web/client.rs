//! Where a request comes from, as it is stored with a session.

/// The client's address and software, as they are stored with a session. Empty means unknown (Better
/// Auth core §12.2).
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Canonical address.
    pub(crate) ip_address: String,
    /// `User-Agent`, cut to its first 1,024 characters.
    pub(crate) user_agent: String,
}

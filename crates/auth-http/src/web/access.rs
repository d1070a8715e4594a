//! What a route requires of its caller.

/// What a route requires of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing; credentials are not read.
    Anyone,
    /// Nothing, but the response depends on the caller. A bearer token that does not verify is refused.
    Optional,
    /// A valid session. It is extended if it is due for an update.
    Session {
        /// Whether the caller must have signed in recently (`session.fresh_age`).
        fresh: bool,
        /// How a valid cookie cache is used.
        cache: CookieCacheUse,
    },
    /// Any credentials of the token API; a session is not extended.
    Credentials,
}

/// How a valid cookie cache is used when a session is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieCacheUse {
    /// The cached session is used without a query. Only for routes that show a session.
    Trusted,
    /// The store is asked whether the session still exists, and nothing is written, as Better Auth writes
    /// nothing on these routes. A route that changes a session or issues a token must rely on stored data
    ///
    Confirmed,
    /// The cookie cache is ignored and replaced.
    Ignored,
}

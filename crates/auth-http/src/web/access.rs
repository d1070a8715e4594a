//! What a route asks of its caller.

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing; credentials are not looked at.
    Anyone,
    /// Nothing, but the answer depends on the caller: a bearer token that does not verify is refused.
    Optional,
    /// A session, which is extended where its time has come.
    Session {
        /// Whether the caller must have signed in lately (`session.fresh_age`).
        fresh: bool,
        /// What a good cookie cache is worth.
        cache: CookieCacheUse,
    },
    /// Any credentials of the token API; a session is not extended.
    Credentials,
}

/// What a good cookie cache is worth to a read of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieCacheUse {
    /// It is the answer, without a query. For showing a session and nothing else.
    Trusted,
    /// The store is asked whether it still holds, and nothing is written, as the reference writes nothing on these
    /// routes: what changes a session, or hands out a token, rests on what is stored.
    Confirmed,
    /// It is passed over and replaced.
    Ignored,
}

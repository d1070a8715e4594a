//! The codes that [`Refusal`](crate::Refusal) answers with. Those of single routes belong to the server.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $message:literal;)*) => {
        /// An error code of a service that refuses a caller, with its fixed message.
        ///
        /// ```
        /// use auth_core::wire::ErrorCode;
        ///
        /// let code = ErrorCode::SessionNotFresh;
        /// assert_eq!(code.code(), "SESSION_NOT_FRESH");
        /// assert_eq!(code.message(), "Session is not fresh");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Gives the `code` member.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Gives the `message` member that goes with the code.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
}

error_codes! {
    /// No credentials, or a cookie session that is over.
    Unauthorized = "UNAUTHORIZED", "Unauthorized";
    /// A token that does not verify.
    InvalidToken = "INVALID_TOKEN", "Invalid token";
    /// A token past its end.
    TokenExpired = "TOKEN_EXPIRED", "Token expired";
    /// The caller is known and may not.
    Forbidden = "FORBIDDEN", "Forbidden";
    /// The user signed in too long ago for what is asked.
    SessionNotFresh = "SESSION_NOT_FRESH", "Session is not fresh";
    /// The server or its database is busy or away; try again later.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "Service unavailable";
}

//! The error codes of [`Refusal`](crate::Refusal). The server defines the codes of single routes.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $message:literal;)*) => {
        /// An error code of a service that refuses a request, with its fixed message.
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

            /// Returns the `code` member.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the `message` member for the code.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
}

error_codes! {
    /// No credentials, or a cookie whose session has ended.
    Unauthorized = "UNAUTHORIZED", "Unauthorized";
    /// A token that does not verify.
    InvalidToken = "INVALID_TOKEN", "Invalid token";
    /// A token that has expired.
    TokenExpired = "TOKEN_EXPIRED", "Token expired";
    /// The caller is known but not permitted.
    Forbidden = "FORBIDDEN", "Forbidden";
    /// The user signed in too long ago for the requested action.
    SessionNotFresh = "SESSION_NOT_FRESH", "Session is not fresh";
    /// The server or its database is overloaded or unreachable; try again later.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "Service unavailable";
}

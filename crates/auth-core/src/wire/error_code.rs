//! The closed list of errors that a client may see.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $message:literal;)*) => {
        /// An error code with its fixed message, as Better Auth 1.7.25 words them (core §2.6), and the
        /// few of the token API.
        ///
        /// ```
        /// use auth_core::wire::ErrorCode;
        ///
        /// let code = ErrorCode::InvalidEmailOrPassword;
        /// assert_eq!(code.code(), "INVALID_EMAIL_OR_PASSWORD");
        /// assert_eq!(code.message(), "Invalid email or password");
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

            /// Gives the `message` member that goes with the code. A few answers of the reference
            /// carry a longer message under the same code.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
}

error_codes! {
    /// The request is not well-formed.
    BadRequest = "BAD_REQUEST", "Bad Request";
    /// A field of the body or query is missing or of the wrong type.
    ValidationError = "VALIDATION_ERROR", "Validation Error";
    /// The body's media type is not one the route reads.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type";
    /// The body is over the size limit.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", "Request body is too large";
    /// The body did not arrive in time.
    RequestTimeout = "REQUEST_TIMEOUT", "Request timed out";
    /// No credentials, or a cookie session that is over.
    Unauthorized = "UNAUTHORIZED", "Unauthorized";
    /// A token that does not verify.
    InvalidToken = "INVALID_TOKEN", "Invalid token";
    /// A token past its end.
    TokenExpired = "TOKEN_EXPIRED", "Token expired";
    /// Unknown address, wrong password, or an account without one.
    InvalidEmailOrPassword = "INVALID_EMAIL_OR_PASSWORD", "Invalid email or password";
    /// The current password is wrong.
    InvalidPassword = "INVALID_PASSWORD", "Invalid password";
    /// The address is outside the accepted grammar.
    InvalidEmail = "INVALID_EMAIL", "Invalid email";
    /// The password is under the minimum length.
    PasswordTooShort = "PASSWORD_TOO_SHORT", "Password too short";
    /// The password is over the maximum length.
    PasswordTooLong = "PASSWORD_TOO_LONG", "Password too long";
    /// The address is taken.
    UserAlreadyExistsUseAnotherEmail = "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", "User already exists. Use another email.";
    /// The user could not be written.
    FailedToCreateUser = "FAILED_TO_CREATE_USER", "Failed to create user";
    /// The session could not be written.
    FailedToCreateSession = "FAILED_TO_CREATE_SESSION", "Failed to create session";
    /// The session could not be read.
    FailedToGetSession = "FAILED_TO_GET_SESSION", "Failed to get session";
    /// The caller is known and may not.
    Forbidden = "FORBIDDEN", "Forbidden";
    /// The user signed in too long ago for what is asked.
    SessionNotFresh = "SESSION_NOT_FRESH", "Session is not fresh";
    /// The user has no password.
    CredentialAccountNotFound = "CREDENTIAL_ACCOUNT_NOT_FOUND", "Credential account not found";
    /// Signing in by password is turned off.
    EmailPasswordDisabled = "EMAIL_PASSWORD_DISABLED", "Email and password is not enabled";
    /// Signing up by password is turned off.
    EmailPasswordSignUpDisabled = "EMAIL_PASSWORD_SIGN_UP_DISABLED", "Email and password sign up is not enabled";
    /// A field that clients may not set; the message names it.
    FieldNotAllowed = "FIELD_NOT_ALLOWED", "Field not allowed to be set";
    /// A required field is absent; the message names it.
    MissingField = "MISSING_FIELD", "Field is required";
    /// The address has not been proven yet.
    EmailNotVerified = "EMAIL_NOT_VERIFIED", "Email not verified";
    /// `POST /get-session` without deferred refresh.
    MethodNotAllowedDeferSessionRequired = "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED",
        "POST method requires deferSessionRefresh to be enabled in session config";
    /// The `Origin` is not trusted.
    InvalidOrigin = "INVALID_ORIGIN", "Invalid origin";
    /// Neither `Origin` nor `Referer` came where one is needed.
    MissingOrNullOrigin = "MISSING_OR_NULL_ORIGIN", "Missing or null Origin";
    /// A cross-site navigation tried to sign in.
    CrossSiteNavigationLoginBlocked = "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED",
        "Cross-site navigation login blocked. This request appears to be a CSRF attack.";
    /// `callbackURL` leads to an untrusted place.
    InvalidCallbackUrl = "INVALID_CALLBACK_URL", "Invalid callbackURL";
    /// `redirectTo` leads to an untrusted place.
    InvalidRedirectUrl = "INVALID_REDIRECT_URL", "Invalid redirectURL";
    /// `errorCallbackURL` leads to an untrusted place.
    InvalidErrorCallbackUrl = "INVALID_ERROR_CALLBACK_URL", "Invalid errorCallbackURL";
    /// `newUserCallbackURL` leads to an untrusted place.
    InvalidNewUserCallbackUrl = "INVALID_NEW_USER_CALLBACK_URL", "Invalid newUserCallbackURL";
    /// The request names a host that this server does not answer for.
    MisdirectedRequest = "MISDIRECTED_REQUEST", "Host is not allowed";
    /// The server or its database is busy or away; try again later.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "Service unavailable";
}

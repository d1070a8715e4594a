//! Better Auth's `emailAndPassword`: `/sign-in/email`, `/sign-up/email`, `/change-password`.

pub(crate) mod change_password;
pub(crate) mod sign_in;
pub(crate) mod sign_up;

//! A session with its user, as the database or a cookie cache holds them.

use crate::session::Session;
use crate::user::User;

/// A session and the user it belongs to: Better Auth's `{session, user}`.
#[derive(Clone, Debug)]
pub struct UserSession {
    /// Who is signed in.
    pub user: User,
    /// By which session.
    pub session: Session,
}

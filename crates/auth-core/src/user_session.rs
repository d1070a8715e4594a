//! A session with its user, as the database or a cookie cache holds them.

use crate::session::Session;
use crate::user::User;

/// A session and the user it belongs to: Better Auth's `{session, user}`.
///
/// ```
/// use auth_core::UserSession;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// let UserSession { user, session } = signed_in;
/// assert_eq!(user.id, session.user_id);
/// let line = format!("{} until {}", user.email, session.expires_at.date());
/// assert_eq!(line, "ann@example.com until 2030-01-22");
/// ```
#[derive(Clone, Debug)]
pub struct UserSession {
    /// The signed-in user.
    pub user: User,
    /// The user's session.
    pub session: Session,
}

//! Who a request acts as.

use crate::session::Session;
use crate::user::User;

/// The user and the session that a request acts as, after verification.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who is signed in.
    pub user: User,
    /// By which session.
    pub session: Session,
}

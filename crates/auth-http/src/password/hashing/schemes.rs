//! The hash schemes, including their costs, that this server has seen in its database.

use std::sync::{Mutex, PoisonError};

use auth_core::Scheme;

/// Maximum number of schemes that a failed sign-in computes: the configured one, the one before it, Better
/// Auth's scrypt and one import. With more, an import with many schemes would slow every failure down.
const MOST: usize = 4;

/// The configured scheme, and the schemes most recently seen in stored hashes.
#[derive(Debug)]
pub(super) struct SeenSchemes {
    configured: Scheme,
    others: Mutex<Vec<Scheme>>,
}

impl SeenSchemes {
    pub(super) fn new(configured: Scheme) -> Self {
        Self { configured, others: Mutex::new(Vec::with_capacity(MOST)) }
    }

    /// Records the scheme of an account's hash and returns all schemes. If there are too many, the least
    /// recently seen one is removed.
    pub(super) fn meet(&self, scheme: Option<Scheme>) -> Vec<Scheme> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scheme) = scheme.filter(|scheme| *scheme != self.configured) {
            others.retain(|other| *other != scheme);
            if others.len() + 1 >= MOST {
                others.remove(0);
            }
            others.push(scheme);
        }
        let mut all = vec![self.configured];
        all.extend(others.iter().copied());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_remembered_once_and_the_longest_unmet_goes_first() {
        let bcrypt = |cost| Scheme::Bcrypt { cost };
        let seen = SeenSchemes::new(Scheme::BetterAuthScrypt);
        assert_eq!(seen.meet(None), [Scheme::BetterAuthScrypt]);
        assert_eq!(seen.meet(Some(Scheme::BetterAuthScrypt)), [Scheme::BetterAuthScrypt]);
        for cost in [4, 5, 6, 4, 7] {
            seen.meet(Some(bcrypt(cost)));
        }
        assert_eq!(seen.meet(None), [Scheme::BetterAuthScrypt, bcrypt(6), bcrypt(4), bcrypt(7)]);
    }
}

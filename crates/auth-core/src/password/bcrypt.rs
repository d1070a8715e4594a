//! bcrypt hashes from an application that this server replaces. They are verified and never written.
//!
//! The password is hashed as the UTF-8 bytes that were received. Two properties of bcrypt need care:
//!
//! - Only the first 72 bytes count. The applications that wrote such hashes truncated longer passwords
//!   silently, so they are truncated here too. Refusing them would lock those users out.
//! - The key is the password with a NUL after it, repeated. With a NUL inside the password, `ab\0ab` would be
//!   the same key as `ab`. No common library hashes such a password, so a password with a NUL never matches.

use std::hint::black_box;
use std::str::FromStr;

use ::bcrypt::HashParts;

use super::malformed::MalformedHash;

const NAME: &str = "bcrypt";

/// Lowest cost that bcrypt defines.
const MIN_COST: u8 = 4;

/// Highest accepted cost, the binary logarithm of the rounds: 16 times the rounds of the usual cost 12.
const MAX_COST: u8 = 16;

/// Salt of the decoy hash, whose result is discarded.
const DECOY_SALT: [u8; 16] = [0; 16];

/// A stored hash whose cost is within bounds.
pub(super) struct Parsed<'t> {
    text: &'t str,
    cost: u8,
}

impl<'t> Parsed<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, MalformedHash> {
        let form = MalformedHash::Form { scheme: NAME };
        // `$2x$` marks hashes of a broken implementation; the same password may not verify against them.
        let rest =
            ["$2a$", "$2b$", "$2y$"].iter().find_map(|version| text.strip_prefix(version)).ok_or(form)?;
        let (cost, _) = rest.split_once('$').ok_or(form)?;
        if cost.len() != 2 || !cost.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form);
        }
        let cost: u8 = cost.parse().map_err(|_says_no_more| form)?;
        HashParts::from_str(text).map_err(|_says_no_more| form)?;
        match cost {
            MIN_COST..=MAX_COST => Ok(Self { text, cost }),
            0..MIN_COST => Err(form),
            _ => Err(MalformedHash::TooCostly { scheme: NAME }),
        }
    }

    pub(super) fn cost(&self) -> u8 {
        self.cost
    }

    pub(super) fn verify(&self, password: &str) -> Result<bool, MalformedHash> {
        // The hash is computed in both cases, so the time does not reveal which check failed.
        let equal = ::bcrypt::verify(password, self.text)
            .map_err(|_says_no_more| MalformedHash::Form { scheme: NAME })?;
        Ok(equal && !password.contains('\0'))
    }
}

pub(super) fn decoy(cost: u8, password: &str) {
    let cost = u32::from(cost.clamp(MIN_COST, MAX_COST));
    let _ = black_box(::bcrypt::hash_with_salt(password, cost, DECOY_SALT));
}

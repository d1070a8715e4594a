//! Constant-time comparison of secrets.

use subtle::ConstantTimeEq;

/// Whether two secrets, MACs or codes are equal. The time depends only on their lengths.
///
/// Every comparison of a MAC, token or code in this project uses this function or
/// [`SessionToken::constant_time_eq`](crate::SessionToken::constant_time_eq). `==` stops at the first
/// differing byte, so an attacker who measures its time learns a MAC byte by byte.
///
/// ```
/// use auth_core::constant_time;
///
/// let (sent, stored) = ("482913", "482913");
/// assert!(constant_time::equal(sent.as_bytes(), stored.as_bytes()));
/// assert!(!constant_time::equal(b"482914", stored.as_bytes()));
/// ```
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_012_equality_is_decided_over_every_byte() {
        let secret = [7_u8; 32];
        assert!(equal(&secret, &secret));
        for position in 0..secret.len() {
            let mut other = secret;
            for byte in other.iter_mut().skip(position).take(1) {
                *byte ^= 1;
            }
            assert!(!equal(&secret, &other), "difference at byte {position} went unseen");
        }
        assert!(!equal(&secret, &[7_u8; 31]));
        assert!(!equal(&secret, &[7_u8; 33]));
        assert!(!equal(&secret, &[]));
        assert!(equal(&[], &[]));
    }
}

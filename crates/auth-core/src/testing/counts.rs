//! Counts, per thread, the operations that a server should do only once for a request.

use std::cell::Cell;

/// The counts of this thread since the last [`take`].
///
/// ```
/// use auth_core::testing::counts;
/// use auth_core::{RequestCookies, SigningSecret, signed_value};
///
/// counts::take();
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// RequestCookies::parse([&b"a=b"[..]]);
/// assert_eq!(signed_value::verify(&signed_value::sign("42", &secret), &secret), Some("42"));
/// assert_eq!(counts::take(), counts::Counts { cookie_parses: 1, signature_checks: 1 });
/// assert_eq!(counts::take(), counts::Counts::default());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Parsed `Cookie` headers.
    pub cookie_parses: u32,
    /// Checked signatures of cookies and session tokens.
    pub signature_checks: u32,
}

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { cookie_parses: 0, signature_checks: 0 }) };
}

/// Returns the counts of this thread and resets them.
///
/// ```
/// assert_eq!(auth_core::testing::counts::take(), auth_core::testing::counts::Counts::default());
/// ```
pub fn take() -> Counts {
    COUNTS.take()
}

/// Counts one `Cookie` header.
pub(crate) fn cookies_parsed() {
    COUNTS.set(Counts { cookie_parses: COUNTS.get().cookie_parses + 1, ..COUNTS.get() });
}

/// Counts one signature.
pub(crate) fn signature_checked() {
    COUNTS.set(Counts { signature_checks: COUNTS.get().signature_checks + 1, ..COUNTS.get() });
}

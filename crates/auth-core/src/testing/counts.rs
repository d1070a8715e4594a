//! How often this thread did what a server should do once for a request.

use std::cell::Cell;

/// What was counted on this thread since it was last asked.
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
    /// `Cookie` headers that were taken apart.
    pub cookie_parses: u32,
    /// Signatures of cookies and session tokens that were checked.
    pub signature_checks: u32,
}

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { cookie_parses: 0, signature_checks: 0 }) };
}

/// Gives what was counted on this thread, and begins anew.
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

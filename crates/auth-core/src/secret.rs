//! Values that must not be printed, logged or left in memory.

use std::fmt;

use zeroize::Zeroize;

/// Holds a secret. Its `Debug` shows nothing of the content, it has neither `Display` nor `Serialize`, and it
/// is wiped on drop.
///
/// The only access is [`Secret::expose`], so a text search finds every place that reads a secret.
///
/// ```
/// use auth_core::Secret;
///
/// let token = Secret::new(String::from("hunter2"));
/// assert_eq!(format!("{token:?}"), "Secret(..)");
/// assert_eq!(token.expose(), "hunter2");
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::Secret::new(String::from("hunter2"));
/// println!("{secret}"); // no Display
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::Secret::new(String::from("hunter2"));
/// serde_json::to_string(&secret); // no Serialize
/// ```
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the secret.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_116_debug_shows_nothing_of_the_secret() {
        let secret = Secret::new(String::from("hunter2"));
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    /// Counts how often it was wiped.
    #[derive(Clone)]
    struct Canary(std::rc::Rc<std::cell::Cell<u32>>);

    impl Zeroize for Canary {
        fn zeroize(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn r_116_secrets_and_their_clones_are_wiped_on_drop() {
        let wiped = Canary(std::rc::Rc::default());
        let secret = Secret::new(wiped.clone());
        let clone = secret.clone();
        assert_eq!(wiped.0.get(), 0);
        drop(secret);
        assert_eq!(wiped.0.get(), 1);
        drop(clone);
        assert_eq!(wiped.0.get(), 2);
    }
}

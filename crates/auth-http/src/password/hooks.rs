//! Hooks that features run when a user is created. They run in the order of the features.

use std::fmt;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use crate::web::body::Body;
use crate::web::error::ApiError;

/// The members of a sign-up body that are not additional fields.
pub(super) const KNOWN: [&str; 6] = ["name", "email", "password", "image", "callbackURL", "rememberMe"];

/// A hook that runs before the fields of a sign-up are checked.
pub(crate) trait BeforeUserCreate {
    /// Receives the members of the body that are additional fields, and may change them.
    ///
    /// # Errors
    ///
    /// The reason why the sign-up is refused.
    fn before_user_create<'a>(
        &'a self,
        others: &'a mut Map<String, Value>,
    ) -> LocalBoxFuture<'a, Result<(), ApiError>>;
}

/// The hooks of all features.
#[derive(Clone, Default)]
pub(crate) struct UserHooks {
    /// Run before a user is created.
    pub(crate) before_create: Vec<Rc<dyn BeforeUserCreate>>,
}

impl UserHooks {
    /// Runs the hooks on the body of a sign-up. They do not see its password. A body that is not an object is
    /// left to the checks of its fields.
    ///
    /// # Errors
    ///
    /// The error of the first hook that refuses.
    pub(crate) async fn before_create(&self, body: &mut Body) -> Result<(), ApiError> {
        let Some(members) = body.members_mut().filter(|_| !self.before_create.is_empty()) else {
            return Ok(());
        };
        let is_other = |name: &str| !KNOWN.contains(&name);
        let mut others: Map<String, Value> =
            members.iter().filter(|(name, _)| is_other(name)).map(|(k, v)| (k.clone(), v.clone())).collect();
        members.retain(|name, _| !is_other(name));
        for hook in &self.before_create {
            hook.before_user_create(&mut others).await?;
        }
        members.extend(others.into_iter().filter(|(name, _)| is_other(name)));
        Ok(())
    }
}

impl fmt::Debug for UserHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserHooks").field(&self.before_create.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::web::error_code::BAD_REQUEST;

    /// Adds a member, and a letter to `seen`. Refuses a body that has the member `bad`.
    struct Adds(&'static str);

    impl BeforeUserCreate for Adds {
        fn before_user_create<'a>(
            &'a self,
            others: &'a mut Map<String, Value>,
        ) -> LocalBoxFuture<'a, Result<(), ApiError>> {
            async move {
                assert!(!others.contains_key("password"), "{others:?}");
                if others.contains_key("bad") {
                    return Err(ApiError::Coded(BAD_REQUEST));
                }
                let seen = others.get("seen").and_then(Value::as_str).unwrap_or_default();
                others.insert("seen".to_owned(), json!(format!("{seen}{}", self.0)));
                others.insert("email".to_owned(), json!("changed@example.com"));
                Ok(())
            }
            .boxed_local()
        }
    }

    async fn run(body: Value) -> Result<Value, ApiError> {
        let hooks = UserHooks { before_create: vec![Rc::new(Adds("a")), Rc::new(Adds("b"))] };
        let mut body = Body::of(body);
        hooks.before_create(&mut body).await?;
        Ok(body.value().unwrap().clone())
    }

    #[actix_web::test]
    async fn hooks_change_the_other_members_in_their_order() {
        let body = json!({"email": "ann@example.com", "password": "x", "plan": "free"});
        let expected = json!({"email": "ann@example.com", "password": "x", "plan": "free", "seen": "ab"});
        assert_eq!(run(body).await.unwrap(), expected);
        assert!(run(json!({"email": "ann@example.com", "bad": 1})).await.is_err());
        assert_eq!(run(json!([1])).await.unwrap(), json!([1]), "left to the checks of its fields");
    }
}

//! A [tower](tower_layer) layer that authenticates the caller: for tonic, and for every other service over
//! [`http::Request`]. For axum, the extractors of `auth-axum` are the better choice.
//!
//! The layer authenticates each request before the service sees it, and inserts the
//! [`Principal`](auth_core::Principal) into the request's extensions. Refused requests do not reach the
//! service. With [`AuthLayer::optional`], requests without credentials reach it without a principal.
//!
//! ```
//! use auth_core::Principal;
//! use auth_tower::{AuthLayer, Authentication};
//! # use auth_core::{Authenticator, testing::TestIssuer};
//! # use tower_layer::Layer;
//! # use std::convert::Infallible;
//! # let authenticator = Authenticator::new(TestIssuer::new().verifier());
//! # #[derive(Clone)] struct Hello;
//! # impl tower_service::Service<http::Request<String>> for Hello {
//! #     type Response = http::Response<String>;
//! #     type Error = Infallible;
//! #     type Future = std::future::Ready<Result<Self::Response, Infallible>>;
//! #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
//! #         std::task::Poll::Ready(Ok(()))
//! #     }
//! #     fn call(&mut self, request: http::Request<String>) -> Self::Future {
//!         // In a handler behind the layer:
//!         let caller = request.extensions().get::<Principal>();
//! #         let text = caller.map(|caller| caller.user_id().to_string());
//! #         std::future::ready(Ok(http::Response::new(text.unwrap_or_default())))
//! #     }
//! # }
//! # let service = Hello;
//!
//! let layer = AuthLayer::new(Authentication::new(authenticator));
//! let service = layer.layer(service);
//! ```
//!
//! A service with another body type must build the refusal itself. For tonic it is a gRPC status:
//!
//! ```
//! # use auth_core::{Authenticator, Refusal, testing::TestIssuer};
//! # use auth_tower::{AuthLayer, Authentication};
//! # let authentication = Authentication::new(Authenticator::new(TestIssuer::new().verifier()));
//! let refuse = |refusal: &Refusal| -> http::Response<tonic::body::Body> {
//!     match refusal.status() {
//!         503 => tonic::Status::unavailable("try again"),
//!         403 => tonic::Status::permission_denied("not yours"),
//!         _ => tonic::Status::unauthenticated("sign in first"),
//!     }
//!     .into_http()
//! };
//! let layer = AuthLayer::new(authentication).on_refusal(refuse);
//! # use auth_tower::Answer;
//! # let refused = refuse.answer(&Refusal::NoCredentials);
//! # assert_eq!(refused.headers()["grpc-status"], "16");
//! # let _ = layer;
//! ```

mod answer;
mod authentication;
mod layer;

pub use answer::{Answer, BetterAuthAnswer};
pub use authentication::Authentication;
pub use layer::{AuthLayer, AuthService};

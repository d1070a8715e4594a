//! The check that services use: every form of credential, every refusal, and the mistakes that services make which
//! check by hand.

mod authenticator;
mod by_hand;
mod forms;
mod order;
mod support;
mod variables;

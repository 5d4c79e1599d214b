//! Authentication of API requests at the edge: an HTTP filter for Envoy and Istio.
//!
//! The filter finds the credential of a request, has it verified by a token-introspection cluster
//! (RFC 7662) or a token endpoint (RFC 6749 section 4.4), and forwards, refuses or admits as a guest.
//!
//! The core is pure: [`decision::Filter`] takes an [`decision::Event`] and the time, and pushes
//! [`decision::Effect`]s. It has no host, no clock and no I/O, and natively it cannot have: the
//! host's interface is a dependency of the `wasm32` target alone, where the `wasm` module carries effects
//! out and decides nothing.
//!
//! A newcomer's way: README, this page, [`decision`], and a scenario under `integration/scenarios`.

pub mod authorization;
pub mod breaker;
pub mod cache;
pub mod call;
mod client_auth;
pub mod client_credentials;
pub mod credential;
pub mod decision;
pub mod flight;
pub mod grant;
pub mod identity;
pub mod introspection;
pub mod metrics;
pub mod refusal;
pub mod request;
pub mod revocation;
pub mod route;
pub mod shared;
pub mod time;
pub mod usergrid_token;

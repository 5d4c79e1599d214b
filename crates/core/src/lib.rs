//! Authentication of API requests at the edge: the decision core of an HTTP filter for Envoy and
//! Istio.
//!
//! The filter finds the credential of a request, has it verified by a token-introspection cluster
//! (RFC 7662) or a token endpoint (RFC 6749 section 4.4), and forwards, refuses or admits as a
//! guest.
//!
//! The core is pure: [`decision::Filter`] takes an [`decision::Event`] and the time, and returns
//! [`decision::Effect`]s. It has no host, no clock and no I/O; the adapter, the package
//! `usergrid-auth-filter`, carries effects out and decides nothing.
//!
//! | module | its one idea |
//! | --- | --- |
//! | [`decision`] | the steps of a request in their order, and what they lead to |
//! | [`credential`] | which credential a request presents, and how to take it out |
//! | [`verification`] | from a credential to a verdict: memory, other workers, a call |
//! | [`principal`] | what a verdict says of its holder |
//! | [`authorization`] | what that principal may do |
//! | [`certificate`] | which client certificate a token is bound to |
//! | [`revocation`] | which requests take a verdict back |
//! | [`refusal`], [`metrics`], [`log_event`] | what clients and operators are told |
//!
//! Rules and paths are in `usergrid_auth_rules`, settings in `usergrid_auth_config`.
//!
//! A newcomer's way: README, this page, [`decision`], its steps in `decision/head.rs` and
//! `decision/judgement.rs`, and a scenario under `integration/scenarios`.

#![forbid(unsafe_code)]

pub mod authorization;
mod binary;
pub mod certificate;
pub mod credential;
pub mod decision;
pub mod header_map;
pub mod identity_headers;
mod json_text;
pub mod log_event;
mod log_limiter;
pub mod method_override;
pub mod metrics;
pub mod pairs;
pub mod principal;
pub mod refusal;
pub mod revocation;
pub mod route;
pub mod time;
pub mod verification;
pub mod watched_names;

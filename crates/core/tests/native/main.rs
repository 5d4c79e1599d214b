//! The crates of the filter, natively and from outside: what each promises, by tables, examples and properties.
//!
//! One binary, so that it links once. `decision` tells whole stories with a script for a host.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that fails by panicking is a test that works"
)]

mod authorization;
mod client_credentials;
mod configuration;
mod configuration_docs;
mod configuration_shapes;
mod credentials;
mod decision;
mod grants;
mod guest;
mod introspection;
mod many_rules;
mod pages;
mod path_properties;
mod paths;
mod permission_vectors;
mod support;
mod usergrid_tokens;

//! The crates of the filter, natively and from outside: what each promises, by tables, examples and
//! properties.
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
mod claim_limits;
mod client_credentials;
mod configuration;
mod credentials;
mod decision;
mod demands;
mod guest;
mod head_reading;
mod header_map;
mod hosts;
mod introspection;
mod many_rules;
mod metrics;
mod pages;
mod paths;
mod payload;
mod permissions;
mod principals;
mod server_answers;
mod shared_cache;
mod shared_tables;
mod single_flight;
mod steps;
mod support;
mod usergrid;
mod usergrid_tokens;

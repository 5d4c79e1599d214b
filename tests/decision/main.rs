//! The decision, seen from outside: events in, effects out, by a host that is a script.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails by panicking is a test that works"
)]

mod coalescing;
mod failing;
mod forwarding;
mod interleavings;
mod order;
mod refusals;
mod renewal;
mod revocation;
mod route;
mod sharing;
mod time;
mod world;

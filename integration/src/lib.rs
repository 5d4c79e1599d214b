//! Everything needed to run the filter's module in a real Envoy and to watch it from both sides.
//!
//! Each folder knows only those above it:
//!
//! - [`harness`]: Envoy as a process, the module, HTTP on sockets, files, waiting;
//! - [`servers`]: what stands beside Envoy, scripted, with the shape of Usergrid, or written by
//!   others;
//! - [`site`]: an Envoy with its servers in one value, which stops when it is dropped;
//! - [`scenario`]: the files under `scenarios/`, read, run and checked;
//! - [`programs`]: what `cargo demo`, `bars`, `soak`, `matrix` and `compose-test` do.

pub mod harness;
pub mod programs;
pub mod scenario;
pub mod servers;
pub mod site;

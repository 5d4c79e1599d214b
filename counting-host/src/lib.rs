//! A host without Envoy that takes requests through a module and counts exactly what each costs:
//! WebAssembly instructions, allocations, calls to the host by name.
//!
//! `cargo count` prints them for every way a request can take and compares them with
//! `baseline.tsv`; the tests of `integration/tests/module` assert behaviour and host calls by it.

mod abi;
pub mod baseline;
pub mod callbacks;
pub mod count;
pub mod host;
pub mod instrument;
pub mod ways;

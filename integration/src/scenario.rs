//! Scenarios: requests and what must become of them, as data files.
//!
//! A file under `integration/scenarios` is one behaviour: what differs in the configuration, and
//! cases in order. The same file runs against whatever [`target::Target`] there is.

pub mod check;
pub mod file;
pub mod run;
pub mod target;

pub use file::Scenario;
pub use run::{run, smoke};
pub use target::Target;

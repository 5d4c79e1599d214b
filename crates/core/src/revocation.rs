//! Revocations seen passing by: which requests are one, what they revoke, and the log all workers read.

mod log;
pub mod watch;

pub use log::{Caught, Log, Revoked};
pub use watch::Watch;

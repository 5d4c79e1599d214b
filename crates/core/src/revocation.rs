//! Revocations seen passing by: which requests are one, what they revoke, and the log all workers read.

mod log;
pub mod watch;

pub use log::{Log, Revoked, Sync};
pub use watch::Watch;

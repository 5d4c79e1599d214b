//! Revocations seen passing by: which requests are one, what they revoke, and the table all workers
//! read.

mod table;
pub mod watch;
mod whose;

pub use table::{PLACES, RevocationTable, Revoked, Sync};
pub use watch::Watch;
pub use whose::{Revocation, Whose};

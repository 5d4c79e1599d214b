//! Verifying servers that others wrote, under the same clients and the same questions.
//!
//! What our own stub and the filter agree on proves little. These issue tokens, answer RFC 7662,
//! revoke by RFC 7009 and let tokens expire, each in its own way; what holds with all of them is the
//! standard and not a server.

mod kind;
mod login;
pub mod page;
mod program;
pub mod registry;
mod server;
mod watched;

pub use kind::{ALL, Kind, Paths};
pub use server::Server;
pub use watched::Watched;

//! Verifying servers that others wrote, under the same clients and the same questions.
//!
//! What our own stub and the filter agree on proves little. These two issue opaque tokens, answer
//! RFC 7662, revoke by RFC 7009 and let tokens expire, each in its own way; what holds with both is
//! the standard and not a server.

mod kind;
mod login;
mod program;
pub mod registry;
mod server;

pub use kind::{ALL, Kind, Paths};
pub use server::Server;

//! One request of the demo, and what must become of it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::harness::client::Request;

/// A request of the walk.
pub struct Step {
    pub title: &'static str,
    pub request: Request,
    /// The status that must come.
    pub status: u16,
    /// What must have happened behind Envoy.
    pub backend: Backend,
    /// Why, in one line.
    pub why: &'static str,
}

/// What the backend gets.
pub enum Backend {
    /// Nothing; the client is told this `error`.
    Nothing {
        /// Usergrid's word.
        error: &'static str,
    },
    Sees {
        /// Path and query.
        path: &'static str,
        /// Headers by name, and absent ones.
        headers: Vec<(&'static str, Option<String>)>,
    },
    /// Nothing; the route leads to the verifying server, which answers with the status.
    NotAsked,
}

pub fn refused(
    title: &'static str,
    request: Request,
    status: u16,
    error: &'static str,
    why: &'static str,
) -> Step {
    Step { title, request, status, backend: Backend::Nothing { error }, why }
}

/// The header `authorization` of a client that shows its secret.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
}

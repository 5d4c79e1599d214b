//! Headers by which some backends let a client choose another method than the request's.

use crate::header_map::HeaderMap;
use crate::identity_headers::same_to_a_backend;

/// Those that frameworks know (Rails, Symfony, ASP.NET, Express, Jersey).
const NAMES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// Whether one of them is among `headers`, in any spelling that a backend may take for it.
#[must_use]
pub fn is_in(headers: &HeaderMap) -> bool {
    headers.iter().any(|(name, _)| NAMES.iter().any(|known| same_to_a_backend(known, name)))
}

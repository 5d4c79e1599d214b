//! Headers by which some backends let a client choose another method than the request's.

use crate::header_map::HeaderMap;
use crate::identity_headers::same_to_a_backend;

/// Those that frameworks know (Rails, Symfony, ASP.NET, Express, Jersey).
const NAMES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// Whether one of them is among `headers`, in any spelling that a backend may take for it.
#[must_use]
pub fn is_in(headers: &HeaderMap) -> bool {
    values(headers).next().is_some()
}

/// What they say.
pub fn values(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let is_one = |name: &str| NAMES.iter().any(|known| same_to_a_backend(known, name));
    headers.iter().filter(move |(name, _)| is_one(name)).map(|(_, value)| value)
}

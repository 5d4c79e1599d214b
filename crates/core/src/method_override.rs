//! By what some backends let a client choose another method than the request's: headers, and a
//! parameter of the query.

use usergrid_auth_config::same_to_a_backend;

use crate::credential::has_parameter;
use crate::header_map::HeaderMap;

/// Those that frameworks know (Rails, Symfony, ASP.NET, Express, Jersey).
const NAMES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// The parameter that they know.
const PARAMETER: &[u8] = b"_method";

/// What a request asks for in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override<'a> {
    /// What a header says.
    Header(&'a [u8]),
    /// What a parameter of the query says; which one counts, backends differ on.
    Query,
}

/// Whether the request with these `headers` has any.
#[must_use]
pub fn is_in(headers: &HeaderMap) -> bool {
    all(headers).next().is_some()
}

/// All of them, in any spelling of their names that a backend may take for them.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = Override<'_>> {
    let is_one = |name: &str| NAMES.iter().any(|known| same_to_a_backend(known, name));
    let values = headers.iter().filter(move |(name, _)| is_one(name));
    let path = headers.first(":path").unwrap_or_default();
    let query = path.splitn(2, |byte| *byte == b'?').nth(1);
    let parameter = query.filter(|query| has_parameter(query, PARAMETER));
    values.map(|(_, value)| Override::Header(value)).chain(parameter.map(|_| Override::Query))
}

//! Identity headers out of claims: values that any backend can take apart again, and nobody can forge.
//! A comma always separates two values, a `%` always begins an escape.

use std::rc::Rc;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::{AnswerError, PrincipalKind};
use usergrid_auth_config::json::Json;
use usergrid_auth_config::{IdentityHeader, IdentitySource};

/// The longest value in bytes, encoded. Backends commonly refuse requests with more than 8 KiB of headers altogether.
pub(super) const LONGEST: usize = 4096;

/// Everything but visible ASCII and blanks, and what has a meaning of its own in a value.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b',');
/// For text with a blank at an end, which a header would lose.
const ENCODED_WITH_BLANKS: &AsciiSet = &ENCODED.add(b' ');

/// Names and values, ready to be set.
type Headers = Vec<(Rc<str>, Rc<[u8]>)>;

/// The wanted headers, in their order. `lookup` gives the value of a claim, encoded; without one, or with an empty one, a
/// header stays unset.
pub(crate) fn headers(
    wanted: &[IdentityHeader],
    principal: PrincipalKind,
    lookup: impl Fn(&str) -> Result<Option<Vec<u8>>, AnswerError>,
) -> Result<Headers, AnswerError> {
    let mut headers = Vec::with_capacity(wanted.len());
    for header in wanted {
        let value = match &header.source {
            None => None,
            Some(IdentitySource::Principal) => Some(principal.word().into()),
            Some(IdentitySource::Claim(claim)) => lookup(claim)?,
        };
        match value {
            // Cut off, a value would name somebody else; left out, it could mean a backend's default.
            Some(value) if value.len() > LONGEST => return Err(AnswerError::Oversized),
            Some(value) if !value.is_empty() => {
                headers.push((Rc::clone(&header.name), Rc::from(value)))
            }
            _ => {}
        }
    }
    Ok(headers)
}

/// The header value of a claim; `None` if it has none. A list is written whole or not at all.
pub(crate) fn value(claim: &Json) -> Option<Vec<u8>> {
    let Json::Array(items) = claim else { return scalar(claim) };
    let mut value = Vec::new();
    for item in items {
        let item = scalar(item)?;
        // An empty value beside others would be lost by some readers of lists and kept by others.
        if !value.is_empty() && !item.is_empty() {
            value.push(b',');
        }
        value.extend_from_slice(&item);
    }
    Some(value)
}

fn scalar(claim: &Json) -> Option<Vec<u8>> {
    match claim {
        Json::String(text) => Some(encode(text.as_bytes())),
        // A fraction identifies nobody, and the tables that print one would be a twentieth of the module.
        Json::Number(number) => number
            .as_u64()
            .map(|whole| whole.to_string())
            .or_else(|| number.as_i64().map(|whole| whole.to_string()))
            .map(String::into_bytes),
        Json::Bool(flag) => Some(flag.to_string().into_bytes()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// One value as header-safe bytes.
pub(crate) fn encode(text: &[u8]) -> Vec<u8> {
    let blank_at_an_end = text.starts_with(b" ") || text.ends_with(b" ");
    let set = if blank_at_an_end { ENCODED_WITH_BLANKS } else { ENCODED };
    percent_encode(text, set).flat_map(str::bytes).collect()
}

//! Identity headers out of claims: values that any backend can take apart again, and nobody can
//! forge. A comma always separates two values, a `%` always begins an escape.

use std::rc::Rc;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::{AnswerError, ClaimLimit, PrincipalKind, members};
use usergrid_auth_config::json::Json;
use usergrid_auth_config::{Config, IdentitySource, Overflow, Server, StateName};

/// The longest value in bytes, encoded. Backends commonly refuse requests with more than 8 KiB of
/// headers altogether.
pub(super) const LONGEST: usize = 4096;

/// Everything but visible ASCII and blanks, and what has a meaning of its own in a value.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b',');
/// For text with a blank at an end, which a header would lose, and for entries that a reader splits
/// at blanks.
const ENCODED_WITH_BLANKS: &AsciiSet = &ENCODED.add(b' ');

/// Names and values, ready to be set.
type Headers = Vec<(Rc<str>, Rc<[u8]>)>;
/// Names and values of filter state.
type State = Vec<(StateName, Rc<[u8]>)>;

/// A value as header-safe bytes, and what separates its entries.
pub(crate) struct HeaderValue {
    bytes: Vec<u8>,
    separator: u8,
}

/// The wanted headers, in their order, for a principal that `server` vouches for, and the wanted
/// filter state. `lookup` gives the value of a claim; without one, or with an
/// empty one, a header stays unset.
///
/// # Errors
/// [`AnswerError::Oversized`] for a value that is too long, unless it may be cut and one of its
/// entries fits.
pub(crate) fn headers(
    config: &Config,
    server: &Server,
    principal: PrincipalKind,
    lookup: impl Fn(&String) -> Result<Option<HeaderValue>, AnswerError>,
) -> Result<(Headers, State), AnswerError> {
    let mut headers = Vec::with_capacity(config.identity.len());
    for header in &config.identity {
        let value = match &header.source {
            None => None,
            Some(IdentitySource::Principal) => Some(principal.word().into()),
            Some(IdentitySource::Server) => server.name.as_deref().map(Vec::from),
            Some(IdentitySource::Claim(claim)) => match lookup(claim)? {
                None => None,
                Some(value) => Some(value.fitting(config.identity_overflow)?),
            },
        };
        match value {
            Some(value) if !value.is_empty() => {
                headers.push((Rc::clone(&header.name), Rc::from(value)))
            }
            _ => {}
        }
    }
    Ok((headers, state(config, lookup)?))
}

/// The claims that `telemetry.filter_state` lists. One that is too long is left out: nothing hangs
/// on it.
fn state(
    config: &Config,
    lookup: impl Fn(&String) -> Result<Option<HeaderValue>, AnswerError>,
) -> Result<State, AnswerError> {
    let mut state = State::new();
    for name in &config.telemetry.filter_state {
        let claim = match name {
            StateName::Subject => &config.claims.sub,
            StateName::Username => &config.claims.username,
            StateName::ClientId => &config.claims.client_id,
            StateName::Outcome
            | StateName::Principal
            | StateName::Application
            | StateName::Fingerprint => continue,
        };
        let value = lookup(claim)?.and_then(|value| value.fitting(Overflow::Refuse).ok());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            state.push((*name, Rc::from(value)));
        }
    }
    Ok(state)
}

impl HeaderValue {
    /// One text.
    pub(crate) fn of_text(text: &[u8]) -> Self {
        Self { bytes: encode(text, ENCODED), separator: b',' }
    }

    /// The value of a claim; `None` if it has none. A list is written whole or not at all.
    pub(crate) fn of_claim(claim: &Json) -> Option<Self> {
        match claim {
            Json::Array(items) => Self::of_list(items, ENCODED),
            one => Some(Self { bytes: scalar(one, ENCODED)?, separator: b',' }),
        }
    }

    /// Of the items in an array, `null` left out.
    fn of_list(items: &[Json], encoded: &'static AsciiSet) -> Option<Self> {
        let mut bytes = Vec::new();
        for item in items.iter().filter(|item| **item != Json::Null) {
            let item = scalar(item, encoded)?;
            // An empty value beside others would be lost by some readers of lists and kept by
            // others.
            if !bytes.is_empty() && !item.is_empty() {
                bytes.push(b',');
            }
            bytes.extend_from_slice(&item);
        }
        Some(Self { bytes, separator: b',' })
    }

    /// The value of a claim of several entries; `None` for every shape that [`members::entries`]
    /// calls unusable. What grants nothing here must not grant anything behind us.
    pub(crate) fn of_words(claim: &Json) -> Option<Self> {
        match claim {
            Json::String(_) => Self::of_claim(claim),
            Json::Array(items) if items.iter().all(members::is_word) => Self::of_claim(claim),
            _ => None,
        }
    }

    /// The value of a claim that names somebody.
    pub(crate) fn of_name(claim: &Json) -> Option<Self> {
        Some(Self::of_text(members::name(claim)?.as_bytes()))
    }

    /// The value of a claim of tenants, which may be the keys of an object.
    pub(crate) fn of_tenants(claim: &Json) -> Option<Self> {
        let Json::Object(tenants) = claim else { return Self::of_words(claim) };
        let names = tenants.iter().map(|(name, _)| Json::String(name.to_owned()));
        Self::of_claim(&Json::Array(names.collect()))
    }

    /// The value of a claim whose entries, as a string, are separated by blanks (RFC 6749
    /// section 3.3). A blank within an entry of an array is encoded: one scope never becomes two.
    pub(crate) fn of_scope(claim: &Json) -> Option<Self> {
        match claim {
            Json::String(_) => Some(Self { separator: b' ', ..Self::of_words(claim)? }),
            Json::Array(items) if items.iter().all(members::is_word) => {
                Self::of_list(items, ENCODED_WITH_BLANKS)
            }
            _ => None,
        }
    }

    /// The bytes, if they are few enough or made so.
    fn fitting(mut self, overflow: Overflow) -> Result<Vec<u8>, AnswerError> {
        if self.bytes.len() <= LONGEST {
            return Ok(self.bytes);
        }
        let beginning = self.bytes.get(..=LONGEST).unwrap_or_default();
        let end = match overflow {
            Overflow::Refuse => None,
            Overflow::Cut => beginning.iter().rposition(|byte| *byte == self.separator),
        };
        self.bytes.truncate(end.unwrap_or_default());
        let whole = self.bytes.trim_ascii_end().len();
        self.bytes.truncate(whole);
        // Cut within an entry, a value would name somebody else; left out, it could mean a
        // backend's default.
        if self.bytes.is_empty() {
            Err(AnswerError::Oversized(ClaimLimit::Header))
        } else {
            Ok(self.bytes)
        }
    }
}

fn scalar(claim: &Json, encoded: &'static AsciiSet) -> Option<Vec<u8>> {
    match claim {
        Json::String(text) => Some(encode(text.as_bytes(), encoded)),
        Json::Number(_) => members::whole_number(claim).map(String::into_bytes),
        Json::Bool(flag) => Some(flag.to_string().into_bytes()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// One value as header-safe bytes.
fn encode(text: &[u8], encoded: &'static AsciiSet) -> Vec<u8> {
    let blank_at_an_end = text.starts_with(b" ") || text.ends_with(b" ");
    let set = if blank_at_an_end { ENCODED_WITH_BLANKS } else { encoded };
    percent_encode(text, set).flat_map(str::bytes).collect()
}

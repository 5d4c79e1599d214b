//! Typed reading of an answer's members, for all who read answers. Absent, empty and unusable stay
//! three different things: only a server's silence may mean "not checked".

use std::collections::HashSet;

use super::{AnswerError, ClaimLimit};
use crate::time::UnixMillis;
use usergrid_auth_config::ClaimLimits;
use usergrid_auth_config::json::{Json, Object};

/// Among so many entries, looking for a repetition is cheaper than hashing.
const FEW: usize = 16;

/// Where fractions of a millisecond go: always to the side that admits less.
#[derive(Clone, Copy)]
pub(crate) enum Round {
    Down,
    Up,
}

/// A whole answer: one JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Object, AnswerError> {
    match Json::parse(body) {
        Ok(Json::Object(object)) => Ok(object),
        _ => Err(AnswerError::Malformed),
    }
}

/// The member, unless it is absent or `null`.
pub(crate) fn present<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Json>, AnswerError> {
    Ok(object.get(name)?.filter(|value| **value != Json::Null))
}

/// A string, or nothing.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, AnswerError> {
    match present(object, name)? {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(AnswerError::Malformed),
    }
}

/// An array of strings, without repetitions. `null` is an empty one, not absence: absence can mean
/// that nothing is checked.
pub(crate) fn list(
    object: &Object,
    name: &str,
    limits: ClaimLimits,
) -> Result<Option<Vec<String>>, AnswerError> {
    match object.get(name)? {
        None => Ok(None),
        Some(Json::Null) => Ok(Some(Vec::new())),
        Some(Json::Array(items)) => {
            let mut words = Words::new(limits);
            for item in items {
                let Json::String(text) = item else { return Err(AnswerError::Malformed) };
                words.add(text)?;
            }
            Ok(Some(words.into_list()))
        }
        Some(_) => Err(AnswerError::Malformed),
    }
}

/// A string or an array of strings.
pub(crate) fn one_or_list(
    object: &Object,
    name: &str,
    limits: ClaimLimits,
) -> Result<Option<Vec<String>>, AnswerError> {
    match object.get(name)? {
        Some(Json::String(text)) => {
            let mut words = Words::new(limits);
            words.add(text)?;
            Ok(Some(words.into_list()))
        }
        _ => list(object, name, limits),
    }
}

/// A scope: blank-separated (RFC 6749 section 3.3), or an array, as several servers have it.
pub(crate) fn scopes(
    object: &Object,
    name: &str,
    limits: ClaimLimits,
) -> Result<Option<Vec<String>>, AnswerError> {
    match object.get(name)? {
        Some(Json::String(text)) => {
            let mut words = Words::new(limits);
            for word in text.split_ascii_whitespace() {
                words.add(word)?;
            }
            Ok(Some(words.into_list()))
        }
        // One element is one scope, blanks and all; it must not become two.
        _ => list(object, name, limits),
    }
}

/// Seconds, as a JSON number (RFC 7519 section 2, NumericDate), in milliseconds. Before 1970 is
/// 1970, and what lies beyond the end of time is the end of time. `null` is not a number.
pub(crate) fn seconds(
    object: &Object,
    name: &str,
    round: Round,
) -> Result<Option<UnixMillis>, AnswerError> {
    let Some(value) = object.get(name)? else { return Ok(None) };
    let Json::Number(number) = value else { return Err(AnswerError::Malformed) };
    let millis = if let Some(seconds) = number.as_u64() {
        seconds.saturating_mul(1000)
    } else {
        let millis = number.as_f64().ok_or(AnswerError::Malformed)? * 1000.0;
        // The conversion saturates, at zero as well.
        match round {
            Round::Down => millis.floor() as u64,
            Round::Up => millis.ceil() as u64,
        }
    };
    Ok(Some(UnixMillis(millis)))
}

/// A list in the making, never longer than a principal may hold.
struct Words<'a> {
    limits: ClaimLimits,
    list: Vec<&'a str>,
    /// The same, once there are more than a few: thousands of repetitions fit into an answer.
    known: HashSet<&'a str>,
    bytes: usize,
}

impl<'a> Words<'a> {
    fn new(limits: ClaimLimits) -> Self {
        Self { limits, list: Vec::new(), known: HashSet::new(), bytes: 0 }
    }

    fn add(&mut self, word: &'a str) -> Result<(), AnswerError> {
        self.bytes = self.bytes.saturating_add(word.len()).saturating_add(1);
        if self.bytes > self.limits.bytes {
            return Err(AnswerError::Oversized(ClaimLimit::Bytes));
        }
        if self.is_new(word) {
            if self.list.len() >= self.limits.entries {
                return Err(AnswerError::Oversized(ClaimLimit::Entries));
            }
            self.list.push(word);
        }
        Ok(())
    }

    fn is_new(&mut self, word: &'a str) -> bool {
        if self.list.len() < FEW {
            return !self.list.contains(&word);
        }
        if self.known.is_empty() {
            self.known.extend(&self.list);
        }
        self.known.insert(word)
    }

    fn into_list(self) -> Vec<String> {
        self.list.into_iter().map(str::to_owned).collect()
    }
}

//! Typed reading of an answer's members, for all who read answers. Absent, empty and unusable stay
//! three different things: only a server's silence may mean "not checked".

use std::borrow::Cow;
use std::collections::HashSet;

use usergrid_auth_config::ClaimLimits;
use usergrid_auth_config::json::{Json, Object};

use super::{AnswerError, ClaimLimit};
use crate::time::UnixMillis;

/// Among so many entries, looking for a repetition is cheaper than hashing.
const FEW: usize = 16;

/// Where fractions of a millisecond go: always to the side that admits less.
#[derive(Clone, Copy)]
pub(crate) enum Round {
    Down,
    Up,
}

/// A whole answer: one JSON object.
///
/// One byte order mark is skipped, as RFC 8259 section 8.1 lets a reader do.
pub(crate) fn object(body: &[u8]) -> Result<Object, AnswerError> {
    match Json::parse(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)) {
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

/// What one claim of several entries holds.
pub(crate) enum Entries {
    /// There is no such claim.
    Absent,
    /// Something of which no entries can be made.
    Unusable,
    /// The entries, without repetitions. None of them is not the same as absence, which can mean
    /// that nothing is checked.
    Are(Vec<String>),
}

/// How entries are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// An array of strings, or one string as one entry.
    Words,
    /// The same, but a string is split at blanks (RFC 6749 section 3.3). One element of an array is
    /// one scope, blanks and all; it must not become two.
    Scope,
    /// As words, or an object, whose keys are the entries.
    Tenants,
}

/// The entries of a claim. `null` holds none, and is skipped in an array.
///
/// # Errors
/// [`AnswerError::Oversized`] if they are more than a principal may hold.
pub(crate) fn entries(
    claim: Option<&Json>,
    writing: Writing,
    limits: ClaimLimits,
) -> Result<Entries, AnswerError> {
    let mut words = Words::new(limits);
    match claim {
        None => return Ok(Entries::Absent),
        Some(Json::Null) => {}
        Some(Json::String(text)) if writing == Writing::Scope => {
            for word in text.split_ascii_whitespace() {
                words.add(word)?;
            }
        }
        Some(Json::String(text)) => words.add(text)?,
        Some(Json::Array(items)) => {
            if !items.iter().all(is_word) {
                return Ok(Entries::Unusable);
            }
            for item in items {
                if let Json::String(text) = item {
                    words.add(text)?;
                }
            }
        }
        Some(Json::Object(object)) if writing == Writing::Tenants => {
            for (name, _) in object.iter() {
                words.add(name)?;
            }
        }
        Some(_) => return Ok(Entries::Unusable),
    }
    Ok(Entries::Are(words.into_list()))
}

/// Whether an array may hold `item` and still be a list of entries.
pub(super) fn is_word(item: &Json) -> bool {
    matches!(item, Json::String(_) | Json::Null)
}

/// The text of a claim that names somebody: some servers number their users. `None` for any other
/// shape.
pub(crate) fn name(claim: &Json) -> Option<Cow<'_, str>> {
    match claim {
        Json::String(text) => Some(Cow::Borrowed(text)),
        other => whole_number(other).map(Cow::Owned),
    }
}

/// A whole number as text. A fraction identifies nobody, and the tables that print one would be a
/// twentieth of the module.
pub(crate) fn whole_number(claim: &Json) -> Option<String> {
    let Json::Number(number) = claim else { return None };
    let whole = number.as_u64().map(|whole| whole.to_string());
    whole.or_else(|| number.as_i64().map(|whole| whole.to_string()))
}

/// The end of a token's life, as [`seconds`]. 0 and -1 are how some servers write "never".
pub(crate) fn end(object: &Object, name: &str) -> Result<Option<UnixMillis>, AnswerError> {
    let is_never = |value: &Json| {
        matches!(value, Json::Number(number)
        if number.as_f64().is_some_and(|seconds| seconds == 0.0 || seconds == -1.0))
    };
    if object.get(name)?.is_some_and(is_never) {
        return Ok(None);
    }
    seconds(object, name, Round::Down)
}

/// Seconds, as a JSON number (RFC 7519 section 2, NumericDate), in milliseconds. Before 1970 is
/// 1970, and what lies beyond the end of time is the end of time.
pub(crate) fn seconds(
    object: &Object,
    name: &str,
    round: Round,
) -> Result<Option<UnixMillis>, AnswerError> {
    let Some(value) = present(object, name)? else { return Ok(None) };
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

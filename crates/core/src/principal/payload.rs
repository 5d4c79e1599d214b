//! The payload header: all that a backend is told about a caller as one JSON object, in base64url
//! without padding (RFC 4648 section 5), as Istio and Envoy's `jwt_authn` write it.

use std::borrow::Cow;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use usergrid_auth_config::{IdentityPayload, IdentitySource, Overflow};

use super::header_values::{Entry, HeaderValue, LONGEST};
use super::{AnswerError, ClaimLimit};
use crate::identity_headers::GUEST;
use crate::json_text;

/// The longest object in bytes: in base64url it is as long as a header may be.
const LONGEST_OBJECT: usize = LONGEST / 4 * 3;

/// What stands under a name.
enum Member<'a> {
    One(Entry<'a>),
    /// At least one.
    Many(Vec<Entry<'a>>),
}

/// The header's value; nothing where no member has one. `lookup` gives the value of what a member
/// carries.
///
/// # Errors
/// Those of `lookup`, and [`AnswerError::Oversized`] if the object is too long, unless its lists may
/// be cut and an entry of each fits.
pub(crate) fn of<'a>(
    payload: &IdentityPayload,
    overflow: Overflow,
    lookup: &dyn Fn(&IdentitySource) -> Result<Option<HeaderValue<'a>>, AnswerError>,
) -> Result<Option<Rc<[u8]>>, AnswerError> {
    let mut members = Vec::with_capacity(payload.members.len());
    for (name, source) in &payload.members {
        if let Some(member) = lookup(source)?.and_then(member) {
            members.push((name.as_str(), member));
        }
    }
    if members.is_empty() {
        return Ok(None);
    }
    let rounds = rounds(&members, overflow)?;
    let mut json = Vec::with_capacity(256);
    for (name, member) in &members {
        json.push(if json.is_empty() { b'{' } else { b',' });
        json_text::push(&mut json, name);
        json.push(b':');
        match member {
            Member::One(entry) => push(&mut json, entry),
            Member::Many(entries) => {
                json.push(b'[');
                for (place, entry) in entries.iter().take(rounds).enumerate() {
                    if place > 0 {
                        json.push(b',');
                    }
                    push(&mut json, entry);
                }
                json.push(b']');
            }
        }
    }
    json.push(b'}');
    Ok(Some(Rc::from(URL_SAFE_NO_PAD.encode(json).into_bytes())))
}

/// What a guest's payload says; nothing where none of its members is the kind of principal.
pub(crate) fn of_guest(payload: &IdentityPayload) -> Option<Rc<[u8]>> {
    let guest = |source: &IdentitySource| {
        Ok((*source == IdentitySource::Principal).then(|| HeaderValue::of_text(GUEST)))
    };
    of(payload, Overflow::Refuse, &guest).ok().flatten()
}

/// What a value is in JSON: a list stays one, whatever is in it, so that a backend reads one shape.
/// Nothing for an empty one, as no header is made of it, and for what JSON cannot hold: another text
/// would be somebody else's.
fn member(value: HeaderValue<'_>) -> Option<Member<'_>> {
    if value.is_one() {
        let entry = value.into_entries().into_iter().next()?;
        return (!entry.is_empty() && is_text(&entry)).then_some(Member::One(entry));
    }
    let mut entries = value.into_entries();
    entries.retain(|entry| !entry.is_empty());
    (!entries.is_empty() && entries.iter().all(is_text)).then_some(Member::Many(entries))
}

fn is_text(entry: &Entry<'_>) -> bool {
    match entry {
        Entry::Text(text) => std::str::from_utf8(text).is_ok(),
        Entry::Literal(_) => true,
    }
}

/// How many entries of each list the object may hold: as many of one as of any other, so that no
/// long list leaves another without any.
fn rounds(members: &[(&str, Member<'_>)], overflow: Overflow) -> Result<usize, AnswerError> {
    let oversized = Err(AnswerError::Oversized(ClaimLimit::Header));
    let mut scratch = Vec::new();
    let mut length = |entry: &Entry<'_>| {
        scratch.clear();
        push(&mut scratch, entry);
        // With the comma that follows it.
        scratch.len().saturating_add(1)
    };
    let mut left = LONGEST_OBJECT;
    let mut take = |bytes: usize| {
        left = left.checked_sub(bytes)?;
        Some(())
    };
    let mut longest = 0;
    let mut fixed = 1;
    for (name, member) in members {
        // Quotation marks, colon and comma, and brackets in the place of the last entry's comma.
        let own = match member {
            Member::One(entry) => length(entry),
            Member::Many(entries) => {
                longest = longest.max(entries.len());
                2
            }
        };
        fixed = [name.len(), 3, own].into_iter().fold(fixed, usize::saturating_add);
    }
    if take(fixed).is_none() {
        return oversized;
    }
    // INVARIANT: each round takes bytes as long as a list has entries left, so they are few.
    for round in 0..longest {
        for (_, member) in members {
            let Member::Many(entries) = member else { continue };
            let Some(entry) = entries.get(round) else { continue };
            if take(length(entry)).is_none() {
                return match overflow {
                    Overflow::Cut if round > 0 => Ok(round),
                    _ => oversized,
                };
            }
        }
    }
    Ok(longest)
}

fn push(json: &mut Vec<u8>, entry: &Entry<'_>) {
    match entry {
        Entry::Text(text) => json_text::push(json, &String::from_utf8_lossy(text)),
        Entry::Literal(literal) => json.extend_from_slice(literal.as_bytes()),
    }
}

/// Texts of a scope that is a string, apart (RFC 6749 section 3.3).
pub(super) fn split(text: Cow<'_, [u8]>) -> Vec<Entry<'_>> {
    let is_word = |word: &&[u8]| !word.is_empty();
    match text {
        Cow::Borrowed(text) => {
            let words = text.split(u8::is_ascii_whitespace).filter(is_word);
            words.map(|word| Entry::Text(Cow::Borrowed(word))).collect()
        }
        Cow::Owned(text) => {
            let words = text.split(u8::is_ascii_whitespace).filter(is_word);
            words.map(|word| Entry::Text(Cow::Owned(word.to_vec()))).collect()
        }
    }
}

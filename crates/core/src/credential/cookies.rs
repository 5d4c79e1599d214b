//! Cookies of the configuration's choice whose value is a token, and `Cookie` without them.
//! Everything else in it is bytes that come out as they went in.

use std::rc::Rc;

use super::authorization_header::trim;
use crate::header_map::{HeaderEdit, HeaderMap};

const COOKIE: &str = "cookie";

/// The tokens of a request in such cookies.
pub(super) struct Cookies<'a> {
    headers: &'a HeaderMap,
    names: &'a [Rc<str>],
    /// The first one, with the name of its cookie.
    pub first: Option<(&'a Rc<str>, &'a [u8])>,
    /// How many there are.
    pub count: usize,
}

impl<'a> Cookies<'a> {
    /// Looks for cookies with these `names` in every line of `Cookie`.
    pub(super) fn scan(headers: &'a HeaderMap, names: &'a [Rc<str>]) -> Self {
        let mut cookies = Self { headers, names, first: None, count: 0 };
        if !names.is_empty() {
            for pair in headers.values(COOKIE).flat_map(pairs) {
                if let Some(found) = token(pair, names) {
                    cookies.count = cookies.count.saturating_add(1);
                    cookies.first.get_or_insert(found);
                }
            }
        }
        cookies
    }

    /// The edits that take all of them out.
    pub(super) fn taken(&self) -> Vec<HeaderEdit> {
        if self.count == 0 { Vec::new() } else { self.rebuilt(false) }
    }

    /// The edits that put the first one back, and no other.
    pub(super) fn put_back(&self) -> Vec<HeaderEdit> {
        if self.count == 0 { Vec::new() } else { self.rebuilt(true) }
    }

    fn rebuilt(&self, mut keep_token: bool) -> Vec<HeaderEdit> {
        let lines = self.headers.values(COOKIE);
        let lines = lines.filter_map(|line| without(line, self.names, &mut keep_token)).collect();
        HeaderEdit::lines(&Rc::from(COOKIE), lines)
    }
}

fn pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';')
}

/// The token in `pair` and the name of its cookie, if it is one of these. Names have letter case;
/// the quotation marks that may stand around a value are no part of it (RFC 6265 section 4.1.1).
fn token<'a>(pair: &'a [u8], names: &'a [Rc<str>]) -> Option<(&'a Rc<str>, &'a [u8])> {
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    let (name, value) = (bare(halves.next()?), trim(halves.next()?));
    let name = names.iter().find(|known| known.as_bytes() == name)?;
    let value = match value {
        [b'"', inside @ .., b'"'] => inside,
        value => value,
    };
    (!value.is_empty()).then_some((name, value))
}

/// A name without what a reader takes off its ends: blanks, and beyond RFC 6265 whatever Unicode calls
/// so, as Rust's `str::trim` and Python's `str.strip` do. No character beyond ASCII is distinguished
/// here: rather one cookie too many is a credential than one that a backend finds and we do not.
fn bare(name: &[u8]) -> &[u8] {
    let is_taken_off = |byte: &u8| !byte.is_ascii_graphic();
    let begin = name.iter().position(|byte| !is_taken_off(byte)).unwrap_or(name.len());
    let name = name.get(begin..).unwrap_or_default();
    let end =
        name.iter().rposition(|byte| !is_taken_off(byte)).map_or(0, |at| at.saturating_add(1));
    name.get(..end).unwrap_or_default()
}

/// The line without such cookies, but with the first one where that is to be kept; `None` if
/// nothing is left.
///
/// INVARIANT: the pairs kept stand in their order, byte for byte, with what stood between them; only
/// blanks before the first one go with what they followed.
fn without(line: &[u8], names: &[Rc<str>], keep_token: &mut bool) -> Option<Vec<u8>> {
    let mut rebuilt = Vec::with_capacity(line.len());
    let (mut is_first, mut is_whole) = (true, true);
    for pair in pairs(line) {
        if token(pair, names).is_some() && !std::mem::take(keep_token) {
            is_whole = false;
            continue;
        }
        if !is_first {
            rebuilt.push(b';');
            rebuilt.extend_from_slice(pair);
        } else if is_whole {
            rebuilt.extend_from_slice(pair);
        } else {
            rebuilt.extend_from_slice(pair.trim_ascii_start());
        }
        is_first = false;
    }
    (is_whole || !trim(&rebuilt).is_empty()).then_some(rebuilt)
}

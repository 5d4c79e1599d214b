//! One segment of a request's path: decoded once, and judged for what others may read in it.
//!
//! Broken segments end the request, unclear ones cost it every rule that needs a plain reading.

use percent_encoding::percent_decode;

use super::BrokenPath;

/// What stands between two slashes of `:path`.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Decoded once; bytes that are not UTF-8 are replaced, and the segment is unclear. No longer than it needs to be:
    /// paused requests keep it.
    text: Box<str>,
    clear: bool,
}

impl Segment {
    /// Decodes `raw`, which holds no `/`.
    ///
    /// # Errors
    /// A broken percent escape; a byte that no request target may hold; a backslash, a NUL or a dot
    /// segment, however often it was encoded and whatever parameters or slashes it hides behind.
    pub(super) fn parse(raw: &[u8]) -> Result<Self, BrokenPath> {
        // Blanks and control bytes never stand in a request target (RFC 9112 section 3.2); upstream they
        // could end the request line.
        if raw.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) || !escapes_are_whole(raw) {
            return Err(BrokenPath);
        }
        let once: Vec<u8> = percent_decode(raw).collect();
        let fully = decode_fully(raw);
        if is_hostile(&once) || is_hostile(&fully) {
            return Err(BrokenPath);
        }
        let decoded_alike = once == fully;
        let (text, is_utf8) = match String::from_utf8(once) {
            Ok(text) => (text, true),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), false),
        };
        let clear = is_utf8
            // `%2541` is `%41` to us and `A` to a backend that decodes twice.
            && decoded_alike
            // An unencoded `#` starts a fragment for some parsers.
            && !raw.contains(&b'#')
            && !text.contains('/')
            && !text.contains(char::is_control)
            // Backends that trim names see another one (Spring's Ant matcher does).
            && text.trim() == text
            // Without its parameters nothing is left of it, and empty segments are unclear.
            && !text.starts_with(';');
        Ok(Self { text: text.into_boxed_str(), clear })
    }

    /// Decoded once.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Decoded once, and cut at the first `;`: what a backend sees that takes path parameters off.
    pub(super) fn without_parameters(&self) -> &str {
        self.text.split(';').next().unwrap_or_default()
    }

    /// Whether every backend reads the same text in it. An empty segment is judged by its place.
    pub(super) fn is_clear(&self) -> bool {
        self.clear
    }

    /// Whether it is clear enough to name an organisation or application.
    pub(super) fn is_name(&self) -> bool {
        self.clear && !self.text.is_empty() && !self.text.contains([';', '?', '#'])
    }
}

fn escapes_are_whole(raw: &[u8]) -> bool {
    let mut bytes = raw.iter();
    while let Some(byte) = bytes.next() {
        let whole = *byte != b'%'
            || (bytes.next().is_some_and(u8::is_ascii_hexdigit)
                && bytes.next().is_some_and(u8::is_ascii_hexdigit));
        if !whole {
            return false;
        }
    }
    true
}

/// Decodes until no escape is left, in one pass.
///
/// Escapes cannot overlap, because `%` is no hex digit: the order in which they are taken does not matter.
fn decode_fully(raw: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(raw.len());
    for byte in raw {
        out.push(*byte);
        while let [before @ .., b'%', high, low] = out.as_slice()
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            let length = before.len();
            out.truncate(length);
            out.push(high.wrapping_mul(16) | low);
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn is_hostile(decoded: &[u8]) -> bool {
    decoded.iter().any(|byte| matches!(byte, b'\\' | 0))
        || decoded.split(|byte| *byte == b'/').any(is_dot_segment)
}

/// `.` or `..`, also before path parameters (`..;a=b`) or what a second parser takes for a query or
/// fragment, and with blanks or control bytes in between that a backend may drop.
fn is_dot_segment(part: &[u8]) -> bool {
    let bare = part.split(|byte| matches!(byte, b';' | b'?' | b'#')).next().unwrap_or_default();
    let is_blank = |byte: &&u8| **byte <= b' ' || **byte == 0x7f;
    // Three tell a dot segment from anything longer.
    let kept: Vec<&u8> = bare.iter().filter(|byte| !is_blank(byte)).take(3).collect();
    matches!(kept.as_slice(), [b'.'] | [b'.', b'.'])
}

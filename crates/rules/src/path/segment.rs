//! One segment of a request's path: decoded once, and judged for what others may read in it.
//!
//! Broken segments end the request, unclear ones cost it every rule that needs a plain reading.

use percent_encoding::percent_decode;

use super::BrokenPath;
use crate::syntax::hex_digit;

/// What stands between two slashes of `:path`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    text: &'a str,
    clear: bool,
}

/// The segments of a path, in one text: a paused request keeps it, and most have only to look at
/// it.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments {
    /// Every segment with a `/` before it, decoded once; bytes that are not UTF-8 are replaced, and
    /// the segment is unclear.
    text: String,
    spans: Vec<Span>,
}

/// Where a segment stands in the text.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    clear: bool,
}

/// The most bytes and segments for which memory is kept for the next path.
const USUAL_LENGTH: usize = 512;
const USUAL_SEGMENTS: usize = 16;

impl Segments {
    /// No segments, in the memory of these, if that is worth keeping.
    pub(super) fn emptied(mut self) -> Self {
        if self.text.capacity() > USUAL_LENGTH || self.spans.capacity() > USUAL_SEGMENTS {
            return Self::default();
        }
        self.text.clear();
        self.spans.clear();
        self
    }

    /// Makes room for a path of so many bytes.
    pub(super) fn reserve(&mut self, length: usize) {
        self.text.reserve(length);
        self.spans.reserve(8);
    }

    /// Adds the segments of `path`, which begins with a `/`, in one pass, if all of them are plain:
    /// those of most paths are. Else, or if one is a dot segment or there are more than `most`, it
    /// adds none and says so.
    pub(super) fn push_plain(&mut self, path: &[u8], most: usize) -> bool {
        let mut start: usize = 1;
        let mut add = |end| {
            let segment = path.get(start..end);
            self.spans.push(Span { start, end, clear: true });
            start = end.saturating_add(1);
            self.spans.len() <= most && !matches!(segment, Some(b"." | b".."))
        };
        for (at, byte) in path.iter().enumerate().skip(1) {
            let is_one = if *byte == b'/' { add(at) } else { is_plain(*byte) };
            if !is_one {
                self.spans.clear();
                return false;
            }
        }
        let text = std::str::from_utf8(path).unwrap_or_default();
        if text.is_empty() || !add(path.len()) {
            self.spans.clear();
            return false;
        }
        self.text.push_str(text);
        true
    }

    /// Decodes `raw`, which holds no `/`, and adds it. Says how many slashes it holds once decoded.
    ///
    /// # Errors
    /// A broken percent escape; a byte that no request target may hold; a backslash, a NUL or a dot
    /// segment, however often it was encoded and whatever parameters or slashes it hides behind.
    pub(super) fn push(&mut self, raw: &[u8]) -> Result<usize, BrokenPath> {
        if let Some(plain) = plain(raw) {
            if matches!(raw, b"." | b"..") {
                return Err(BrokenPath);
            }
            self.add(plain, true);
            return Ok(0);
        }
        // Blanks and control bytes never stand in a request target (RFC 9112 section 3.2); upstream
        // they could end the request line.
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
            // To some a `#` starts a fragment, and to whoever parses what another has decoded, a `?`
            // a query.
            && !text.contains(['/', '?', '#'])
            && !text.contains(char::is_control)
            // Backends that trim names see another one (Spring's Ant matcher does).
            && text.trim() == text
            // The same once parameters are cut off.
            && text.split(';').all(|part| part.trim_end() == part)
            // Without its parameters nothing is left of it, and empty segments are unclear.
            && !text.starts_with(';');
        self.add(&text, clear);
        Ok(text.bytes().filter(|byte| *byte == b'/').count())
    }

    fn add(&mut self, text: &str, clear: bool) {
        self.text.push('/');
        let start = self.text.len();
        self.text.push_str(text);
        self.spans.push(Span { start, end: self.text.len(), clear });
    }

    /// Gives spare memory back: a paused request keeps its path.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.spans.shrink_to_fit();
    }

    /// Drops the first `count` segments, which are the base path's.
    pub(super) fn cut(&mut self, count: usize) {
        self.spans.drain(..count.min(self.spans.len()));
    }

    /// The number of segments.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The segments in the order of the path.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> + ExactSizeIterator {
        self.spans.iter().map(|span| self.segment(span))
    }

    /// The segment at `index`, from 0; `None` beyond the last.
    pub(super) fn get(&self, index: usize) -> Option<Segment<'_>> {
        self.spans.get(index).map(|span| self.segment(span))
    }

    /// The text of all, the base path's included.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text of those from `index` on, each with a `/` before it; empty if there are none.
    pub(super) fn text_from(&self, index: usize) -> &str {
        let span = self.spans.get(index);
        span.and_then(|span| self.text.get(span.start.saturating_sub(1)..)).unwrap_or_default()
    }

    fn segment(&self, span: &Span) -> Segment<'_> {
        Segment { text: self.text.get(span.start..span.end).unwrap_or_default(), clear: span.clear }
    }
}

impl<'a> Segment<'a> {
    /// The segment as most backends see it: percent-decoded once.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Decoded once, and cut at the first `;`: what a backend sees that takes path parameters off.
    pub(super) fn without_parameters(&self) -> &'a str {
        self.text.split(';').next().unwrap_or_default()
    }

    /// Whether every backend reads the same text in it. An empty segment is judged by its place.
    pub(super) fn is_clear(&self) -> bool {
        self.clear
    }

    /// Whether it is clear enough to name an organisation or application.
    pub(super) fn is_name(&self) -> bool {
        self.clear && !self.text.is_empty() && !self.text.contains(';')
    }
}

/// The text of a segment in which nobody can read anything else: of characters that RFC 3986
/// section 3.3 allows there, without escapes and parameters. Most segments are, and need none of
/// the work that others make.
fn plain(raw: &[u8]) -> Option<&str> {
    if raw.iter().all(|byte| is_plain(*byte)) { std::str::from_utf8(raw).ok() } else { None }
}

#[inline]
fn is_plain(byte: u8) -> bool {
    const PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut allowed: &[u8] = b"-._~!$&'()*+,=:@0123456789\
            abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        while let [first, rest @ ..] = allowed {
            if let Some(place) = plain.split_at_mut(*first as usize).1.first_mut() {
                *place = true;
            }
            allowed = rest;
        }
        plain
    };
    PLAIN.get(usize::from(byte)) == Some(&true)
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
/// Escapes cannot overlap, because `%` is no hex digit: the order in which they are taken does not
/// matter.
fn decode_fully(raw: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(raw.len());
    for byte in raw {
        out.push(*byte);
        while let [before @ .., b'%', high, low] = out.as_slice()
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            let length = before.len();
            out.truncate(length);
            out.push(high.wrapping_mul(16) | low);
        }
    }
    out
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

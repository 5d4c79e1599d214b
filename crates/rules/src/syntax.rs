//! Forms of text that more than one reader has to know.

/// Whether `text` is a UUID in the text form of RFC 9562 section 4: 8-4-4-4-12 hexadecimal digits
/// in either case, of any version.
#[inline]
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && has_groups(text)
}

fn has_groups(text: &str) -> bool {
    let mut groups = text.split('-');
    [8_usize, 4, 4, 4, 12].into_iter().all(|length| {
        groups.next().is_some_and(|group| {
            group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }) && groups.next().is_none()
}

/// The value of a hexadecimal digit in either case, 0 to 15; `None` for any other byte.
#[must_use]
pub fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A byte as two hexadecimal digits in lower case.
///
/// By table: `core::fmt` takes some 230 instructions more for a byte, and the check of a token's
/// signature formats sixteen.
#[must_use]
pub fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |four: u8| DIGITS.get(usize::from(four)).copied().unwrap_or(b'0');
    [digit(byte >> 4), digit(byte & 0x0f)]
}

/// What the names of an application and its organisation may take together in a path, in bytes,
/// percent-encoded (RFC 3986 section 2.1). No Usergrid has one near it, and every server reads a
/// path of that length.
pub const LONGEST_NAMES: usize = 1_024;

/// Whether these names take [`LONGEST_NAMES`] at most where all but RFC 3986's unreserved
/// characters are encoded.
#[must_use]
pub fn are_short(names: &[&str]) -> bool {
    let written = names.iter().fold(0, |all: usize, name| all.saturating_add(name.len()));
    let is_encoded = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"-._~".contains(byte);
    // Each escape takes two bytes more. Nothing longer is looked into.
    let encoded = || {
        let escapes = names.iter().flat_map(|name| name.bytes()).filter(is_encoded).count();
        written.saturating_add(escapes.saturating_mul(2))
    };
    written <= LONGEST_NAMES
        && (written.saturating_mul(3) <= LONGEST_NAMES || encoded() <= LONGEST_NAMES)
}

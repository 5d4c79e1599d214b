//! Whether an answer repeats the credential that it is about.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use usergrid_auth_rules::syntax::hex_digit;

/// In which form it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Not at all.
    Nothing,
    /// As it is, or as JSON or a URL writes it.
    Plain,
    /// In base64.
    Base64,
}

/// Looks for `secret` in `text`: as it stands there, and in base64, wherever in a longer encoded
/// text it begins; either as JSON may escape it, or percent-encoded.
pub(super) fn holds(text: &[u8], secret: &[u8]) -> Found {
    let has_escapes = text.iter().any(|byte| matches!(byte, b'\\' | b'%'));
    match written_in(text, secret) {
        Found::Nothing if has_escapes => written_in(&unescaped(text), secret),
        found => found,
    }
}

/// The same, with nothing escaped.
fn written_in(text: &[u8], secret: &[u8]) -> Found {
    if is_in(text, secret) {
        return Found::Plain;
    }
    // What is looked for is longer than the secret, where it is not too short to be looked for, and
    // nearly no answer has so long a word.
    if longest_word(text) < secret.len() {
        return Found::Nothing;
    }
    // Three places of a byte in base64's groups of three; the characters at both ends may hold
    // neighbours' bits.
    for before in 0..3_usize {
        let padded: Vec<u8> =
            std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
        let standard = STANDARD_NO_PAD.encode(&padded);
        let url_safe = URL_SAFE_NO_PAD.encode(&padded);
        let first = before.saturating_mul(8).div_ceil(6);
        let inside = |encoded: &str| {
            let last = encoded.len().saturating_sub(1);
            let inside = encoded.as_bytes().get(first..last).unwrap_or_default();
            // A few characters are found anywhere.
            inside.len() >= 8 && is_in(text, inside)
        };
        if inside(&standard) || (url_safe != standard && inside(&url_safe)) {
            return Found::Base64;
        }
    }
    Found::Nothing
}

/// The longest run of what base64 is written in, with either alphabet.
fn longest_word(text: &[u8]) -> usize {
    let is_one =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    text.split(|byte| !is_one(byte)).map(<[u8]>::len).max().unwrap_or_default()
}

/// Places that may begin like the part, at which it is looked for in earnest. Where there are more,
/// a client and its server have agreed on a text that takes long to search: then it is found, which
/// only means that the answer is not shared.
const MOST_BEGINNINGS: usize = 64;

/// Whether `part` stands in `text`. Linear in `text`.
fn is_in(text: &[u8], part: &[u8]) -> bool {
    let Some(beginning) = part.first_chunk::<8>().map(|eight| u64::from_ne_bytes(*eight)) else {
        return !part.is_empty() && text.windows(part.len()).any(|window| window == part);
    };
    let begins = |(_, window): &(usize, &[u8; 8])| u64::from_ne_bytes(**window) == beginning;
    let windows = text.array_windows::<8>().enumerate().filter(begins);
    let mut beginnings: usize = 0;
    for (place, _) in windows {
        beginnings = beginnings.saturating_add(1);
        let is_here = text.get(place..).is_some_and(|rest| rest.starts_with(part));
        if is_here || beginnings > MOST_BEGINNINGS {
            return true;
        }
    }
    false
}

/// `text` with the escapes of JSON and of URLs undone, once, as far as they stand for single bytes.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = next(rest) {
        plain.push(byte);
        rest = after;
    }
    plain
}

/// The next byte, and what follows it.
fn next(text: &[u8]) -> Option<(u8, &[u8])> {
    let escape = match text {
        [b'\\', b'u', b'0', b'0', high, low, after @ ..] | [b'%', high, low, after @ ..] => {
            hex_digit(*high).zip(hex_digit(*low)).map(|digits| (digits, after))
        }
        _ => None,
    };
    match (escape, text) {
        (Some(((high, low), after)), _) => Some(((high << 4) | low, after)),
        (None, [b'\\', byte, after @ ..] | [byte, after @ ..]) => Some((*byte, after)),
        (None, []) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, holds};

    const TOKEN: &[u8] = b"2YotnFZFEjr1zCsi/MWpAA+x";

    /// Of every length, at every place of a group, in either alphabet.
    #[test]
    fn no_length_of_a_secret_hides_it_in_base64() {
        use base64::Engine as _;
        for length in 7..40 {
            let secret: Vec<u8> = (0..length).map(|at: u8| 0xfb ^ at.wrapping_mul(29)).collect();
            for before in 0..6 {
                let text = [&vec![b'a'; before], secret.as_slice(), b"zz"].concat();
                for engine in [&super::STANDARD_NO_PAD, &super::URL_SAFE_NO_PAD] {
                    let answer = format!(r#"{{"echo":"{}"}}"#, engine.encode(&text));
                    let found = holds(answer.as_bytes(), &secret);
                    assert_eq!(found, Found::Base64, "{length} {before}");
                }
            }
        }
    }

    #[test]
    fn every_form_is_found() {
        let base64 = |prefix: &str| {
            use base64::Engine as _;
            let text = [prefix.as_bytes(), TOKEN, b" and more"].concat();
            base64::engine::general_purpose::STANDARD.encode(text)
        };
        for (text, found) in [
            (r#"{"echo":"2YotnFZFEjr1zCsi/MWpAA+x"}"#.to_owned(), Found::Plain),
            (r#"{"echo":"2YotnFZFEjr1zCsi\/MWpAA+x"}"#.to_owned(), Found::Plain),
            (r#"{"echo":"2YotnFZFEjr1zCsi\u002fMWpAA\u002Bx"}"#.to_owned(), Found::Plain),
            ("?access_token=2YotnFZFEjr1zCsi%2FMWpAA%2bx".to_owned(), Found::Plain),
            (base64(""), Found::Base64),
            (base64("a"), Found::Base64),
            (base64("ab"), Found::Base64),
            (base64("?>").replace('/', r"\/").replace('+', "%2B"), Found::Base64),
            (r#"{"sub":"alice","100%":"\\"}"#.to_owned(), Found::Nothing),
            ("\\".to_owned(), Found::Nothing),
            ("%2".to_owned(), Found::Nothing),
        ] {
            assert_eq!(holds(text.as_bytes(), TOKEN), found, "{text}");
        }
    }
}

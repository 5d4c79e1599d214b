//! Secrets that are easily found: every form in which one might turn up where it should not.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// `secret` as it stands, percent-encoded, in hex, and in base64 wherever it begins and in either
/// alphabet; hex and escapes in either letter case.
#[must_use]
pub fn forms(secret: &str) -> Vec<String> {
    let hex = |byte: u8| format!("{byte:02x}");
    let all_hex: String = secret.bytes().map(hex).collect();
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        all_hex.to_ascii_uppercase(),
        all_hex,
        percent.to_ascii_uppercase(),
        percent,
    ];
    // What a form or a header value encodes is no letter and no digit.
    let (mut upper, mut lower) = (String::new(), String::new());
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() {
            upper.push(char::from(byte));
            lower.push(char::from(byte));
        } else {
            upper.push_str(&format!("%{byte:02X}"));
            lower.push_str(&format!("%{byte:02x}"));
        }
    }
    forms.extend([upper, lower]);
    for engine in [&BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let text = engine.encode([vec![0; before], secret.as_bytes().to_vec()].concat());
            // The first characters hold bits of what stands before, the last one may hold bits of
            // what follows.
            let begin = [0, 2, 3][before];
            let end = (before + secret.len()) * 8 / 6;
            forms.push(text[begin..end].to_owned());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The forms of `secret` that stand in `text`.
#[must_use]
pub fn found(secret: &str, text: &str) -> Vec<String> {
    forms(secret).into_iter().filter(|form| text.contains(form.as_str())).collect()
}

/// The forms of some secrets, to look for all at once, in bytes, again and again.
#[derive(Debug)]
pub struct Canaries {
    /// By their first byte.
    forms: Vec<Vec<Vec<u8>>>,
}

impl Canaries {
    /// All forms of all of these.
    #[must_use]
    pub fn new(secrets: &[&str]) -> Self {
        let mut by_first = vec![Vec::new(); 256];
        for form in secrets.iter().flat_map(|secret| forms(secret)) {
            let first = form.bytes().next().unwrap_or_default();
            by_first[usize::from(first)].push(form.into_bytes());
        }
        Self { forms: by_first }
    }

    /// The first form that stands in `bytes`.
    #[must_use]
    pub fn first_in(&self, bytes: &[u8]) -> Option<&[u8]> {
        let at = |place: usize| {
            let forms = &self.forms[usize::from(bytes[place])];
            forms.iter().find(|form| bytes[place..].starts_with(form))
        };
        (0..bytes.len()).find_map(at).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "canary:7f3K-qZ";

    fn is_found(text: &str) {
        assert!(!found(SECRET, text).is_empty(), "{text}");
        assert!(Canaries::new(&["other", SECRET]).first_in(text.as_bytes()).is_some(), "{text}");
    }

    #[test]
    fn it_is_found_however_it_is_encoded_and_wherever_it_begins() {
        for text in [
            SECRET,
            "x%63%61%6e%61%72%79%3a%37%66%33%4b%2d%71%5a",
            "canary%3A7f3K%2DqZ",
            "canary%3a7f3K%2dqZ",
            "63616E6172793A3766334B2D715A",
        ] {
            is_found(text);
        }
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "?", "~~"] {
                let text = format!("{before}{SECRET}{after}");
                is_found(&BASE64_STANDARD_NO_PAD.encode(&text));
                is_found(&BASE64_URL_SAFE_NO_PAD.encode(&text));
            }
        }
        assert!(found(SECRET, "canary:7f3K-q").is_empty());
        assert!(Canaries::new(&[SECRET]).first_in(b"canary:7f3K-q").is_none());
    }
}

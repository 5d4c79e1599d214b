//! A secret that is easily found: every form in which it might turn up where it should not.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// `secret` as it stands, percent-encoded, in hex, and in base64 wherever it begins and in either
/// alphabet; letter case both ways.
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
    let encoded: String = secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    forms.push(encoded);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_however_it_is_encoded_and_wherever_it_begins() {
        let secret = "canary:7f3K-qZ";
        for text in [
            secret.to_owned(),
            "x%63%61%6e%61%72%79%3a%37%66%33%4b%2d%71%5a".into(),
            "canary%3A7f3K%2DqZ".into(),
            "63616E6172793A3766334B2D715A".into(),
        ] {
            assert!(!found(secret, &text).is_empty(), "{text}");
        }
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "?", "~~"] {
                let text = format!("{before}{secret}{after}");
                assert!(!found(secret, &BASE64_STANDARD_NO_PAD.encode(&text)).is_empty(), "{text}");
                assert!(!found(secret, &BASE64_URL_SAFE_NO_PAD.encode(&text)).is_empty(), "{text}");
            }
        }
        assert!(found(secret, "canary:7f3K-q").is_empty());
    }
}

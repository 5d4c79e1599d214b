//! A path that is called clear is read alike by everybody; a dangerous one is refused.

use percent_encoding::percent_decode;
use usergrid_auth_rules::guest::{ApplicationPattern, GuestRule, GuestRules};
use usergrid_auth_rules::path::{RequestPath, Routes};
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::steps::Steps;

use crate::bytes::Bytes;

/// Decoded so often, nothing is left to decode.
const DEEP: usize = 40;

/// The first byte chooses base path and routes; the rest is the path.
pub fn hold(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let choice = bytes.byte();
    let routes = if choice & 1 == 0 { Routes::Usergrid } else { Routes::Plain };
    let base: &[String] = if choice & 2 == 0 { &[] } else { &["api".to_owned(), "v1".to_owned()] };
    let path = bytes.rest();
    let Ok(parsed) = RequestPath::parse_by(routes, path, base) else { return };

    // Whoever decodes once, or as often as he can, before he looks for slashes or after it, meets no
    // dot segment, no backslash, no NUL.
    let mut decoded = path.to_vec();
    for _ in 0..DEEP {
        assert!(!decoded.contains(&b'\\'), "a backslash: {}", path.escape_ascii());
        assert!(!decoded.contains(&0), "a NUL: {}", path.escape_ascii());
        for segment in decoded.split(|byte| *byte == b'/') {
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            assert!(!matches!(name, b"." | b".."), "a dot segment: {}", path.escape_ascii());
        }
        let next: Vec<u8> = percent_decode(&decoded).collect();
        if next == decoded {
            break;
        }
        decoded = next;
    }
    let label = parsed.application_label();
    assert!(label.len() <= 160 && !label.contains(char::is_control), "{label:?}");

    if parsed.is_clear() {
        clear(path, &parsed, base, routes);
    } else {
        assert_eq!(parsed.guest_application(), None, "{}", path.escape_ascii());
    }
    admitted(path, &parsed, base);
}

/// Segments as a backend has them that cuts first and decodes then, and as one that decodes first.
fn clear(path: &[u8], parsed: &RequestPath, base: &[String], routes: Routes) {
    let shown = path.escape_ascii();
    let once: Vec<u8> = percent_decode(path).collect();
    let twice: Vec<u8> = percent_decode(&once).collect();
    assert_eq!(once, twice, "decoding twice says something else: {shown}");
    let text = std::str::from_utf8(&once).unwrap_or_else(|_| panic!("not UTF-8: {shown}"));
    assert!(!text.contains(['?', '#']), "ends early for whoever parses again: {shown}");
    let decode_first: Vec<&str> = text.split('/').skip(1).collect();
    let cut_first: Vec<String> = path
        .split(|byte| *byte == b'/')
        .skip(1)
        .map(|raw| String::from_utf8_lossy(&percent_decode(raw).collect::<Vec<u8>>()).into_owned())
        .collect();
    assert_eq!(decode_first, cut_first, "an encoded slash: {shown}");
    let inner = &decode_first[..decode_first.len() - 1];
    assert!(inner.iter().all(|segment| !segment.is_empty()), "an empty segment: {shown}");

    let begins = decode_first.iter().zip(base).all(|(one, other)| one == other)
        && decode_first.len() >= base.len();
    let Some((organization, application)) = parsed.guest_application() else { return };
    assert!(begins, "outside the base path: {shown}");
    let names = &decode_first[base.len()..];
    assert!(names[0].eq_ignore_ascii_case(organization), "{shown}");
    assert!(names[1].eq_ignore_ascii_case(application), "{shown}");
    assert!(!organization.contains(';') && !application.contains(';'), "{shown}");
    if routes == Routes::Usergrid {
        for word in ["management", "system", "orgs", "organizations", "o", "apps", "status"] {
            assert!(!organization.eq_ignore_ascii_case(word), "{shown}");
        }
    }
}

/// A guest of the sandbox reaches nothing that anybody may read as another application.
fn admitted(path: &[u8], parsed: &RequestPath, base: &[String]) {
    let pattern = ApplicationPattern::parse("*/sandbox").unwrap();
    let rules = GuestRules::new(vec![GuestRule {
        applications: vec![pattern],
        permissions: vec![Rule::parse("get:/**").unwrap()],
    }]);
    if !rules.admits(b"GET", parsed, &Steps::of_a_request()) {
        return;
    }
    for reading in readings(path) {
        let application = reading.get(base.len() + 1).map(String::as_str).unwrap_or_default();
        assert!(
            application.eq_ignore_ascii_case("sandbox"),
            "a guest at {} is in `{application}` for somebody",
            path.escape_ascii()
        );
    }
}

/// What others make of a path: decoded once, twice or not before it is cut; with parameters or
/// without; dot segments, empty segments and backslashes resolved or left.
fn readings(path: &[u8]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for decodes in 0..3 {
        let mut text = path.to_vec();
        for _ in 0..decodes {
            text = percent_decode(&text).collect();
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        for drop_empty in [false, true] {
            let text = if decodes == 0 { text.clone() } else { text.replace('\\', "/") };
            let mut segments: Vec<String> = Vec::new();
            for segment in text.split('/').skip(1) {
                let segment = segment.split(';').next().unwrap_or_default();
                let decoded = percent_decode(segment.as_bytes()).decode_utf8_lossy().into_owned();
                let segment = if decodes == 0 { decoded } else { segment.to_owned() };
                match segment.as_str() {
                    "." => {}
                    ".." => drop(segments.pop()),
                    "" if drop_empty => {}
                    _ => segments.push(segment),
                }
            }
            all.push(segments);
        }
    }
    all
}

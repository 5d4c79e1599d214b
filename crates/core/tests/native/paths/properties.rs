//! What holds for every path that is accepted, on random paths made of everything that is
//! suspicious.
//!
//! The model decodes once, splits plainly, and has no idea how the filter goes about it.

use proptest::prelude::*;
use usergrid_auth_rules::path::RequestPath;

/// Decodes once, as plainly as it can be written.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (text[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

fn has_hostile_segment(path: &[u8]) -> bool {
    path.iter().any(|byte| matches!(byte, b'\\' | 0))
        || path.split(|byte| *byte == b'/').any(|segment| {
            let bare = segment.split(|byte| *byte == b';').next().unwrap();
            matches!(bare, b"." | b"..")
        })
}

fn path_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "/", "/", ".", "..", "%2e", "%2E", "%2f", "%5c", "%00", "%25", "2e", "25", ";", "%3b", "a",
        "acme", "app", "orgs", "%c3%a9", "%ff", "\\", "#", "%20", "=", "%",
    ]);
    prop::collection::vec(piece, 0..14)
        .prop_map(|pieces| format!("/{}", pieces.concat()).into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8000))]

    #[test]
    fn any_bytes_return(path in prop::collection::vec(any::<u8>(), 0..60), slash in any::<bool>()) {
        let path = if slash { [b"/", path.as_slice()].concat() } else { path };
        if let Ok(parsed) = RequestPath::parse(&path, &["acme".to_owned()]) {
            let _ = (parsed.checked(), parsed.whole(), parsed.application_label());
        }
    }

    #[test]
    fn no_accepted_path_is_hostile_however_often_it_is_decoded(path in path_bytes()) {
        if let Ok(parsed) = RequestPath::parse(&path, &[]) {
            let mut decoded = path.clone();
            for times in 0..5 {
                prop_assert!(!has_hostile_segment(&decoded), "decoded {times} times");
                decoded = decode(&decoded);
            }
            if parsed.is_clear() {
                let once = decode(&path);
                prop_assert_eq!(decode(&once), once.clone());
                prop_assert!(std::str::from_utf8(&once).is_ok());
                prop_assert_eq!(once.iter().filter(|byte| **byte == b'/').count(),
                                path.iter().filter(|byte| **byte == b'/').count());
                prop_assert!(!once.windows(2).any(|pair| pair == b"//"));
            }
        }
    }

    #[test]
    fn a_guest_application_is_what_the_plain_split_says(path in path_bytes()) {
        if let Ok(parsed) = RequestPath::parse(&path, &[])
            && let Some((organization, application)) = parsed.guest_application()
        {
            let once = String::from_utf8(decode(&path)).unwrap().to_ascii_lowercase();
            let mut segments = once.split('/').skip(1);
            prop_assert_eq!(segments.next(), Some(organization));
            prop_assert_eq!(segments.next(), Some(application));
        }
    }
}

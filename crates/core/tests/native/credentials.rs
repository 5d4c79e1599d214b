//! Where credentials are found, what counts as a conflict, and what is left of the query.
//! The tables follow Usergrid (`docs/usergrid.md`, "Tokens", "Client pairs" and "Errors");
//! differences are marked in them with their reason.

use crate::support::{config, rows, unescape};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use usergrid_auth_config::{BasicEncoding, Credentials, OnConflict};
use usergrid_auth_core::credential::{
    BadCredential, ClientPlace, Credential, Found, Presented, TokenPlace, find,
};
use usergrid_auth_core::header_map::HeaderMap;

/// Every place accepted, at most 64 bytes.
fn credentials(on_conflict: OnConflict) -> Credentials {
    Credentials { on_conflict, max_length: 64, ..config("").credentials }
}

/// A request with `path` and one header line per line of `authorization`.
fn request(path: &[u8], authorization: &[u8]) -> HeaderMap {
    let mut entries = vec![(":path".to_owned(), path.to_vec())];
    if !authorization.is_empty() {
        let lines = authorization.split(|byte| *byte == b'\n');
        entries.extend(lines.map(|line| ("authorization".to_owned(), line.to_vec())));
    }
    HeaderMap::new(entries)
}

fn find_in(path: &str, authorization: &str, settings: &Credentials) -> Found {
    find(&request(path.as_bytes(), authorization.as_bytes()), settings)
}

/// The words of the tables, as bytes.
fn outcome(presented: &Presented) -> Vec<u8> {
    let (place, parts): (&str, Vec<&[u8]>) = match presented {
        Presented::Nothing => ("nothing", vec![]),
        Presented::Bad(BadCredential::Conflict) => ("conflict", vec![]),
        Presented::Bad(BadCredential::Token) => ("bad-token", vec![]),
        Presented::Bad(BadCredential::TooLong) => ("too-long", vec![]),
        Presented::Bad(BadCredential::CrossSite) => ("cross-site", vec![]),
        Presented::Bad(BadCredential::Basic) => ("bad-basic", vec![]),
        Presented::Bad(BadCredential::ClientQuery) => ("bad-client-query", vec![]),
        Presented::One(Credential::Token { token, place }) => {
            let place = match place {
                TokenPlace::Header => "header",
                TokenPlace::Query => "query",
                TokenPlace::OtherHeader(_) => "other-header",
                TokenPlace::Cookie(_) => "cookie",
            };
            (place, vec![token.expose()])
        }
        Presented::One(Credential::Client { client_id, client_secret, place }) => {
            let place = match place {
                ClientPlace::Basic => "basic",
                ClientPlace::Query => "client-query",
            };
            (place, vec![client_id.expose(), client_secret.expose()])
        }
    };
    parts.into_iter().fold(place.as_bytes().to_vec(), |mut all, part| {
        all.push(b' ');
        all.extend_from_slice(part);
        all
    })
}

fn says(found: &Found) -> String {
    String::from_utf8(outcome(&found.presented)).expect("printable in this test")
}

fn optional(field: &str) -> Option<Vec<u8>> {
    (field != "-").then(|| unescape(field))
}

#[test]
fn authorization_headers_by_the_table() {
    for row in rows(include_str!("../data/header-table.tsv"), 5) {
        let [authorization, reject, usergrid, counted, _] = row[..] else { unreachable!() };
        let headers = request(b"/org/app", &unescape(authorization));
        for (mode, expected) in [(OnConflict::Reject, reject), (OnConflict::Usergrid, usergrid)] {
            let found = find(&headers, &credentials(mode));
            assert_eq!(
                outcome(&found.presented),
                unescape(expected),
                "`{authorization}` under {mode:?}"
            );
            assert_eq!(
                found.places.in_authorization.to_string(),
                counted,
                "count of `{authorization}`"
            );
            assert_eq!(found.clean_path, None, "`{authorization}`");
        }
    }
}

#[test]
fn requests_by_the_table() {
    for row in rows(include_str!("../data/request-table.tsv"), 8) {
        let [id, path, authorization, reject, usergrid, clean, with_used, _] = row[..] else {
            unreachable!()
        };
        let headers = request(&unescape(path), &unescape(authorization));

        let found = find(&headers, &credentials(OnConflict::Reject));
        assert_eq!(outcome(&found.presented), unescape(reject), "{id} under reject");
        assert_eq!(found.clean_path, optional(clean), "clean path of {id}");
        assert_eq!(found.places.path_with_used, None, "{id} under reject");

        let found = find(&headers, &credentials(OnConflict::Usergrid));
        assert_eq!(outcome(&found.presented), unescape(usergrid), "{id} under usergrid");
        assert_eq!(found.clean_path, optional(clean), "clean path of {id} under usergrid");
        assert_eq!(
            found.places.path_with_used,
            optional(with_used),
            "path with the used token of {id}"
        );
    }
}

#[test]
fn a_place_that_is_not_accepted_is_neither_read_nor_cleaned() {
    let path = "/a?access_token=t&client_id=i&client_secret=s";
    let none = Credentials {
        header: false,
        query: false,
        client_query: false,
        client_basic: false,
        ..credentials(OnConflict::Reject)
    };
    let found = find_in(path, "Bearer u\nBasic aWQ6c2Vj\nDigest x", &none);
    assert_eq!(says(&found), "nothing");
    assert_eq!(found.clean_path, None);
    assert_eq!(found.places.in_authorization, 0);

    let found = find_in(path, "Bearer u", &Credentials { header: true, ..none.clone() });
    assert_eq!(says(&found), "header u");
    assert_eq!(found.clean_path, None);

    let found = find_in(path, "Bearer u", &Credentials { query: true, ..none.clone() });
    assert_eq!(says(&found), "query t");
    assert_eq!(found.clean_path.as_deref(), Some(&b"/a?client_id=i&client_secret=s"[..]));

    let found = find_in(path, "Bearer u", &Credentials { client_query: true, ..none.clone() });
    assert_eq!(says(&found), "client-query i s");
    assert_eq!(found.clean_path.as_deref(), Some(&b"/a?access_token=t"[..]));

    let found = find_in(path, "Basic aWQ6c2Vj", &Credentials { client_basic: true, ..none });
    assert_eq!(says(&found), "basic id sec");
    assert_eq!(found.clean_path, None);
}

#[test]
fn the_scheme_of_a_place_that_is_not_accepted_passes_but_hides_nothing() {
    let bearer_only = Credentials { client_basic: false, ..credentials(OnConflict::Reject) };
    let found = find_in("/a", "Basic aWQ6c2Vj", &bearer_only);
    assert_eq!(says(&found), "nothing");
    assert_eq!(found.places.in_authorization, 0);
    // In one line or two: a token behind a pair that we do not read could still be the backend's
    // choice.
    assert_eq!(says(&find_in("/a", "Basic aWQ6c2Vj, Bearer t", &bearer_only)), "conflict");
    assert_eq!(says(&find_in("/a", "Basic aWQ6c2Vj\nBearer t", &bearer_only)), "conflict");
    assert_eq!(says(&find_in("/a", "Basic aWQ6c2Vj\nBasic aWQ6c2Vj", &bearer_only)), "conflict");

    let basic_only = Credentials { header: false, ..credentials(OnConflict::Reject) };
    assert_eq!(says(&find_in("/a", "Bearer t", &basic_only)), "nothing");
    assert_eq!(says(&find_in("/a", "Digest x", &basic_only)), "bad-token");

    let lenient = Credentials { on_conflict: OnConflict::Usergrid, ..bearer_only };
    let found = find_in("/a", "Basic aWQ6c2Vj, Bearer t", &lenient);
    assert_eq!(says(&found), "header t");
    assert_eq!(found.places.in_authorization, 1);
    assert_eq!(says(&find_in("/a", "Basic aWQ6c2Vj\nBasic aWQ6c2Vj", &lenient)), "nothing");
}

#[test]
fn halves_of_basic_are_decoded_where_clients_encode_them() {
    let raw = credentials(OnConflict::Reject);
    let form = Credentials { basic: BasicEncoding::Form, ..raw.clone() };
    for (pair, as_it_is, decoded) in [
        ("id:sec", "basic id sec", "basic id sec"),
        ("a%3Ab:c+d%2b", "basic a%3Ab c+d%2b", "basic a:b c d+"),
        ("id:a:b", "basic id a:b", "basic id a:b"),
        ("id:100%", "basic id 100%", "bad-basic"),
        ("%zz:s", "basic %zz s", "bad-basic"),
        ("id:%4", "basic id %4", "bad-basic"),
        (":s", "bad-basic", "bad-basic"),
        ("id:", "bad-basic", "bad-basic"),
    ] {
        let line = format!("Basic {}", STANDARD.encode(pair));
        assert_eq!(says(&find_in("/a", &line, &raw)), as_it_is, "{pair}");
        assert_eq!(says(&find_in("/a", &line, &form)), decoded, "{pair}");
    }
    // Counted when decoded.
    let of = |half: &str| {
        let line = format!("Basic {}", STANDARD.encode(format!("i:{half}")));
        says(&find_in("/a", &line, &form))
    };
    assert_eq!(of(&"%61".repeat(64)), format!("basic i {}", "a".repeat(64)));
    assert_eq!(of(&"%61".repeat(65)), "bad-basic");
}

#[test]
fn lengths_are_bounded_in_every_place() {
    let fits = "a".repeat(64);
    let over = "a".repeat(65);
    // `i:` and 64 or 65 times `a`.
    let basic_fits = format!("Basic aTph{}", "YWFh".repeat(21));
    let basic_over = format!("Basic aTph{}YQ", "YWFh".repeat(21));
    let settings = credentials(OnConflict::Reject);
    let of = |path: &str, authorization: &str| says(&find_in(path, authorization, &settings));

    assert_eq!(of("/", &format!("Bearer {fits}")), format!("header {fits}"));
    assert_eq!(of("/", &format!("Bearer {over}")), "too-long");
    assert_eq!(of(&format!("/?access_token={fits}"), ""), format!("query {fits}"));
    assert_eq!(of(&format!("/?access_token={over}"), ""), "too-long");
    // Counted when decoded.
    assert_eq!(of(&format!("/?access_token={}", "%61".repeat(64)), ""), format!("query {fits}"));
    assert_eq!(of("/", &basic_fits), format!("basic i {fits}"));
    assert_eq!(of("/", &basic_over), "bad-basic");
    assert_eq!(
        of(&format!("/?client_id=i&client_secret={fits}"), ""),
        format!("client-query i {fits}")
    );
    assert_eq!(of(&format!("/?client_id=i&client_secret={over}"), ""), "bad-client-query");
    assert_eq!(of(&format!("/?client_id={over}&client_secret=s"), ""), "bad-client-query");
}

#[test]
fn a_request_without_a_path_has_no_query() {
    let found = find(&HeaderMap::new(Vec::new()), &credentials(OnConflict::Reject));
    assert_eq!(says(&found), "nothing");
    assert_eq!(found.clean_path, None);
}

#[test]
fn debug_output_shows_no_credential() {
    let settings = credentials(OnConflict::Reject);
    for (path, authorization) in [
        ("/?access_token=hushhush", ""),
        ("/", "Bearer hushhush"),
        ("/?client_id=hushhush&client_secret=hushhush", ""),
    ] {
        let shown = format!("{:?}", find_in(path, authorization, &settings).presented);
        assert!(shown.starts_with("One("), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}

/// The obvious model of removal: split, keep what is no credential, join.
fn model(path: &str) -> Option<String> {
    let (path, query) = path.split_once('?')?;
    let parameters: Vec<(String, &str)> = query
        .split('&')
        .map(|raw| {
            let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
            let name = name.replace("%5F", "_").replace("%61", "a").replace("%63", "c");
            (if value.is_empty() { String::new() } else { name }, raw)
        })
        .collect();
    let has = |wanted: &str| parameters.iter().any(|(name, _)| name == wanted);
    let pair = has("client_id") && has("client_secret");
    let kept: Vec<&str> = parameters
        .iter()
        .filter(|(name, _)| match name.as_str() {
            "access_token" | "client_secret" => false,
            "client_id" => !pair,
            _ => true,
        })
        .map(|(_, raw)| *raw)
        .collect();
    if kept.len() == parameters.len() {
        return None;
    }
    let rest = kept.join("&");
    Some(if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") })
}

fn parameter() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("access_token"),
        Just("access%5Ftoken"),
        Just("%61ccess_token"),
        Just("client_id"),
        Just("%63lient_id"),
        Just("client_secret"),
        Just("Access_Token"),
        Just("access+token"),
        Just("access_toke"),
        Just("b"),
        Just(""),
    ];
    let value =
        prop_oneof![Just(""), Just("="), Just("=t"), Just("=%"), Just("=%41"), Just("=x=y?")];
    (name, value).prop_map(|(name, value)| format!("{name}{value}"))
}

fn any_settings() -> impl Strategy<Value = Credentials> {
    (any::<[bool; 4]>(), any::<bool>()).prop_map(
        |([header, query, client_query, client_basic], reject)| Credentials {
            header,
            query,
            client_query,
            client_basic,
            on_conflict: if reject { OnConflict::Reject } else { OnConflict::Usergrid },
            ..credentials(OnConflict::Reject)
        },
    )
}

proptest! {
    #[test]
    fn removal_keeps_every_other_byte(parameters in prop::collection::vec(parameter(), 0..7)) {
        let path = format!("/a/b?{}", parameters.join("&"));
        for mode in [OnConflict::Reject, OnConflict::Usergrid] {
            let found = find_in(&path, "", &credentials(mode));
            let clean = found.clean_path.map(|path| String::from_utf8(path).unwrap());
            prop_assert_eq!(clean, model(&path), "{}", path);
        }
    }

    #[test]
    fn nothing_is_left_after_removal(
        parameters in prop::collection::vec(parameter(), 0..7),
        settings in any_settings(),
    ) {
        let found = find_in(&format!("/a?{}", parameters.join("&")), "", &settings);
        if let Some(clean) = &found.clean_path {
            let again = find(&request(clean, b""), &settings);
            prop_assert_eq!(again.presented, Presented::Nothing);
            prop_assert_eq!(again.clean_path, None);
        } else {
            prop_assert_eq!(found.presented, Presented::Nothing);
        }
    }

    #[test]
    fn the_used_token_is_the_only_one_kept(parameters in prop::collection::vec(parameter(), 0..7)) {
        let settings = credentials(OnConflict::Usergrid);
        let found = find_in(&format!("/a?{}", parameters.join("&")), "", &settings);
        if let Some(kept) = &found.places.path_with_used {
            let again = find(&request(kept, b""), &credentials(OnConflict::Reject));
            prop_assert_eq!(&again.presented, &found.presented);
            prop_assert_eq!(&again.clean_path, &found.clean_path);
        }
    }

    #[test]
    fn any_bytes_are_fine(
        path in prop::collection::vec(any::<u8>(), 0..80),
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
        settings in any_settings(),
    ) {
        let mut entries = vec![(":path".to_owned(), path.clone())];
        entries.extend(lines.into_iter().map(|line| ("authorization".to_owned(), line)));
        let found = find(&HeaderMap::new(entries), &settings);
        // What is no credential cannot have been changed.
        if let Some(clean) = found.clean_path {
            prop_assert!(clean.len() < path.len());
            prop_assert_ne!(found.presented, Presented::Nothing);
        }
    }

    #[test]
    fn any_value_is_presented(
        value in prop::collection::vec(any::<u8>().prop_filter("ends a parameter", |b| *b != b'&'), 1..20),
    ) {
        let mut path = b"/a?access_token=".to_vec();
        path.extend_from_slice(&value);
        let found = find(&request(&path, b""), &credentials(OnConflict::Reject));
        prop_assert_ne!(found.presented, Presented::Nothing);
        prop_assert_eq!(found.clean_path, Some(b"/a".to_vec()));
    }

    #[test]
    fn any_header_value_is_presented(line in "[!-~]([ -~\t]{0,20}[!-~])?") {
        let found = find_in("/a", &line, &credentials(OnConflict::Reject));
        prop_assert_ne!(found.presented, Presented::Nothing);
        prop_assert!(found.places.in_authorization > 0);
    }
}

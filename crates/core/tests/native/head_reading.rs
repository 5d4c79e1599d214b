//! What is read of a head at a glance, beside readings that look at everything plainly: on random
//! heads, paths and tokens they find the same.

use proptest::collection::vec;
use proptest::prelude::*;
use usergrid_auth_config::{Credentials, same_to_a_backend};
use usergrid_auth_core::credential::{BadCredential, Credential, Presented, TokenPlace, find};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::watched_names::WatchedNames;
use usergrid_auth_rules::path::{RequestPath, Routes, SparePath, is_application_word, is_reserved};

use crate::support::config;

/// Names that somebody looks for, others that look like them, and any.
fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        ":method",
        ":path",
        ":authority",
        ":scheme",
        "authorization",
        "cookie",
        "content-type",
        "origin",
        "connection",
        "proxy-connection",
        "referer",
        "x-original-url",
        "x-usergrid-principal",
        "x_usergrid_principal",
        "X-USERGRID-PRINCIPAL",
        "x.usergrid-username",
        "x-usergrid-scope",
        "x-usergrid-scopes",
        "x-odd-",
        "x-odd_",
        "x_odd.",
        "user-agent",
        "accept-language",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => "[a-z:_-]{0,20}"]
}

fn heads() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    vec((name(), vec(any::<u8>(), 0..6)), 0..14)
}

/// Without and with an identity header that ends in what folds.
const SETTINGS: [&str; 2] = ["", r#""identity":{"headers":{"x-odd-":"subject"}}"#];

/// Each name of `entries` that passes, once, in order.
fn once(entries: &[(String, Vec<u8>)], passes: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, _) in entries {
        if passes(name) && !found.contains(name) {
            found.push(name.clone());
        }
    }
    found
}

#[test]
fn a_head_of_nothing_but_watched_names_is_looked_at() {
    let config = config("");
    let identity = config.identity.iter().map(|header| &header.name);
    let (urls, connection) =
        (&config.credentials.clean_headers, ["connection", "proxy-connection"]);
    let names = identity.chain(urls).map(|name| &**name).chain(connection);
    let head = HeaderMap::new(names.map(|name| (name.to_owned(), b"x".to_vec())).collect());
    let sighted = WatchedNames::new(&config).among(&head);
    assert_eq!(sighted.reserved.len(), config.identity.len());
    assert_eq!(sighted.urls.len(), urls.len());
    assert_eq!(sighted.connection.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_name_is_found_or_not(entries in heads(), wanted in name()) {
        let headers = HeaderMap::new(entries.clone());
        for wanted in entries.iter().map(|(name, _)| name).chain([&wanted]) {
            let values = entries.iter().filter(|(name, _)| name == wanted);
            let values: Vec<&[u8]> = values.map(|(_, value)| value.as_slice()).collect();
            prop_assert_eq!(headers.first(wanted), values.first().copied());
            prop_assert_eq!(headers.values(wanted).collect::<Vec<_>>(), values);
        }
        prop_assert_eq!(headers.method(), headers.first(":method").unwrap_or_default());
        prop_assert_eq!(headers.path(), headers.first(":path").unwrap_or_default());
        let authorizations: Vec<&[u8]> = headers.values("authorization").collect();
        let only = if let [only] = authorizations[..] { Some(only) } else { None };
        prop_assert_eq!(headers.only_authorization(), only);
    }

    #[test]
    fn watched_names_are_those_of_a_plain_reading(
        entries in heads(),
        settings in prop::sample::select(&SETTINGS[..]),
    ) {
        let config = config(settings);
        let sighted = WatchedNames::new(&config).among(&HeaderMap::new(entries.clone()));
        let is_identity = |name: &str| {
            !name.starts_with(':')
                && config.identity.iter().any(|header| same_to_a_backend(&header.name, name))
        };
        let is_url = |name: &str| config.credentials.clean_headers.iter().any(|known| **known == *name);
        let is_connection = |name: &str| matches!(name, "connection" | "proxy-connection");
        let texts = |names: &[std::rc::Rc<str>]| -> Vec<String> {
            names.iter().map(|name| name.to_string()).collect()
        };
        prop_assert_eq!(&sighted.reserved, &once(&entries, is_identity));
        prop_assert_eq!(texts(&sighted.urls), once(&entries, |name| is_url(name) && !is_identity(name)));
        prop_assert_eq!(texts(&sighted.connection), once(&entries, is_connection));
        let has_any = !sighted.reserved.is_empty() || !sighted.connection.is_empty();
        prop_assert_eq!(sighted.has_any(), has_any);
    }

    #[test]
    fn a_token_is_visible_ascii_without_a_comma(
        good in "[!-+--~]{1,40}",
        other in prop_oneof![Just(b' '), Just(b','), Just(0x7f), 0x80_u8..=0xff, 0_u8..0x20],
        at in any::<prop::sample::Index>(),
    ) {
        let settings = Credentials { max_length: 64, ..config("").credentials };
        let found = |token: &[u8]| {
            let header = ("authorization".to_owned(), [b"Bearer ", token].concat());
            find(&HeaderMap::new(vec![header]), &settings).presented
        };
        let presented = found(good.as_bytes());
        let is_it = matches!(
            &presented,
            Presented::One(Credential::Token { token, place: TokenPlace::Header })
                if token.expose() == good.as_bytes()
        );
        prop_assert!(is_it, "{presented:?}");
        // Inside, where nothing is trimmed; a comma stands between two credentials.
        let mut bad = [b"a", good.as_bytes(), b"a"].concat();
        bad[1 + at.index(good.len())] = other;
        let presented = found(&bad);
        let is_bad = matches!(presented, Presented::Bad(BadCredential::Token | BadCredential::Conflict));
        prop_assert!(is_bad, "{presented:?}");
    }

    /// One escape, and every segment of it is looked at by itself.
    #[test]
    fn a_plain_path_is_read_like_the_same_path_with_an_escape(
        path in "(/[a-zA-Z.~:@-]{0,6}){1,6}",
        at in any::<prop::sample::Index>(),
        earlier in "(/[a-z%;]{0,9}){1,9}",
        usergrid in any::<bool>(),
    ) {
        let routes = if usergrid { Routes::Usergrid } else { Routes::Plain };
        let letters: Vec<usize> =
            path.bytes().enumerate().filter(|(_, byte)| *byte != b'/').map(|(at, _)| at).collect();
        prop_assume!(!letters.is_empty());
        let place = letters[at.index(letters.len())];
        let (before, after) = path.split_at(place);
        let escaped = format!("{before}%{:02x}{}", path.as_bytes()[place], after.split_at(1).1);
        let parse = |path: &str| RequestPath::parse_by(routes, path.as_bytes(), &[]);
        let (plain, by_segments) = (parse(&path), parse(&escaped));
        prop_assert_eq!(format!("{plain:?}"), format!("{by_segments:?}"));
        // Whatever stood in its memory before.
        let mut spare = parse(&earlier).map(RequestPath::into_spare).unwrap_or_default();
        let again = RequestPath::parse_in(&mut spare, routes, path.as_bytes(), &[]);
        prop_assert_eq!(format!("{plain:?}"), format!("{again:?}"));
    }
}

#[test]
fn a_plain_path_has_as_many_segments_as_any() {
    let parse = |segments: usize| RequestPath::parse("/a".repeat(segments).as_bytes(), &[]);
    assert!(parse(256).is_ok());
    assert!(parse(257).is_err());
    assert!(RequestPath::parse("/".repeat(256).as_bytes(), &[]).is_ok());
    assert!(RequestPath::parse("/".repeat(257).as_bytes(), &[]).is_err());
    let spare = &mut SparePath::default();
    let path = format!("/{}", "a".repeat(10_000));
    let long = RequestPath::parse_in(spare, Routes::Usergrid, path.as_bytes(), &[]).unwrap();
    *spare = long.into_spare();
    assert!(
        format!("{spare:?}").len() < 1000,
        "memory of a long path is not kept for the next one"
    );
}

/// The words of `docs/usergrid.md`, "Paths and applications".
#[test]
fn words_are_known_in_any_letter_case() {
    for word in [
        "management",
        "system",
        "status",
        "lb-status",
        "organizations",
        "orgs",
        "o",
        "applications",
        "apps",
        "resources.json",
        "applications.json",
        "management.json",
        "images",
        "css",
        "js",
        "jsp",
        "favicon.ico",
        "testproperties",
        "refreshindex",
    ] {
        assert!(is_reserved(word) && is_reserved(&word.to_uppercase()), "{word}");
        assert!(!is_reserved(&format!("{word}x")) && !is_reserved(&format!("x{word}")), "{word}");
    }
    for word in ["applications", "apps", "a", "A", "APPS", "app\u{17f}"] {
        assert!(is_application_word(word), "{word}");
    }
    assert!(is_reserved("\u{17f}ystem") && is_reserved("image\u{17f}"));
    assert!(!is_application_word("b") && !is_application_word("") && !is_reserved(""));
}

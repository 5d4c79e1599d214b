//! Headers in which proxies and browsers repeat the URL: no credential of its query stays in them,
//! and nothing else of them changes.
//!
//! What an independent reader of queries (`form_urlencoded`) calls a parameter is the measure.

use proptest::prelude::*;

use crate::decision::worker::Worker;

const ALL: [&str; 8] = [
    "x-envoy-original-path",
    "x-original-url",
    "x-original-uri",
    "x-original-path",
    "x-replaced-path",
    "x-forwarded-uri",
    "x-rewrite-url",
    "referer",
];

const GUEST: &str = r#""guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]"#;

/// The lines of `name` when the filter is done with a request that has these.
fn cleaned(overrides: &str, line: &str, name: &str, values: &[&str]) -> (String, String) {
    let mut worker = Worker::new(overrides);
    let headers: Vec<(&str, &str)> = values.iter().map(|value| (name, *value)).collect();
    let stream = worker.request(line, &headers);
    (worker.verdict(stream), worker.head(stream).header(name))
}

fn of_guest(value: &str) -> String {
    let (verdict, left) = cleaned(GUEST, "GET /acme/sandbox/x", "x-original-url", &[value]);
    assert_eq!(verdict, "forwarded", "{value}");
    left
}

#[test]
fn every_such_header_is_cleaned_whether_the_path_held_the_credential_or_not() {
    let value = "/acme/sandbox/x?a=1&access_token=abc&client_id=i&client_secret=s&b";
    for name in ALL {
        for (line, verdict) in [
            ("GET /acme/sandbox/x", "forwarded"),
            ("GET /acme/sandbox/x?access_token=abc", "waiting"),
            ("GET /acme/sandbox/x?access_token=a,b", "401 auth_unverified_oath"),
            ("GET /acme/sandbox/x?access_token=abc&access_token=abc", "400 invalid_request"),
            ("GET /acme/app/x", "401 unauthorized"),
            ("GET /acme/../x", "400 invalid_request"),
        ] {
            let left = cleaned(GUEST, line, name, &[value]);
            assert_eq!(left, (verdict.into(), "/acme/sandbox/x?a=1&b".into()), "{line} {name}");
        }
    }
}

#[test]
fn an_admitted_request_has_none_left_either() {
    let mut worker = Worker::new("");
    // Envoy's own after a redirect, which makes no guests.
    for name in ALL.into_iter().chain(["x-envoy-original-url"]) {
        let headers =
            [("authorization", "Bearer abc"), (name, "https://a.example/x?access_token=abc")];
        let stream = worker.request("GET /acme/app/x", &headers);
        if !worker.calls.is_empty() {
            worker.active("");
        }
        assert_eq!(worker.verdict(stream), "forwarded");
        assert_eq!(worker.head(stream).header(name), "https://a.example/x", "{name}");
    }
}

#[test]
fn a_preflight_leaves_its_token_here_and_public_requests_pass_as_they_came() {
    let preflight = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("referer", "https://app.example/?access_token=abc"),
    ];
    let mut worker = Worker::new(r#""public":["get:/acme/token"]"#);
    let stream = worker.request("OPTIONS /acme/app/x?access_token=abc&y=1", &preflight);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).path(), "/acme/app/x?y=1");
    assert_eq!(worker.head(stream).header("referer"), "https://app.example/");

    let stream = worker.request("GET /acme/token?access_token=abc", &preflight[2..]);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).path(), "/acme/token?access_token=abc");
    assert_eq!(worker.head(stream).header("referer"), "https://app.example/?access_token=abc");
}

#[test]
fn a_repeated_header_keeps_its_other_lines() {
    let lines = ["/a?b=1", "/a?access_token=t", "", "/c?client_secret=s&d"];
    let (_, left) = cleaned(GUEST, "GET /acme/sandbox/x", "x-original-url", &lines);
    assert_eq!(left, "/a?b=1|/a||/c?d");
}

#[test]
fn what_is_no_credential_stays_as_it_is() {
    for value in [
        "",
        "/",
        "/a?",
        "?",
        "/a?access_token",
        "/a?access_token=",
        "/a?Access_Token=x",
        "/a?client_id=x",
        "/a?b=access_token=x",
        "/access_token=x",
        "/a#access_token=x",
        "https://a.example/?b=%26access_token%3Dx",
        "/a?next=/b?access_token=x",
    ] {
        assert_eq!(of_guest(value), value);
    }
}

#[test]
fn credentials_are_found_in_every_spelling_and_shape_of_a_url() {
    for (value, left) in [
        ("/a?access_token=t", "/a"),
        ("?access_token=t", ""),
        ("https://a.example?access_token=t#part", "https://a.example#part"),
        ("//a.example/x?y&access%5Ftoken=t#f?g", "//a.example/x?y#f?g"),
        ("/a?%61ccess_token=t&&b", "/a?&b"),
        ("/a?client_id=i&client_secret=s", "/a"),
        ("/a?client_secret=s", "/a"),
        ("/a?client_secret=a,b?c&d", "/a?d"),
        ("/a?access_token=%zz", "/a"),
        ("/a\u{fc}?\u{fc}=1&access_token=\u{fc}", "/a\u{fc}?\u{fc}=1"),
        // Lines that were joined on the way.
        ("/a?b=1,/c?access_token=t", "/a?b=1,/c"),
        ("/a,/c?access_token=t&d, /e?access_token=u", "/a,/c?d, /e"),
        ("/a?client_id=i,/b?access_token=t", "/a?client_id=i,/b"),
        ("/a?b=1,2&access_token=t&c=3,4", "/a?b=1,2&c=3,4"),
        ("/a#f,/b?access_token=t", "/a#f,/b"),
        ("/a?b=1,/c&d?access_token=t&e", "/a?b=1,/c&d?&e"),
        ("/a?next=/b?client_secret=s,/c", "/a?next=/b?,/c"),
        // A secret may hold all but `&` and `#`.
        ("/a?access_token=t=u,v?w&d", "/a?d"),
    ] {
        assert_eq!(of_guest(value), left, "{value}");
    }
}

#[test]
fn only_places_that_are_looked_at_are_cleaned() {
    let value = "/a?access_token=t&client_id=i&client_secret=s";
    for (sources, left) in [
        (r#"["header"]"#, value),
        (r#"["query"]"#, "/a?client_id=i&client_secret=s"),
        (r#"["client_query"]"#, "/a?access_token=t"),
    ] {
        let overrides = format!(r#"{GUEST},"credentials":{{"sources":{sources}}}"#);
        let (_, cleaned) = cleaned(&overrides, "GET /acme/sandbox/x", "referer", &[value]);
        assert_eq!(cleaned, left, "{sources}");
    }
}

#[test]
fn the_configuration_adds_headers() {
    let overrides = format!(r#"{GUEST},"credentials":{{"clean_headers":["X-My-Url","Referer"]}}"#);
    for (name, left) in [
        ("x-my-url", "/a"),
        ("referer", "/a"),
        ("x-original-url", "/a"),
        ("x-other", "/a?access_token=t"),
    ] {
        let line = "GET /acme/sandbox/x";
        assert_eq!(cleaned(&overrides, line, name, &["/a?access_token=t"]).1, left, "{name}");
    }
}

/// Name and value of a parameter as the independent reader sees them.
fn read(parameter: &str) -> Option<(String, String)> {
    let (name, value) = form_urlencoded::parse(parameter.as_bytes()).next()?;
    Some((name.into_owned(), value.into_owned()))
}

/// All of them in a URL.
fn pairs(url: &str) -> Vec<(String, String)> {
    let url = url.split('#').next().unwrap_or_default();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The obvious model of removal: one URL, its parameters read by others, and what is kept joined.
fn model(url: &str) -> String {
    let (before, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, format!("#{fragment}")),
        None => (url, String::new()),
    };
    let Some((path, query)) = before.split_once('?') else { return url.to_owned() };
    let parameters: Vec<(&str, Option<(String, String)>)> =
        query.split('&').map(|raw| (raw, read(raw))).collect();
    let has = |wanted: &str| {
        parameters.iter().any(|(_, it)| {
            it.as_ref().is_some_and(|(name, value)| name == wanted && !value.is_empty())
        })
    };
    let pair = has("client_id") && has("client_secret");
    let stays = |parameter: &Option<(String, String)>| match parameter {
        Some((_, value)) if value.is_empty() => true,
        Some((name, _)) => match name.as_str() {
            "access_token" | "client_secret" => false,
            "client_id" => !pair,
            _ => true,
        },
        None => true,
    };
    let kept: Vec<&str> =
        parameters.iter().filter(|(_, it)| stays(it)).map(|(raw, _)| *raw).collect();
    if kept.len() == parameters.len() {
        return url.to_owned();
    }
    let rest = kept.join("&");
    let mark = if rest.is_empty() { "" } else { "?" };
    format!("{path}{mark}{rest}{fragment}")
}

fn parameter() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("access_token".to_owned()),
        Just("access%5ftoken".to_owned()),
        Just("client_id".to_owned()),
        Just("client%5Fsecret".to_owned()),
        Just("client_secret".to_owned()),
        "[a-z_%+]{0,6}",
    ];
    let value = prop_oneof![Just(String::new()), "=[!-\"$-%'-+\\--~]{0,8}"];
    (name, value).prop_map(|(name, value)| format!("{name}{value}"))
}

fn url() -> impl Strategy<Value = String> {
    let base = prop_oneof![
        Just("/acme/app".to_owned()),
        Just("https://a.example/x".to_owned()),
        Just("https://a.example".to_owned()),
        "/[a-z/%]{0,8}",
    ];
    let query = prop::option::of(prop::collection::vec(parameter(), 0..6));
    let fragment = prop::option::of("[a-z=&]{0,8}");
    (base, query, fragment).prop_map(|(base, query, fragment)| {
        let query = query.map_or(String::new(), |it| format!("?{}", it.join("&")));
        let fragment = fragment.map_or(String::new(), |it| format!("#{it}"));
        format!("{base}{query}{fragment}")
    })
}

proptest! {
    #[test]
    fn an_independent_reader_finds_no_credential_and_every_other_byte(url in url()) {
        let left = of_guest(&url);
        prop_assert_eq!(&left, &model(&url));
        let (before, after) = (pairs(&url), pairs(&left));
        let is_secret = |(name, value): &(String, String)| {
            ["access_token", "client_secret"].contains(&name.as_str()) && !value.is_empty()
        };
        prop_assert!(!after.iter().any(is_secret), "{}", left);
        let stays = |it: &&(String, String)| !is_secret(it) && it.0 != "client_id";
        prop_assert!(before.iter().filter(stays).eq(after.iter().filter(stays)), "{}", left);
    }

    #[test]
    fn lines_that_were_joined_hide_nothing(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("access_token=t"), Just("client_secret=s"), Just("client_id=i"), Just("a=1"),
                Just("?"), Just("&"), Just("#"), Just(","), Just("/b"), Just("="), Just("%"),
            ],
            0..14,
        ),
    ) {
        let left = of_guest(&pieces.concat());
        prop_assert_eq!(&of_guest(&left), &left);
        for line in left.split(',') {
            let line = line.split('#').next().unwrap();
            let Some((_, query)) = line.split_once('?') else { continue };
            for parameter in query.split('&') {
                let name = read(parameter).filter(|(_, value)| !value.is_empty());
                let name = name.map(|(name, _)| name).unwrap_or_default();
                prop_assert!(!["access_token", "client_secret"].contains(&name.as_str()), "{}", left);
            }
        }
    }

    #[test]
    fn no_value_is_too_strange(value in "[ -~\u{80}-\u{ff}]{0,40}") {
        let left = of_guest(&value);
        prop_assert!(left.len() <= value.len());
    }
}

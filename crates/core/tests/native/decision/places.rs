//! Tokens in a header or a cookie of the configuration's choice: places like the others, and gone
//! from what the backend sees.

use proptest::prelude::*;
use usergrid_auth_core::decision::Event;
use usergrid_auth_core::header_map::HeaderMap;

use crate::decision::worker::Worker;

const PLACES: &str = r#""credentials":{
        "sources":["header","query","client_query","client_basic",{"header":"X-Api-Token"},{"cookie":"session"}],
        "cookie_origins":["https://app.example"]
    },
    "guest":[{"applications":["*/sandbox"],"permissions":["get,post:/**"]}]"#;

/// A worker with these places and more settings.
pub(super) fn worker(more: &str) -> Worker {
    Worker::new(&format!("{PLACES}{more}"))
}

/// Under `on_conflict: "usergrid"`.
pub(super) fn lenient(more: &str) -> Worker {
    Worker::new(&format!("{}{more}", PLACES.replacen('{', r#"{"on_conflict":"usergrid","#, 1)))
}

pub(super) type Headers<'a> = &'a [(&'a str, &'a str)];

/// How a request ends whose token, if it is asked about, is good; the token that was asked about.
pub(super) fn ends(worker: &mut Worker, line: &str, headers: Headers<'_>) -> (String, String) {
    let stream = worker.request(line, headers);
    let asked = worker.call_bodies().pop().unwrap_or_default();
    if !worker.calls.is_empty() {
        worker.active("");
    }
    let token = asked.strip_prefix("token=").and_then(|rest| rest.split('&').next()).unwrap_or("");
    (worker.verdict(stream), token.to_owned())
}

#[test]
fn a_token_is_found_there_and_goes_on_as_bearer_alone() {
    for (name, value) in
        [("x-api-token", "abc"), ("x_api_token", " abc "), ("cookie", "session=abc")]
    {
        let mut worker = worker("");
        let stream = worker.request("GET /acme/app/x", &[(name, value)]);
        assert_eq!(worker.head(stream).header(name), "", "at once");
        worker.active("");
        assert_eq!(worker.verdict(stream), "forwarded");
        assert_eq!(worker.head(stream).header("authorization"), "Bearer abc", "{name}");
        assert_eq!(worker.head(stream).header(name), "", "{name}");
    }
}

#[test]
fn it_is_nowhere_under_remove_and_where_it_was_under_as_sent() {
    for (name, value) in [("x-api-token", "abc"), ("cookie", "a=1; session=\"abc\"; b")] {
        let mut remove = worker(r#","forward":{"credential":"remove"}"#);
        let stream = remove.request("GET /acme/app/x", &[(name, value)]);
        remove.active("");
        assert_eq!(remove.head(stream).header("authorization"), "");
        assert!(!remove.head(stream).header(name).contains("abc"));

        let mut as_sent = worker(r#","forward":{"credential":"as_sent"}"#);
        let stream = as_sent.request("GET /acme/app/x", &[(name, value)]);
        assert!(!as_sent.head(stream).header(name).contains("abc"), "until it is verified");
        as_sent.active("");
        assert_eq!(as_sent.verdict(stream), "forwarded");
        assert_eq!(as_sent.head(stream).header(name), value);
        assert_eq!(as_sent.head(stream).header("authorization"), "");
        let refused = as_sent.request("GET /acme/app/x", &[(name, &value.replace("abc", "bad"))]);
        as_sent.answer(200, r#"{"active":false}"#);
        assert_eq!(as_sent.verdict(refused), "401 auth_invalid");
        assert!(!as_sent.head(refused).header(name).contains("bad"));
    }
}

#[test]
fn as_sent_puts_back_what_counted_and_nothing_else() {
    let mut worker = lenient(r#","forward":{"credential":"as_sent"}"#);
    let headers = [
        ("x-api-token", "one"),
        ("x_api_token", "two"),
        ("x-api-token", "three"),
        ("cookie", "session=four"),
    ];
    let stream = worker.request("GET /acme/app/x", &headers);
    worker.active("");
    assert_eq!(worker.head(stream).header("x-api-token"), "one");
    assert_eq!(worker.head(stream).header("x_api_token"), "");
    assert_eq!(worker.head(stream).header("cookie"), "");

    let cookies = [("cookie", "a=1; session=five; b=2; session=two"), ("cookie", "session=three")];
    let stream = worker.request("GET /acme/app/x", &cookies);
    worker.active("");
    assert_eq!(worker.head(stream).header("cookie"), "a=1; session=five; b=2");
    let stream = worker.request("GET /acme/app/x", &[BEARER, cookies[0], cookies[1]]);
    worker.active("");
    assert_eq!(worker.head(stream).header("authorization"), "Bearer abc");
    assert_eq!(worker.head(stream).header("cookie"), "a=1; b=2");
}

pub(super) const BEARER: (&str, &str) = ("authorization", "Bearer abc");
pub(super) const HEADER: (&str, &str) = ("x-api-token", "abc");
pub(super) const COOKIE: (&str, &str) = ("cookie", "session=abc");

#[test]
fn two_places_are_a_conflict_and_so_is_one_twice() {
    for headers in [
        &[BEARER, HEADER][..],
        &[BEARER, COOKIE],
        &[HEADER, COOKIE],
        &[HEADER, HEADER],
        &[HEADER, ("x.api.token", "abc")],
        &[("x-api-token", "abc,def")],
        &[("cookie", "session=abc; session=abc")],
        &[COOKIE, COOKIE],
        &[COOKIE, ("cookie", "a=1;session=abc")],
    ] {
        let mut worker = worker("");
        let end = ends(&mut worker, "GET /acme/sandbox/x", headers);
        assert_eq!(end, ("400 invalid_request".into(), String::new()), "{headers:?}");
    }
    let mut worker = worker("");
    for headers in [&[HEADER][..], &[COOKIE]] {
        for query in ["access_token=abc", "client_id=i&client_secret=s"] {
            let end = ends(&mut worker, &format!("GET /acme/sandbox/x?{query}"), headers);
            assert_eq!(end.0, "400 invalid_request", "{headers:?} {query}");
        }
    }
}

#[test]
fn under_usergrids_order_other_headers_and_cookies_come_last() {
    let (header, cookie) = (("x-api-token", "in-header"), ("cookie", "session=in-cookie"));
    for (line, headers, token) in [
        ("GET /acme/app/x?access_token=in-query", &[BEARER, cookie, header][..], "in-query"),
        ("GET /acme/app/x", &[cookie, header, BEARER], "abc"),
        ("GET /acme/app/x", &[cookie, header], "in-header"),
        ("GET /acme/app/x", &[cookie, ("cookie", "session=later")], "in-cookie"),
        ("GET /acme/app/x", &[cookie, ("authorization", "Digest x")], "in-cookie"),
    ] {
        let mut worker = lenient("");
        let stream = worker.request(line, headers);
        assert_eq!(worker.call_bodies()[0].split('&').next(), Some(&*format!("token={token}")));
        worker.active("");
        let head = worker.head(stream);
        assert_eq!(head.header("authorization"), format!("Bearer {token}"));
        assert_eq!((head.header("x-api-token"), head.header("cookie")), Default::default());
    }
    let mut worker = lenient("");
    let pair = "GET /acme/app/x?client_id=i&client_secret=s";
    // Nobody verifies pairs here, and the token behind it does not stand in for it.
    assert_eq!(ends(&mut worker, pair, &[header]), ("401 invalid_client".into(), String::new()));
}

#[test]
fn what_fails_there_never_makes_a_guest() {
    for (headers, verdict) in [
        (&[("x-api-token", "a b")][..], "401 auth_unverified_oath"),
        (&[("cookie", "session=a b")], "401 auth_unverified_oath"),
        (&[("cookie", "session=%\u{e9}")], "401 auth_unverified_oath"),
        (&[("cookie", "session=a,b")], "401 auth_unverified_oath"),
        // What readers in Rust and Python take for blanks around a name.
        (&[("cookie", "a=1; \u{85}session\u{a0}=a b")], "401 auth_unverified_oath"),
        (&[("cookie", "\u{2003}session =a b")], "401 auth_unverified_oath"),
        // Nothing is there.
        (&[("x-api-token", ""), ("cookie", "session=; session=\"\"; session")], "forwarded"),
        (&[("cookie", "Session=abc; xsession=abc; session.x=abc")], "forwarded"),
    ] {
        let mut worker = worker("");
        let end = ends(&mut worker, "GET /acme/sandbox/x", headers);
        assert_eq!(end, (verdict.into(), String::new()), "{headers:?}");
    }
    let mut worker = worker("");
    let stream = worker.request("GET /acme/sandbox/x", &[COOKIE]);
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(worker.verdict(stream), "401 auth_invalid");
    assert_eq!(worker.head(stream).header("cookie"), "");
}

#[test]
fn only_such_places_are_touched() {
    let headers = [HEADER, COOKIE, ("cookie", "a=1")];
    let mut plain =
        Worker::new(r#""guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]"#);
    let stream = plain.request("GET /acme/sandbox/x", &headers);
    assert_eq!(plain.verdict(stream), "forwarded");
    assert_eq!(plain.head(stream).header("x-api-token"), "abc");
    assert_eq!(plain.head(stream).header("cookie"), "session=abc|a=1");

    let mut public = worker(r#","public":["get:/acme/token"]"#);
    let stream = public.request("GET /acme/token", &headers);
    assert_eq!(public.head(stream).header("x-api-token"), "abc");
    assert_eq!(public.head(stream).header("cookie"), "session=abc|a=1");

    let mut broken = worker("");
    let stream = broken.request("GET /acme/../x", &headers);
    assert_eq!(broken.verdict(stream), "400 invalid_request");
    assert_eq!(broken.head(stream).header("x-api-token"), "");
    assert_eq!(broken.head(stream).header("cookie"), "a=1");
}

#[test]
fn trailers_bring_none_past_the_filter() {
    let removed = |worker: &mut Worker| {
        let stream = worker.request("GET /acme/sandbox/x", &[]);
        let trailers =
            ["x_api_token", "cookie", "x-other"].map(|it| (it.to_owned(), b"t".to_vec()));
        let trailers = HeaderMap::new(trailers.into());
        worker.happen(Event::Trailers { stream, trailers });
        let edits = worker.trailer_edits.drain(..).map(|edit| format!("{edit:?}"));
        edits.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(removed(&mut worker("")), "Remove(x_api_token) Remove(cookie)");
    assert_eq!(removed(&mut Worker::new("")), "");
}

#[test]
fn a_preflight_takes_no_such_token_past_the_filter() {
    let mut worker = worker("");
    let headers =
        [HEADER, COOKIE, ("origin", "https://a.example"), ("access-control-request-method", "PUT")];
    let stream = worker.request("OPTIONS /acme/app/x", &headers);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).header("x-api-token"), "");
    assert_eq!(worker.head(stream).header("cookie"), "");
}

/// The `Cookie` lines that a guest's request has left, with `session` looked at, under GET.
fn left_of(lines: &[String]) -> String {
    let mut worker = worker("");
    let headers: Vec<(&str, &str)> = lines.iter().map(|line| ("cookie", line.as_str())).collect();
    let stream = worker.request("GET /acme/app/x", &headers);
    worker.head(stream).header("cookie")
}

/// The cookies in these lines as others read them.
fn read(lines: &str) -> Vec<(String, String)> {
    let parsed = lines.split('|').flat_map(|line| cookie::Cookie::split_parse(line.to_owned()));
    parsed
        .filter_map(Result::ok)
        .map(|cookie| (cookie.name().to_owned(), cookie.value_trimmed().to_owned()))
        .collect()
}

fn pair() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("session".to_owned()),
        Just(" session ".to_owned()),
        Just("Session".to_owned()),
        Just("sessio".to_owned()),
        "[a-z =]{0,4}",
    ];
    let value = prop_oneof![
        Just(String::new()),
        Just("=".to_owned()),
        Just("=\"\"".to_owned()),
        "=[!#-+\\--:<-{}~]{1,6}",
        "= ?\"[!#-+a-z]{0,4}\" ?",
    ];
    (name, value).prop_map(|(name, value)| format!("{name}{value}"))
}

proptest! {
    #[test]
    fn an_independent_reader_finds_all_cookies_but_the_token(
        lines in prop::collection::vec(
            (prop::collection::vec(pair(), 0..5), prop_oneof![Just("; "), Just(";"), Just(" ;  ")])
                .prop_map(|(pairs, between)| pairs.join(between)),
            0..4,
        ),
    ) {
        let left = left_of(&lines);
        let is_token = |(name, value): &(String, String)| name == "session" && !value.is_empty();
        let before = read(&lines.join("|"));
        prop_assert!(!read(&left).iter().any(is_token), "{}", left);
        let others: Vec<_> = before.iter().filter(|it| !is_token(it)).cloned().collect();
        prop_assert_eq!(&read(&left), &others, "{}", left);
        if others.len() == before.len() {
            prop_assert_eq!(&left, &lines.join("|"));
        }
        // Every pair that is left stands there as it was sent.
        let sent: Vec<&str> = lines.iter().flat_map(|line| line.split(';')).collect();
        for pair in left.split(['|', ';']) {
            let stands = |sent: &&str| *sent == pair || sent.trim_start() == pair;
            prop_assert!(sent.iter().any(stands) || pair.is_empty(), "{}", pair);
        }
    }

    #[test]
    fn one_more_credential_never_makes_a_guest(
        method in prop_oneof![Just("GET"), Just("POST"), Just("HEAD"), Just("OPTIONS")],
        path in prop_oneof![Just("/acme/sandbox/x"), Just("/acme/app/x"), Just("/acme/sandbox//x")],
        present in prop::collection::vec(credential(), 0..3),
        another in credential(),
        context in prop::sample::select(&[
            ("x-other", ""), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "none"),
            ("upgrade", "websocket"), ("origin", "https://app.example"),
        ][..]),
        is_lenient in any::<bool>(),
    ) {
        let mut worker = if is_lenient { lenient("") } else { worker("") };
        let mut guest = |credentials: &[(String, String)]| {
            let query: Vec<&str> = credentials
                .iter()
                .filter(|(place, _)| place == "?")
                .map(|(_, value)| value.as_str())
                .collect();
            let line = format!("{method} {path}?{}", query.join("&"));
            let headers: Vec<(&str, &str)> = credentials
                .iter()
                .filter(|(place, _)| place != "?")
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .chain([context])
                .collect();
            let stream = worker.request(&line, &headers);
            worker.verdict(stream) == "forwarded"
        };
        let was_guest = guest(&present);
        let mut more = present.clone();
        more.push(another);
        prop_assert!(!guest(&more), "{:?}", more);
        prop_assert!(!was_guest || present.is_empty(), "{:?}", present);
    }

    #[test]
    fn no_cookie_is_too_strange(lines in prop::collection::vec("[ -~\u{80}-\u{ff}\t]{0,30}", 0..4)) {
        let length = |text: &str| text.len();
        prop_assert!(length(&left_of(&lines)) <= length(&lines.join("|")));
    }
}

/// Something that presents a credential: a place, or `?` for the query, and what stands there.
fn credential() -> impl Strategy<Value = (String, String)> {
    let value = prop_oneof![Just("abc"), Just("a b"), Just("a,b"), Just("%zz"), Just("\u{e9}")];
    let place = prop::sample::select(
        &[
            ("authorization", "Bearer "),
            ("authorization", "Basic "),
            ("authorization", "Digest "),
            ("authorization", ""),
            ("?", "access_token="),
            ("?", "client_id=i&client_secret="),
            ("x-api-token", ""),
            ("x_api_token", ""),
            ("cookie", "session="),
            ("cookie", "a=1;session ="),
        ][..],
    );
    (place, value)
        .prop_map(|((place, before), value)| (place.to_owned(), format!("{before}{value}")))
}

//! What is shown of decisions: filter state, and trace headers on calls.

use crate::decision::worker::{BEARER, Worker};
use crate::support::call_header;

const ALL: &str = r#""telemetry":{"filter_state":["outcome","principal","subject","username","client_id",
    "application","fingerprint"]},"guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}],
    "public":["get:/*/*/token"]"#;

fn state(
    worker: &Worker,
    stream: usergrid_auth_core::verification::single_flight::StreamId,
) -> Vec<String> {
    let state = worker.head(stream).state.iter();
    state
        .map(|(name, value)| {
            let name = name.strip_prefix("usergrid_auth_").expect("a name of ours");
            // Eight hexadecimal digits, other ones for each configuration.
            let value = if name == "fingerprint" { value.len().to_string() } else { value.clone() };
            format!("{name}={value}")
        })
        .collect()
}

#[test]
fn filter_state_says_how_each_request_ended_and_whose_it_was() {
    let mut worker = Worker::new(ALL);
    let claims = "\"sub\":\"a\\r\\nb,%\",\"username\":\"alice\",\"client_id\":\"web\",\"application\":\"acme/app\"";
    let stream = worker.with_token("GET /acme/app/x", "abc", claims);
    let alice = [
        "outcome=token",
        "principal=application_user",
        "subject=a%0D%0Ab%2C%25",
        "username=alice",
        "client_id=web",
        "application=acme/app",
        "fingerprint=8",
    ];
    assert_eq!(state(&worker, stream), alice);
    let hit = worker.request("GET /acme/app/x", &BEARER);
    assert_eq!(state(&worker, hit), alice, "a hit says the same");
    for (line, headers, expected) in [
        (
            "GET /acme/sandbox/x",
            &[][..],
            &["outcome=guest", "principal=guest", "application=acme/sandbox"][..],
        ),
        ("GET /acme/app/token", &[], &["outcome=public"]),
        ("GET /acme/../token", &[], &["outcome=bad_path"]),
        ("GET /acme/app/x", &[], &["outcome=missing", "application=acme/app"]),
        (
            "GET /acme/other/x",
            &BEARER,
            &["outcome=forbidden", "application=acme/other", "fingerprint=8"],
        ),
    ] {
        let stream = worker.request(line, headers);
        assert_eq!(state(&worker, stream), expected, "{line}");
    }
}

/// Envoy keeps filter state while it follows a redirect by itself.
#[test]
fn a_second_pass_leaves_nothing_of_the_first() {
    let mut worker = Worker::new(ALL);
    let redirected = [("x-envoy-original-url", "http://api.example.com/acme/app/x")];
    let names = ["outcome", "principal", "subject", "username", "client_id", "application"];
    let mut emptied: Vec<String> = names.iter().map(|name| format!("{name}=")).collect();
    emptied.push("fingerprint=0".to_owned());
    let public = worker.request("GET /acme/app/token", &redirected);
    assert_eq!(state(&worker, public), [&emptied[..], &["outcome=public".to_owned()]].concat());
    let waiting = worker.request("GET /acme/app/x", &[BEARER[0], redirected[0]]);
    assert_eq!(state(&worker, waiting), emptied, "also while it waits");
    worker.active(r#""username":"alice""#);
    let written = &state(&worker, waiting)[emptied.len()..];
    assert!(written.contains(&"username=alice".to_owned()), "{written:?}");
    let mut worker = Worker::new("");
    let stream = worker.request("GET /acme/app/token", &redirected);
    assert_eq!(state(&worker, stream), [""; 0]);
}

#[test]
fn only_what_is_listed_is_written() {
    let mut worker = Worker::new(r#""telemetry":{"filter_state":["username"]}"#);
    let claims = r#""sub":"u","username":"alice""#;
    let stream = worker.with_token("GET /x", "abc", claims);
    assert_eq!(state(&worker, stream), ["username=alice"]);
    let refused = worker.request("GET /x", &[]);
    assert_eq!(state(&worker, refused), [""; 0]);
    let mut worker = Worker::new("");
    let stream = worker.with_token("GET /x", "abc", claims);
    assert_eq!(state(&worker, stream), [""; 0], "by default nothing");
}

#[test]
fn calls_carry_the_trace_of_the_first_request_and_no_baggage() {
    let mut worker = Worker::new("");
    let long = "a".repeat(513);
    let traced = [
        BEARER[0],
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", "a=1, b=2"),
        ("b3", &long),
        ("x-request-id", "one"),
        ("baggage", "secret=1"),
    ];
    worker.request("GET /x", &traced);
    worker.request("GET /x", &[BEARER[0], ("x-request-id", "two")]);
    assert_eq!(worker.calls.len(), 1, "one call for both");
    let (_, call) = &worker.calls[0];
    assert_eq!(call_header(call, "traceparent"), [traced[1].1]);
    assert_eq!(call_header(call, "tracestate"), ["a=1, b=2"]);
    assert_eq!(call_header(call, "x-request-id"), ["one"]);
    assert_eq!(call_header(call, "b3"), [""; 0], "too long");
    assert_eq!(call_header(call, "baggage"), [""; 0]);
    for strange in ["", "caf\u{e9}", "a\tb"] {
        let mut worker = Worker::new("");
        worker.request("GET /x", &[BEARER[0], ("x-request-id", strange)]);
        assert_eq!(call_header(&worker.calls[0].1, "x-request-id"), [""; 0], "{strange:?}");
    }
    let mut worker = Worker::new("");
    worker.request("GET /x", &[BEARER[0], ("b3", "1"), ("b3", "2")]);
    assert_eq!(call_header(&worker.calls[0].1, "b3"), [""; 0], "nobody knows which");
    let mut worker = Worker::new(r#""telemetry":{"trace_context":false}"#);
    worker.request("GET /x", &traced);
    assert_eq!(call_header(&worker.calls[0].1, "traceparent"), [""; 0]);
}

//! Random lists of servers and random requests, against a reader of `match` that shares no code
//! with the filter.

use proptest::prelude::*;
use serde_json::{Value, json};
use usergrid_auth_config::Config;
use usergrid_auth_core::verification::call::CallOutcome;

use std::rc::Rc;

use crate::decision::worker::Worker;
use crate::support;

/// One server's conditions: hosts and beginnings of tokens, none of them or some.
type Conditions = (Vec<&'static str>, Vec<&'static str>);

/// A request: host and token.
type Asked = (&'static str, &'static str);

const HOSTS: [&str; 7] = ["a.x", "A.X:80", "b.x", "b.y", "a.x.", "a.x@b.x", "[::1]:1"];
const TOKENS: [&str; 5] = ["p_1", "p_q_1", "q_1", "P_1", "1"];

fn conditions() -> impl Strategy<Value = Conditions> {
    let hosts = proptest::sample::subsequence(vec!["a.x", "*.x", "b.*", "[::1]", "*"], 0..=2);
    let prefixes = proptest::sample::subsequence(vec!["p_", "p_q_", "q"], 0..=2);
    (hosts, prefixes)
}

fn asked() -> impl Strategy<Value = Asked> {
    (proptest::sample::select(&HOSTS[..]), proptest::sample::select(&TOKENS[..]))
}

/// The configuration; `None` if a server of the list could never be reached.
fn list(servers: &[Conditions]) -> Option<Rc<Config>> {
    let entry = |(at, (hosts, prefixes)): (usize, &Conditions)| {
        let name = format!("s{at}");
        let mut matching = json!({});
        if !hosts.is_empty() {
            matching["hosts"] = json!(hosts);
        }
        if !prefixes.is_empty() {
            matching["token_prefixes"] = json!(prefixes);
        }
        json!({ "name": name, "cluster": name, "path": "/i", "match": matching })
    };
    let list: Vec<Value> = servers.iter().enumerate().map(entry).collect();
    let document = json!({ "introspection": list }).to_string();
    Config::parse(document.as_bytes(), &|_| None).ok().map(Rc::new)
}

/// Which server has to be asked, by the documentation alone.
fn expected(servers: &[Conditions], (host, token): Asked) -> Option<String> {
    if host.contains('@') && servers.iter().any(|(hosts, _)| !hosts.is_empty()) {
        return None;
    }
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    let host = host.to_lowercase();
    let meets = |pattern: &&str| match *pattern {
        "*" => true,
        "*.x" => host.ends_with(".x") && host != ".x",
        "b.*" => host.starts_with("b.") && host != "b.",
        whole => host == whole,
    };
    let is_asked = |(hosts, prefixes): &Conditions| {
        (hosts.is_empty() || hosts.iter().any(meets))
            && (prefixes.is_empty() || prefixes.iter().any(|prefix| token.starts_with(prefix)))
    };
    servers.iter().position(is_asked).map(|at| format!("s{at}"))
}

proptest! {
    /// Whatever was asked before: tokens known at one server, denied at another, servers down.
    #[test]
    fn the_choice_depends_on_nothing_but_the_request(
        servers in proptest::collection::vec(conditions(), 1..5),
        requests in proptest::collection::vec((asked(), 0..4_u8), 1..24),
    ) {
        let Some(config) = list(&servers) else { return Ok(()) };
        let mut worker = Worker::in_process(&config, &Rc::default());
        for (request, answer) in requests {
            let (host, token) = request;
            // A breaker that is open asks about tokens of its own.
            worker.now += 60_000;
            let headers = [(":authority", host), ("authorization", &*format!("Bearer {token}"))];
            let stream = worker.request("GET /x", &headers);
            let expected = expected(&servers, request);
            if expected.is_none() {
                prop_assert_eq!(worker.verdict(stream), "401 auth_unverified_oath");
            }
            while let Some((_, call)) = worker.calls.first() {
                let body = String::from_utf8_lossy(&call.body).into_owned();
                if body.starts_with(&format!("token={token}&")) {
                    // No token reaches a server that its request does not choose.
                    prop_assert_eq!(Some(&call.cluster), expected.as_ref());
                } else {
                    let is_ours = TOKENS.iter().any(|it| body.starts_with(&format!("token={it}&")));
                    prop_assert!(!is_ours, "another request's token: {}", body);
                }
                worker.end_call(match answer {
                    0 => CallOutcome::TimedOut,
                    1 => answered(r#"{"active":false}"#),
                    2 => answered(r#"{"active":true,"exp":1}"#),
                    _ => answered(r#"{"active":true}"#),
                });
            }
            if worker.verdict(stream) == "forwarded" {
                let server = worker.head(stream).header("x-usergrid-server");
                prop_assert_eq!(Some(server), expected);
            }
        }
    }
}

fn answered(body: &str) -> CallOutcome {
    support::answered(200, body)
}

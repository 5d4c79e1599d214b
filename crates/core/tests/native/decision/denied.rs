//! A denial ends what `stale_if_error` could serve of a credential, whichever worker hears it and
//! wherever the good answer stands.

use usergrid_auth_core::verification::call::CallOutcome;

use crate::decision::worker::{NOON, SECOND, Worker};

/// What a client presents, and how a server says yes and no to it.
struct Case {
    name: &'static str,
    settings: &'static str,
    cache: &'static str,
    authorization: &'static str,
    good: fn() -> String,
    bad: (u16, &'static str),
}

const TOKEN: &str = "Bearer a-token-of-tom";
const PAIR: &str = "Basic aWQ6c2Vj";
const PAIRS: &str = r#","client_credentials":{"cluster":"u","path":"/token"}"#;
const INACTIVE: (u16, &str) = (200, r#"{"active":false}"#);
const BAD_PAIR: (u16, &str) = (401, r#"{"error":"invalid_client"}"#);

fn active() -> String {
    r#"{"active":true,"username":"tom"}"#.to_owned()
}

fn large() -> String {
    format!(r#"{{"active":true,"filler":"{}"}}"#, "x".repeat(5_000))
}

fn echo() -> String {
    r#"{"active":true,"echo":"a-token-of-tom"}"#.to_owned()
}

fn issued() -> String {
    r#"{"access_token":"issued","expires_in":3600}"#.to_owned()
}

fn cases() -> Vec<Case> {
    type Kind = (&'static str, &'static str, &'static str, fn() -> String, (u16, &'static str));
    let kinds: [Kind; 4] = [
        ("a token", "", TOKEN, active, INACTIVE),
        ("an answer over 4 KB", "", TOKEN, large, INACTIVE),
        ("an answer that repeats the token", "", TOKEN, echo, INACTIVE),
        ("a client pair", PAIRS, PAIR, issued, BAD_PAIR),
    ];
    let caches = ["", r#","shared":false"#, r#","negative_ttl":"0s""#];
    let both = r#","shared":false,"negative_ttl":"0s""#;
    let mut cases = Vec::new();
    for (name, settings, authorization, good, bad) in kinds {
        for cache in caches.into_iter().chain([both]) {
            cases.push(Case { name, settings, cache, authorization, good, bad });
        }
    }
    cases
}

impl Case {
    fn workers(&self) -> (Worker, Worker) {
        let cache = format!(r#""cache":{{"ttl":"10s","stale_if_error":"1h"{}}}"#, self.cache);
        let (_, one, two) = Worker::two(&format!("{cache}{}", self.settings));
        (one, two)
    }

    /// A request, for which the server is asked if the worker does not know what to say.
    fn request(&self, worker: &mut Worker, status: u16, body: &str) -> String {
        let stream = worker.request("GET /x", &[("authorization", self.authorization)]);
        if !worker.calls.is_empty() {
            worker.answer(status, body);
        }
        worker.verdict(stream)
    }

    /// A request while the server is down.
    fn request_in_vain(&self, worker: &mut Worker) -> String {
        let stream = worker.request("GET /x", &[("authorization", self.authorization)]);
        while !worker.calls.is_empty() {
            worker.end_call(CallOutcome::Reset);
        }
        worker.verdict(stream)
    }
}

#[test]
fn what_another_worker_was_told_is_bad_is_stale_no_more() {
    for case in cases() {
        let what = format!("{}{}", case.name, case.cache);
        let (mut one, mut two) = case.workers();
        assert_eq!(case.request(&mut one, 200, &(case.good)()), "forwarded", "{what}");
        two.now = NOON + 11 * SECOND;
        one.now = two.now;
        let (status, body) = case.bad;
        assert!(case.request(&mut two, status, body).starts_with("401"), "{what}");
        one.now = NOON + 20 * SECOND;
        two.now = one.now;
        assert_eq!(case.request_in_vain(&mut one), "503 service_unavailable", "{what}");
        assert_eq!(case.request_in_vain(&mut two), "503 service_unavailable", "{what}");
    }
}

#[test]
fn what_this_worker_was_told_is_bad_is_stale_no_more() {
    for case in cases() {
        let what = format!("{}{}", case.name, case.cache);
        let (mut one, _) = case.workers();
        assert_eq!(case.request(&mut one, 200, &(case.good)()), "forwarded", "{what}");
        one.now = NOON + 11 * SECOND;
        let (status, body) = case.bad;
        assert!(case.request(&mut one, status, body).starts_with("401"), "{what}");
        one.now = NOON + 20 * SECOND;
        assert_eq!(case.request_in_vain(&mut one), "503 service_unavailable", "{what}");
    }
}

#[test]
fn what_nobody_was_told_is_bad_is_served() {
    for case in cases() {
        let what = format!("{}{}", case.name, case.cache);
        let (mut one, _) = case.workers();
        assert_eq!(case.request(&mut one, 200, &(case.good)()), "forwarded", "{what}");
        one.now = NOON + 20 * SECOND;
        assert_eq!(case.request_in_vain(&mut one), "forwarded", "{what}");
    }
}

//! Tokens bound to a client certificate (RFC 8705): whoever shows that certificate may use one,
//! nobody else may, and who may not takes nothing from who may.

use std::rc::Rc;

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::log_event::LogEvent;

use super::worker::{SECOND, Worker};
use crate::support::config;

/// The thumbprint of RFC 8705 section 3.1, but with the last bits that it should have, and the same
/// as Envoy has it.
const CLAIM: &str = r#""cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"}"#;
const OWNERS: &str = "6f070ad1eb1cdc0082dc3076639fe5112b1713ca3d96d734e4ef3d8dd37e760d";
const ANOTHERS: &str = "6f070ad1eb1cdc0082dc3076639fe5112b1713ca3d96d734e4ef3d8dd37e760e";

fn from(worker: &mut Worker, certificate: Option<&str>) -> String {
    worker.next_certificate = certificate.map(str::to_owned);
    let stream = worker.with_token("GET /acme/app/x", "abc", CLAIM);
    worker.verdict(stream)
}

#[test]
fn only_the_owner_of_the_certificate_may_use_its_token() {
    for (certificate, expected) in [
        (Some(OWNERS), "forwarded"),
        (Some(&*OWNERS.to_uppercase()), "forwarded"),
        (Some(ANOTHERS), "401 auth_invalid"),
        (None, "401 auth_invalid"),
        (Some(""), "401 auth_invalid"),
        (Some(OWNERS.trim_end_matches("0d")), "401 auth_invalid"),
        (Some(&*format!("{OWNERS}00")), "401 auth_invalid"),
        (Some(&*format!("{}g", OWNERS.trim_end_matches('d'))), "401 auth_invalid"),
        (Some(&*format!("{OWNERS},{ANOTHERS}")), "401 auth_invalid"),
    ] {
        let mut worker = Worker::new("");
        assert_eq!(from(&mut worker, certificate), expected, "asked for, {certificate:?}");
        assert_eq!(from(&mut worker, certificate), expected, "known, {certificate:?}");
        assert!(worker.calls.is_empty(), "it is the verdict that is remembered");
    }
}

#[test]
fn who_may_not_use_a_token_takes_it_from_nobody() {
    for settings in ["", r#""cache":{"stale_if_error":"60s"}"#, r#""cache":{"ttl":"0s"}"#] {
        let mut worker = Worker::new(settings);
        for _ in 0..3 {
            assert_eq!(from(&mut worker, Some(ANOTHERS)), "401 auth_invalid", "{settings}");
            assert_eq!(from(&mut worker, Some(OWNERS)), "forwarded", "{settings}");
            assert_eq!(from(&mut worker, None), "401 auth_invalid", "{settings}");
        }
    }
}

#[test]
fn a_forwarded_certificate_is_nobodys_word() {
    let mut worker = Worker::new("");
    let xfcc = format!("Hash={OWNERS}");
    let headers = [("authorization", "Bearer abc"), ("x-forwarded-client-cert", &*xfcc)];
    let stream = worker.request("GET /acme/app/x", &headers);
    worker.active(CLAIM);
    assert_eq!(worker.verdict(stream), "401 auth_invalid");
}

#[test]
fn those_who_wait_for_one_call_are_told_apart() {
    let mut worker = Worker::new("");
    let shown = [Some(ANOTHERS), Some(OWNERS), None, Some(OWNERS)];
    let streams = shown.map(|certificate| {
        worker.next_certificate = certificate.map(str::to_owned);
        worker.request("GET /acme/app/x", &[("authorization", "Bearer abc")])
    });
    assert_eq!(worker.certificates_asked_for(), 0);
    worker.active(CLAIM);
    let ends = streams.map(|stream| worker.verdict(stream));
    assert_eq!(ends, ["401 auth_invalid", "forwarded", "401 auth_invalid", "forwarded"]);
    assert!(worker.calls.is_empty());
}

#[test]
fn the_host_is_asked_only_about_tokens_that_are_bound() {
    let mut worker =
        Worker::new(r#""guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]"#);
    for claims in [r#""username":"fred""#, r#""cnf":null"#] {
        worker.next_certificate = Some(OWNERS.to_owned());
        worker.with_token("GET /acme/app/x", claims, claims);
        worker.with_token("GET /acme/app/x", claims, claims);
    }
    worker.request("GET /acme/sandbox/x", &[]);
    worker.with_token("GET /acme/app/x", "bad", r#""cnf":{"jkt":"x"}"#);
    assert_eq!(worker.certificates_asked_for(), 0);
    from(&mut worker, Some(OWNERS));
    assert_eq!(worker.certificates_asked_for(), 1);
}

#[test]
fn other_workers_learn_what_a_token_is_bound_to() {
    let (_, mut one, mut two) = Worker::two("");
    assert_eq!(from(&mut one, Some(OWNERS)), "forwarded");
    for (certificate, expected) in [
        (None, "401 auth_invalid"),
        (Some(ANOTHERS), "401 auth_invalid"),
        (Some(OWNERS), "forwarded"),
    ] {
        two.next_certificate = certificate.map(str::to_owned);
        let stream = two.request("GET /acme/app/x", &[("authorization", "Bearer abc")]);
        assert_eq!(two.verdict(stream), expected, "from the shared memory, {certificate:?}");
    }
    // And those who wait for another worker's call.
    let (_, mut one, mut two) = Worker::two("");
    one.next_certificate = Some(ANOTHERS.to_owned());
    let mallory = one.request("GET /acme/app/x", &[("authorization", "Bearer abc")]);
    two.next_certificate = Some(OWNERS.to_owned());
    let owner = two.request("GET /acme/app/x", &[("authorization", "Bearer abc")]);
    let nobody = two.request("GET /acme/app/x", &[("authorization", "Bearer abc")]);
    one.active(CLAIM);
    two.read_queue();
    assert_eq!(one.verdict(mallory), "401 auth_invalid");
    assert_eq!(two.verdict(owner), "forwarded");
    assert_eq!(two.verdict(nobody), "401 auth_invalid");
}

#[test]
fn a_stale_answer_is_as_bound_as_a_fresh_one() {
    let mut worker = Worker::new(r#""cache":{"ttl":"1s","stale_if_error":"60s"}"#);
    assert_eq!(from(&mut worker, Some(OWNERS)), "forwarded");
    worker.now += 5 * SECOND;
    for (certificate, expected) in [(ANOTHERS, "401 auth_invalid"), (OWNERS, "forwarded")] {
        worker.next_certificate = Some(certificate.to_owned());
        let stream = worker.request("GET /acme/app/x", &[("authorization", "Bearer abc")]);
        if !worker.calls.is_empty() {
            worker.answer(500, "");
        }
        assert_eq!(worker.verdict(stream), expected);
    }
}

#[test]
fn the_log_says_which_of_the_two_it_was() {
    for (certificate, expected) in
        [(None, "certificate=none"), (Some(ANOTHERS), "certificate=another")]
    {
        let mut worker = Worker::new("");
        from(&mut worker, certificate);
        let lines: Vec<String> = worker.log.iter().map(LogEvent::to_string).collect();
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert!(line.contains("reason=inactive") && line.ends_with(expected), "{line}");
    }
}

#[test]
fn what_would_have_become_of_a_request_is_told_after_it_is_gone() {
    let config = Rc::new(config(r#""mode":"observe""#));
    for (certificate, refused) in [(OWNERS, false), (ANOTHERS, true)] {
        let mut worker = Worker::in_process(&config, &Rc::default());
        worker.next_certificate = Some(certificate.to_owned());
        let stream = worker.request("GET /acme/app/x", &[("authorization", "Bearer abc")]);
        assert_eq!(worker.verdict(stream), "forwarded");
        // The host tells nothing of it, since it does not wait.
        worker.forget_certificate(stream);
        worker.active(CLAIM);
        let observed = worker.log.iter().any(|event| event.to_string().contains("NOT refused"));
        assert_eq!(observed, refused, "{certificate}");
    }
}

#[test]
fn who_has_left_is_not_asked_about() {
    let mut worker = Worker::new("");
    worker.next_certificate = Some(OWNERS.to_owned());
    let gone = worker.request("GET /acme/app/x", &[("authorization", "Bearer abc")]);
    worker.forget_certificate(gone);
    worker.happen(Event::StreamGone(gone));
    worker.active(CLAIM);
    assert_eq!(worker.certificates_asked_for(), 0);
    assert_eq!(from(&mut worker, Some(OWNERS)), "forwarded");
}

//! Revocations seen passing by.

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::metrics::Counter;
use usergrid_auth_core::verification::call::CallOutcome;

use crate::decision::worker::{BEARER, Worker};

const TOM: [(&str, &str); 1] = [("authorization", "Bearer toms")];

fn known(worker: &mut Worker, token: &str, claims: &str) {
    let stream = worker.with_token("GET /x", token, claims);
    assert_eq!(worker.verdict(stream), "forwarded");
}

/// Whether the worker would have to ask the server about `token`. Ends the call, if it asks.
fn asks(worker: &mut Worker, token: &str) -> bool {
    let stream = worker.request("GET /x", &[("authorization", &format!("Bearer {token}"))]);
    let asks = worker.verdict(stream) == "waiting";
    if asks {
        worker.happen(Event::StreamGone(stream));
        worker.answer(200, r#"{"active":false}"#);
    }
    asks
}

#[test]
fn a_revoked_token_is_asked_about_again_in_every_worker_at_the_next_request() {
    let (_, mut one, mut two) = Worker::two("");
    known(&mut one, "stolen", r#""username":"eve""#);
    known(&mut one, "other", r#""username":"eve""#);
    assert!(!asks(&mut two, "stolen"));
    known(&mut one, "admins", "");
    let line = "POST /acme/app/users/eve/revoketoken?token=stolen";
    let stream = one.request(line, &[("authorization", "Bearer admins")]);
    assert_eq!(one.verdict(stream), "forwarded");
    assert!(!asks(&mut two, "stolen"), "not before the backend has said yes");
    one.respond(stream, 200, "");
    assert!(one.counts.contains(&Counter::Revocations));
    assert!(asks(&mut two, "stolen"));
    assert!(!asks(&mut two, "other"), "only this token");
    let again = one.request("GET /x", &[("authorization", "Bearer stolen")]);
    assert_eq!(one.verdict(again), "401 auth_invalid");
}

#[test]
fn after_a_revocation_the_workers_share_one_call_again() {
    let (_, mut one, mut two) = Worker::two("");
    known(&mut one, "toms", r#""username":"tom""#);
    let stream = one.request("PUT /acme/app/users/tom/revoketokens", &TOM);
    one.respond(stream, 200, "");
    let first = one.request("GET /x", &TOM);
    let second = two.request("GET /x", &TOM);
    assert_eq!((one.calls.len(), two.calls.len()), (1, 0));
    one.active("");
    two.read_queue();
    assert_eq!((one.verdict(first), two.verdict(second)), ("forwarded".into(), "forwarded".into()));
}

#[test]
fn the_end_of_a_call_from_before_a_revocation_leaves_the_lease_of_a_later_one() {
    let (_, mut one, mut two) = Worker::two("");
    known(&mut two, "toms", "");
    one.request("GET /x", &BEARER);
    let stream = two.request("POST /acme/app/users/u/revoketoken?token=other", &TOM);
    two.respond(stream, 200, "");
    one.request("GET /x", &BEARER);
    assert_eq!(one.calls.len(), 1, "somebody else's revocation parts nobody");
    let stream = two.request("POST /acme/app/users/u/revoketoken?token=abc", &TOM);
    two.respond(stream, 200, "");
    one.request("GET /x", &BEARER);
    assert_eq!(one.calls.len(), 2);
    one.end_call(CallOutcome::Reset);
    two.request("GET /x", &BEARER);
    assert!(two.calls.is_empty(), "the later call is still under way");
}

/// Whoever came before the revocation has the verdict; for whoever came after it the server would
/// have to be asked again, and that is down by now.
#[test]
fn while_the_server_is_down_a_verdict_from_before_a_revocation_serves_nobody_after_it() {
    let mut worker = Worker::new(r#""breaker":{"failures":1,"open":"30s"}"#);
    known(&mut worker, "admins", r#""username":"root""#);
    let before = worker.request("GET /x", &TOM);
    let admin = [("authorization", "Bearer admins")];
    let revoking = worker.request("POST /acme/app/users/tom/revoketokens", &admin);
    worker.respond(revoking, 200, "");
    let after = worker.request("GET /y", &TOM);
    let (call, _) = worker.calls.remove(0);
    assert_eq!(worker.calls.len(), 0, "both wait for one call");
    worker.request("GET /x", &BEARER);
    worker.end_call(CallOutcome::TimedOut);
    // The probe.
    worker.end_call(CallOutcome::TimedOut);
    assert_eq!(worker.breakers_open().len(), 1);
    let outcome = crate::support::answered(200, r#"{"active":true,"username":"tom"}"#);
    worker.happen(Event::CallEnded { call, outcome });
    assert_eq!(worker.verdict(before), "forwarded");
    assert_eq!(worker.verdict(after), "503 service_unavailable");
}

#[test]
fn a_revocation_that_fails_revokes_nothing() {
    let mut worker = Worker::new("");
    known(&mut worker, "toms", r#""username":"tom""#);
    for status in [302, 400, 401, 404, 500] {
        let stream = worker.request("PUT /acme/app/users/tom/revoketokens", &TOM);
        worker.respond(stream, status, "");
        assert!(!asks(&mut worker, "toms"), "{status}");
    }
}

#[test]
fn all_tokens_of_a_user_go_by_any_of_his_names_in_any_letter_case() {
    for line in [
        "PUT /acme/app/users/tom/revoketokens",
        "POST /acme/app/users/TOM/revoketokens",
        "POST /management/users/tom/revoketokens",
        "POST /acme/app/users/u-1/deactivate",
        "POST /acme/app/user/tom/revoketokens/",
    ] {
        let (_, mut one, mut two) = Worker::two("");
        known(&mut one, "first", r#""username":"Tom","sub":"u-1""#);
        known(&mut two, "second", r#""username":"tom","sub":"u-1""#);
        known(&mut two, "anns", r#""username":"ann","sub":"u-2""#);
        known(&mut one, "admins", r#""username":"root""#);
        let stream = one.request(line, &[("authorization", "Bearer admins")]);
        one.respond(stream, 204, "");
        for worker in [&mut one, &mut two] {
            assert!(!asks(worker, "anns"), "{line}");
        }
        assert!(asks(&mut two, "first"), "{line}");
        assert!(asks(&mut two, "second"), "{line}");
    }
}

#[test]
fn whoever_logs_himself_out_is_out_however_he_wrote_his_name() {
    let mut worker = Worker::new("");
    known(&mut worker, "toms", r#""username":"tom""#);
    let stream = worker.request("PUT /acme/app/users/tom%40example.com/revoketokens", &TOM);
    worker.respond(stream, 200, "");
    assert!(asks(&mut worker, "toms"));
}

#[test]
fn nobody_revokes_without_a_verified_credential() {
    let mut worker = Worker::new(
        r#""guest":[{"applications":["*/*"],"permissions":["*:/**"]}],"public":["post:/management/**"]"#,
    );
    known(&mut worker, "toms", r#""username":"tom""#);
    for line in [
        "POST /acme/app/users/tom/revoketokens",
        "POST /acme/app/users/tom/revoketoken?token=toms",
        "POST /management/users/tom/revoketokens",
    ] {
        let stream = worker.request(line, &[]);
        assert_eq!(worker.verdict(stream), "forwarded", "{line}");
        worker.respond(stream, 200, "");
        assert!(!asks(&mut worker, "toms"), "{line}");
    }
    assert!(worker.watched.is_empty());
}

#[test]
fn only_writes_at_the_known_places_revoke() {
    let mut worker = Worker::new("");
    known(&mut worker, "toms", r#""username":"tom""#);
    for line in [
        "GET /acme/app/users/tom/revoketokens",
        "DELETE /acme/app/users/tom/revoketokens",
        "POST /acme/app/books/tom/revoketokens",
        "POST /acme/app/users/tom/revoketokens/now",
        "POST /acme/app/users/tom",
    ] {
        let stream = worker.request(line, &TOM);
        worker.respond(stream, 200, "");
        assert!(worker.watched.is_empty(), "{line}");
    }
}

#[test]
fn an_rfc_7009_endpoint_revokes_the_token_of_its_form() {
    let overrides = r#""revocation":{"paths":["/oauth/revoke"]},"public":["post:/oauth/revoke"]"#;
    let (_, mut one, mut two) = Worker::two(overrides);
    known(&mut one, "a.b", "");
    let stream = two.request("POST /oauth/revoke", &[]);
    assert_eq!(two.verdict(stream), "forwarded");
    assert_eq!(two.watched.len(), 1);
    assert!(two.watched[0].1 >= 8_192, "the form is wanted, and a token may be long");
    two.respond(stream, 200, "token_type_hint=access_token&token=a%2Eb&client_id=x");
    assert!(asks(&mut one, "a.b"));
}

#[test]
fn an_answer_that_was_asked_for_before_a_revocation_serves_nobody_who_comes_after_it() {
    let (_, mut one, mut two) = Worker::two("");
    known(&mut two, "toms", r#""username":"tom""#);
    // The call is under way when the revocation comes by.
    let early = one.request("GET /x", &[("authorization", "Bearer late")]);
    let stream = two.request("PUT /acme/app/users/tom/revoketokens", &TOM);
    two.respond(stream, 200, "");
    let after = one.request("GET /x", &[("authorization", "Bearer late")]);
    assert_eq!(one.calls.len(), 1, "nobody knows yet whose token it is");
    one.active(r#""username":"tom""#);
    assert_eq!(one.verdict(early), "forwarded");
    assert_eq!(one.verdict(after), "waiting");
    assert_eq!(one.calls.len(), 1, "it is asked about once more, for those who came after");
    one.answer(200, r#"{"active":false}"#);
    assert_eq!(one.verdict(after), "401 auth_invalid");
    assert!(!asks(&mut one, "late"), "the later verdict counts");
    assert!(!asks(&mut two, "late"));
}

#[test]
fn a_flood_of_revocations_makes_nobody_forget() {
    let (_, mut one, mut two) = Worker::two("");
    known(&mut two, "anns", r#""username":"ann""#);
    known(&mut one, "toms", r#""username":"root""#);
    // Each concerns one place of 16,384: some 500 of them would take somebody else's along once in
    // thirty runs, if it were not decided by the tokens alone.
    for number in 0..500 {
        let line = format!("POST /acme/app/users/u/revoketoken?token=t{number}");
        let stream = one.request(&line, &TOM);
        one.respond(stream, 200, "");
        assert!(!asks(&mut two, "anns"), "{number}");
    }
    let stream = one.request("POST /acme/app/users/u/revoketoken?token=anns", &TOM);
    one.respond(stream, 200, "");
    assert!(asks(&mut two, "anns"));
}

#[test]
fn a_stream_that_goes_before_its_response_revokes_nothing() {
    let mut worker = Worker::new("");
    known(&mut worker, "toms", r#""username":"tom""#);
    let stream = worker.request("PUT /acme/app/users/tom/revoketokens", &TOM);
    worker.happen(Event::StreamGone(stream));
    worker.respond(stream, 200, "");
    assert!(!asks(&mut worker, "toms"));
}

#[test]
fn tokens_that_nobody_has_used_fill_no_log() {
    let overrides = r#""revocation":{"paths":["/oauth/revoke"]},"public":["post:/oauth/revoke"]"#;
    let (_, mut one, mut two) = Worker::two(overrides);
    known(&mut one, "good", "");
    for number in 0..200 {
        let stream = two.request("POST /oauth/revoke", &[]);
        two.respond(stream, 200, &format!("token=random{number}"));
    }
    assert!(!two.counts.contains(&Counter::Revocations));
    assert!(!asks(&mut one, "good"));
    assert!(!asks(&mut two, "good"), "it is still shared");
}

#[test]
fn tokens_that_expire_by_themselves_are_no_revocations() {
    let (_, mut one, mut two) = Worker::two(r#""cache":{"ttl":"1h"}"#);
    known(&mut two, "good", "");
    for number in 0..100 {
        let exp = format!(r#""exp":{}"#, one.now / 1000 + 1);
        known(&mut one, &format!("short{number}"), &exp);
        one.now += 1_000;
        assert!(asks(&mut one, &format!("short{number}")), "it has lapsed, and is inactive");
    }
    two.now = one.now;
    assert!(!asks(&mut two, "good"));
}

#[test]
fn a_path_that_only_ends_like_usergrids_revokes_nothing() {
    let mut worker = Worker::new("");
    known(&mut worker, "toms", r#""username":"tom""#);
    for line in [
        "POST /evil/app/any/users/tom/revoketokens",
        "POST /evil/app/any/thing/users/tom/deactivate",
    ] {
        let stream = worker.request(line, &TOM);
        worker.respond(stream, 200, "");
        assert!(!asks(&mut worker, "toms"), "{line}");
    }
}

#[test]
fn a_name_may_have_a_semicolon() {
    let mut worker = Worker::new("");
    known(&mut worker, "toms", r#""username":"to;m""#);
    known(&mut worker, "admins", r#""username":"root""#);
    let line = "POST /acme/app/users/to%3Bm/revoketokens";
    let stream = worker.request(line, &[("authorization", "Bearer admins")]);
    worker.respond(stream, 200, "");
    assert!(asks(&mut worker, "toms"));
}

#[test]
fn usergrids_endpoints_revoke_in_every_spelling_that_its_router_takes() {
    for line in [
        "POST /orgs/acme/apps/app/users/tom/revoketokens",
        "POST /acme/apps/app/users/tom/revoketokens",
        "PUT /acme/applications/app/users/tom/revoketokens",
        "POST /acme/a/app/user/tom/deactivate",
        "POST /acme/app/users/tom/revoketokens;x=1",
        "POST /acme/app/users;a/tom;b=c/revoketokens;",
        "POST /orgs;x/acme/apps/app/users/tom/revoketokens",
        "POST //orgs/acme/apps/app/users/tom/revoketokens",
        "POST /acme/app/users/tom/revoketokens/",
    ] {
        let mut worker = Worker::new("");
        known(&mut worker, "toms", r#""username":"tom""#);
        known(&mut worker, "admins", r#""username":"root""#);
        let stream = worker.request(line, &[("authorization", "Bearer admins")]);
        worker.respond(stream, 200, "");
        assert!(asks(&mut worker, "toms"), "{line}");
    }
}

#[test]
fn a_verified_caller_of_an_rfc_7009_endpoint_needs_no_known_token() {
    let (_, mut one, mut two) = Worker::two(r#""revocation":{"paths":["/oauth/revoke"]}"#);
    known(&mut one, "mine", "");
    let stream = one.request("POST /oauth/revoke", &[("authorization", "Bearer mine")]);
    assert_eq!(one.verdict(stream), "forwarded");
    one.respond(stream, 200, "token=nobody-here-has-seen-it");
    assert!(one.counts.contains(&Counter::Revocations));
    assert!(!asks(&mut two, "mine"));
}

#[test]
fn nobody_fills_the_log_by_revoking_one_token_again_and_again() {
    let overrides = r#""revocation":{"paths":["/oauth/revoke"]},"public":["post:/oauth/revoke"]"#;
    let (_, mut one, mut two) = Worker::two(overrides);
    known(&mut one, "good", "");
    known(&mut one, "mine", "");
    one.request("GET /x", &[("authorization", "Bearer bad")]);
    one.answer(200, r#"{"active":false}"#);
    one.request("GET /x", &[("authorization", "Bearer flying")]);
    for token in ["mine", "bad", "flying"] {
        for _ in 0..100 {
            let stream = two.request("POST /oauth/revoke", &[]);
            two.respond(stream, 200, &format!("token={token}"));
        }
    }
    let records = two.counts.iter().filter(|count| **count == Counter::Revocations).count();
    assert_eq!(records, 2, "one for what was good, one for what is being asked about");
    assert!(!asks(&mut two, "good"));
}

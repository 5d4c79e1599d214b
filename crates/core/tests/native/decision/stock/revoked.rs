//! Revocations that pass by while Usergrid is being asked, or before.

use usergrid_auth_config::Config;
use usergrid_auth_core::metrics::Counter;

use super::{
    OTHER, TOKEN, TOKENS, U, ask, asked, error, kim, kim_comes, nobody_here, one_worker, signed,
    user, workers,
};
use crate::decision::worker::{NOON, SECOND, Worker};

/// Somebody with a verified token of `acme/shop` makes a request that Usergrid grants.
fn revoke(worker: &mut Worker, line: &str) {
    let stream = ask(worker, line, TOKENS[4]);
    if !worker.calls.is_empty() {
        worker.answer(200, &user("acme/shop", "root"));
    }
    assert_eq!(worker.verdict(stream), "forwarded");
    worker.respond(stream, 200, "");
}

fn revoke_token(worker: &mut Worker, token: &str) {
    revoke(worker, &format!("POST /acme/shop/users/kim/revoketoken?token={token}"));
}

/// What `GET /management/me` answers to the administrator ada.
fn ada_herself() -> String {
    format!(
        r#"{{"user":{{"applicationId":"b6768a08-b5d5-11e3-a495-11ddb1de66c8","uuid":"{}","username":"ada","activated":true,"organizations":{{"acme":{{}}}}}}}}"#,
        super::ADA
    )
}

/// What kim is told where he may not read himself: his UUID.
fn hidden() -> String {
    let (application, kim) = (super::APPLICATION, super::KIM);
    let description =
        format!("Subject does not have permission [applications:get:{application}:/users/{kim}]");
    format!(r#"{{"error":"unauthorized","error_description":"{description}"}}"#)
}

#[test]
fn a_token_revoked_between_the_two_serves_those_who_came_before_and_is_not_remembered() {
    let [mut one, mut two] = workers(&signed("", ""));
    let before = ask(&mut one, "GET /acme/shop/x", TOKEN);
    one.answer(404, &nobody_here());
    revoke_token(&mut two, TOKEN);
    one.answer(200, "");
    assert_eq!(one.verdict(before), "forwarded");
    two.now = NOON + 10 * SECOND;
    for worker in [&mut one, &mut two] {
        let after = ask(worker, "GET /acme/shop/x", TOKEN);
        assert_eq!(asked(worker), [U], "from the beginning");
        worker.answer(401, &error("auth_invalid"));
        assert_eq!(worker.verdict(after), "401 auth_invalid");
    }
}

#[test]
fn whoever_comes_after_a_revocation_waits_for_a_flight_of_his_own() {
    let mut worker = one_worker("", "");
    let before = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.answer(404, &nobody_here());
    let calls = worker.calls.split_off(0);
    revoke_token(&mut worker, TOKEN);
    let after = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    assert_eq!(asked(&worker), [U]);
    worker.calls.splice(0..0, calls);
    worker.answer(200, "");
    assert_eq!(worker.verdict(before), "forwarded");
    assert_eq!(worker.verdict(after), "waiting");
    worker.answer(401, &error("auth_invalid"));
    assert_eq!(worker.verdict(after), "401 auth_invalid");
}

#[test]
fn a_user_revoked_while_he_is_asked_about_is_asked_about_anew_for_those_who_came_after() {
    for name in ["kim", "KIM", super::KIM] {
        let [mut one, mut two] = workers(&signed("", ""));
        let before = ask(&mut one, "GET /acme/shop/x", TOKEN);
        revoke(&mut two, &format!("PUT /acme/shop/users/{name}/revoketokens"));
        let after = ask(&mut one, "GET /acme/shop/x", TOKEN);
        assert_eq!(one.calls.len(), 1, "nobody knows yet whose token it is");
        kim(&mut one);
        assert_eq!(one.verdict(before), "forwarded");
        assert_eq!(one.verdict(after), "waiting");
        assert_eq!(asked(&one), [U]);
        kim(&mut one);
        assert_eq!(one.verdict(after), "forwarded", "he may have logged in anew");
        kim_comes(&mut one, TOKEN);
    }
}

#[test]
fn whoever_comes_between_two_revocations_is_served_by_no_verdict_from_before_the_first() {
    let [mut one, mut two] = workers(&signed("", ""));
    let before = ask(&mut one, "GET /acme/shop/x", TOKEN);
    revoke(&mut two, "PUT /acme/shop/users/kim/revoketokens");
    let between = ask(&mut one, "GET /acme/shop/x", TOKEN);
    revoke(&mut two, "PUT /acme/shop/users/kim/revoketokens");
    kim(&mut one);
    assert_eq!(one.verdict(before), "forwarded");
    assert_eq!(one.verdict(between), "waiting");
    one.answer(401, &error("auth_invalid"));
    assert_eq!(one.verdict(between), "401 auth_invalid");
}

#[test]
fn a_flight_that_is_made_anew_begins_with_the_first_question_and_all_its_time() {
    let [mut one, mut two] = workers(&signed(r#","timeout":"1s""#, ""));
    let before = ask(&mut one, "GET /acme/shop/x", TOKEN);
    one.now = NOON + 900;
    one.answer(404, &nobody_here());
    revoke(&mut two, &format!("PUT /acme/shop/users/{}/revoketokens", super::ADA));
    let after = ask(&mut one, "GET /acme/shop/x", TOKEN);
    assert_eq!(one.calls.len(), 1);
    one.answer(200, "");
    assert_eq!(one.verdict(before), "forwarded");
    assert_eq!(asked(&one), [U], "what was said before the revocation counts no more");
    assert_eq!(one.calls[0].1.timeout.as_millis(), 1_000);
    one.now = NOON + 1_500;
    one.answer(404, &nobody_here());
    one.answer(200, "");
    assert_eq!(one.verdict(after), "forwarded");
}

#[test]
fn a_revoked_token_is_asked_about_again_in_every_application() {
    let [mut one, mut two] = workers(&signed("", ""));
    kim_comes(&mut one, TOKEN);
    let blog = ask(&mut one, "GET /acme/blog/x", TOKEN);
    one.answer(200, &user("acme/blog", "kim"));
    assert_eq!(one.verdict(blog), "forwarded");
    revoke_token(&mut two, TOKEN);
    for line in ["GET /acme/shop/x", "GET /acme/blog/x"] {
        ask(&mut one, line, TOKEN);
    }
    assert_eq!(one.calls.len(), 2);
}

#[test]
fn an_administrator_of_whom_only_the_uuid_is_known_goes_by_any_name() {
    let config = signed(r#","management":"me""#, "");
    let [mut one, mut two] = workers(&config);
    let ada = ask(&mut one, "GET /acme/shop/x", TOKEN);
    one.answer(404, &nobody_here());
    one.answer(200, "");
    assert_eq!(one.verdict(ada), "forwarded");
    kim_comes(&mut one, TOKENS[2]);
    let root = ask(&mut two, "POST /management/users/ada/revoketokens", OTHER);
    two.answer(200, &ada_herself());
    assert_eq!(two.verdict(root), "forwarded");
    two.respond(root, 200, "");
    let ada = ask(&mut one, "GET /acme/shop/x", TOKEN);
    assert_eq!(one.verdict(ada), "waiting", "nobody can tell whether she is the one");
    one.answer(401, &error("auth_invalid"));
    kim_comes(&mut one, TOKENS[2]);
    assert!(one.calls.is_empty(), "kim is no administrator");
}

#[test]
fn a_restricted_user_of_whom_only_the_uuid_is_known_goes_by_any_name() {
    let [mut one, mut two] = workers(&signed(r#","restricted_users":"accept""#, ""));
    let kim = ask(&mut one, "GET /acme/shop/x", TOKEN);
    one.answer(401, &hidden());
    assert_eq!(one.verdict(kim), "forwarded");
    revoke(&mut two, "POST /acme/shop/users/kim/deactivate");
    let kim = ask(&mut one, "GET /acme/shop/x", TOKEN);
    assert_eq!(one.verdict(kim), "waiting");
}

/// Nor those of whom only the UUID is known, nor those whose address nobody knows.
#[test]
fn an_administrators_revocation_leaves_the_users_of_applications() {
    let config = signed(r#","management":"me","restricted_users":"accept""#, "");
    let [mut one, mut two] = workers(&config);
    let restricted = ask(&mut one, "GET /acme/shop/x", TOKEN);
    one.answer(401, &hidden());
    assert_eq!(one.verdict(restricted), "forwarded");
    kim_comes(&mut one, TOKENS[2]);
    let line = "POST /management/users/ada@example.com/revoketokens";
    let ada = ask(&mut two, line, OTHER);
    two.answer(200, &ada_herself());
    assert_eq!(two.verdict(ada), "forwarded");
    two.respond(ada, 200, "");
    for token in [TOKEN, TOKENS[2]] {
        let kim = ask(&mut one, "GET /acme/shop/x", token);
        assert_eq!(one.verdict(kim), "forwarded");
    }
}

#[test]
fn nobody_fills_the_log_with_tokens_that_the_salt_does_not_prove() {
    let rest = r#","revocation":{"paths":["/oauth/revoke"]},"public":["post:/oauth/revoke"]"#;
    let forged = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";
    let mut worker = one_worker("", rest);
    for token in ["random", forged] {
        let stream = worker.request("POST /oauth/revoke", &[]);
        worker.respond(stream, 200, &format!("token={token}"));
    }
    assert!(!worker.counts.contains(&Counter::Revocations));
    let stream = worker.request("POST /oauth/revoke", &[]);
    worker.respond(stream, 200, &format!("token={TOKEN}"));
    assert!(worker.counts.contains(&Counter::Revocations));
}

/// One entry for `/management`, one for the applications.
#[test]
fn two_entries_for_one_usergrid_share_revocations() {
    let list = r#"{"introspection":[
        {"name":"mgmt","protocol":"usergrid","cluster":"ug","management":"me",
         "match":{"paths":["*:/management/**"]}},
        {"name":"apps","protocol":"usergrid","cluster":"ug"}]}"#;
    let config = Config::parse(list.as_bytes(), &|_| None).unwrap();
    let [mut one, mut two] = workers(&std::rc::Rc::new(config));
    kim_comes(&mut one, TOKEN);
    let ada = ask(&mut two, "POST /management/users/kim/revoketokens", OTHER);
    two.answer(200, &ada_herself());
    assert_eq!(two.verdict(ada), "forwarded");
    two.respond(ada, 200, "");
    let kim = ask(&mut one, "GET /acme/shop/x", TOKEN);
    assert_eq!(one.verdict(kim), "waiting");
}

#[test]
fn a_public_revocation_endpoint_revokes_a_token_of_any_application() {
    let rest = r#","revocation":{"paths":["/oauth/revoke"]},"public":["post:/oauth/revoke"]"#;
    let [mut one, mut two] = workers(&signed("", rest));
    kim_comes(&mut one, TOKEN);
    let stream = two.request("POST /oauth/revoke", &[]);
    assert_eq!(two.verdict(stream), "forwarded");
    two.respond(stream, 200, &format!("token={TOKEN}"));
    let kim = ask(&mut one, "GET /acme/shop/x", TOKEN);
    assert_eq!(one.verdict(kim), "waiting");
}

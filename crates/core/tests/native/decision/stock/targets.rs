//! Which paths Usergrid is asked about, and what becomes of the others.

use super::{ADA, APPLICATION, TOKEN, U, ask, asked, kim, kim_comes, nobody_here, one_worker};
use crate::decision::worker::Worker;

fn refused_without_a_call(worker: &mut Worker, line: &str) {
    let stream = ask(worker, line, TOKEN);
    assert_eq!(worker.verdict(stream), "401 unauthorized", "{line}");
    assert!(worker.calls.is_empty(), "{line}");
}

#[test]
fn paths_without_an_application_are_refused_unless_they_are_public() {
    let mut worker = one_worker("", r#","public":["get:/status"]"#);
    for line in ["GET /", "GET /acme", "GET /orgs/acme", "POST /status", "GET /management/me"] {
        refused_without_a_call(&mut worker, line);
    }
    let stream = ask(&mut worker, "GET /status", TOKEN);
    assert_eq!(worker.verdict(stream), "forwarded");
}

#[test]
fn unclear_applications_are_refused_also_of_whom_a_verdict_is_known() {
    let mut worker = one_worker("", "");
    kim_comes(&mut worker, TOKEN);
    for path in ["//acme/shop/x", "/acme//shop/x", "/acme/shop;a=b/x", "/acme%2fshop/x"] {
        refused_without_a_call(&mut worker, &format!("GET {path}"));
    }
    let stream = ask(&mut worker, "GET /acme/shop//x", TOKEN);
    assert_eq!(worker.verdict(stream), "forwarded", "only the rest is unclear");
}

#[test]
fn names_that_no_application_has_are_refused() {
    let mut worker = one_worker("", "");
    for name in ["!".repeat(2_000), "a".repeat(20_000)] {
        refused_without_a_call(&mut worker, &format!("GET /acme/{name}/x"));
    }
}

#[test]
fn other_names_of_the_application_share_its_verdict() {
    let ids = format!(r#","authorization":{{"application_ids":{{"acme/shop":"{APPLICATION}"}}}}"#);
    let names = [format!("/{APPLICATION}/x"), "/orgs/acme/apps/shop/x".to_owned()];
    let mut unknown = one_worker("", "");
    let mut worker = one_worker("", &ids);
    for name in &names {
        refused_without_a_call(&mut unknown, &format!("GET {name}"));
        let stream = ask(&mut worker, &format!("GET {name}"), TOKEN);
        if !worker.calls.is_empty() {
            assert_eq!(asked(&worker), [U]);
            kim(&mut worker);
        }
        assert_eq!(worker.verdict(stream), "forwarded", "{name}");
    }
    kim_comes(&mut worker, TOKEN);
    refused_without_a_call(&mut worker, &format!("GET /evil/{APPLICATION}/x"));
}

#[test]
fn management_may_be_left_to_usergrid() {
    let mut worker = one_worker(r#","management":"pass""#, "");
    let stream = worker.request(
        "GET /management/me?access_token=x",
        &[("authorization", "Bearer whatever"), ("x-usergrid-subject", "root")],
    );
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).path(), "/management/me?access_token=x");
    assert_eq!(worker.head(stream).header("authorization"), "Bearer whatever");
    assert_eq!(worker.head(stream).header("x-usergrid-subject"), "");
    for line in ["GET /management//me", "GET /MANAGEMENT/me", "GET /management%2fme"] {
        refused_without_a_call(&mut worker, line);
    }
}

#[test]
fn management_may_be_asked_about() {
    let me = format!(
        r#"{{"access_token":"YWMt-of-somebody","user":{{"applicationId":"b6768a08-b5d5-11e3-a495-11ddb1de66c8","uuid":"{ADA}","username":"ada","activated":true,"organizations":{{"acme":{{}}}}}}}}"#
    );
    let mut worker = one_worker(r#","management":"me""#, "");
    let stream = ask(&mut worker, "GET /management/users/ada", TOKEN);
    assert_eq!(asked(&worker), ["GET /management/me?ttl=1000"]);
    worker.answer(200, &me);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).header("x-usergrid-subject"), ADA);
    let shop = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    assert_eq!(asked(&worker), [U], "a verdict about management is none about an application");
    worker.answer(404, &nobody_here());
    worker.answer(401, "");
    assert_eq!(worker.verdict(shop), "401 unauthorized");
    // The client of an organisation.
    let org = ask(&mut worker, "GET /management/orgs/acme/apps", super::OTHER);
    worker.answer(400, r#"{"error":"invalid_grant"}"#);
    assert_eq!(asked(&worker), ["HEAD /management/organizations/acme"]);
    worker.answer(200, "");
    assert_eq!(worker.verdict(org), "forwarded");
    let other = ask(&mut worker, "GET /management/orgs/evil/apps", super::OTHER);
    worker.answer(400, r#"{"error":"invalid_grant"}"#);
    worker.answer(401, "");
    assert_eq!(worker.verdict(other), "401 unauthorized");
}

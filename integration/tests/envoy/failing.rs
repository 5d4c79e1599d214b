//! A verifying server that fails: what is tried again, when it is left alone, and when it is asked
//! again.

use anyhow::{Context, Result, ensure};
use integration::harness::client::{Connection, Request};
use integration::harness::wait;
use integration::servers::stub::answer::{Answer, Trouble};
use integration::site::{Setup, Site};
use serde_json::json;

fn status(site: &Site, token: &str) -> Result<u16> {
    Ok(site.send(&Request::get("/acme/shop/x").bearer(token))?.status)
}

#[test]
fn a_failure_is_tried_again_within_one_request() -> Result<()> {
    let config = json!({ "introspection": { "retries": 2 } });
    let site = Site::start(&Setup::test("retried").config(config))?;
    site.introspection.learn("third-time", Answer { failures: 2, ..Answer::user("u") });
    ensure!(status(&site, "third-time")? == 200);
    let made = site.introspection.count("third-time");
    ensure!(made == 3, "{made} calls for one request");
    let stats = site.admin().stats_like("^cluster\\.introspection\\.upstream_rq_retry$")?;
    ensure!(stats.values().eq([&2]), "Envoy counts {stats:?}");
    // To the filter it was one call.
    site.admin().wait_for_metric("introspections_total;result=active", 1)?;
    site.admin().wait_for_metric("introspections_total;result=error", 0)
}

#[test]
fn a_verdict_is_never_asked_for_again() -> Result<()> {
    let config = json!({ "introspection": { "retries": 2 } });
    let site = Site::start(&Setup::test("verdict").config(config))?;
    site.introspection.learn("rejected", Answer { status: Some(401), ..Answer::default() });
    site.introspection.learn("page", Answer { text: Some("<html>".into()), ..Answer::default() });
    site.introspection.learn("not-found", Answer { status: Some(404), ..Answer::default() });
    for (token, expected) in
        [("alice", 200), ("inactive", 401), ("rejected", 503), ("page", 503), ("not-found", 503)]
    {
        let found = status(&site, token)?;
        ensure!(found == expected, "{token}: {found}");
        let made = site.introspection.count(token);
        ensure!(made == 1, "{token}: {made} calls");
    }
    Ok(())
}

#[test]
fn a_failure_is_let_be_for_a_second_and_not_remembered() -> Result<()> {
    let site = Site::start(&Setup::test("let-be"))?;
    site.introspection.learn("wobbly", Answer { failures: 1, ..Answer::user("u") });
    ensure!(status(&site, "wobbly")? == 503);
    ensure!(status(&site, "wobbly")? == 503 && site.introspection.count("wobbly") == 1);
    wait::until("another call", || {
        let found = status(&site, "wobbly")?;
        ensure!([200, 503].contains(&found), "{found}");
        Ok((found == 200).then_some(()))
    })?;
    ensure!(
        site.introspection.count("wobbly") == 2,
        "{} calls",
        site.introspection.count("wobbly")
    );
    Ok(())
}

/// One connection, so that it is one worker's breaker also with several workers.
#[test]
fn a_server_that_keeps_failing_is_left_alone_and_then_probed() -> Result<()> {
    let config = json!({ "breaker": { "failures": 3, "open": "5s" } });
    let site = Site::start(&Setup::test("breaker").config(config).workers(2))?;
    let mut connection = Connection::open(site.address())?;
    let mut ask = |token: &str| -> Result<u16> {
        Ok(connection.send_request(&Request::get("/acme/shop/x").bearer(token))?.status)
    };
    ensure!(ask("alice")? == 200);
    let broken = Answer { status: Some(500), ..Answer::default() };
    site.introspection.trouble(Some(Trouble::Answers(Box::new(broken))));
    for number in 0..3 {
        ensure!(ask(&format!("broken-{number}"))? == 503);
    }
    site.admin().wait_for_metric("breaker_open", 1)?;
    site.introspection.trouble(None);
    let made = site.introspection.made();
    // The probe is about a token that nobody has presented.
    ensure!(made == 5, "{made} calls");
    let probed = site.introspection.calls().pop().context("no call")?.subject;
    ensure!(probed.len() > 40, "the probe was about `{probed}`");
    // All that comes now is answered without a call, until the time is over and another probe goes out; nobody waits for
    // that.
    let mut refused = 0;
    wait::until("a probe", || {
        let found = ask("carol")?;
        ensure!([200, 503].contains(&found), "{found}");
        refused += u64::from(found == 503);
        Ok((found == 200).then_some(()))
    })?;
    ensure!(refused > 0, "not a single request was refused without a call");
    ensure!(site.introspection.count("carol") == 1, "a refused request was asked about");
    ensure!(site.introspection.made() == made + 2, "{} calls", site.introspection.made());
    ensure!(ask("alice")? == 200 && ask("minimal")? == 200);
    site.admin().wait_for_metric("breaker_open", 0)?;
    site.admin().wait_for_metric("requests_total;outcome=unavailable", refused + 3)?;
    let log = site.envoy.log()?;
    for line in [
        "no verdict from cluster `introspection`: it answered with status 500",
        "breaker open: cluster `introspection` keeps failing and is left alone",
        "breaker closed: cluster `introspection` answers again",
    ] {
        ensure!(log.contains(line), "no `{line}` in\n{log}");
    }
    ensure!(log.matches("breaker open").count() == 1, "{log}");
    Ok(())
}

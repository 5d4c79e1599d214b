//! What the root context is told: the calls that follow have started when the callback ends, and an
//! answer is read whole.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::host_calls::{get, start};
use counting_host::host::{Action, CountingHost};

const SHOP: &str = "/acme/shop/books";
/// What a stock Usergrid says to somebody who is no user of the application.
const NO_USER: &[u8] = br#"{"error":"entity_not_found",
    "error_description":"Cannot find entity associated with uuid: 7d1f2c12-833a-11ee-8b11-0242ac120001"}"#;

#[test]
fn the_second_question_of_an_exchange_follows_at_once() -> Result<()> {
    let mut host = stock()?;
    host.request(&get(SHOP, Some("kim")))?;
    host.ring()?;
    host.answer(404, NO_USER)?;
    ensure!(host.calls() == 1, "{} calls after the first answer", host.calls());
    Ok(())
}

#[test]
fn a_second_question_holds_back_nobody_else() -> Result<()> {
    let mut host = stock()?;
    host.request(&get(SHOP, Some("kim")))?;
    host.ring()?;
    host.answer(404, NO_USER)?;
    let other = host.request(&get(SHOP, Some("lee")))?;
    host.ring()?;
    ensure!(host.calls() == 2, "{} calls for two tokens", host.calls());
    ensure!(host.action(other) == Action::Paused, "it is {:?}", host.action(other));
    Ok(())
}

#[test]
fn a_probe_starts_in_the_callback_that_wants_it() -> Result<()> {
    let mut host = stock()?;
    open_breaker(&mut host)?;
    host.tick(1000)?;
    ensure!(host.calls() == 1, "{} calls after the tick", host.calls());
    Ok(())
}

/// Where none can be made, what follows from that comes to an end.
#[test]
fn a_probe_that_cannot_start_is_not_tried_over_and_over() -> Result<()> {
    let mut host = stock()?;
    open_breaker(&mut host)?;
    host.state().odd.no_calls = true;
    host.forget_counts()?;
    host.tick(1000)?;
    let tried = host.counts().get("proxy_http_call").copied().unwrap_or_default();
    ensure!(tried == 1, "{tried} calls in one tick");
    Ok(())
}

/// One failure makes the server suspect, so that it is probed at once; a second opens its breaker.
fn open_breaker(host: &mut CountingHost) -> Result<()> {
    let failed = host.request(&get(SHOP, Some("kim")))?;
    host.ring()?;
    host.answer(500, b"")?;
    ensure!(host.action(failed) == Action::Refused(503), "it is {:?}", host.action(failed));
    ensure!(host.calls() == 1, "{} probes of a suspect", host.calls());
    host.answer(500, b"")?;
    ensure!(host.calls() == 0, "{} calls while the breaker is open", host.calls());
    Ok(())
}

/// A server that refuses us, and not the token, may say so in the second line.
#[test]
fn every_challenge_of_an_answer_is_read() -> Result<()> {
    let body = br#"{"active":false}"#;
    let bearer = ("www-authenticate", "Bearer");
    let basic = ("www-authenticate", "Basic realm=\"x\"");
    for (lines, expected) in
        [(&[bearer][..], 401), (&[basic], 503), (&[bearer, basic], 503), (&[basic, bearer], 503)]
    {
        for status in [400, 401, 403] {
            // What a server says of us closes it for a while, so each has a new worker.
            let mut host = start(json!({}))?;
            let request = host.request(&get(SHOP, Some("alice")))?;
            host.ring()?;
            host.answer_with(status, lines, body)?;
            let action = host.action(request);
            ensure!(action == Action::Refused(expected), "{status} with {lines:?}: {action:?}");
        }
    }
    Ok(())
}

#[test]
fn settings_of_a_route_that_cannot_be_read_let_nobody_in() -> Result<()> {
    let mut host = start(json!({}))?;
    host.state().odd.unreadable = true;
    let guest = host.request(&get("/acme/sandbox/books", None))?;
    ensure!(host.action(guest) == Action::Refused(401), "it is {:?}", host.action(guest));
    host.state().odd.unreadable = false;
    let guest = host.request(&get("/acme/sandbox/books", None))?;
    ensure!(host.action(guest) == Action::Continued, "it is {:?}", host.action(guest));
    Ok(())
}

/// With a stock Usergrid, and a breaker for which one failure is enough.
fn stock() -> Result<CountingHost> {
    start(json!({
        "introspection": {
            "protocol": "usergrid", "cluster": "usergrid", "authority": "api.example.com",
        },
        "token": { "format": "opaque" },
        "client_credentials": null,
        "breaker": { "failures": 1 },
    }))
}

//! Revocations seen passing by: the next request on every worker asks the server again, and only
//! after a success.

use anyhow::{Result, ensure};
use integration::harness::bootstrap::Knobs;
use integration::harness::client::{Connection, Request};
use integration::harness::wait;
use integration::servers::stub::answer::Answer;
use integration::servers::stub::backend::STATUS;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::json;

const WORKERS: usize = 4;

fn start() -> Result<(Site, Spread)> {
    let config = json!({
        "revocation": { "paths": ["/oauth/revoke"] },
        "public": ["post:/oauth/revoke"],
        "cache": { "ttl": "1h", "negative_ttl": "1h" },
    });
    let site = Site::start(&Setup::test("revoked").config(config).workers(4))?;
    for user in ["tom", "ann", "root"] {
        site.introspection.learn(&format!("{user}s"), Answer::user(user));
    }
    let spread = Spread::open(&site, WORKERS, 1)?;
    Ok((site, spread))
}

/// A request for `token` on every worker.
fn everywhere(spread: &mut Spread, token: &str, status: u16) -> Result<()> {
    for (worker, connection) in spread.firsts().enumerate() {
        let response = connection.send_request(&Request::get("/acme/shop/x").bearer(token))?;
        ensure!(response.status == status, "{token} gets {} on worker {worker}", response.status);
    }
    Ok(())
}

/// A revocation passes through each worker in turn; each time, all the others hear of it.
fn heard_everywhere(revoke: impl Fn(&str) -> Request) -> Result<()> {
    let (site, mut spread) = start()?;
    for worker in 0..WORKERS {
        let token = format!("tom-{worker}");
        site.introspection.learn(&token, Answer::user("tom"));
        everywhere(&mut spread, "anns", 200)?;
        everywhere(&mut spread, &token, 200)?;
        ensure!(site.introspection.count(&token) == 1, "the workers did not share the answer");
        for status in ["302", "400", "404", "500"] {
            let failing = revoke(&token).header(STATUS, status);
            let response = spread.of(worker)?.send_request(&failing)?;
            ensure!(response.status.to_string() == status, "{}", response.status);
        }
        everywhere(&mut spread, &token, 200)?;
        ensure!(site.introspection.count(&token) == 1, "revoked by a failure");

        let response = spread.of(worker)?.send_request(&revoke(&token))?;
        ensure!(response.status == 200, "the revocation got {}", response.status);
        everywhere(&mut spread, &token, 200)?;
        let asked = site.introspection.count(&token);
        ensure!(asked == 2, "asked {asked} times, not once before and once after");

        site.introspection.learn(&token, Answer::json(json!({ "active": false })));
        let response = spread.of(worker)?.send_request(&revoke(&token))?;
        ensure!(response.status == 200, "the revocation got {}", response.status);
        everywhere(&mut spread, &token, 401)?;
        ensure!(site.introspection.count(&token) == 3, "the refusal was not shared");
    }
    ensure!(site.introspection.count("anns") == 1, "another user's answer was forgotten");
    site.admin().wait_for_metric("revocations_total", 2 * WORKERS as u64)
}

#[test]
fn usergrids_way_for_one_token() -> Result<()> {
    heard_everywhere(|token| {
        let path = format!("/acme/shop/users/tom/revoketoken?token={token}");
        Request::new("POST", path).bearer("roots")
    })
}

#[test]
fn an_rfc_7009_path_with_the_token_in_the_form() -> Result<()> {
    heard_everywhere(|token| {
        let form = format!(
            "token_type_hint=access_token&token=%{:02x}{}",
            token.as_bytes()[0],
            &token[1..]
        );
        Request::new("POST", "/oauth/revoke").body(form)
    })
}

#[test]
fn usergrids_way_for_all_tokens_of_a_user() -> Result<()> {
    let (site, mut spread) = start()?;
    let tokens = ["tom-1", "tom-2", "tom-3"];
    for (number, line) in
        ["/acme/shop/users/tom/revoketokens", "/management/users/TOM/revoketokens"]
            .iter()
            .enumerate()
    {
        for token in tokens {
            site.introspection.learn(token, Answer::user("tom"));
            everywhere(&mut spread, token, 200)?;
            ensure!(site.introspection.count(token) == 2 * number + 1);
        }
        everywhere(&mut spread, "anns", 200)?;
        let revoke = Request::new("PUT", line).bearer("roots");
        ensure!(spread.of(number)?.send_request(&revoke)?.status == 200);
        for token in tokens {
            everywhere(&mut spread, token, 200)?;
            ensure!(site.introspection.count(token) == 2 * number + 2, "{token} was not asked for");
        }
        // Renewed above; the next round counts from a fresh answer.
        ensure!(spread.of(number)?.send_request(&revoke)?.status == 200);
    }
    ensure!(site.introspection.count("anns") == 1, "another user's answers were forgotten");
    Ok(())
}

/// The gauge that tells workers of revocations does not exist then, and reads as zero.
#[test]
fn revocations_reach_all_workers_without_any_metric() -> Result<()> {
    let knobs = Knobs { concurrency: Some(4), no_filter_metrics: true, ..Knobs::default() };
    let site = Site::start(&Setup::test("revoked-unseen").knobs(knobs))?;
    for user in ["tom", "root"] {
        site.introspection.learn(&format!("{user}s"), Answer::user(user));
    }
    let mut spread = Spread::open(&site, WORKERS, 1)?;
    everywhere(&mut spread, "toms", 200)?;
    site.introspection.learn("toms", Answer::json(json!({ "active": false })));
    everywhere(&mut spread, "toms", 200)?;
    let line = "/acme/shop/users/tom/revoketoken?token=toms";
    let revoke = Request::new("POST", line).bearer("roots");
    ensure!(spread.of(0)?.send_request(&revoke)?.status == 200);
    everywhere(&mut spread, "toms", 401)
}

/// Who comes after a revocation gets the verdict of a call that began after it, and shares that one
/// with everybody else.
#[test]
fn a_revocation_in_mid_flight_parts_those_after_from_those_before() -> Result<()> {
    let (site, mut spread) = start()?;
    everywhere(&mut spread, "roots", 200)?;
    site.introspection.learn("mid", Answer { hold: true, ..Answer::user("tom") });
    let request = Request::get("/acme/shop/x").bearer("mid");
    let (mut before, _) = Spread::crowd(&site, WORKERS, 24)?;
    for connection in &mut before {
        connection.request(&request)?;
    }
    site.admin().wait_for_metric("waiting", 24)?;
    let revoke = Request::new("PUT", "/acme/shop/users/tom/revoketokens").bearer("roots");
    ensure!(spread.of(1)?.send_request(&revoke)?.status == 200);
    site.introspection
        .learn("mid", Answer { hold: true, ..Answer::json(json!({ "active": false })) });
    let (mut after, _) = Spread::crowd(&site, WORKERS, 24)?;
    for connection in &mut after {
        connection.request(&request)?;
    }
    site.admin().wait_for_metric("waiting", 48)?;
    // Whose token it is shows with the first verdict, so until then all wait for that.
    let calls = site.introspection.count("mid");
    ensure!(calls == 1, "{calls} calls, not one");
    site.introspection.release("mid");
    // The later verdict is as good for those before, if it reaches their worker first.
    for (connections, allowed) in [(&mut before, &[200, 401][..]), (&mut after, &[401])] {
        for connection in connections {
            let found = connection.response(false)?.map(|response| response.status);
            ensure!(
                found.is_some_and(|found| allowed.contains(&found)),
                "{found:?}, not {allowed:?}"
            );
        }
    }
    let calls = site.introspection.count("mid");
    ensure!(calls == 2, "{calls} calls, not one before and one after");
    everywhere(&mut spread, "mid", 401)
}

#[test]
fn nobody_revokes_without_a_verified_credential() -> Result<()> {
    let (site, mut spread) = start()?;
    everywhere(&mut spread, "toms", 200)?;
    for (request, status) in [
        (Request::new("POST", "/acme/sandbox/users/tom/revoketoken?token=toms"), 200),
        (Request::new("POST", "/acme/sandbox/users/tom/revoketokens"), 200),
        (Request::new("POST", "/acme/shop/users/tom/revoketokens"), 401),
        (Request::new("POST", "/acme/shop/users/tom/revoketokens").bearer("unknown"), 401),
    ] {
        let response = spread.of(0)?.send_request(&request)?;
        ensure!(response.status == status, "{} instead of {status}", response.status);
    }
    everywhere(&mut spread, "toms", 200)?;
    ensure!(site.introspection.count("toms") == 1, "a stranger evicted an answer");
    Ok(())
}

#[test]
fn the_form_is_read_as_it_passes() -> Result<()> {
    let (site, mut spread) = start()?;
    everywhere(&mut spread, "toms", 200)?;
    let request = Request::new("POST", "/oauth/revoke").header("transfer-encoding", "chunked");
    let mut connection = Connection::open(site.address())?;
    connection.send(&request.head())?;
    let mut sent = Vec::new();
    // A name, a value and an escape are cut in two; every piece is at the backend before the next
    // one goes out.
    for piece in ["tok", "en=%7", "4o", "ms&client_id=web"] {
        connection.send_chunk(piece.as_bytes())?;
        sent.extend_from_slice(piece.as_bytes());
        wait::until("the piece at the backend", || {
            let seen = site.backend.wait_for("/oauth/revoke")?;
            Ok((seen.body == sent && !seen.complete).then_some(()))
        })?;
    }
    connection.send_chunk(b"")?;
    ensure!(connection.response(false)?.is_some_and(|response| response.status == 200));
    everywhere(&mut spread, "toms", 200)?;
    ensure!(site.introspection.count("toms") == 2, "the token was not revoked");
    Ok(())
}

//! A VM that traps, by the two failure policies: what its requests see, and what the next ones do.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use integration::harness::bootstrap::Knobs;
use integration::harness::client::{Connection, Request, Response};
use integration::harness::wait;
use integration::servers::stub::answer::Answer;
use integration::site::vms::Traps;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::json;

/// What a busy machine may add to a time, in seconds.
const SLACK: u64 = 8;

fn start(policy: &str) -> Result<(Site, Spread)> {
    let knobs = Knobs {
        trapping: true,
        failure_policy: Some(policy.into()),
        reload_interval: Some("1s".into()),
        stream_idle_timeout: Some("4s".into()),
        concurrency: Some(2),
        ..Knobs::default()
    };
    let config = json!({ "introspection": { "timeout": "1s" } });
    let site = Site::start(&Setup::test("trapped").config(config).knobs(knobs))?;
    site.introspection.learn("claimed", Answer::user("u"));
    let spread = Spread::open(&site, 2, 3)?;
    Ok((site, spread))
}

/// What the long run counts, under the log levels that it has.
#[test]
fn each_trap_is_seen_whether_a_panic_or_not() -> Result<()> {
    let knobs = Knobs { trapping: true, quiet: true, ..Knobs::default() };
    let site = Site::start(&Setup::test("seen").knobs(knobs))?;
    let mut connection = Connection::open(site.address())?;
    ensure!(ask(&mut connection, "full")?.0.status == 200);
    let mut before = Traps::of(&site)?;
    ensure!(before == Traps::default(), "{before:?} before there was one");
    for kind in ["panic", "unreachable"] {
        let request = Request::get("/acme/shop/x").bearer("full").header("x-test-trap", kind);
        ensure!(connection.send_request(&request)?.status == 503);
        wait::until("the worker to be back", || {
            Ok((ask(&mut connection, "full")?.0.status == 200).then_some(()))
        })?;
        let now = Traps::of(&site)?;
        ensure!(now.reloads == before.reloads + 1, "{kind}: {now:?} after {before:?}");
        ensure!(now.lines > before.lines, "{kind}: {now:?} after {before:?}");
        before = now;
        let log = site.envoy.log()?;
        ensure!(log.matches("panicked at").count() == 1, "not one panic: {log}");
    }
    Ok(())
}

fn trap(token: &str) -> Request {
    Request::get("/acme/shop/x").bearer(token).header("x-test-trap", "1")
}

fn ask(connection: &mut Connection, token: &str) -> Result<(Response, Duration)> {
    let began = Instant::now();
    let response = connection.send_request(&Request::get("/acme/shop/x").bearer(token))?;
    Ok((response, began.elapsed()))
}

/// What follows from a trap on worker 0, up to the moment when worker 1 has given up on its claim.
struct Aftermath {
    site: Site,
    spread: Spread,
    /// Statuses on worker 0 after the trap, without repetitions, and when the last one was first
    /// seen.
    statuses: Vec<u16>,
    settled: Duration,
}

fn trap_under(policy: &str) -> Result<Aftermath> {
    let (site, mut spread) = start(policy)?;
    ensure!(ask(spread.of(0)?, "full")?.0.status == 200);
    let mut paused = take(&mut spread, 0)?;
    paused.request(&Request::get("/acme/shop/x").bearer("held"))?;
    site.introspection.wait_for("held")?;
    let mut other = take(&mut spread, 1)?;

    let trapped = Instant::now();
    // The claim to the call about this token is put down, and then nobody is left to make it.
    let response = spread.of(0)?.send_request(&trap("claimed"))?;
    ensure!(response.status == 503 && response.body.is_empty(), "{response:?}");
    println!("{policy}: the request that traps gets 503 after {:?}", trapped.elapsed());
    let waiting = std::thread::spawn(move || ask(&mut other, "claimed"));
    let (mut statuses, mut settled) = (Vec::new(), Duration::ZERO);
    let mut round = 0_u32;
    while !waiting.is_finished() {
        let status = ask(spread.of(0)?, "full")?.0.status;
        if statuses.last() != Some(&status) {
            statuses.push(status);
            settled = trapped.elapsed();
        }
        round += 1;
        // Often enough to see when it changes, seldom enough to leave the others the processor.
        std::thread::sleep(Duration::from_millis(10));
    }
    println!(
        "  {round} requests with a known token on that worker: {statuses:?}, the last since {settled:?}"
    );
    let (response, waited) = waiting.join().map_err(|_| anyhow!("a client panicked"))??;
    println!(
        "  a request on another worker for the claimed token: {} after {waited:?}",
        response.status
    );
    ensure!(response.status == 503, "{response:?}");
    // Timeout, grace and the tick at which it shows are a second each.
    ensure!(
        waited < Duration::from_secs(3 + SLACK),
        "the claim of the dead held it for {waited:?}"
    );
    // It is let be for a second, then asked about.
    wait::until("a call about the claimed token", || {
        let next = ask(spread.of(1)?, "claimed")?.0.status;
        ensure!([200, 503].contains(&next), "then it got {next}");
        Ok((next == 200).then_some(()))
    })?;
    ensure!(site.introspection.count("claimed") == 1, "it was asked about more than once");
    let response = paused.response(false)?.context("the paused request was closed")?;
    println!(
        "  a request paused on that worker: {} after {:?}",
        response.status,
        trapped.elapsed()
    );
    ensure!(response.status == 503, "{response:?}");
    let known = site.introspection.count("full");
    ensure!(known == 1, "{known} calls for a token that the process knows");
    let log = site.envoy.log()?;
    ensure!(
        log.contains("Function: proxy_on_request_headers failed: Uncaught RuntimeError"),
        "{log}"
    );
    Ok(Aftermath { site, spread, statuses, settled })
}

fn take(spread: &mut Spread, worker: usize) -> Result<Connection> {
    spread.by_worker.get_mut(worker).and_then(Vec::pop).context("no connection")
}

fn reloads(site: &Site) -> Result<(u64, u64)> {
    let stats = site.admin().stats_like("vm_reload")?;
    let of = |what| {
        let name = format!("wasm.usergrid-auth.vm_reload_{what}");
        stats.get(&name).copied().unwrap_or_default()
    };
    Ok((of("success"), of("backoff")))
}

#[test]
fn fail_reload_brings_the_worker_back_with_a_warm_cache() -> Result<()> {
    let mut after = trap_under("FAIL_RELOAD")?;
    ensure!([&[503, 200][..], &[200]].contains(&&after.statuses[..]), "{:?}", after.statuses);
    // The interval of a second, lengthened at random.
    ensure!(after.settled < Duration::from_secs(2 + SLACK), "back after {:?}", after.settled);
    let (success, backoff) = reloads(&after.site)?;
    println!("  vm_reload_success {success}, vm_reload_backoff {backoff}");
    ensure!(success == 1, "{success} reloads");

    // Nothing is missing in the new VM: calls, their answers, the timer, the other worker.
    after.site.introspection.learn("new", Answer::user("u"));
    ensure!(ask(after.spread.of(0)?, "new")?.0.status == 200);
    ensure!(ask(after.spread.of(1)?, "new")?.0.status == 200);
    ensure!(after.site.introspection.count("new") == 1, "the workers do not share any more");
    ensure!(ask(after.spread.of(0)?, "inactive")?.0.status == 401);
    after.site.admin().wait_for_metric("requests_total;outcome=inactive", 1)
}

#[test]
fn fail_closed_leaves_the_worker_dead() -> Result<()> {
    let mut after = trap_under("FAIL_CLOSED")?;
    ensure!(after.statuses == [503], "{:?}", after.statuses);
    let (success, backoff) = reloads(&after.site)?;
    println!("  vm_reload_success {success}, vm_reload_backoff {backoff}");
    ensure!(success == 0);
    for (worker, status) in [(0, 503), (1, 200)] {
        let found = ask(after.spread.of(worker)?, "full")?.0.status;
        ensure!(found == status, "worker {worker}: {found}");
    }
    // Not even what needs no credential passes.
    let guest = after.spread.of(0)?.send_request(&Request::get("/acme/sandbox/x"))?;
    ensure!(guest.status == 503, "{}", guest.status);
    Ok(())
}

#[test]
fn the_shipped_configuration_reloads() -> Result<()> {
    let knobs = Knobs { trapping: true, ..Knobs::default() };
    let site = Site::start(&Setup::test("shipped").knobs(knobs))?;
    let mut connection = Connection::open(site.address())?;
    ensure!(ask(&mut connection, "full")?.0.status == 200);
    for traps in 1..=2 {
        ensure!(connection.send_request(&trap("full"))?.status == 503);
        wait::until("the worker to be back", || {
            let status = ask(&mut connection, "full")?.0.status;
            ensure!([200, 503].contains(&status), "{status}");
            Ok((status == 200).then_some(()))
        })?;
        ensure!(reloads(&site)?.0 == traps, "{:?}", reloads(&site)?);
    }
    // Also with a single worker: Envoy's main thread keeps a VM of its own, and with it the shared
    // memory.
    let calls = site.introspection.count("full");
    ensure!(calls == 1, "{calls} calls for one token");
    Ok(())
}

//! Every metric and every value of every label, reached in one Envoy and seen as Prometheus sees
//! it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::{Knobs, Special};
use integration::harness::client::{Connection, Request};
use integration::harness::wait;
use integration::servers::stub::answer::{Answer, Fault, Trouble};
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::json;

const LABELLED: [(&str, &str, &[&str]); 3] = [
    (
        "usergrid_auth_requests_total",
        "outcome",
        &[
            "token",
            "client",
            "guest",
            "public",
            "preflight",
            "bypassed",
            "missing",
            "conflict",
            "bad_path",
            "malformed",
            "too_long",
            "cross_site",
            "claims",
            "expired",
            "inactive",
            "scope",
            "client_query",
            "client_basic",
            "forbidden",
            "unavailable",
            "overloaded",
        ],
    ),
    (
        "usergrid_auth_introspections_total",
        "result",
        &["active", "inactive", "rejected_us", "error", "timeout"],
    ),
    (
        "usergrid_auth_cache_total",
        "result",
        &["local_hit", "shared_hit", "negative_hit", "stale", "miss"],
    ),
];
const PLAIN: [&str; 5] = [
    "usergrid_auth_coalesced_total",
    "usergrid_auth_revocations_total",
    "usergrid_auth_waiting",
    "usergrid_auth_breaker_open",
    "usergrid_auth_cache_entries",
];
/// Failures in a row that open the breaker; none of the earlier steps makes so many.
const FAILURES: usize = 20;

fn start() -> Result<Site> {
    let config = json!({
        "introspection": { "timeout": "2s" },
        "cache": { "ttl": "1s", "stale_if_error": "30s" },
        "breaker": { "failures": FAILURES, "open": "60s" },
        "limits": { "max_waiting": 4 },
        "credentials": {
            "sources": ["header", "query", "client_query", "client_basic", { "cookie": "session" }],
        },
    });
    let special = |matches: &str, metadata| Special { matches: matches.into(), metadata };
    let knobs = Knobs {
        concurrency: Some(2),
        routes: vec![
            special("/open", json!({ "bypass": true })),
            special("/acme/shop/scoped", json!({ "require_scope": "nobody.has.it" })),
        ],
        ..Knobs::default()
    };
    let site = Site::start(&Setup::test("metrics").config(config).knobs(knobs))?;
    for (token, answer) in [
        ("past", Answer::json(json!({ "active": true, "exp": 1_000_000_000 }))),
        ("grown", Answer::json(json!({ "active": true, "sub": "a".repeat(4097) }))),
        ("not-us", Answer { status: Some(401), ..Answer::default() }),
        ("broken", Answer { status: Some(500), ..Answer::default() }),
        ("silent", Answer { fault: Some(Fault::Hang), ..Answer::default() }),
        ("wobbly", Answer::user("wobbly")),
    ] {
        site.introspection.learn(token, answer);
    }
    Ok(site)
}

/// One request for each outcome that needs no more than that.
fn singles() -> Vec<(Request, u16)> {
    let get = |path: &str| Request::get(path);
    let shop = || get("/acme/shop/x");
    vec![
        (shop().bearer("alice"), 200),
        (get("/globex/crm/x?client_id=globex&client_secret=globex-secret"), 200),
        (get("/acme/sandbox/x"), 200),
        (Request::new("POST", "/management/token"), 200),
        (
            Request::new("OPTIONS", "/acme/shop/x")
                .header("origin", "https://example.com")
                .header("access-control-request-method", "GET"),
            200,
        ),
        (get("/open/x"), 200),
        (shop(), 401),
        (shop().header("authorization", "Bearer "), 401),
        (shop().bearer(&"a".repeat(16_385)), 401),
        (Request::new("POST", "/acme/shop/x").header("cookie", "session=alice"), 401),
        (shop().bearer("grown"), 401),
        (shop().bearer("past"), 401),
        (shop().bearer("inactive"), 401),
        (shop().bearer("inactive"), 401),
        (get("/acme/shop/scoped").bearer("alice"), 401),
        (get("/acme/shop/x?client_id=globex&client_secret=wrong"), 401),
        (shop().header("authorization", "Basic Z2xvYmV4Ondyb25n"), 401),
        (get("/globex/crm/x").bearer("alice"), 401),
        (shop().bearer("not-us"), 503),
        (shop().bearer("broken"), 503),
        (shop().bearer("silent"), 503),
        (Request::new("PUT", "/acme/shop/users/alice/revoketokens").bearer("alice"), 200),
    ]
}

#[test]
fn all_of_them() -> Result<()> {
    let site = start()?;
    let mut spread = Spread::open(&site, 2, 4)?;
    for (request, status) in singles() {
        let found = spread.of(0)?.send_request(&request)?.status;
        ensure!(found == status, "{request:?} got {found}");
    }
    // These close the connection, so they have one of their own.
    for path in ["/acme/shop/%2e%2e%3b/x", "/acme/shop/x?access_token=a&access_token=b"] {
        ensure!(site.send(&Request::get(path))?.status == 400, "{path}");
    }
    for worker in [0, 1] {
        let request = Request::get("/acme/shop/x").bearer("minimal");
        ensure!(spread.of(worker)?.send_request(&request)?.status == 200);
    }
    waiting(&site, &mut spread)?;
    stale(&site, spread.of(0)?)?;
    let broken = Answer { status: Some(500), ..Answer::default() };
    site.introspection.trouble(Some(Trouble::Answers(Box::new(broken))));
    for number in 0..FAILURES {
        let request = Request::get("/acme/shop/x").bearer(&format!("broken-{number}"));
        ensure!(spread.of(0)?.send_request(&request)?.status == 503);
    }
    site.admin().wait_for_metric("breaker_open", 1)?;

    let mut scrape = String::new();
    // Envoy merges histograms every five seconds.
    wait::until("all metrics", || {
        scrape = site.admin().prometheus()?;
        Ok(missing(&scrape).is_empty().then_some(()))
    })
    .with_context(|| format!("without {:?}:\n{scrape}", missing(&scrape)))?;
    ensure!(!ours(&scrape).any(|line| line.contains(';')), "a label left in a name:\n{scrape}");
    Ok(())
}

/// Two requests wait for one call, and a third has no place: half of it is for known tokens.
fn waiting(site: &Site, spread: &mut Spread) -> Result<()> {
    let request = Request::get("/acme/shop/x").bearer("held");
    let connections = spread.by_worker.first_mut().context("no worker")?;
    let [one, two, three, ..] = &mut connections[..] else { anyhow::bail!("too few connections") };
    let mut waiting: [&mut Connection; 2] = [one, two];
    for connection in &mut waiting {
        connection.request(&request)?;
    }
    site.admin().wait_for_metric("waiting", 2)?;
    let scrape = site.admin().prometheus()?;
    ensure!(value(&scrape, "usergrid_auth_waiting{} ") == Some(2.0), "{scrape}");
    ensure!(three.send_request(&request)?.status == 503);
    site.introspection.release("held");
    for connection in &mut waiting {
        ensure!(connection.response(false)?.context("closed")?.status == 200);
    }
    site.admin().wait_for_metric("waiting", 0)
}

/// A good answer past its `ttl`, while the server fails.
fn stale(site: &Site, connection: &mut Connection) -> Result<()> {
    let request = Request::get("/acme/shop/x").bearer("wobbly");
    ensure!(connection.send_request(&request)?.status == 200);
    site.introspection.learn("wobbly", Answer { status: Some(500), ..Answer::default() });
    wait::until("a stale answer", || {
        ensure!(connection.send_request(&request)?.status == 200);
        Ok((site.introspection.count("wobbly") > 1).then_some(()))
    })
}

/// What is not there, or still zero. The gauge of waiting requests may be: they have been answered.
fn missing(scrape: &str) -> Vec<String> {
    let mut wanted: BTreeMap<String, bool> = BTreeMap::new();
    for (name, label, values) in LABELLED {
        for value in values {
            wanted.insert(format!("{name}{{{label}=\"{value}\"}} "), true);
        }
    }
    for name in PLAIN {
        wanted.insert(format!("{name}{{}} "), name != "usergrid_auth_waiting");
    }
    wanted.insert("usergrid_auth_introspection_ms_count{} ".into(), true);
    wanted
        .into_iter()
        .filter(|(line, counts)| !value(scrape, line).is_some_and(|value| !counts || value > 0.0))
        .map(|(line, _)| line)
        .collect()
}

fn value(scrape: &str, line: &str) -> Option<f64> {
    ours(scrape).find_map(|found| found.strip_prefix(line)?.parse().ok())
}

fn ours(scrape: &str) -> impl Iterator<Item = &str> {
    scrape.lines().filter(|line| line.starts_with("usergrid_auth_"))
}

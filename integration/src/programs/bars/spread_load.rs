//! Many requests with a hundred tokens within one `ttl`: a hundred calls.

use anyhow::{Result, ensure};
use serde_json::json;

use super::scale::Scale;
use crate::harness::load::{self, Pipeline};
use crate::servers::stub::answer::Answer;
use crate::site::workers::Spread;
use crate::site::{Setup, Site};

const REQUESTS: usize = 10_000;
const TOKENS: usize = 100;
const CLIENTS: usize = 20;
const WORKERS: usize = 4;
/// Requests on their way at a time on one connection.
const AT_ONCE: usize = 10;

/// The bar at full size in every case: it takes seconds.
///
/// # Errors
/// If it is missed.
pub fn run(_: Scale) -> Result<()> {
    let config = json!({ "cache": { "ttl": "10m" } });
    let mut setup = Setup::test("load").config(config).workers(4);
    setup.knobs.quiet = true;
    let site = Site::start(&setup)?;
    let tokens: Vec<String> = (0..TOKENS).map(|number| format!("token-{number}")).collect();
    for token in &tokens {
        site.introspection.learn(token, Answer::user("u"));
    }
    // Shows that the kernel does spread connections over the workers here; the clients below open
    // their own.
    let (_, counts) = Spread::crowd(&site, WORKERS, CLIENTS)?;
    let good = load::threads(CLIENTS, |client| {
        let mut pipeline = Pipeline::open(site.address())?;
        let mut good = 0;
        for round in 0..REQUESTS / CLIENTS / AT_ONCE {
            let first = (client * 37 + round * AT_ONCE) % TOKENS;
            let batch = tokens.iter().cycle().skip(first).take(AT_ONCE).map(String::as_str);
            let statuses = pipeline.get("/acme/shop/x", batch)?;
            good += statuses.into_iter().filter(|status| *status == 200).count();
        }
        Ok(good)
    })?;
    let good: usize = good.into_iter().sum();
    let calls = site.introspection.made();
    println!(
        "  {REQUESTS} requests, {TOKENS} tokens, connections by worker {counts:?}: {calls} calls, {good} times 200"
    );
    ensure!(calls == TOKENS, "{calls} calls");
    ensure!(good == REQUESTS, "{good} of {REQUESTS} requests got 200");
    Ok(())
}

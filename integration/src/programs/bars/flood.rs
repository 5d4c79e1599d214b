//! Tokens without number, all of them bad: memory stays, good answers stay.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use super::scale::Scale;
use crate::harness::load::Pipeline;
use crate::servers::stub::answer::Answer;
use crate::site::{Setup, Site};

const CLIENTS: usize = 16;
/// Requests on their way at a time on one connection.
const AT_ONCE: usize = 25;
const GOOD: usize = 50;
const MAX_GROWTH: u64 = 5_000_000;

/// A million tokens, or 60,000.
///
/// # Errors
/// If the bar is missed.
pub fn run(scale: Scale) -> Result<()> {
    let (all, first) = match scale {
        Scale::Test => (60_000, 20_000),
        Scale::Full => (1_000_000, 50_000),
    };
    let mut setup = Setup::test("flood").config(json!({ "cache": { "ttl": "1h" } })).workers(4);
    setup.knobs.quiet = true;
    let site = Site::start(&setup)?;
    site.introspection.keep_none();
    let good: Vec<String> = (0..GOOD).map(|number| format!("good-{number}")).collect();
    for token in &good {
        site.introspection.learn(token, Answer::user("u"));
    }
    let mut pipelines = Vec::new();
    for _ in 0..CLIENTS {
        pipelines.push(Pipeline::open(site.address())?);
    }
    for pipeline in &mut pipelines {
        all_are(200, &pipeline.get("/acme/shop/x", good.iter().map(String::as_str))?)?;
    }
    ensure!(site.introspection.made() == GOOD, "{} calls", site.introspection.made());
    let start = site.envoy.resident()?;
    let began = Instant::now();
    let pipelines = bad(pipelines, 0, first)?;
    let before = site.envoy.resident()?;
    let mut pipelines = bad(pipelines, first, all)?;
    let after = site.envoy.resident()?;
    let growth = after.saturating_sub(before);
    let calls = site.introspection.made();
    for pipeline in &mut pipelines {
        all_are(200, &pipeline.get("/acme/shop/x", good.iter().map(String::as_str))?)?;
    }
    let lost = site.introspection.made() - calls;
    println!(
        "  {all} bad tokens in {:.0} s, {} calls; resident bytes {start} at the start, {before} after {first}, \
         {after} at the end: grown by {growth}; {lost} good tokens asked for again",
        began.elapsed().as_secs_f64(),
        calls - GOOD,
    );
    ensure!(growth < MAX_GROWTH, "grown by {growth} bytes");
    ensure!(lost == 0, "{lost} good tokens were pushed out");
    // Otherwise it was no flood.
    ensure!(calls - GOOD >= all, "only {} calls for {all} tokens", calls - GOOD);
    Ok(())
}

/// Sends the bad tokens from number `from` up to `to`.
fn bad(pipelines: Vec<Pipeline>, from: usize, to: usize) -> Result<Vec<Pipeline>> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = pipelines
            .into_iter()
            .enumerate()
            .map(|(client, mut pipeline)| {
                scope.spawn(move || -> Result<Pipeline> {
                    let numbers: Vec<usize> = (from..to).skip(client).step_by(CLIENTS).collect();
                    for batch in numbers.chunks(AT_ONCE) {
                        let tokens: Vec<String> =
                            batch.iter().map(|number| format!("bad-{number:07}")).collect();
                        let tokens = tokens.iter().map(String::as_str);
                        all_are(401, &pipeline.get("/acme/shop/x", tokens)?)?;
                    }
                    Ok(pipeline)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
            .collect()
    })
}

fn all_are(expected: u16, statuses: &[u16]) -> Result<()> {
    let other = statuses.iter().find(|status| **status != expected);
    ensure!(other.is_none(), "{other:?} instead of {expected}");
    Ok(())
}

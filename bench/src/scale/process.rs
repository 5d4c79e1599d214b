//! What a process pays once: memory and start-up.

use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;

use super::credentials;
use crate::filters;
use crate::load::Rotation;
use crate::report::Fact;
use crate::rig::{Listener, Rig};
use crate::run::{Run, microseconds};
use crate::servers::GOOD;
use crate::slices;

fn with_filter(run: &Run, entries: u64) -> Result<Vec<Listener>> {
    let patch = json!({ "cache": { "max_entries": entries } });
    let filter = filters::ours(&run.module, "filter", 0, &patch)?;
    Ok(vec![Listener::bare(), Listener::new("filter", filter)])
}

/// Memory and start-up, as single figures.
///
/// # Errors
/// If Envoy does not start or a request fails.
pub fn facts(run: &mut Run) -> Result<Vec<Fact>> {
    let mut facts = start_up(run)?;
    let bare = worker(run, &[Listener::bare()])?;
    let listeners = with_filter(run, 10_000)?;
    let filter = worker(run, &listeners)?;
    facts.push(fact("memory of a worker, bare Envoy", bare / 1e6, "MB"));
    facts.push(fact("memory that the filter adds to a worker", (filter - bare) / 1e6, "MB"));
    facts.push(fact("memory of a remembered credential", credential(run)?, "bytes"));
    Ok(facts)
}

fn fact(name: &str, value: f64, unit: &str) -> Fact {
    Fact { name: name.into(), value, unit: unit.into() }
}

/// What the filter adds to a start: time until Envoy is ready, and CPU time.
fn start_up(run: &mut Run) -> Result<Vec<Fact>> {
    let kinds = [vec![Listener::bare()], with_filter(run, 10_000)?];
    let (mut wall, mut cpu) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..run.effort.curve_rounds.min(5) {
        for ((listeners, wall), cpu) in kinds.iter().zip(&mut wall).zip(&mut cpu) {
            let started = Instant::now();
            let rig = Rig::start(listeners, &run.servers, 1, run.places)?;
            wall.push(started.elapsed().as_secs_f64() * 1e3);
            cpu.push(microseconds(rig.cpu()?) / 1e3);
        }
    }
    let added = |[bare, filter]: [Vec<f64>; 2]| {
        Ok::<_, anyhow::Error>(slices::quantile(&filter, 0.25)? - slices::quantile(&bare, 0.25)?)
    };
    Ok(vec![
        fact("start of Envoy takes longer by", added(wall)?, "ms"),
        fact("CPU time of that start", added(cpu)?, "ms"),
    ])
}

/// Resident bytes that each worker beyond the first adds, once all of them have served requests.
fn worker(run: &Run, listeners: &[Listener]) -> Result<f64> {
    const MORE: u32 = 7;
    /// Of every worker some, as the kernel shares them out.
    const CONNECTIONS: u32 = 128;
    let listener = listeners.last().context("no listener")?;
    let tokens = Rotation { prefix: GOOD, first: 0, count: 1_000, path: "/acme/shop/books" };
    let resident = |workers| -> Result<f64> {
        let rig = Rig::start(listeners, &run.servers, workers, run.places)?;
        tokens.send(rig.address(&listener.name)?, CONNECTIONS, 2)?;
        Ok(bytes(rig.resident()?))
    };
    Ok((resident(1 + MORE)? - resident(1)?) / f64::from(MORE))
}

/// Resident bytes for each credential once the caches are warm.
fn credential(run: &Run) -> Result<f64> {
    let most = run.effort.most_credentials.min(100_000);
    let few = most / 10;
    let rig = Rig::start(&with_filter(run, most)?, &run.servers, 1, run.places)?;
    credentials::see(&rig, "filter", few)?;
    let before = rig.resident()?;
    credentials::see(&rig, "filter", most)?;
    Ok(bytes(rig.resident()?.saturating_sub(before)) / bytes(most - few))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to petabytes")]
fn bytes(count: u64) -> f64 {
    count as f64
}

//! Credentials without number: what a hit costs once so many have been seen, and how often the
//! server is asked.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{number, over_bare};
use crate::estimate;
use crate::filters;
use crate::load::Rotation;
use crate::report::{Curve, Line};
use crate::rig::{BARE, Listener, Rig};
use crate::run::{Run, microseconds};
use crate::servers::GOOD;
use crate::slices;

const SEEN: [u64; 4] = [1, 100, 10_000, 1_000_000];
/// Credentials that take turns: a few less than the cache holds by default.
const TURNS: u64 = 9_000;
const PATH: &str = "/acme/shop/books";
const CONNECTIONS: u32 = 16;
/// The lines that have a bar.
pub const LINES: [&str; 2] = ["one of them, again and again", "the latest 9,000 take turns"];

/// What a hit costs, by credentials seen.
///
/// # Errors
/// If a hit was none, or a request failed.
pub fn seen(run: &mut Run) -> Result<Curve> {
    let sizes: Vec<u64> =
        SEEN.into_iter().filter(|seen| *seen <= run.effort.most_credentials).collect();
    let mut listeners = vec![Listener::bare()];
    for seen in &sizes {
        let name = format!("seen-{seen}");
        let filter = filters::ours(&run.module, &name, 0, &json!({}))?;
        listeners.push(Listener::new(&name, filter));
    }
    let rig = Rig::start(&listeners, &run.servers, 1, run.places)?;
    // Listener and tokens of every kind of slice; the first is the baseline.
    let one = Rotation { prefix: GOOD, first: 0, count: 1, path: PATH };
    let mut kinds = vec![(BARE.to_owned(), one)];
    for &seen in &sizes {
        let name = format!("seen-{seen}");
        see(&rig, &name, seen)?;
        let latest = TURNS.min(seen);
        let again = Rotation { first: seen - 1, ..one };
        let turns = Rotation { first: seen - latest, count: latest, ..one };
        for rotation in [again, turns] {
            rotation.send(rig.address(&name)?, CONNECTIONS, 1)?;
            kinds.push((name.clone(), rotation));
        }
    }
    let calls = run.servers.quick()?.calls();
    let rounds =
        slices::interleave(&mut run.random, run.effort.curve_rounds, kinds.len(), |index| {
            let (name, rotation) = kinds.get(index).context("no such kind")?;
            let (answered, before) = (rig.answered(name)?, rig.cpu()?);
            rotation.send(rig.address(name)?, CONNECTIONS, 1)?;
            let (after, answered) = (rig.cpu()?, rig.answered(name)? - answered);
            Ok(microseconds(after - before) / microseconds(answered * 1_000))
        })?;
    let calls = run.servers.quick()?.calls() - calls;
    ensure!(calls == 0, "{calls} calls while every request should have been a hit");
    let costs = (1..kinds.len()).map(|kind| estimate::median(&rounds.over(kind, 0)?));
    let costs = costs.collect::<Result<Vec<f64>>>()?;
    let lines = LINES.iter().enumerate().map(|(offset, line)| {
        let costs = costs.iter().skip(offset).step_by(LINES.len());
        let points =
            sizes.iter().zip(costs).map(|(seen, cost)| (microseconds(*seen * 1_000), *cost));
        Line { name: (*line).into(), points: points.collect() }
    });
    let title = "Credentials seen, cost of a hit";
    Ok(over_bare("credentials", title, "credentials seen", true, lines.collect()))
}

/// Sends every token from 0 up to `count` at least once.
pub(super) fn see(rig: &Rig, name: &str, count: u64) -> Result<()> {
    let address = rig.address(name)?;
    let mut done = 0;
    while done < count {
        let left = count - done;
        let seconds = (left / 10_000).clamp(1, 30);
        let rotation = Rotation { prefix: GOOD, first: done, count: left, path: PATH };
        let sent = rotation.send(address, CONNECTIONS, seconds)?.requests;
        // What was under way at the end may not have got through, and is sent again.
        done += sent.saturating_sub(u64::from(CONNECTIONS));
    }
    Ok(())
}

/// Calls to the verifying server for each credential, by workers of one Envoy and by Envoys.
///
/// # Errors
/// If a request failed.
pub fn calls(run: &mut Run) -> Result<Curve> {
    const TOKENS: u64 = 100;
    let mut lines = Vec::new();
    let mut first = 0;
    for (line, sizes) in [
        ("workers of one Envoy", [(1, 1), (2, 1), (4, 1)].as_slice()),
        ("Envoys of two workers", [(2, 1), (2, 2), (2, 3), (2, 4)].as_slice()),
    ] {
        let mut points = Vec::new();
        for &(workers, envoys) in sizes {
            let filter = filters::ours(&run.module, "calls", 0, &json!({}))?;
            let listeners = [Listener::bare(), Listener::new("calls", filter)];
            let rigs: Vec<Rig> = (0..envoys)
                .map(|_| Rig::start(&listeners, &run.servers, workers, run.places))
                .collect::<Result<_>>()?;
            let before = run.servers.quick()?.calls();
            first += TOKENS;
            let tokens = Rotation { prefix: GOOD, first, count: TOKENS, path: PATH };
            for rig in &rigs {
                // Every credential several times, so that every worker has some of them.
                let mut sent = 0;
                while sent < 10 * TOKENS {
                    sent += tokens.send(rig.address("calls")?, CONNECTIONS, 1)?.requests;
                }
            }
            let calls = run.servers.quick()?.calls() - before;
            let x = if sizes.len() == 3 { f64::from(workers) } else { number(envoys) };
            points.push((x, microseconds(calls * 1_000) / microseconds(TOKENS * 1_000)));
        }
        lines.push(Line { name: line.into(), points });
    }
    Ok(Curve {
        id: "calls".into(),
        title: "Calls to the introspection server".into(),
        x: "workers, or Envoys".into(),
        y: "calls for a credential".into(),
        logarithmic: false,
        lines,
    })
}

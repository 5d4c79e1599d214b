//! What a request costs with each filter, in one Envoy and one run.

use anyhow::{Context, Result, ensure};

use crate::cases::{Case, Field};
use crate::estimate;
use crate::report::Row;
use crate::rig::{BARE, Rig};
use crate::run::{Run, microseconds};
use crate::slices;

/// Requests in a slice: a tenth of a second or so, and all slices of a round a few seconds, so that
/// what disturbs the machine for longer disturbs them alike.
const SLICE: u64 = 1_000;
/// For the latencies: far below what the machine can do.
const RATE: u64 = 400;

/// Measures every case.
///
/// # Errors
/// If a listener does not do what it is there for.
pub fn measure(run: &mut Run, field: &Field) -> Result<Vec<Row>> {
    let rig = Rig::start(&field.listeners, &run.servers, 1, run.places)?;
    for case in &field.cases {
        case.check(&rig)?;
        // V8 compiles what is used often; that is over before anything is counted.
        case.load(&rig)?.send(run.effort.warm_up)?;
    }
    let count = field.cases.len();
    let slice = run.effort.slice(SLICE);
    let rounds = slices::interleave(&mut run.random, run.effort.rounds, count, |index| {
        let case = field.cases.get(index).context("no such case")?;
        slice_of(&rig, case, slice)
    })?;
    let latency = latencies(run, &rig, &field.cases)?;
    for case in &field.cases {
        case.check(&rig)?;
    }
    all_counted(&rig)?;
    let index =
        |id: &str| field.cases.iter().position(|case| case.id == id).context("not measured");
    let over_bare = |id: &str| rounds.over(index(id)?, index("bare")?);
    let noop = estimate::median(&over_bare("noop")?)?;
    field
        .cases
        .iter()
        .zip(rounds.spreads()?)
        .zip(latency)
        .map(|((case, cpu), (p50, p99))| {
            let over = over_bare(&case.id)?;
            let added = estimate::median(&over)?;
            let floor = over_bare(case.floor)?;
            let (of_floor, interval) = estimate::ratio(&mut run.random, &over, &floor)?;
            Ok(Row {
                id: case.id.clone(),
                label: case.label.clone(),
                cpu,
                added,
                of_noop: added / noop,
                of_floor: Some(of_floor),
                of_floor_interval: Some(interval),
                p50,
                p99,
            })
        })
        .collect()
}

/// Microseconds of CPU for a request, over so many of them. Envoy has to have counted them too.
///
/// # Errors
/// If it has not, or an answer is wrong.
pub fn slice_of(rig: &Rig, case: &Case, count: u64) -> Result<f64> {
    let load = case.load(rig)?;
    let answered = rig.answered(&case.listener)?;
    let before = rig.cpu()?;
    load.send(count)?;
    let after = rig.cpu()?;
    let answered = rig.answered(&case.listener)? - answered;
    ensure!(answered == count, "{}: Envoy counts {answered} of {count} requests", case.id);
    Ok(microseconds(after - before) / microseconds(count * 1_000))
}

fn latencies(run: &mut Run, rig: &Rig, cases: &[Case]) -> Result<Vec<(f64, f64)>> {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    let mut order: Vec<usize> = (0..cases.len()).collect();
    for _ in 0..run.effort.paced_rounds {
        run.random.shuffle(&mut order);
        for &index in &order {
            let case = cases.get(index).context("no such case")?;
            let mut slice = case.load(rig)?.paced(RATE, 1, run.scratch.path())?;
            times.get_mut(index).context("no such case")?.append(&mut slice);
        }
    }
    let of = |times: &Vec<f64>| Ok((slices::quantile(times, 0.5)?, slices::quantile(times, 0.99)?));
    times.iter().map(of).collect()
}

/// The filter's own count of its outcomes: what was measured as a hit was one.
fn all_counted(rig: &Rig) -> Result<()> {
    let metrics = rig.metrics()?;
    let of = |name: &str| metrics.get(name).copied().unwrap_or_default();
    for outcome in ["token", "client", "guest", "public", "missing"] {
        let name = format!("requests_total;outcome={outcome}");
        ensure!(of(&name) > 0, "the filter counts no {outcome}: {metrics:?}");
    }
    let asked = of("introspections_total;result=active");
    let hits = of("cache_total;result=local_hit");
    ensure!(hits > 100 * asked, "{asked} calls and {hits} hits: hits were not hits");
    ensure!(rig.answered(BARE)? > 0, "bare Envoy had no requests");
    Ok(())
}

#[must_use]
pub fn find<'a>(rows: &'a [Row], id: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.id == id)
}

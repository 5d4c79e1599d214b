//! The module in V8 alone, without Envoy: requests by every way they can take, with hot caches and
//! with evicted ones, beside the floors of those ways; and what `cargo count` counts of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use counting_host::count::{self, Costs, Counted};
use counting_host::ways::{self, End, Floor, Way};
use integration::harness::module;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::report::InModule;
use crate::run::Run;
use crate::slices::Spread;

/// Requests in a round with hot caches: with 24 rounds, 10^5 a way.
const HOT: u64 = 4_200;
/// Requests in a round with evicted caches: walking takes a hundred times what a request does.
const COLD: u64 = 100;
/// Bytes that are walked before such a request: more than the second level of a cache holds, and
/// most of a core's share of the third.
const WALKED: u64 = 8 << 20;

/// What a request costs is compared with this.
const FLOOR: &str = "floor";
const FLOOR_WITH_LOGIC: &str = "floor with logic";
const NOOP: &str = "a filter of the SDK that does nothing";

/// One kind of request to one module.
struct Lane {
    way: Way,
    /// The filter's own lane: none of these.
    other: Option<&'static str>,
    module: PathBuf,
    config: String,
    end: End,
    costs: Costs,
}

/// Slices of a lane, as the script prints them.
#[derive(Deserialize)]
struct Timed {
    hot: Vec<f64>,
    cold: Vec<f64>,
    calls: BTreeMap<String, u64>,
}

/// Measures every way.
///
/// # Errors
/// If Node is missing or a request does not end as it should.
pub fn measure(run: &Run, others: &[(String, PathBuf)]) -> Result<Vec<InModule>> {
    let lanes = lanes(run, others)?;
    let timed = time(run, &lanes)?;
    ensure!(timed.len() == lanes.len(), "{} lanes became {}", lanes.len(), timed.len());
    let mut rows = Vec::new();
    for (lane, timed) in lanes.iter().zip(&timed) {
        ensure!(
            timed.calls == lane.costs.host_calls,
            "{}: V8 and the counting host do not agree: {:?} and {:?}",
            lane.way.name,
            timed.calls,
            lane.costs.host_calls
        );
        rows.push(InModule {
            way: lane.way.name.to_owned(),
            module: lane.other.map(str::to_owned).or_else(|| lane.of_another(run)),
            hot: spread(&timed.hot)?,
            cold: spread(&timed.cold)?,
            instructions: lane.costs.instructions,
            code_bytes: lane.costs.code_bytes,
            allocations: lane.costs.allocations,
            host_calls: lane.costs.host_calls.values().sum(),
        });
    }
    Ok(rows)
}

fn spread(nanoseconds: &[f64]) -> Result<Spread> {
    let times: Vec<f64> = nanoseconds.iter().map(|time| time / 1_000.0).collect();
    Spread::of(&times)
}

impl Lane {
    fn of_another(&self, run: &Run) -> Option<String> {
        let name = self.module.file_stem()?.to_string_lossy().into_owned();
        (self.module != run.module).then_some(name)
    }

    fn json(&self) -> Result<Value> {
        let end = match self.end {
            End::Continued => "continued".to_owned(),
            End::Refused(status) => format!("refused {status}"),
            End::Answered => "answered".to_owned(),
        };
        let head: Vec<(&str, &str)> = self
            .way
            .head
            .iter()
            .map(|(name, value)| Ok((name.as_str(), std::str::from_utf8(value)?)))
            .collect::<Result<_>>()?;
        Ok(json!({
            "name": self.way.name,
            "module": self.module,
            "config": self.config,
            "environment": ways::ENVIRONMENT,
            "head": head,
            "number": ways::NUMBER,
            "answer": self.way.answer,
            "end": end,
        }))
    }
}

/// The filter on every way, its floors, other builds of it, and the no-op; each counted.
fn lanes(run: &Run, others: &[(String, PathBuf)]) -> Result<Vec<Lane>> {
    let allocating = module::build_counting_allocations("usergrid-auth-filter")?;
    let ours = Counted::new(&run.module, Some(&allocating))?;
    let mut builds = vec![(run.module.clone(), ours)];
    for (_, path) in others {
        builds.push((path.clone(), Counted::new(path, None)?));
    }
    let floor = Counted::new(&run.floor, None)?;
    let mut lanes = Vec::new();
    let ways = ways::all()?;
    for way in &ways {
        for (path, counted) in &builds {
            let costs = count::way(counted, way)?;
            let config = way.config.clone();
            let (module, end) = (path.clone(), way.end);
            lanes.push(Lane { way: way.clone(), other: None, module, config, end, costs });
        }
        for kind in way.floors() {
            lanes.push(floor_lane(run, &floor, way, &kind)?);
        }
    }
    let first = ways.into_iter().next().context("there are no ways")?;
    let noop = module::build_counting_allocations("noop-filter")?;
    let noop = Counted::new(&run.noop.trimmed, Some(&noop))?;
    let costs = count::noop(&noop, &first)?;
    let module = run.noop.trimmed.clone();
    let (config, end) = (String::new(), End::Continued);
    lanes.push(Lane { way: first, other: Some(NOOP), module, config, end, costs });
    Ok(lanes)
}

fn floor_lane(run: &Run, floor: &Counted, way: &Way, kind: &Floor) -> Result<Lane> {
    let costs = count::floor(floor, &kind.words, way)?;
    Ok(Lane {
        way: way.clone(),
        other: Some(if kind.has_logic { FLOOR_WITH_LOGIC } else { FLOOR }),
        module: run.floor.clone(),
        config: ways::floor_config(&kind.words),
        end: End::Continued,
        costs,
    })
}

/// Has Node do it all, in one process and in random order.
fn time(run: &Run, lanes: &[Lane]) -> Result<Vec<Timed>> {
    let job = json!({
        "rounds": run.effort.module_rounds,
        "hot": run.effort.slice(HOT),
        "cold": run.effort.slice(COLD),
        "walked": WALKED,
        "warm_up": run.effort.warm_up,
        "seed": run.seed,
        "lanes": lanes.iter().map(Lane::json).collect::<Result<Vec<_>>>()?,
    });
    let file = run.scratch.path().join("module.json");
    fs::write(&file, job.to_string())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node").join("run.js");
    let output = Command::new("node")
        // As Envoy's V8 has it: optimised at once, and no guard pages.
        .args(["--no-liftoff", "--wasm-enforce-bounds-checks"])
        .arg(script)
        .arg(&file)
        .stderr(Stdio::inherit())
        .output()
        .context("`node` cannot be run: install Node.js 20")?;
    if !output.status.success() {
        bail!("V8 did not take the requests through the module: see above");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Ratios of two lanes of one way, hot and cold.
#[must_use]
pub fn ratios(rows: &[InModule], row: &InModule, to: &str) -> Option<(f64, f64)> {
    let floor =
        rows.iter().find(|other| other.way == row.way && other.module.as_deref() == Some(to))?;
    Some((row.hot.lower / floor.hot.lower, row.cold.lower / floor.cold.lower))
}

/// To the floor with the same host calls.
#[must_use]
pub fn in_floors(rows: &[InModule], row: &InModule) -> Option<(f64, f64)> {
    ratios(rows, row, FLOOR)
}

/// To the floor that does by hand what a hit needs, too.
#[must_use]
pub fn in_floors_with_logic(rows: &[InModule], row: &InModule) -> Option<(f64, f64)> {
    ratios(rows, row, FLOOR_WITH_LOGIC)
}

//! What one request of a way costs, exactly.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::host::CountingHost;
use crate::instrument::{Instrumented, Run};
use crate::ways::{self, End, Way};

/// Requests before any is counted: they grow lists and tables that later ones find grown.
const WARM_UP: u32 = 16;
/// Requests that are counted. The median counts, since a table that grows does so in few of them.
const COUNTED: u32 = 15;

/// What one request costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// WebAssembly instructions.
    pub instructions: u64,
    /// Bytes of code that were executed, each counted once: what has to be in a cache.
    pub code_bytes: u64,
    /// Calls of the allocator, or nothing where the module does not tell them.
    pub allocations: Option<u64>,
    /// By name.
    pub host_calls: BTreeMap<String, u64>,
}

/// A module ready to be counted.
#[derive(Clone, Debug)]
pub struct Counted {
    executed: Instrumented,
    /// The same sources, built to tell allocations.
    allocating: Option<Instrumented>,
}

impl Counted {
    /// Takes the module, and the build of it that tells its allocations, if it has an allocator.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn new(module: &Path, allocating: Option<&Path>) -> Result<Self> {
        let read = |path: &Path| {
            let bytes = std::fs::read(path);
            let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
            Instrumented::new(&bytes)
        };
        Ok(Self { executed: read(module)?, allocating: allocating.map(read).transpose()? })
    }
}

/// Counts a way through a module.
///
/// # Errors
/// If a request does not end as it should.
pub fn way(module: &Counted, way: &Way) -> Result<Costs> {
    requests(module, &way.config, way, way.end).with_context(|| way.name.to_owned())
}

/// Counts the floor of a way.
///
/// # Errors
/// If the floor holds a request back.
pub fn floor(module: &Counted, words: &str, way: &Way) -> Result<Costs> {
    requests(module, &ways::floor_config(words), way, End::Continued)
        .with_context(|| format!("the floor `{words}`"))
}

/// Counts requests through a module that takes any configuration.
///
/// # Errors
/// If it holds one back.
pub fn noop(module: &Counted, way: &Way) -> Result<Costs> {
    requests(module, "", way, End::Continued).context("the filter that does nothing")
}

fn requests(module: &Counted, config: &str, way: &Way, end: End) -> Result<Costs> {
    let mut costs = costs(&module.executed, config, way, end)?;
    costs.allocations = match &module.allocating {
        Some(allocating) => self::costs(allocating, config, way, end)?.allocations,
        None => None,
    };
    Ok(costs)
}

fn costs(module: &Instrumented, config: &str, way: &Way, end: End) -> Result<Costs> {
    let mut host = CountingHost::start(&module.module, config, &ways::ENVIRONMENT)?;
    let mut instructions = Vec::new();
    let mut code_bytes = Vec::new();
    let mut allocations = Vec::new();
    let mut host_calls = BTreeMap::new();
    for number in 0..WARM_UP + COUNTED {
        request(&mut host, way, end, number)?;
        if number >= WARM_UP {
            let runs = host.runs();
            instructions.push(module.instructions(&runs));
            code_bytes.push(module.bytes(&runs));
            allocations.push(host.allocations());
            host_calls = host.counts().clone();
        }
    }
    Ok(Costs {
        instructions: median(instructions)?,
        code_bytes: median(code_bytes)?,
        allocations: Some(median(allocations)?),
        host_calls,
    })
}

/// One request of a way, by function, from the one that executes most.
///
/// # Errors
/// If a request does not end as it should.
pub fn functions(module: &Path, way: &Way) -> Result<Vec<(String, Run)>> {
    let bytes = std::fs::read(module)?;
    let names = Instrumented::names(&bytes)?;
    let instrumented = Instrumented::new(&bytes)?;
    let mut host = CountingHost::start(&instrumented.module, &way.config, &ways::ENVIRONMENT)?;
    for number in 0..=WARM_UP {
        request(&mut host, way, way.end, number)?;
    }
    let runs = instrumented.by_function(&host.runs());
    let name = |run: &Run| names.get(run.function).cloned().flatten();
    Ok(runs.into_iter().map(|run| (name(&run).unwrap_or_default(), run)).collect())
}

/// One request from its beginning to its end, and nothing else, counted.
fn request(host: &mut CountingHost, way: &Way, end: End, number: u32) -> Result<()> {
    let head =
        if end == End::Answered { ways::numbered(&way.head, number) } else { way.head.clone() };
    host.forget_counts()?;
    let request = host.request(&head)?;
    if host.rung() {
        ensure!(number == 0 || end == End::Answered, "request {number} asks again");
        host.ring()?;
        host.answer(200, way.answer.as_bytes())?;
    }
    host.respond(request)?;
    host.finish(request)?;
    let action = host.action(request);
    ensure!(number == 0 || action == end.action(), "request {number} is {action:?}");
    Ok(())
}

fn median(mut counts: Vec<u64>) -> Result<u64> {
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().context("nothing was counted")
}

//! Connections of which it is known which of Envoy's workers has them: by its own statistics, not
//! by hope.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::local::Site;
use super::stock::Stock;
use crate::harness::client::Connection;
use crate::harness::process::Process;
use crate::harness::wait;

/// The statistic that Envoy keeps for each worker of a listener.
const ACCEPTED: &str = "downstream_cx_total";
/// Connections after which a worker that still has none never will.
const ENOUGH: usize = 500;

/// What has an Envoy to connect to.
pub trait Fronted {
    fn envoy(&self) -> &Process;
}

impl Fronted for Site {
    fn envoy(&self) -> &Process {
        &self.envoy
    }
}

impl Fronted for Stock {
    fn envoy(&self) -> &Process {
        &self.envoy
    }
}

/// Open connections by worker.
#[derive(Debug)]
pub struct Spread {
    /// All connections of worker 0, of worker 1, …
    pub by_worker: Vec<Vec<Connection>>,
}

impl Spread {
    /// Opens connections until each of the `workers` has at least `each`.
    ///
    /// # Errors
    /// If the kernel leaves a worker out, or the statistics do not add up.
    pub fn open(site: &impl Fronted, workers: usize, each: usize) -> Result<Self> {
        let mut spread = Self { by_worker: (0..workers).map(|_| Vec::new()).collect() };
        let mut before = accepted(site)?;
        ensure!(before.len() == workers, "Envoy counts {before:?} for {workers} workers");
        for _ in 0..ENOUGH {
            if spread.by_worker.iter().all(|connections| connections.len() >= each) {
                return Ok(spread);
            }
            let connection = Connection::open(site.envoy().listener())?;
            let after = wait::until("the connection in the statistics", || {
                let after = accepted(site)?;
                Ok((total(&after) > total(&before)).then_some(after))
            })?;
            ensure!(total(&after) == total(&before) + 1, "somebody else has connected too");
            let worker = (0..workers).find(|worker| after.get(worker) != before.get(worker));
            let worker = worker.context("no worker has the connection")?;
            spread.by_worker.get_mut(worker).context("no such worker")?.push(connection);
            before = after;
        }
        anyhow::bail!("after {ENOUGH} connections the workers have {:?}", spread.counts())
    }

    /// Opens `count` connections and says which worker has how many.
    ///
    /// # Errors
    /// If a worker has none, or the statistics do not add up.
    pub fn crowd(
        site: &impl Fronted,
        workers: usize,
        count: usize,
    ) -> Result<(Vec<Connection>, Vec<usize>)> {
        let before = accepted(site)?;
        ensure!(before.len() == workers, "Envoy counts {before:?} for {workers} workers");
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Connection::open(site.envoy().listener())?);
        }
        let after = wait::until("all connections in the statistics", || {
            let after = accepted(site)?;
            Ok((total(&after) >= total(&before) + count).then_some(after))
        })?;
        let of = |counts: &BTreeMap<usize, usize>, worker| counts.get(&worker).copied();
        let counts: Vec<usize> = (0..workers)
            .map(|worker| {
                of(&after, worker).unwrap_or_default() - of(&before, worker).unwrap_or_default()
            })
            .collect();
        ensure!(!counts.contains(&0), "a worker has no connection: {counts:?}");
        Ok((connections, counts))
    }

    /// How many connections each worker has.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        self.by_worker.iter().map(Vec::len).collect()
    }

    /// One connection of each worker.
    pub fn firsts(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.by_worker.iter_mut().filter_map(|connections| connections.first_mut())
    }

    /// A connection of this worker.
    ///
    /// # Errors
    /// If it has none.
    pub fn of(&mut self, worker: usize) -> Result<&mut Connection> {
        let connections = self.by_worker.get_mut(worker);
        connections.and_then(|connections| connections.first_mut()).context("no connection")
    }
}

/// Connections accepted on the first listener, by worker.
fn accepted(site: &impl Fronted) -> Result<BTreeMap<usize, usize>> {
    // A listener's statistics are named after its address as configured; where several listeners
    // ask for port 0, they share them, and nobody may connect to the others meanwhile.
    let stats =
        site.envoy().admin().stats_like("^listener\\..*\\.worker_[0-9]+\\.downstream_cx_total$")?;
    let mut by_worker = BTreeMap::new();
    for (name, value) in stats {
        let worker = name.strip_suffix(&format!(".{ACCEPTED}")).and_then(|name| {
            let (_, number) = name.rsplit_once(".worker_")?;
            number.parse().ok()
        });
        let worker: usize = worker.with_context(|| format!("no worker in `{name}`"))?;
        by_worker.insert(worker, usize::try_from(value)?);
    }
    Ok(by_worker)
}

fn total(counts: &BTreeMap<usize, usize>) -> usize {
    counts.values().sum()
}

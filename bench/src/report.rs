//! What a run finds out, as it is written to JSON.

use serde::{Deserialize, Serialize};

use crate::estimate::Interval;
use crate::slices::Spread;

/// All of it. A run of one part has the others empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub stamp: Stamp,
    /// What is asked of the figures, and whether they meet it.
    pub bars: Vec<Bar>,
    /// Everything beside everything else.
    pub side_by_side: Vec<Row>,
    /// Requests through the module in V8, without Envoy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub module: Vec<InModule>,
    /// Requests whose credential nobody knows yet.
    pub misses: Vec<Miss>,
    pub curves: Vec<Curve>,
    pub facts: Vec<Fact>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// The day, UTC.
    pub date: String,
    /// The git revision, with `+` if files differ from it.
    pub revision: String,
    pub envoy: String,
    /// The processor's name and how many.
    pub machine: String,
    /// The operating system's kernel.
    pub kernel: String,
    /// Processors beside what else ran.
    pub places: String,
    /// Processes that wanted a processor at the start, as the system averages them over a minute.
    pub load_average: f64,
    /// Bytes of the module.
    pub module_bytes: u64,
    /// Where the random order began.
    pub seed: u64,
    /// `full`, `quick` or `smoke`.
    pub mode: String,
    pub seconds: u64,
}

/// One thing in front of the backend.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub id: String,
    /// For people.
    pub label: String,
    /// Microseconds that Envoy's threads were on a processor, for a request.
    pub cpu: Spread,
    /// The median of what a slice took more than bare Envoy's of the same round.
    pub added: f64,
    /// `added` in units of the filter that does nothing.
    pub of_noop: f64,
    /// `added` in units of the floor: what the host calls of this way cost by themselves. For what
    /// is no way of this filter, those of a hit. Older results have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_floor: Option<f64>,
    /// Where `of_floor` may be. Older results have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_floor_interval: Option<Interval>,
    /// Microseconds to the answer at a fixed rate, half of the requests.
    pub p50: f64,
    /// And 99 of 100.
    pub p99: f64,
}

/// A way that a request can take, through the module in V8 alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InModule {
    pub way: String,
    /// Another module than the filter's own: a floor, a filter that does nothing, another build.
    pub module: Option<String>,
    /// Microseconds of a request when one follows the other.
    pub hot: Spread,
    /// The same when memory is walked between two requests, so that none finds its code and data in
    /// a cache.
    pub cold: Spread,
    /// WebAssembly instructions.
    pub instructions: u64,
    /// Bytes of code that are executed.
    pub code_bytes: u64,
    /// Allocations; nothing where the module does not tell them.
    pub allocations: Option<u64>,
    pub host_calls: u64,
}

/// One way to verify an unknown credential, and one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Miss {
    /// As in [`Row`].
    pub id: String,
    /// For people.
    pub label: String,
    /// Milliseconds that the server waits.
    pub delay: u64,
    /// Microseconds to the answer, half of the requests, one at a time.
    pub p50: Spread,
    /// The median of what `p50` was above bare Envoy's of the same round: what a client waits longer.
    pub over_bare: f64,
    /// The same, less what the server itself takes when it is asked directly.
    pub over_server: f64,
}

/// Lines in one chart.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    pub id: String,
    /// Above the chart.
    pub title: String,
    /// Under it.
    pub x: String,
    /// Beside it.
    pub y: String,
    /// Whether `x` grows by factors.
    pub logarithmic: bool,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// In the legend.
    pub name: String,
    /// `x` and `y`.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// The `y` of a line at `x`.
    #[must_use]
    pub fn at(&self, line: &str, x: f64) -> Option<f64> {
        let line = self.lines.iter().find(|found| found.name == line)?;
        line.points.iter().find(|(at, _)| (at - x).abs() < f64::EPSILON).map(|(_, y)| *y)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub name: String,
    pub value: f64,
    pub unit: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    pub name: String,
    /// At most.
    pub limit: f64,
    pub measured: f64,
    pub unit: String,
}

impl Bar {
    /// Whether it is met.
    #[must_use]
    pub fn met(&self) -> bool {
        self.measured <= self.limit
    }
}

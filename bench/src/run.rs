//! What all parts of one run share.

use std::path::PathBuf;

use anyhow::Result;
use integration::harness::workspace::Scratch;

use crate::cpu::Places;
use crate::filters::Noop;
use crate::rig::Servers;

#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// `full`, `quick` or `smoke`.
    pub name: &'static str,
    /// Slices of each kind.
    pub rounds: usize,
    /// Slices of each way through the module in V8 alone.
    pub module_rounds: usize,
    /// Slices of a second at a fixed rate, for latencies.
    pub paced_rounds: usize,
    /// Slices of a second for each way of a miss.
    pub miss_rounds: usize,
    /// Such slices before anything is counted.
    pub miss_warm_up: usize,
    /// Requests before anything is counted.
    pub warm_up: u64,
    /// Slices of each point of a curve.
    pub curve_rounds: usize,
    /// Slices are so many times shorter.
    pub shorter: u64,
    /// Credentials that are seen at most.
    pub most_credentials: u64,
    /// Rules at most.
    pub most_rules: usize,
}

impl Effort {
    /// Half an hour.
    pub const FULL: Self = Self {
        name: "full",
        rounds: 96,
        module_rounds: 24,
        paced_rounds: 4,
        miss_rounds: 6,
        miss_warm_up: 1,
        warm_up: 8_000,
        curve_rounds: 10,
        shorter: 1,
        most_credentials: 1_000_000,
        most_rules: 10_000,
    };
    /// A few minutes, at smaller sizes.
    pub const QUICK: Self = Self {
        name: "quick",
        rounds: 20,
        module_rounds: 5,
        paced_rounds: 1,
        miss_rounds: 1,
        warm_up: 1_500,
        miss_warm_up: 0,
        curve_rounds: 2,
        shorter: 4,
        most_credentials: 10_000,
        most_rules: 1_000,
    };
    /// Whether everything works; the figures mean nothing.
    pub const SMOKE: Self = Self {
        name: "smoke",
        rounds: 1,
        module_rounds: 1,
        paced_rounds: 1,
        miss_rounds: 1,
        warm_up: 300,
        curve_rounds: 1,
        shorter: 20,
        miss_warm_up: 0,
        most_credentials: 100,
        most_rules: 100,
    };

    /// So many requests, or fewer.
    #[must_use]
    pub fn slice(self, requests: u64) -> u64 {
        requests / self.shorter
    }
}

#[derive(Debug)]
pub struct Run {
    pub effort: Effort,
    pub places: Places,
    /// What Envoy talks to.
    pub servers: Servers,
    /// The order of slices.
    pub random: fastrand::Rng,
    /// Where that order began.
    pub seed: u64,
    pub module: PathBuf,
    /// What it is measured against.
    pub noop: Noop,
    /// And this, which makes host calls by hand.
    pub floor: PathBuf,
    /// Files that are not kept.
    pub scratch: Scratch,
}

impl Run {
    /// Builds and starts what every part needs.
    ///
    /// # Errors
    /// If a tool is missing or a module does not build.
    pub fn start(effort: Effort, seed: u64) -> Result<Self> {
        crate::load::tools()?;
        // Before there are threads, so that all of them are where they belong.
        let places = Places::take();
        Ok(Self {
            effort,
            places,
            servers: Servers::start()?,
            random: fastrand::Rng::with_seed(seed),
            seed,
            module: integration::harness::module::build()?,
            noop: Noop::build()?,
            floor: integration::harness::module::build_package("floor-filter")?,
            scratch: Scratch::new("bench-files")?,
        })
    }
}

/// Nanoseconds as microseconds, with their fraction.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "exact below a hundred days")]
pub fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1_000.0
}

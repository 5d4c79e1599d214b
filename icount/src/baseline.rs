//! `baseline.tsv`: what each scenario took when somebody last said that this is fine.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// By how many percent a scenario may grow. Hash seeds move a count by less than one.
pub const TOLERANCE: u64 = 5;

const HEADER: &str = "\
# Instructions of the decision core for one request, by scenario. Written by `cargo icount --accept`.
# They hold for the compiler in rust-toolchain.toml on x86-64.
";

/// Counts by scenario.
pub struct Baseline(Vec<(String, u64)>);

impl Baseline {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is missing or not of its form.
    pub fn read() -> Result<Self> {
        let path = path();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let counts = lines.map(|line| {
            let (scenario, count) = line.split_once('\t')?;
            Some((scenario.to_owned(), count.parse().ok()?))
        });
        let counts: Option<Vec<(String, u64)>> = counts.collect();
        Ok(Self(counts.with_context(|| format!("a line of {} is no count", path.display()))?))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn write(counts: &[(&str, u64)]) -> Result<()> {
        let lines = counts.iter().map(|(scenario, count)| format!("{scenario}\t{count}\n"));
        let text: String = std::iter::once(HEADER.to_owned()).chain(lines).collect();
        let path = path();
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// What `scenario` took.
    pub fn count(&self, scenario: &str) -> Option<u64> {
        self.0.iter().find(|(name, _)| name == scenario).map(|(_, count)| *count)
    }
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "baseline.tsv"].iter().collect()
}

/// Whether `count` is no regression. A scenario without a baseline is one.
pub fn within(before: Option<u64>, count: u64) -> bool {
    before.is_some_and(|before| count * 100 <= before * (100 + TOLERANCE))
}

/// For people.
pub fn change(before: Option<u64>, count: u64) -> String {
    match before {
        None => "not in the baseline".to_owned(),
        Some(before) if count >= before => {
            format!("+{:.1} %", 100.0 * (count - before) as f64 / before.max(1) as f64)
        }
        Some(before) => format!("-{:.1} %", 100.0 * (before - count) as f64 / before as f64),
    }
}

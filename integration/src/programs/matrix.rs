//! The Envoys that the filter is tested with, and the table in README.md that says so.
//!
//! A run is recorded in `integration/support.json`. The table is made from that file and from what
//! the scenarios say about older Envoys; a test compares, so nobody edits it by hand.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::harness::version::Version;
use crate::harness::{envoy, workspace};
use crate::scenario::Scenario;

/// Oldest and newest that the Python package brings along, and one of every minor version between.
/// It has 1.38.3, too, but compiled without any runtime for wasm.
const ENVOYS: [(&str, Suite); 5] = [
    ("1.36.2", Suite::Whole),
    ("1.37.0", Suite::Smoke),
    ("1.38.2", Suite::Smoke),
    ("1.39.3", Suite::Smoke),
    (envoy::VERSION, Suite::Whole),
];

/// What the smoke suite takes beside the scenarios that run anywhere: what depends most on the
/// host.
const CODE: [&str; 5] = [
    "held::bodies_wait_for_the_verdict",
    "revoked::usergrids_way_for_one_token",
    "two_filters::they_share_a_vm_and_no_answer",
    "update::a_guest_rule_takes_effect_while_requests_flow",
    "workers::a_leader_that_disconnects_harms_no_worker",
];

const BEGIN: &str = "<!-- Written by `cargo matrix`. -->\n";
const END: &str = "<!-- End of what `cargo matrix` writes. -->\n";

/// How much of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    Whole,
    /// Every scenario that needs nothing but `envoy/envoy.yaml`, and a few tests more.
    Smoke,
}

/// A run in which every test passed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub envoy: String,
    pub suite: Suite,
    /// How many tests passed.
    pub passed: usize,
}

/// Runs the tests with the Envoys of these versions, or with all of them, prints what they print,
/// and returns the runs.
///
/// # Errors
/// If a test fails, or a version is not in the table.
pub fn run(versions: &[String], suite: Option<Suite>) -> Result<Vec<Run>> {
    let known = |version: &String| ENVOYS.iter().any(|(envoy, _)| envoy == version);
    if let Some(stranger) = versions.iter().find(|version| !known(version)) {
        bail!("{stranger} is none of {:?}", ENVOYS.map(|(envoy, _)| envoy));
    }
    let chosen = ENVOYS
        .iter()
        .filter(|(envoy, _)| versions.is_empty() || versions.iter().any(|v| v == envoy));
    chosen
        .map(|(envoy, usual)| {
            let suite = suite.unwrap_or(*usual);
            println!("Envoy {envoy}, {suite:?}");
            let passed = test(envoy, suite).with_context(|| format!("with Envoy {envoy}"))?;
            Ok(Run { envoy: (*envoy).into(), suite, passed })
        })
        .collect()
}

fn test(version: &str, suite: Suite) -> Result<usize> {
    let mut command = workspace::cargo();
    command.args(["test", "--quiet", "--package", "integration", "--test", "envoy", "--"]);
    let names = if suite == Suite::Smoke { smoke()? } else { Vec::new() };
    if suite == Suite::Smoke {
        command.arg("--exact").args(&names);
    }
    // The package of that version, and nothing that happens to be installed.
    command.env("ENVOY_VERSION", version).env_remove("ENVOY");
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let mut passed = None;
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        println!("  {line}");
        if let Some(result) = line.strip_prefix("test result: ok. ") {
            passed = result.split(' ').next().and_then(|count| count.parse().ok());
        }
    }
    ensure!(child.wait()?.success(), "tests have failed");
    let passed = passed.context("cargo test has not said how many tests passed")?;
    ensure!(names.is_empty() || passed == names.len(), "{passed} tests ran instead of {names:?}");
    Ok(passed)
}

/// The names of the tests in the smoke suite.
fn smoke() -> Result<Vec<String>> {
    let mut names: Vec<String> = CODE.map(Into::into).into();
    for name in Scenario::names()? {
        if Scenario::load(&name)?.runs_anywhere() {
            names.push(format!("scenarios::{}", name.replace('-', "_")));
        }
    }
    Ok(names)
}

/// Puts the runs among those that are recorded, and writes the table.
///
/// # Errors
/// If a file cannot be read or written.
pub fn record(runs: Vec<Run>) -> Result<()> {
    let mut all = recorded().unwrap_or_default();
    all.retain(|old| {
        ENVOYS.iter().any(|(envoy, _)| *envoy == old.envoy)
            && runs.iter().all(|new| new.envoy != old.envoy)
    });
    all.extend(runs);
    all.sort_by_key(|run| run.envoy.parse::<Version>().ok());
    std::fs::write(record_file(), serde_json::to_string_pretty(&all)? + "\n")?;
    let readme = std::fs::read_to_string(readme_file())?;
    let (before, _, after) = parts(&readme)?;
    std::fs::write(readme_file(), format!("{before}{BEGIN}{}{END}{after}", table(&all)?))?;
    Ok(())
}

fn recorded() -> Result<Vec<Run>> {
    let text = std::fs::read_to_string(record_file())?;
    serde_json::from_str(&text).context("integration/support.json")
}

fn record_file() -> PathBuf {
    workspace::root().join("integration").join("support.json")
}

fn readme_file() -> PathBuf {
    workspace::root().join("README.md")
}

/// What is before, between and after the marks.
fn parts(readme: &str) -> Result<(&str, &str, &str)> {
    let (before, rest) =
        readme.split_once(BEGIN).context("README.md has no place for the table")?;
    let (table, after) = rest.split_once(END).context("the table in README.md has no end")?;
    Ok((before, table, after))
}

fn table(runs: &[Run]) -> Result<String> {
    let mut text =
        String::from("\n| Envoy | tests that passed | what differs |\n| --- | --- | --- |\n");
    for run in runs {
        let suite = match run.suite {
            Suite::Whole => "all",
            Suite::Smoke => "smoke suite,",
        };
        let differences = differences(run.envoy.parse()?)?.join("; ");
        let differences = if differences.is_empty() { "–" } else { &differences };
        writeln!(text, "| {} | {suite} {} | {differences} |", run.envoy, run.passed)?;
    }
    Ok(text + "\n")
}

/// What the scenarios say about this version.
fn differences(version: Version) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in Scenario::names()? {
        let cases = Scenario::load(&name)?.cases.into_iter();
        let older = cases.filter_map(|case| case.older);
        found.extend(
            older.filter(|older| version.lacks(&older.changed_in)).map(|older| older.difference),
        );
    }
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_shows_the_recorded_runs() {
        let readme = std::fs::read_to_string(readme_file()).unwrap();
        let (_, shown, _) = parts(&readme).unwrap();
        let expected = table(&recorded().unwrap()).unwrap();
        assert_eq!(shown, expected, "run `cargo matrix`");
    }

    #[test]
    fn every_envoy_has_a_recorded_run_of_its_suite() {
        let recorded = recorded().unwrap();
        let recorded: Vec<_> = recorded.iter().map(|run| (run.envoy.as_str(), run.suite)).collect();
        assert_eq!(recorded, ENVOYS, "run `cargo matrix`");
    }

    #[test]
    fn the_smoke_suite_has_the_scenarios_that_run_anywhere() {
        let names = smoke().unwrap();
        assert!(names.contains(&"scenarios::paths_shipped".into()), "{names:?}");
        assert!(!names.contains(&"scenarios::base_path".into()), "{names:?}");
    }
}

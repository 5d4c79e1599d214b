//! `cargo icount`: instructions of the decision core for one request, scenario by scenario, against
//! a committed baseline.
//!
//! Counted by valgrind's callgrind, which needs no permission of the machine and counts the same
//! today and tomorrow for one compiler. Every scenario runs in a process of its own, so that none
//! finds the heap of another.

mod baseline;
mod callgrind;
mod scenarios;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use baseline::Baseline;

const HELP: &str = "\
Counts the instructions of the decision core for one request, scenario by scenario, with valgrind, and compares
them with icount/baseline.tsv. Fails if a scenario takes over 5 % more, or is missing there.

usage: cargo icount [--accept]

  --accept   make what is counted now the baseline
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => compare(),
        ["--accept"] => accept(),
        [callgrind::RUN, name] => run(name),
        _ => {
            print!("{HELP}");
            let asked = matches!(arguments.as_slice(), ["-h" | "--help"]);
            return if asked { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<()> {
    let baseline = Baseline::read()?;
    let mut grown = Vec::new();
    for scenario in scenarios::ALL {
        let count = callgrind::count(scenario.name)?;
        let before = baseline.count(scenario.name);
        println!("{:56} {count:>8}  {}", scenario.name, baseline::change(before, count));
        if !baseline::within(before, count) {
            grown.push(scenario.name);
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    bail!(
        "over {} % more than the baseline: {}; if that is meant, `cargo icount --accept`",
        baseline::TOLERANCE,
        grown.join("; ")
    );
}

fn accept() -> Result<()> {
    let mut counts = Vec::new();
    for scenario in scenarios::ALL {
        let count = callgrind::count(scenario.name)?;
        println!("{:56} {count:>8}", scenario.name);
        counts.push((scenario.name, count));
    }
    Baseline::write(&counts)
}

/// What runs under callgrind.
fn run(name: &str) -> Result<()> {
    let scenario =
        scenarios::ALL.iter().find(|scenario| scenario.name == name).context("no such scenario")?;
    let mut fixture = (scenario.prepare)()?;
    // The first requests grow lists and tables that later ones find grown.
    for _ in 0..callgrind::REPEATS {
        let head = fixture.head();
        fixture.step(head)?;
    }
    for _ in 0..callgrind::REPEATS {
        let head = fixture.head();
        counted_step(&mut fixture, head)?;
    }
    Ok(())
}

/// Callgrind counts while this is running; [`callgrind::COUNTED`] is its name.
#[inline(never)]
fn counted_step(
    fixture: &mut scenarios::Fixture,
    head: usergrid_auth_core::header_map::HeaderMap,
) -> Result<()> {
    fixture.step(head)
}

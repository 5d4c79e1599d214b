//! `cargo counts`: instructions of the decision core for each way a request can take, against a committed baseline.
//!
//! Counted by valgrind's callgrind, which needs no permission of the machine and counts the same today and tomorrow for
//! one compiler. Every way is walked in a process of its own, so that none finds the heap of another.

mod baseline;
mod callgrind;
mod ways;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use baseline::Baseline;

const HELP: &str = "\
Counts the instructions of the decision core for each way a request can take, with valgrind, and compares
them with counts/baseline.tsv. Fails if a way takes over 5 % more, or is missing there.

usage: cargo counts [--accept]

  --accept   make what is counted now the baseline
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => compare(),
        ["--accept"] => accept(),
        [callgrind::WALK, name] => walk(name),
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
    for way in ways::ALL {
        let count = callgrind::count(way.name)?;
        let before = baseline.count(way.name);
        println!("{:56} {count:>8}  {}", way.name, baseline::change(before, count));
        if !baseline::within(before, count) {
            grown.push(way.name);
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    bail!(
        "over {} % more than the baseline: {}; if that is meant, `cargo counts --accept`",
        baseline::TOLERANCE,
        grown.join("; ")
    );
}

fn accept() -> Result<()> {
    let mut counts = Vec::new();
    for way in ways::ALL {
        let count = callgrind::count(way.name)?;
        println!("{:56} {count:>8}", way.name);
        counts.push((way.name, count));
    }
    Baseline::write(&counts)
}

/// What runs under callgrind.
fn walk(name: &str) -> Result<()> {
    let way = ways::ALL.iter().find(|way| way.name == name).context("no such way")?;
    let mut walk = (way.prepare)()?;
    // The first requests grow lists and tables that later ones find grown.
    for _ in 0..callgrind::WALKS {
        let head = walk.head();
        walk.step(head)?;
    }
    for _ in 0..callgrind::WALKS {
        let head = walk.head();
        counted_step(&mut walk, head)?;
    }
    Ok(())
}

/// Callgrind counts while this is running; [`callgrind::COUNTED`] is its name.
#[inline(never)]
fn counted_step(
    walk: &mut ways::Walk,
    head: usergrid_auth_core::request::RequestHeaders,
) -> Result<()> {
    walk.step(head)
}

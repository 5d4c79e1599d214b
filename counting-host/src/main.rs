//! `cargo count`: what one request costs in the module, by the way it takes, against a committed
//! baseline. Exact and repeatable: nothing here is a time.

use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use counting_host::baseline::{self, Line};
use counting_host::callbacks;
use counting_host::count::{self, Costs, Counted};
use counting_host::ways::{self, Floor};
use integration::harness::module;

const HELP: &str = "\
Counts what one request costs in the module, by the way it takes: WebAssembly instructions, bytes of
code that they are, allocations, host calls. Compares that with counting-host/baseline.tsv, and fails if a way costs more.

usage: cargo count [--accept | --functions [WAY] | --callbacks]

  --accept      make what is counted now the baseline
  --functions   which functions a request spends its instructions in, before binaryen; of the first way that begins
                with WAY
";

/// Mutants of each seed of callbacks.
const MUTANTS: usize = 40;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => compare(),
        ["--accept"] => lines().and_then(|lines| baseline::write(&lines)),
        ["--callbacks"] => callbacks(),
        ["--functions"] => functions(""),
        ["--functions", way] => functions(way),
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
    let baseline = baseline::read()?;
    let mut grown = Vec::new();
    for line in lines()? {
        let before = baseline.iter().find(|before| before.way == line.way);
        for excess in baseline::excess(before, &line) {
            grown.push(format!("{}: {excess}", line.way));
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    bail!("{}\nif that is meant: `cargo count --accept`", grown.join("\n"));
}

/// Nothing traps, nobody gets in, no secret gets out.
fn callbacks() -> Result<()> {
    let started = callbacks::Started::new(&std::fs::read(module::build()?)?)?;
    callbacks::replay(&started, MUTANTS)?;
    println!("every seed and {MUTANTS} mutants of each: no trap, nobody let in, no secret shown");
    Ok(())
}

fn functions(way: &str) -> Result<()> {
    let ways = ways::all()?;
    let way = ways.iter().find(|known| known.name.starts_with(way)).context("no such way")?;
    println!("{}\ninstructions bytes of code  function", way.name);
    for (name, run) in count::functions(&module::build_with_names()?, way)? {
        println!("{:>12} {:>13}  {name}", run.instructions, run.bytes);
    }
    Ok(())
}

/// Counts and prints everything.
fn lines() -> Result<Vec<Line>> {
    let allocating = module::build_counting_allocations("usergrid-auth-filter")?;
    let ours = Counted::new(&module::build()?, Some(&allocating))?;
    let allocating = module::build_counting_allocations("noop-filter")?;
    let noop = Counted::new(&module::build_package("noop-filter")?, Some(&allocating))?;
    let floor = Counted::new(&module::build_package("floor-filter")?, None)?;
    let ways = ways::all()?;
    let mut lines = Vec::new();
    println!("{:46} instructions bytes of code allocations  host calls", "");
    let mut add = |name: String, costs: &Costs| {
        let line = line(name, costs);
        println!(
            "{:46} {:>12} {:>13} {:>11}  {}",
            line.way, line.instructions, line.code_bytes, line.allocations, line.host_calls
        );
        lines.push(line);
    };
    for way in &ways {
        let costs = count::way(&ours, way)?;
        add(way.name.to_owned(), &costs);
        for Floor { has_logic, words } in way.floors() {
            let of_floor = count::floor(&floor, &words, way)?;
            ensure!(
                of_floor.host_calls == costs.host_calls,
                "the floor of `{}` makes other host calls: {} and not {}; see counting-host/src/ways.rs",
                way.name,
                calls(&of_floor),
                calls(&costs)
            );
            let kind = if has_logic { "floor with logic" } else { "floor" };
            add(format!("{kind}: {}", way.name), &of_floor);
        }
    }
    if let Some(way) = ways.first() {
        let costs = count::noop(&noop, way)?;
        add("a filter of the SDK that does nothing".to_owned(), &costs);
    }
    Ok(lines)
}

fn line(way: String, costs: &Costs) -> Line {
    Line {
        way,
        instructions: costs.instructions,
        code_bytes: costs.code_bytes,
        allocations: costs.allocations.unwrap_or_default(),
        host_calls: calls(costs),
    }
}

fn calls(costs: &Costs) -> String {
    let calls = costs.host_calls.iter().map(|(name, count)| {
        let name = name.strip_prefix("proxy_").unwrap_or(name);
        if *count == 1 { name.to_owned() } else { format!("{count} × {name}") }
    });
    calls.collect::<Vec<_>>().join(", ")
}

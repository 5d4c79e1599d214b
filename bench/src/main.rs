//! `cargo bench`: what a request costs with this filter, with nothing, and with what a user would
//! pick instead.
//!
//! `docs/benchmarks.md` says how it is measured. In the code: `cases.rs` for what is compared,
//! `side_by_side.rs`, `module.rs`, `misses.rs` and `scale.rs` for how, `bars.rs` for what is asked of it.

mod bars;
mod cases;
mod chart;
mod cpu;
mod estimate;
mod filters;
mod load;
mod misses;
mod module;
mod options;
mod render;
mod report;
mod rig;
mod run;
mod scale;
mod servers;
mod side_by_side;
mod slices;
mod stamp;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use integration::harness::workspace;

use options::{Options, Part};
use report::Report;
use run::Run;

type Measure = fn(&mut Run) -> Result<report::Curve>;

fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    if options.redraw {
        let file = workspace::root().join("docs").join("bench.json");
        let mut report: Report = serde_json::from_str(&fs::read_to_string(file)?)?;
        judge(&mut report);
        return write(&report, true);
    }
    let started = Instant::now();
    let mut run = Run::start(options.effort, options.seed)?;
    let mut report = Report {
        stamp: stamp::new(&run, options.seed)?,
        bars: Vec::new(),
        side_by_side: Vec::new(),
        module: Vec::new(),
        misses: Vec::new(),
        curves: Vec::new(),
        facts: Vec::new(),
    };
    let say = |what: &str| eprintln!("[{:4} s] {what}", started.elapsed().as_secs());
    if options.has(Part::SideBySide) {
        say("side by side");
        let field = cases::Field::new(&run.module, &run.noop, &run.floor, &options.modules)?;
        report.side_by_side = side_by_side::measure(&mut run, &field)?;
        eprintln!("{}", render::costs(&report.side_by_side));
        keep(&report)?;
    }
    if options.has(Part::Module) {
        say("the module in V8");
        report.module = module::measure(&run, &options.modules)?;
        keep(&report)?;
    }
    if options.has(Part::Miss) {
        say("unknown credentials");
        report.misses = misses::measure(&mut run)?;
        keep(&report)?;
    }
    if options.has(Part::Scale) {
        let curves: [(&str, Measure); 7] = [
            ("credentials", scale::credentials::seen),
            ("rules", scale::rules::rules),
            ("configuration", scale::rules::configuration),
            ("query", scale::requests::query),
            ("headers", scale::requests::headers),
            ("workers", scale::requests::workers),
            ("calls", scale::credentials::calls),
        ];
        for (name, curve) in curves {
            say(name);
            let curve = curve(&mut run).with_context(|| format!("the curve over {name}"))?;
            report.curves.push(curve);
            keep(&report)?;
        }
        say("memory and start");
        report.facts = scale::process::facts(&mut run)?;
    }
    judge(&mut report);
    report.stamp.seconds = started.elapsed().as_secs();
    println!("{}\n{}", render::markdown(&report), render::details(&report));
    write(&report, options.is_complete())
}

fn judge(report: &mut Report) {
    report.bars = bars::of(report);
}

/// What is known up to now, so that a part that fails loses no other.
fn keep(report: &Report) -> Result<()> {
    json(report, &workspace::target()?.join("bench"))
}

fn json(report: &Report, directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)?;
    let text = serde_json::to_string_pretty(report)? + "\n";
    Ok(fs::write(directory.join("bench.json"), text)?)
}

/// Into `docs/` and the pages if these are the results to show, and below `target/` if not.
fn write(report: &Report, complete: bool) -> Result<()> {
    let docs = workspace::root().join("docs");
    let directory = if complete { docs.clone() } else { workspace::target()?.join("bench") };
    json(report, &directory)?;
    if !report.side_by_side.is_empty() {
        chart::side_by_side(report, &directory.join("bench.svg"))?;
    }
    if !report.curves.is_empty() {
        chart::curves(report, &directory.join("bench-scale.svg"))?;
    }
    if complete {
        page(&docs.join("benchmarks.md"), &render::page(report))?;
    }
    eprintln!("written to {}", directory.display());
    Ok(())
}

fn page(path: &Path, block: &str) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let fresh = render::replace(&text, block);
    let fresh =
        fresh.with_context(|| format!("{} has no marks to write between", path.display()))?;
    Ok(fs::write(path, fresh)?)
}

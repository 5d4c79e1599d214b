//! The report in words: for the terminal and for `docs/benchmarks.md`, which shows exactly this.

use std::fmt::Write as _;

use crate::estimate::Interval;
use crate::module;
use crate::report::{InModule, Report, Row};

/// Begins what the command writes into a page.
const BEGIN: &str = "<!-- cargo bench begins -->\n";
const END: &str = "<!-- cargo bench ends -->\n";

/// A table of all that was compared.
#[must_use]
pub fn costs(rows: &[Row]) -> String {
    let mut text = String::from(
        "| | CPU µs a request | quartiles | over bare | in no-ops | p50 / p99 µs |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    // Results from before there was a floor have none to be said in.
    let with_floors = rows.iter().any(|row| row.of_floor.is_some());
    if with_floors {
        text = String::from(
            "| | CPU µs a request | quartiles | over bare | in floors | in no-ops | p50 / p99 µs |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
    }
    for row in rows {
        let Row { label, cpu, added, of_noop, p50, p99, .. } = row;
        let _written = writeln!(
            text,
            "| {label} | {:.1} | {:.1} – {:.1} | {added:.1} |{} {of_noop:.1} | {p50:.0} / {p99:.0} |",
            cpu.median,
            cpu.lower,
            cpu.upper,
            match row.of_floor {
                Some(floors) => match row.of_floor_interval {
                    Some(Interval { low, high }) =>
                        format!(" {floors:.2} ({low:.2} – {high:.2}) |"),
                    None => format!(" {floors:.2} |"),
                },
                None if with_floors => " |".to_owned(),
                None => String::new(),
            }
        );
    }
    text
}

/// What requests cost in V8 alone.
#[must_use]
pub fn in_module(rows: &[InModule]) -> String {
    let mut text = String::from(
        "| the module in V8, no Envoy | µs hot | in floors | with logic | µs evicted | in floors | with logic | instructions | bytes of code | allocations | host calls |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let said = |ratio: Option<f64>| ratio.map_or(String::new(), |ratio| format!("{ratio:.1}"));
    for row in rows {
        let InModule { way, hot, cold, instructions, code_bytes, host_calls, .. } = row;
        let of_floor = module::in_floors(rows, row);
        let of_logic = module::in_floors_with_logic(rows, row);
        let name =
            row.module.as_ref().map_or_else(|| way.clone(), |module| format!("{way}: {module}"));
        let allocations = row.allocations.map_or(String::new(), |count| count.to_string());
        let _written = writeln!(
            text,
            "| {name} | {:.2} | {} | {} | {:.2} | {} | {} | {instructions} | {code_bytes} | {allocations} | {host_calls} |",
            hot.lower,
            said(of_floor.map(|(hot, _)| hot)),
            said(of_logic.map(|(hot, _)| hot)),
            cold.lower,
            said(of_floor.map(|(_, cold)| cold)),
            said(of_logic.map(|(_, cold)| cold)),
        );
    }
    text
}

/// What was compared, and the bars.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let rows = &report.side_by_side;
    let mut text = if rows.is_empty() { String::new() } else { costs(rows) };
    text.push_str("\n| bar | at most | measured | |\n| --- | ---: | ---: | --- |\n");
    for bar in &report.bars {
        let verdict = if bar.met() {
            "met".to_owned()
        } else {
            format!("missed by {:.0} %", (bar.measured / bar.limit - 1.0) * 100.0)
        };
        let _written = writeln!(
            text,
            "| {} | {} {} | {:.2} | {verdict} |",
            bar.name, bar.limit, bar.unit, bar.measured
        );
    }
    text
}

/// All of it, for `docs/benchmarks.md`.
#[must_use]
pub fn page(report: &Report) -> String {
    format!("{}\n{}", markdown(report), details(report))
}

/// Everything else, and where it comes from.
#[must_use]
pub fn details(report: &Report) -> String {
    let mut text = String::new();
    if !report.module.is_empty() {
        text.push_str(&in_module(&report.module));
        text.push('\n');
    }
    if !report.misses.is_empty() {
        text.push_str(
            "| unknown credential | server waits | quartiles of p50 µs | over bare Envoy | and over the server |\n\
             | --- | ---: | ---: | ---: | ---: |\n",
        );
    }
    for miss in &report.misses {
        let _written = write!(
            text,
            "| {} | {} ms | {:.0} – {:.0} | ",
            miss.label, miss.delay, miss.p50.lower, miss.p50.upper
        );
        // These are what the others are compared with.
        let _written = if ["bare", "direct"].contains(&miss.id.as_str()) {
            writeln!(text, "| |")
        } else {
            writeln!(text, "{:.0} | {:.0} |", miss.over_bare, miss.over_server)
        };
    }
    for curve in &report.curves {
        let _written = writeln!(text, "\n{} ({}, by {}):\n", curve.title, curve.y, curve.x);
        for line in &curve.lines {
            let points = line.points.iter().map(|(x, y)| format!("{x}: {y:.1}"));
            let _written =
                writeln!(text, "- {}: {}", line.name, points.collect::<Vec<_>>().join(", "));
        }
    }
    if !report.facts.is_empty() {
        text.push_str("\n| once for a process | |\n| --- | ---: |\n");
    }
    for fact in &report.facts {
        let _written = writeln!(text, "| {} | {:.1} {} |", fact.name, fact.value, fact.unit);
    }
    let _written = writeln!(text, "\n{}", stamp(report));
    text
}

#[must_use]
pub fn stamp(report: &Report) -> String {
    let stamp = &report.stamp;
    format!(
        "{}; Envoy {}; revision {}; {}; {}; load average {:.1} at the start; {}, seed {}; {} run of {} s.",
        stamp.date,
        stamp.envoy,
        stamp.revision,
        stamp.machine,
        stamp.kernel,
        stamp.load_average,
        stamp.places,
        stamp.seed,
        stamp.mode,
        stamp.seconds
    )
}

/// The page with another block between its marks; nothing if it has none.
#[must_use]
pub fn replace(page: &str, block: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{block}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page shows is what the committed run found.
    #[test]
    fn the_page_shows_the_committed_results() {
        let root = integration::harness::workspace::root();
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        let report: Report = serde_json::from_str(&read("docs/bench.json")).unwrap();
        assert!(["full", "quick"].contains(&report.stamp.mode.as_str()), "these mean nothing");
        let text = read("docs/benchmarks.md");
        let fresh = replace(&text, &page(&report)).expect("the page has its marks");
        assert_eq!(text, fresh, "docs/benchmarks.md is not what `cargo bench` would write");
    }

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page = format!("a\n{BEGIN}old\n{END}z\n");
        assert_eq!(replace(&page, "new\n").unwrap(), format!("a\n{BEGIN}new\n{END}z\n"));
        assert_eq!(replace("a\n", "new\n"), None);
    }
}

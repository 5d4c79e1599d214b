//! The report in words: for the terminal and for the README, which shows exactly this.

use std::fmt::Write as _;

use crate::report::{Report, Row};

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
    for row in rows {
        let Row { label, cpu, added, of_noop, p50, p99, .. } = row;
        let _written = writeln!(
            text,
            "| {label} | {:.1} | {:.1} – {:.1} | {added:.1} | {of_noop:.1} | {p50:.0} / {p99:.0} |",
            cpu.median, cpu.lower, cpu.upper
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
    let _written = writeln!(text, "\n{}", stamp(report));
    text
}

/// Everything else, for `docs/benchmarks.md`.
#[must_use]
pub fn details(report: &Report) -> String {
    let mut text = String::new();
    if !report.misses.is_empty() {
        text.push_str(
            "| unknown credential | server waits | p50 µs | over bare Envoy | and over the server |\n\
             | --- | ---: | ---: | ---: | ---: |\n",
        );
    }
    for miss in &report.misses {
        let _written =
            write!(text, "| {} | {} ms | {:.0} | ", miss.label, miss.delay, miss.p50.lower);
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

    /// What the pages show is what the committed run found.
    #[test]
    fn pages_show_the_committed_results() {
        let root = integration::harness::workspace::root();
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        let report: Report = serde_json::from_str(&read("docs/bench.json")).unwrap();
        assert!(["full", "quick"].contains(&report.stamp.mode.as_str()), "these mean nothing");
        for (page, block) in
            [("README.md", markdown(&report)), ("docs/benchmarks.md", details(&report))]
        {
            let text = read(page);
            let fresh = replace(&text, &block).expect("the page has its marks");
            assert_eq!(text, fresh, "{page} is not what `cargo bench` would write");
        }
    }

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page = format!("a\n{BEGIN}old\n{END}z\n");
        assert_eq!(replace(&page, "new\n").unwrap(), format!("a\n{BEGIN}new\n{END}z\n"));
        assert_eq!(replace("a\n", "new\n"), None);
    }
}

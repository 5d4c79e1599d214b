//! The figures of `docs/fleet.md`: those on paper follow from measured ones and the formula.
//!
//! `UPDATE_PAGE=1 cargo test -p integration --test fleet page` writes them into the page.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use integration::harness::workspace;
use serde_json::Value;

use crate::model::calls;

/// What `docs/bench.json` has, rounded, so that a new measurement on another machine does not make
/// another page.
const BYTES_OF_A_CREDENTIAL: f64 = 1000.0;
const SECONDS_OF_A_REQUEST: f64 = 115e-6;
const SECONDS_OF_A_HIT: f64 = 175e-6;
/// Half of `cache.max_entries` at its largest.
const CREDENTIALS_OF_A_WORKER: f64 = 500_000.0;

const TTL: f64 = 60.0;

/// Three digits that count, and a name for the thousands.
fn short(number: f64) -> String {
    let (scaled, unit) = [(1e9, " G"), (1e6, " M"), (1e3, " k")]
        .iter()
        .find(|(size, _)| number >= *size * 0.9995)
        .map_or((number, ""), |(size, unit)| (number / size, *unit));
    let digits = match scaled {
        it if it >= 99.95 => 0,
        it if it >= 9.995 => 1,
        it if it >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{scaled:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

fn by_formula() -> Result<String> {
    let envoys = [1.0, 2.0, 4.0, 16.0, 64.0];
    let mut table =
        "| requests a second with the credential | 1 Envoy, or a first tier | 2 | 4 | 16 | 64 |\n\
        | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for rate in [0.01, 0.1, 1.0, 10.0, 1000.0] {
        write!(table, "| {rate} |")?;
        for count in envoys {
            write!(table, " {} |", short(calls(rate, count, TTL) * 60.0))?;
        }
        table.push('\n');
    }
    Ok(table)
}

fn on_paper() -> Result<String> {
    let mut table = "| active credentials | Envoys of one worker | memory of each for them | calls a second | cores for the calls | \
        calls a second without a first tier | `ttl` for 1,000 calls a second |\n\
        | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for power in 3..=8 {
        let credentials = 10_f64.powi(power);
        let envoys = (credentials / CREDENTIALS_OF_A_WORKER).ceil().max(4.0);
        let memory = credentials / envoys * BYTES_OF_A_CREDENTIAL;
        let made = credentials / TTL;
        let apart = if credentials > 2.0 * CREDENTIALS_OF_A_WORKER {
            "all that come: none can remember so many".to_owned()
        } else {
            short(made * envoys)
        };
        writeln!(
            table,
            "| 10^{power} | {envoys} | {}B | {} | {} | {apart} | {:.0} s |",
            short(memory).replace(' ', "").replace('k', " K").replace('M', " M"),
            short(made),
            short(made * (SECONDS_OF_A_REQUEST + SECONDS_OF_A_HIT)),
            credentials / 1000.0,
        )?;
    }
    Ok(table)
}

#[test]
fn the_page_has_these_figures() -> Result<()> {
    let path = workspace::root().join("docs/fleet.md");
    let page = std::fs::read_to_string(&path)?;
    let mut written = page.clone();
    for (name, table) in [("formula", by_formula()?), ("paper", on_paper()?)] {
        let (begin, end) = (format!("<!-- {name} begins -->\n"), format!("<!-- {name} ends -->"));
        let (before, rest) = written.split_once(&begin).with_context(|| begin.clone())?;
        let (_, after) = rest.split_once(&end).with_context(|| end.clone())?;
        written = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("UPDATE_PAGE").is_some() {
        std::fs::write(&path, &written)?;
    } else {
        ensure!(page == written, "docs/fleet.md has other figures; UPDATE_PAGE=1 writes them");
    }
    Ok(())
}

/// Within a half: the machine that measures is another one each time.
#[test]
fn the_figures_come_from_the_benchmark() -> Result<()> {
    let text = std::fs::read_to_string(workspace::root().join("docs/bench.json"))?;
    let bench: Value = serde_json::from_str(&text)?;
    let row = |list: &str, key: &str, name: &str, place: &str| -> Result<f64> {
        let rows = bench[list].as_array().context("no rows")?;
        let row = rows.iter().find(|row| row[key] == name).with_context(|| name.to_owned())?;
        row.pointer(place).and_then(Value::as_f64).context("no figure")
    };
    for (measured, used) in [
        (
            row("facts", "name", "memory of a remembered credential", "/value")?,
            BYTES_OF_A_CREDENTIAL,
        ),
        (row("side_by_side", "id", "bare", "/cpu/median")? / 1e6, SECONDS_OF_A_REQUEST),
        (row("side_by_side", "id", "header", "/cpu/median")? / 1e6, SECONDS_OF_A_HIT),
    ] {
        ensure!((measured / used - 1.0).abs() < 0.5, "measured {measured}, used {used}");
    }
    Ok(())
}

//! The dashboard as a picture: its panels where it has them, over what Prometheus has collected.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::prometheus::{Prometheus, Series};
use super::queries::{Dashboard, Panel, Target};
use crate::harness::workspace;

/// What `$__rate_interval` stands for: a run takes a minute or two.
const WINDOW: &str = "5s";
const POINTS: u32 = 100;
/// Pixels of a column of 24, and of a row.
const CELL: (u32, u32) = (41, 24);
const COLOURS: [&str; 10] = [
    "#2563eb", "#f59e0b", "#10966e", "#dc2626", "#7c3aed", "#0891b2", "#be185d", "#65a30d",
    "#92400e", "#475569",
];
const INK: &str = "#1f2937";
const FAINT: &str = "#e5e7eb";
const RED: &str = "#dc2626";

/// A line of a panel: its name, and a value for each point in time.
struct Line {
    name: String,
    values: Vec<f64>,
}

/// Writes `docs/monitoring.svg`.
///
/// # Errors
/// If a query fails.
pub fn draw(prometheus: &Prometheus, dashboard: &Dashboard, from: f64, to: f64) -> Result<()> {
    let rows = dashboard.panels.iter().map(|panel| panel.grid_pos.y + panel.grid_pos.h).max();
    let (width, height) = (24 * CELL.0, rows.context("no panels")? * CELL.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"Helvetica, Arial, sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#f3f4f6\"/>\n"
    );
    for panel in &dashboard.panels {
        let mut lines = Vec::new();
        for target in &panel.targets {
            let step = (to - from) / f64::from(POINTS);
            let series = prometheus.range(&target.query(WINDOW), from, to, step)?;
            lines.extend(series.iter().map(|series| line(target, series, from, step)));
        }
        lines.retain(|line| line.values.iter().any(|value| *value > 0.0));
        let (x, y) = (panel.grid_pos.x * CELL.0, panel.grid_pos.y * CELL.1);
        write!(
            svg,
            "<g transform=\"translate({x} {y})\">\n{}</g>\n",
            of(panel, &lines, to - from)
        )?;
    }
    svg.push_str("</svg>\n");
    let file = workspace::root().join("docs/monitoring.svg");
    std::fs::write(&file, svg)?;
    println!("  drawn into {}", file.display());
    Ok(())
}

fn of(panel: &Panel, lines: &[Line], seconds: f64) -> String {
    let (width, height) = (panel.grid_pos.w * CELL.0, panel.grid_pos.h * CELL.1);
    if panel.kind == "row" {
        return text(8, 17, 13, INK, "start", &panel.title);
    }
    let mut svg = format!(
        "<rect x=\"3\" y=\"3\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"#fff\" stroke=\"{FAINT}\"/>\n",
        width - 6,
        height - 6
    );
    svg.push_str(&text(12, 20, 12, INK, "start", &panel.title));
    if panel.kind == "stat" {
        let last = lines.first().and_then(|line| line.values.last()).copied().unwrap_or_default();
        let bad = panel.field_config.defaults.bound().is_some_and(|bound| last >= bound);
        let colour = if bad { RED } else { "#10966e" };
        let said = said(last, &panel.field_config.defaults.unit);
        svg.push_str(&text(width / 2, height / 2 + 20, 26, colour, "middle", &said));
        return svg;
    }
    let lines =
        if panel.field_config.defaults.is_stacked() { stacked(lines) } else { plain(lines) };
    svg.push_str(&chart(&lines, (width, height), &panel.field_config.defaults.unit, seconds));
    svg
}

/// A line to draw, with the one below it where the space between is filled.
struct Drawn {
    name: String,
    values: Vec<f64>,
    below: Option<Vec<f64>>,
}

fn plain(lines: &[Line]) -> Vec<Drawn> {
    let one =
        |line: &Line| Drawn { name: line.name.clone(), values: line.values.clone(), below: None };
    lines.iter().map(one).collect()
}

fn stacked(lines: &[Line]) -> Vec<Drawn> {
    let mut below = vec![0.0; POINTS as usize + 1];
    let mut drawn = Vec::new();
    for line in lines {
        let values: Vec<f64> = below.iter().zip(&line.values).map(|(a, b)| a + b).collect();
        let under = std::mem::replace(&mut below, values.clone());
        drawn.push(Drawn { name: line.name.clone(), values, below: Some(under) });
    }
    drawn
}

fn chart(lines: &[Drawn], (width, height): (u32, u32), unit: &str, seconds: f64) -> String {
    let (left, right, top) = (58.0, f64::from(width) - 16.0, 34.0);
    let bottom = f64::from(height) - 44.0;
    let most = lines.iter().flat_map(|line| &line.values).copied().fold(0.0, f64::max);
    let most = if most > 0.0 { most * 1.05 } else { 1.0 };
    let x = |index: usize| {
        let index = u32::try_from(index).unwrap_or(POINTS);
        left + (right - left) * f64::from(index) / f64::from(POINTS)
    };
    let y = |value: f64| bottom - (bottom - top) * value / most;
    let mut svg = String::new();
    for part in 0..=3 {
        let value = most * f64::from(part) / 3.0;
        let at = y(value);
        let _written = writeln!(
            svg,
            "<path d=\"M{left} {at:.0}H{right}\" stroke=\"{FAINT}\"/>\
             <text x=\"{}\" y=\"{:.0}\" font-size=\"10\" text-anchor=\"end\" fill=\"{INK}\">{}</text>",
            left - 6.0,
            at + 3.0,
            said(value, unit)
        );
    }
    for (part, anchor) in [(0, "start"), (1, "middle"), (2, "end")] {
        let at = left + (right - left) * f64::from(part) / 2.0;
        let label = format!("{:.0} s", seconds * f64::from(part) / 2.0);
        let _written = writeln!(
            svg,
            "<text x=\"{at:.0}\" y=\"{:.0}\" font-size=\"10\" text-anchor=\"{anchor}\" fill=\"{INK}\">{label}</text>",
            bottom + 13.0
        );
    }
    let path = |values: &mut dyn Iterator<Item = (usize, f64)>| {
        values.map(|(index, value)| format!("{:.0} {:.0}", x(index), y(value))).collect::<Vec<_>>()
    };
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let over = path(&mut line.values.iter().copied().enumerate());
        if let Some(below) = &line.below {
            let back = path(&mut below.iter().copied().enumerate().rev());
            let around = [over.clone(), back].concat().join("L");
            let _written =
                writeln!(svg, "<path d=\"M{around}Z\" fill=\"{colour}\" fill-opacity=\".35\"/>");
        }
        let over = over.join("L");
        let _written = writeln!(svg, "<path d=\"M{over}\" fill=\"none\" stroke=\"{colour}\"/>");
    }
    svg + &legend(lines, width, bottom + 29.0)
}

fn legend(lines: &[Drawn], width: u32, y: f64) -> String {
    let mut svg = String::new();
    let mut x = 16;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let wide = 20 + 6 * u32::try_from(line.name.len()).unwrap_or(0);
        if x + wide > width {
            break;
        }
        let _written = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{:.0}\" width=\"10\" height=\"3\" fill=\"{colour}\"/>",
            y - 4.0
        );
        svg.push_str(&text(x + 13, pixels(y), 10, INK, "start", &line.name));
        x += wide;
    }
    svg
}

fn line(target: &Target, series: &Series, from: f64, step: f64) -> Line {
    let mut values = vec![0.0; POINTS as usize + 1];
    for (time, value) in &series.points {
        if let Some(place) = values.get_mut(pixels((time - from) / step) as usize) {
            *place = *value;
        }
    }
    Line { name: name(&target.legend_format, &series.labels), values }
}

/// The legend with the labels in place of `{{label}}`.
fn name(format: &str, labels: &BTreeMap<String, String>) -> String {
    let mut name = format.to_owned();
    for label in ["server", "result", "outcome", "instance"] {
        let value = labels.get(label).map_or("", String::as_str);
        name = name.replace(&format!("{{{{{label}}}}}"), value);
    }
    name.trim().to_owned()
}

fn said(value: f64, unit: &str) -> String {
    match unit {
        "percentunit" => format!("{:.1} %", value * 100.0),
        "reqps" if value < 10.0 => format!("{value:.1}/s"),
        "reqps" => format!("{value:.0}/s"),
        "ms" => format!("{value:.0} ms"),
        _ if value.fract().abs() < 0.05 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

fn text(x: u32, y: u32, size: u32, colour: &str, anchor: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{colour}\" text-anchor=\"{anchor}\">{text}</text>\n"
    )
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the picture")]
fn pixels(value: f64) -> u32 {
    value.round().max(0.0) as u32
}

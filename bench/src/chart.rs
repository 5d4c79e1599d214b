//! Two pictures: everything side by side, and a small chart for each curve. A white ground makes
//! them readable in dark pages too.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::render;
use crate::report::{Curve, Report, Row};
use crate::scale::requests;

const FONT: &str = "Helvetica, Arial, sans-serif";
const INK: RGBColor = RGBColor(31, 41, 55);
const FAINT: RGBColor = RGBColor(209, 213, 219);
const OURS: RGBColor = RGBColor(37, 99, 235);
const THEIRS: RGBColor = RGBColor(245, 158, 11);
const FLOOR: RGBColor = RGBColor(156, 163, 175);
const LINES: [RGBColor; 3] = [RGBColor(16, 150, 110), OURS, THEIRS];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A bar for each case: the part that bare Envoy costs as well, and what is added to it.
///
/// # Errors
/// If the file cannot be written.
pub fn side_by_side(report: &Report, path: &Path) -> Result<()> {
    let rows = &report.side_by_side;
    let height = 34 * u32::try_from(rows.len())? + 128;
    let root = SVGBackend::new(path, (920, height)).into_drawing_area();
    let drawn = bars(&root, report, rows, i32::try_from(height)?);
    drawn.and_then(|()| root.present().map_err(problem))
}

fn bars(root: &Area<'_>, report: &Report, rows: &[Row], height: i32) -> Result<()> {
    const LEFT: i32 = 330;
    const TOP: i32 = 62;
    const STEP: i32 = 34;
    root.fill(&WHITE).map_err(problem)?;
    let write = |text: &str, x: i32, y: i32, size: i32, colour: RGBColor, side: HPos| {
        let style = (FONT, size).into_font().color(&colour).pos(Pos::new(side, VPos::Center));
        root.draw(&Text::new(text.to_owned(), (x, y), style)).map_err(problem)
    };
    write("CPU time of Envoy for a request", 20, 24, 18, INK, HPos::Left)?;
    let note = "microseconds, lower quartile of the slices (line: to the upper quartile); grey: bare Envoy";
    write(note, 20, 46, 12, INK, HPos::Left)?;
    let most = rows.iter().map(|row| row.cpu.upper).fold(1.0, f64::max);
    let x = |value: f64| LEFT + pixels(value / most * 470.0);
    let bare = rows.first().map_or(0.0, |row| row.cpu.lower);
    for (index, row) in rows.iter().enumerate() {
        let y = TOP + STEP * i32::try_from(index)? + STEP / 2;
        write(&row.label, LEFT - 10, y, 13, INK, HPos::Right)?;
        let lower = row.cpu.lower;
        let both = [(0.0, lower.min(bare), FAINT), (bare, lower.max(bare), colour(&row.id))];
        for (from, to, colour) in both {
            let corners = [(x(from), y - 10), (x(to), y + 10)];
            root.draw(&Rectangle::new(corners, colour.filled())).map_err(problem)?;
        }
        let whisker = [(x(lower), y), (x(row.cpu.upper), y)];
        root.draw(&PathElement::new(whisker, INK.stroke_width(1))).map_err(problem)?;
        let text = if row.id == "bare" {
            format!("{lower:.0}")
        } else {
            format!("{lower:.0}  ({:+.0})", row.added)
        };
        write(&text, x(row.cpu.upper) + 8, y, 13, INK, HPos::Left)?;
    }
    footer(root, report, height)
}

/// A small chart for each curve, two beside each other.
///
/// # Errors
/// If the file cannot be written.
pub fn curves(report: &Report, path: &Path) -> Result<()> {
    let count = report.curves.len();
    let rows = count.div_ceil(2);
    let height = 290 * u32::try_from(rows)? + 50;
    let root = SVGBackend::new(path, (920, height)).into_drawing_area();
    root.fill(&WHITE).map_err(problem)?;
    let (charts, _) = root.split_vertically(height - 50);
    for (area, curve) in charts.split_evenly((rows, 2)).iter().zip(&report.curves) {
        draw(area, curve)?;
    }
    footer(&root, report, i32::try_from(height)?)?;
    root.present().map_err(problem)
}

fn draw(area: &Area<'_>, curve: &Curve) -> Result<()> {
    let points = || curve.lines.iter().flat_map(|line| &line.points);
    let top = points().map(|(_, y)| *y).fold(1.0, f64::max) * 1.45;
    let first = points().map(|(x, _)| *x).fold(f64::INFINITY, f64::min);
    let last = points().map(|(x, _)| *x).fold(0.0, f64::max);
    // Where there are few workers, one label for each.
    let labels = if last <= 4.0 { 4 } else { 7 };
    let mut builder = ChartBuilder::on(area);
    builder.margin(14).x_label_area_size(44).y_label_area_size(52);
    builder.caption(&curve.title, (FONT, 15).into_font().color(&INK));
    // Two coordinate systems are two types.
    macro_rules! with {
        ($range:expr) => {{
            let mut chart = builder.build_cartesian_2d($range, 0.0..top).map_err(problem)?;
            let text = (FONT, 11).into_font().color(&INK);
            let mut mesh = chart.configure_mesh();
            mesh.disable_x_mesh().light_line_style(WHITE).bold_line_style(FAINT);
            mesh.axis_style(FLOOR).label_style(text.clone()).axis_desc_style(text.clone());
            mesh.x_desc(&curve.x).y_desc(&curve.y).x_labels(labels).y_labels(6);
            mesh.x_label_formatter(&|x| count(*x)).y_label_formatter(&|y| format!("{y:.0}"));
            mesh.draw().map_err(problem)?;
            for (line, colour) in curve.lines.iter().zip(LINES) {
                let colour = if line.name == requests::NOOP { FLOOR } else { colour };
                let series = LineSeries::new(line.points.clone(), colour.stroke_width(2));
                let drawn = chart.draw_series(series.point_size(3)).map_err(problem)?;
                drawn.label(&line.name).legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
                });
            }
            let mut labels = chart.configure_series_labels();
            labels.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.85));
            labels.label_font(text).draw().map_err(problem)?;
        }};
    }
    if curve.logarithmic {
        with!((first..last.max(first * 10.0)).log_scale());
    } else {
        with!(first..last.max(first + 1.0));
    }
    Ok(())
}

fn footer(root: &Area<'_>, report: &Report, height: i32) -> Result<()> {
    let stamp = render::stamp(report);
    let middle = stamp.match_indices("; ").map(|(at, _)| at + 2).nth(3).unwrap_or(0);
    let (first, second) = stamp.split_at(middle);
    let style = (FONT, 11).into_font().color(&FLOOR);
    for (line, y) in [(first, height - 34), (second, height - 18)] {
        root.draw(&Text::new(line.to_owned(), (20, y), style.clone())).map_err(problem)?;
    }
    Ok(())
}

fn colour(id: &str) -> RGBColor {
    match id {
        "bare" | "noop" | "noop-trimmed" => FLOOR,
        _ if id.starts_with("floor") => FLOOR,
        "authz-http" | "authz-grpc" | "lua" | "lua-cache" | "jwt" => THEIRS,
        _ => OURS,
    }
}

fn count(value: f64) -> String {
    match value {
        _ if value >= 1e6 => format!("{} M", value / 1e6),
        _ if value.fract() > 0.001 => String::new(),
        _ if value >= 1e3 => format!("{} k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a picture is not as wide")]
fn pixels(value: f64) -> i32 {
    value.round() as i32
}

fn problem(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("the chart cannot be drawn: {error}")
}

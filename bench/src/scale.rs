//! Costs against sizes: one Envoy for each curve, every point against the same baseline in the same
//! run.

pub mod credentials;
pub mod process;
pub mod requests;
pub mod rules;

use anyhow::{Context, Result};

use crate::cases::Case;
use crate::estimate;
use crate::report::{Curve, Line};
use crate::rig::Rig;
use crate::run::Run;
use crate::side_by_side;
use crate::slices;

/// Requests in the slice of a point.
const SLICE: u64 = 3_000;

/// The points of one curve, and what is measured for them.
#[derive(Debug, Default)]
pub struct Plan {
    cases: Vec<Case>,
    points: Vec<Point>,
}

#[derive(Debug)]
struct Point {
    line: String,
    x: f64,
    case: usize,
    base: usize,
}

impl Plan {
    /// A request to measure; returns its number.
    pub fn case(&mut self, listener: &str, path: &str, headers: Vec<String>) -> usize {
        self.cases.push(Case {
            id: format!("{listener} {}", path.chars().take(40).collect::<String>()),
            label: String::new(),
            listener: listener.into(),
            path: path.into(),
            headers,
            floor: crate::cases::FLOOR,
            status: 200,
            user: None,
        });
        self.cases.len() - 1
    }

    /// At `x`, what one request costs more than another.
    pub fn point(&mut self, line: &str, x: f64, case: usize, base: usize) {
        self.points.push(Point { line: line.into(), x, case, base });
    }

    /// Measures all cases in turn and returns the lines.
    ///
    /// # Errors
    /// If a request is not answered with 200.
    pub fn measure(&self, run: &mut Run, rig: &Rig) -> Result<Vec<Line>> {
        for case in &self.cases {
            case.check(rig)?;
            case.load(rig)?.send(run.effort.warm_up / 2)?;
        }
        let slice = run.effort.slice(SLICE);
        let rounds = run.effort.curve_rounds;
        let rounds = slices::interleave(&mut run.random, rounds, self.cases.len(), |index| {
            side_by_side::slice_of(rig, self.cases.get(index).context("no such case")?, slice)
        })?;
        let mut lines: Vec<Line> = Vec::new();
        for point in &self.points {
            let at = (point.x, estimate::median(&rounds.over(point.case, point.base)?)?);
            match lines.iter_mut().find(|line| line.name == point.line) {
                Some(line) => line.points.push(at),
                None => lines.push(Line { name: point.line.clone(), points: vec![at] }),
            }
        }
        Ok(lines)
    }
}

/// A curve of CPU time over bare Envoy.
#[must_use]
pub fn over_bare(id: &str, title: &str, x: &str, logarithmic: bool, lines: Vec<Line>) -> Curve {
    Curve {
        id: id.into(),
        title: title.into(),
        x: x.into(),
        y: "µs CPU over bare Envoy".into(),
        logarithmic,
        lines,
    }
}

#[must_use]
#[expect(clippy::cast_precision_loss, reason = "sizes here are small")]
pub fn number(count: usize) -> f64 {
    count as f64
}

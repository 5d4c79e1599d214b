//! Requests of growing size, and workers. Each point is compared with bare Envoy for the same
//! request.

use anyhow::Result;
use serde_json::json;

use super::{Plan, number, over_bare};
use crate::filters;
use crate::report::{Curve, Line};
use crate::rig::{BARE, Listener, Rig};
use crate::run::Run;
use crate::servers::GOOD;

/// The line of the filter that does nothing.
pub const NOOP: &str = "filter that does nothing";
const PATH: &str = "/acme/shop/books";

fn listeners(run: &Run) -> Result<Vec<Listener>> {
    Ok(vec![
        Listener::bare(),
        Listener::new("noop", filters::noop(&run.noop.full, "noop")?),
        Listener::new("filter", filters::ours(&run.module, "filter", 0, &json!({}))?),
    ])
}

fn bearer() -> String {
    format!("authorization: Bearer {GOOD}one")
}

/// Queries of short parameters, with the token as the last.
///
/// # Errors
/// If a request fails.
pub fn query(run: &mut Run) -> Result<Curve> {
    let mut plan = Plan::default();
    for bytes in [0, 512, 1_024, 2_048, 4_096, 8_192] {
        let parameters: String =
            (100..).map(|number| format!("p{number}=value&")).take(bytes / 11).collect();
        let path = format!("{PATH}?{parameters}x=1");
        let base = plan.case(BARE, &path, vec![bearer()]);
        let case = plan.case("noop", &path, vec![bearer()]);
        plan.point(NOOP, number(bytes), case, base);
        let path = format!("{PATH}?{parameters}x=1&access_token={GOOD}one");
        let case = plan.case("filter", &path, vec![]);
        plan.point("token in the query, known", number(bytes), case, base);
    }
    let rig = Rig::start(&listeners(run)?, &run.servers, 1, run.places)?;
    let lines = plan.measure(run, &rig)?;
    Ok(over_bare("query", "Length of the query", "bytes before the token", false, lines))
}

/// Headers that the filter does not ask for.
///
/// # Errors
/// If a request fails.
pub fn headers(run: &mut Run) -> Result<Curve> {
    let mut plan = Plan::default();
    for count in [0, 10, 25, 50, 75, 100] {
        let mut headers: Vec<String> = (0..count)
            .map(|number| format!("x-extra-{number}: some value of usual length"))
            .collect();
        headers.push(bearer());
        let base = plan.case(BARE, PATH, headers.clone());
        let case = plan.case("noop", PATH, headers.clone());
        plan.point(NOOP, number(count), case, base);
        let case = plan.case("filter", PATH, headers);
        plan.point("token in the header, known", number(count), case, base);
    }
    let rig = Rig::start(&listeners(run)?, &run.servers, 1, run.places)?;
    let lines = plan.measure(run, &rig)?;
    Ok(over_bare("headers", "Headers of the request", "headers beside the usual", false, lines))
}

/// The same with more of Envoy's workers.
///
/// # Errors
/// If a request fails.
pub fn workers(run: &mut Run) -> Result<Curve> {
    let mut lines: Vec<Line> = Vec::new();
    for workers in [1_u32, 2, 4] {
        let mut plan = Plan::default();
        let base = plan.case(BARE, PATH, vec![bearer()]);
        for (listener, line) in [("noop", NOOP), ("filter", "token in the header, known")] {
            let case = plan.case(listener, PATH, vec![bearer()]);
            plan.point(line, f64::from(workers), case, base);
        }
        let rig = Rig::start(&listeners(run)?, &run.servers, workers, run.places)?;
        for line in plan.measure(run, &rig)? {
            match lines.iter_mut().find(|found| found.name == line.name) {
                Some(found) => found.points.extend(line.points),
                None => lines.push(line),
            }
        }
    }
    Ok(over_bare("workers", "Workers", "workers of one Envoy", false, lines))
}

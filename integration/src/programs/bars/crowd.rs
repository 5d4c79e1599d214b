//! Many requests with one token at once: one call.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::scale::Scale;
use crate::harness::client::Request;
use crate::servers::stub::answer::Answer;
use crate::site::workers::Spread;
use crate::site::{Setup, Site};

/// The bar at full size in every case: it takes a second.
///
/// # Errors
/// If it is missed.
pub fn run(_: Scale) -> Result<()> {
    with(4, 500)
}

/// `count` concurrent requests over so many workers.
///
/// # Errors
/// If there is more than one call, or an answer other than 200.
pub fn with(workers: u32, count: usize) -> Result<()> {
    let mut setup = Setup::test("crowd").workers(workers);
    setup.knobs.backend_connections = Some(50);
    let site = Site::start(&setup)?;
    site.introspection.learn("one", Answer { delay_ms: 300, ..Answer::user("u") });
    let (mut connections, counts) =
        Spread::crowd(&site, usize::try_from(workers)?, count).context("connections")?;
    let request = Request::get("/acme/shop/x").bearer("one");
    for connection in &mut connections {
        connection.request(&request)?;
    }
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for connection in &mut connections {
        let response = connection.response(false)?.context("closed without a response")?;
        *statuses.entry(response.status).or_default() += 1;
    }
    let calls = site.introspection.count("one");
    println!(
        "  {count} requests, connections by worker {counts:?}: {calls} call(s), statuses {statuses:?}"
    );
    ensure!(calls == 1, "{calls} calls");
    ensure!(statuses == BTreeMap::from([(200, count)]), "{statuses:?} for {count} requests");
    Ok(())
}

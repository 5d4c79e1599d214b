//! Many requests with one token at once: one call.

use anyhow::{Context, Result, ensure};

use super::Scale;
use crate::client::Request;
use crate::site::{Setup, Site};
use crate::stub::answer::Answer;
use crate::workers::Spread;

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
    let site = Site::start(&Setup::test("crowd").workers(workers))?;
    site.introspection.learn("one", Answer { delay_ms: 300, ..Answer::user("one") });
    let (mut connections, counts) =
        Spread::crowd(&site, usize::try_from(workers)?, count).context("connections")?;
    let request = Request::get("/acme/shop/x").bearer("one");
    for connection in &mut connections {
        connection.request(&request)?;
    }
    let mut good = 0;
    for connection in &mut connections {
        let response = connection.response(false)?.context("closed without a response")?;
        good += usize::from(response.status == 200);
    }
    let calls = site.introspection.count("one");
    println!(
        "  {count} requests, connections by worker {counts:?}: {calls} call(s), {good} times 200"
    );
    ensure!(calls == 1, "{calls} calls");
    ensure!(good == count, "{good} of {count} requests got 200");
    Ok(())
}

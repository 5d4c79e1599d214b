//! Many requests at once in front of a stock Usergrid: what its verification costs.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::scale::Scale;
use crate::harness::client::Request;
use crate::harness::wait;
use crate::servers::usergrid::calls::Kind;
use crate::servers::usergrid::fault::{Fault, What};
use crate::servers::usergrid::principal::Principal;
use crate::servers::usergrid::version::Version;
use crate::servers::usergrid::{ADMIN, LIFE};
use crate::site::Stock;
use crate::site::workers::Spread;

const SHOP: &str = "acme/shop";
const SANDBOX: &str = "acme/sandbox";
/// Envoy's gauge of the requests that it is busy with.
const ACTIVE: &str = "http.api.downstream_rq_active";

/// 500 requests over four workers, or 100 over two; against both versions.
///
/// # Errors
/// If the bar is missed.
pub fn run(scale: Scale) -> Result<()> {
    let (workers, count) = match scale {
        Scale::Test => (2, 100),
        Scale::Full => (4, 500),
    };
    for version in [Version::Master, Version::Release210] {
        with(version, workers, count)?;
    }
    Ok(())
}

fn with(version: Version, workers: u32, count: usize) -> Result<()> {
    let mut setup = Stock::setup("crowd").workers(workers);
    setup.knobs.backend_connections = Some(50);
    let site = Stock::with(&setup, version)?;
    let workers = usize::try_from(workers)?;
    let tom = site.usergrid.issue(&site.usergrid.user(SHOP, "tom")?, LIFE);
    let root = site.usergrid.issue(&Principal::admin(ADMIN), LIFE);
    let crowd = |about: &str, token: &str, applications: &[&str]| {
        crowd(&site, (workers, count), token, applications)
            .with_context(|| format!("{version:?}, {about}"))
    };
    let all = |status: u16| BTreeMap::from([(status, count)]);

    let (statuses, probes) = crowd("a user in his application", &tom, &[SHOP])?;
    ensure!(statuses == all(200) && probes == (1, 0), "{statuses:?}, U and K {probes:?}");
    let (statuses, (u, k)) = crowd("the same elsewhere", &tom, &[SANDBOX])?;
    ensure!(statuses == all(401) && u == 1 && k <= 1, "{statuses:?}, U {u}, K {k}");
    let (statuses, probes) = crowd("an administrator in two", &root, &[SHOP, SANDBOX])?;
    ensure!(statuses == all(200) && probes == (2, 2), "{statuses:?}, U and K {probes:?}");
    Ok(())
}

/// Statuses, and how many U and K there were.
type Cost = (BTreeMap<u16, usize>, (usize, usize));

/// Sends the requests at once, in the applications by turns; nobody is answered before all of them
/// are on their way.
fn crowd(
    site: &Stock,
    (workers, count): (usize, usize),
    token: &str,
    applications: &[&str],
) -> Result<Cost> {
    site.usergrid.forget();
    site.usergrid.fault(Some(Fault::of(Kind::U, What::Hold)));
    let (mut connections, counts) = Spread::crowd(site, workers, count).context("connections")?;
    for (connection, application) in connections.iter_mut().zip(applications.iter().cycle()) {
        connection.request(&Request::get(format!("/{application}/books")).bearer(token))?;
    }
    wait::until("the first U of each application", || {
        Ok((site.probes().0 >= applications.len()).then_some(()))
    })?;
    // Some denials are good for a second only: who comes later than that costs a U of his own.
    wait::until("all requests at Envoy", || {
        let stats = site.envoy.admin().stats_like(&format!("^{ACTIVE}$"))?;
        let active = stats.get(ACTIVE).copied().unwrap_or_default();
        Ok((usize::try_from(active)? >= count).then_some(()))
    })?;
    site.usergrid.fault(None);
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for connection in &mut connections {
        let response = connection.response(false)?.context("closed without a response")?;
        *statuses.entry(response.status).or_default() += 1;
    }
    let (u, k) = site.probes();
    println!(
        "  {count} requests in {applications:?}, connections by worker {counts:?}: {u} U, {k} K, \
         statuses {statuses:?}"
    );
    Ok((statuses, (u, k)))
}

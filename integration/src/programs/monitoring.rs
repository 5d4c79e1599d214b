//! The dashboard and the alerts of `envoy/monitoring`, against a Prometheus that scrapes two Envoys.

mod checks;
mod picture;
mod place;
mod prometheus;
mod queries;
mod traffic;
mod troubles;

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::harness::wait;
use place::Place;
use prometheus::{Prometheus, now};
use queries::Alert;
use traffic::Traffic;

/// What is wrong from the start: the second listener observes.
const ALWAYS: &str = "UsergridAuthObserving";
/// Also goes off where the machine is busy.
const BUSY: &str = "UsergridAuthServerSlow";

/// Checks everything; with a picture, everything lasts long enough to be seen.
///
/// # Errors
/// If a query finds nothing, names what is not there, or an alert does not go off when it should, or
/// does when it should not.
pub fn run(with_picture: bool) -> Result<()> {
    let lasts = Duration::from_secs(if with_picture { 8 } else { 0 });
    println!("the files:");
    prometheus::promtool()?;
    let dashboard = queries::dashboard()?;
    let alerts = queries::alerts()?;
    checks::runbook(&alerts)?;

    println!("a Prometheus that scrapes two Envoys:");
    let place = Place::start()?;
    let untagged = place::without_tags()?;
    let before = now() - 3600.0;
    let targets = [place.metrics, untagged.admin().address()];
    let prometheus = Prometheus::start(&targets)?;
    wait::until("both Envoys to be scraped", || {
        let found = prometheus.query("usergrid_auth_requests_total{outcome=\"token\"}", None)?;
        Ok((found.len() >= targets.len()).then_some(()))
    })?;
    let from = now();
    let traffic = Traffic::start(&place);

    checks::queries(&prometheus, &dashboard, &alerts)?;
    checks::same_series(&prometheus, targets)?;
    checks::documented(&prometheus)?;
    std::thread::sleep(lasts * 2);
    for (name, state) in prometheus.alerts()? {
        let quiet = state == "inactive";
        ensure!(name == BUSY || quiet == (name != ALWAYS), "{name} is {state}, all being well");
    }
    println!("  all being well, only {ALWAYS} goes off");
    let gone = checks::missing(&prometheus, &alerts, before)?;

    let mut seen = troubles::all(&place, &prometheus, lasts)?;
    seen.extend([ALWAYS.to_owned(), gone]);
    for Alert { alert, .. } in &alerts {
        ensure!(seen.contains(alert), "{alert} never goes off");
    }
    // What the dead VM held ends, and all is well again.
    std::thread::sleep(lasts);
    if with_picture {
        picture::draw(&prometheus, &dashboard, from, now())?;
    }
    drop(traffic);
    Ok(())
}

/// One that is free now. Whoever takes it must be told the number, so it cannot be kept.
fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

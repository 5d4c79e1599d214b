//! The demo: every documented request, with its answer, what the backend saw, and why.

mod both;
mod curl;
mod others;
mod show;
mod step;
mod steps;
mod usergrid;
mod walk;

use std::net::SocketAddr;

use anyhow::Result;

use crate::harness::client::Request;
use crate::site::{Setup, Site};
use show::Screen;
use walk::{prepare, walk};

pub use both::run as run_with_both;
pub use others::run as run_with;
pub use usergrid::run as run_with_usergrid;

/// The requests of the walk that do not have the verifying server fail.
pub fn requests() -> Vec<Request> {
    let steps = steps::all().into_iter().filter(|step| step.status != 503);
    steps.map(|step| step.request).collect()
}

/// Shows everything; then, unless `once`, serves until interrupted. Whether all was as documented.
///
/// # Errors
/// If the module does not build or Envoy cannot be had; the message says what to do.
pub fn run(once: bool) -> Result<bool> {
    let screen = Screen::new();
    let title = prepare(&screen)?;
    let mut site = Site::start(&Setup { name: "demo".into(), ..Setup::default() })?;
    screen.title(&title);

    let steps = steps::all();
    let failed = walk(&screen, site.address(), &steps, 1)?;
    screen.summary(steps.len(), failed);
    if !once {
        serve(&screen, &mut site)?;
    }
    Ok(failed == 0)
}

fn serve(screen: &Screen, site: &mut Site) -> Result<()> {
    let lines = steps::to_paste(site.address());
    let around: [(&str, SocketAddr); 4] = [
        ("Envoy", site.address()),
        ("Envoy's admin interface", site.admin().address()),
        ("verifying server", site.introspection.address()),
        ("backend", site.backend.address()),
    ];
    screen.serving(&around, &lines);
    site.envoy.serve()
}

//! The demo: every documented request, with its answer, what the backend saw, and why.

mod others;
mod show;
mod steps;

use std::net::SocketAddr;

use anyhow::Result;

use crate::client::{self, Response};
use crate::scenario::check::backend_header;
use crate::site::{Setup, Site};
use crate::stub::backend::MARK;
use crate::{envoy, module};
use show::Screen;
use steps::{Backend, Step};

pub use others::run as run_with;

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

/// Gets what takes time, and returns what the heading says.
fn prepare(screen: &Screen) -> Result<String> {
    screen.doing("building the module");
    let module = module::build()?;
    let kib = std::fs::metadata(&module)?.len().div_ceil(1024);
    let envoy = envoy::find()?;
    screen.doing(&format!("starting Envoy {} with envoy/envoy.yaml", envoy.version));
    Ok(format!("usergrid-auth-filter ({kib} KiB) in Envoy {}", envoy.version))
}

/// Shows the steps, counted from `first`, and returns how many were not as documented.
fn walk(screen: &Screen, envoy: SocketAddr, steps: &[Step], first: usize) -> Result<usize> {
    let mut failed = 0;
    for (number, step) in (first..).zip(steps) {
        let response = client::send(envoy, &step.request)?;
        let wrong = deviations(step, &response);
        failed += usize::from(!wrong.is_empty());
        screen.step(number, step, envoy, &response, &wrong);
    }
    Ok(failed)
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

/// Everything about a response that is not as documented.
fn deviations(step: &Step, response: &Response) -> Vec<String> {
    let mut wrong = Vec::new();
    if response.status != step.status {
        wrong.push(format!("status {} instead of {}", response.status, step.status));
    }
    let reached = response.header(MARK).is_some();
    let body = response.json().unwrap_or_default();
    match &step.backend {
        Backend::Nothing { error } => {
            if reached {
                wrong.push("the request reached the backend".into());
            } else if body.get("error").and_then(serde_json::Value::as_str) != Some(error) {
                wrong.push(format!("error {} instead of {error}", body["error"]));
            }
        }
        Backend::NotAsked if reached => wrong.push("the request reached the backend".into()),
        Backend::NotAsked => {}
        Backend::Sees { path, headers } => {
            if !reached {
                wrong.push("the request did not reach the backend".into());
                return wrong;
            }
            if body.get("path").and_then(serde_json::Value::as_str) != Some(path) {
                wrong.push(format!("the backend saw the path {} instead of {path}", body["path"]));
            }
            for (name, expected) in headers {
                let actual = backend_header(&body, name);
                if actual != *expected {
                    wrong
                        .push(format!("the backend saw {name} {actual:?} instead of {expected:?}"));
                }
            }
        }
    }
    wrong
}

//! From one request to the next: each is sent, compared with what is documented, and shown.

use std::net::SocketAddr;

use anyhow::Result;

use super::show::Screen;
use super::step::{Backend, Step};
use crate::harness::client::{self, Response};
use crate::harness::{envoy, module};
use crate::scenario::check::backend_header;
use crate::servers::stub::backend::MARK;

/// Gets what takes time, and returns what the heading says.
pub fn prepare(screen: &Screen) -> Result<String> {
    prepare_with(screen, "envoy/envoy.yaml")
}

/// The same for a bootstrap of this name.
pub fn prepare_with(screen: &Screen, bootstrap: &str) -> Result<String> {
    screen.doing("building the module");
    let module = module::build()?;
    let kib = std::fs::metadata(&module)?.len().div_ceil(1024);
    let envoy = envoy::find()?;
    screen.doing(&format!("starting Envoy {} with {bootstrap}", envoy.version));
    Ok(format!("usergrid-auth-filter ({kib} KiB) in Envoy {}", envoy.version))
}

/// Shows the steps, counted from `first`, and returns how many were not as documented.
pub fn walk(screen: &Screen, envoy: SocketAddr, steps: &[Step], first: usize) -> Result<usize> {
    walk_by(screen, envoy, steps, first, |step| client::send(envoy, &step.request))
}

/// The same, with the requests sent by `send`.
pub fn walk_by(
    screen: &Screen,
    envoy: SocketAddr,
    steps: &[Step],
    first: usize,
    send: impl Fn(&Step) -> Result<Response>,
) -> Result<usize> {
    let mut failed = 0;
    for (number, step) in (first..).zip(steps) {
        let response = send(step)?;
        let wrong = deviations(step, &response);
        failed += usize::from(!wrong.is_empty());
        screen.step(number, step, envoy, &response, &wrong);
    }
    Ok(failed)
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

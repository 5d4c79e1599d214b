//! The scenario files against the containers.

use anyhow::{Context, Result, bail, ensure};

use super::stack::{Overlay, Stack};
use super::target::Composed;
use crate::harness::bootstrap::Bootstrap;
use crate::harness::module;
use crate::scenario::target::Remote;
use crate::scenario::{self, Scenario};

/// The Envoy that a user gets: the images are built, everything gets healthy, the files that need
/// no configuration of their own pass, and nobody but Envoy's own container reaches the admin
/// interface.
///
/// # Errors
/// If something is not so.
pub fn shipped(stack: &Stack, _: &Overlay) -> Result<()> {
    stack.up_scripted()?;
    smoke(stack)?;
    let backend = stack.healthy("backend")?;
    backend.bash("exec 3<>/dev/tcp/envoy/8080", &[]).context("the backend cannot reach Envoy")?;
    ensure!(
        backend.bash("exec 3<>/dev/tcp/envoy/9901", &[]).is_err(),
        "another container reaches Envoy's admin interface"
    );
    println!("  the admin interface is out of reach for another container");
    Ok(())
}

/// The same with a module that is mounted.
///
/// # Errors
/// If the module does not build, or something is not so.
pub fn prebuilt(stack: &Stack, _: &Overlay) -> Result<()> {
    stack.up_prebuilt(&module::build()?)?;
    smoke(stack)
}

fn smoke(stack: &Stack) -> Result<()> {
    let envoy = stack.healthy("envoy")?;
    let remote = Remote::parse(&format!("http://{}", envoy.port(8080)?))?;
    let results = scenario::smoke(&remote)?;
    let passed = results.iter().filter(|(_, result)| result.is_ok()).count();
    println!("  {passed} of {} scenario files that need no configuration", results.len());
    for (name, result) in results {
        result.with_context(|| format!("scenarios/{name}.yaml"))?;
    }
    Ok(())
}

/// All files.
///
/// # Errors
/// All that fail.
pub fn all(stack: &Stack, overlay: &Overlay) -> Result<()> {
    stack.up(1, 1)?;
    let mut target = Composed::new(stack)?;
    let mut failed = Vec::new();
    let names = Scenario::names()?;
    for name in &names {
        if let Err(error) = one(&mut target, overlay, name) {
            failed.push(format!("scenarios/{name}.yaml: {error:#}"));
        }
    }
    println!("  {} of {} scenario files", names.len() - failed.len(), names.len());
    if !failed.is_empty() {
        bail!(failed.join("\n"));
    }
    Ok(())
}

fn one(target: &mut Composed, overlay: &Overlay, name: &str) -> Result<()> {
    let scenario = Scenario::load(name)?;
    ensure!(scenario.envoy.concurrency.is_none(), "the container's Envoy has one worker");
    let mut bootstrap = Bootstrap::load()?;
    scenario.setup(name).change(&mut bootstrap)?;
    overlay.write(&bootstrap)?;
    target.restart()?;
    scenario::run(&scenario, target)
}

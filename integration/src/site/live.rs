//! A site whose listener comes from a file, so that the filter's configuration can change while
//! requests flow.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::local::Site;
use super::setup::Setup;
use crate::harness::process::Process;
use crate::harness::workspace::Scratch;
use crate::harness::{envoy, wait};
use crate::servers::stub::answer::Answers;
use crate::servers::stub::backend::Backend;
use crate::servers::stub::introspection::Introspection;

const MODIFIED: &str = "listener_manager.listener_modified";
const WARMING: &str = "listener_manager.total_listeners_warming";
const DRAINING: &str = "listener_manager.total_filter_chains_draining";
const REJECTED: &str = "listener_manager.lds.update_rejected";

/// Everything stops when it is dropped.
#[derive(Debug)]
pub struct Live {
    pub site: Site,
    setup: Setup,
    file: PathBuf,
    _directory: Scratch,
}

impl Live {
    /// Starts everything with the shared answers.
    ///
    /// # Errors
    /// If the module does not build, or Envoy cannot be had or does not start.
    pub fn start(setup: Setup) -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let introspection = Introspection::start(anywhere, Answers::shared()?)?;
        let backend = Backend::start(anywhere)?;
        let directory = Scratch::new("listener")?;
        let file = directory.path().join("listener.json");
        let mut bootstrap = setup.bootstrap(introspection.address(), backend.address())?;
        let listener = bootstrap.listener_from(&file)?;
        replace(&file, &listener)?;
        let scratch = Scratch::new(&setup.name)?;
        let envoy = Process::start(&envoy::find()?, &bootstrap, &setup.knobs, scratch)?;
        let site = Site { envoy, introspection, backend };
        Ok(Self { site, setup, file, _directory: directory })
    }

    /// Moves a listener into place that has `patch` merged into the configuration it was started
    /// with, and waits until Envoy serves new connections by it. Those that are open stay with the
    /// configuration they were opened under.
    ///
    /// # Errors
    /// If Envoy does not take it. One that changes nothing is not taken.
    pub fn update(&self, patch: &Value) -> Result<()> {
        let before = self.stat(MODIFIED)?;
        self.write(patch)?;
        wait::until("Envoy to take the new listener", || {
            let taken = self.stat(MODIFIED)? > before && self.stat(WARMING)? == 0;
            Ok(taken.then_some(()))
        })
        .with_context(|| self.site.envoy.log().unwrap_or_default())
    }

    /// As [`Live::update`], with what Envoy must reject.
    ///
    /// # Errors
    /// If Envoy takes it.
    pub fn reject(&self, patch: &Value) -> Result<()> {
        let before = self.stat(REJECTED)?;
        self.write(patch)?;
        wait::until("Envoy to reject the new listener", || {
            Ok((self.stat(REJECTED)? > before).then_some(()))
        })
    }

    /// Waits until nothing of earlier configurations is left in Envoy.
    ///
    /// # Errors
    /// If that takes too long.
    pub fn drained(&self) -> Result<()> {
        wait::until("earlier configurations to end", || {
            Ok((self.stat(DRAINING)? == 0).then_some(()))
        })
    }

    /// One of Envoy's counters or gauges; zero while Envoy has none of that name.
    ///
    /// # Errors
    /// If Envoy does not answer.
    pub fn stat(&self, name: &str) -> Result<u64> {
        let filter = format!("^{}$", name.replace('.', "\\."));
        let stats = self.site.admin().stats_like(&filter)?;
        Ok(stats.get(name).copied().unwrap_or_default())
    }

    fn write(&self, patch: &Value) -> Result<()> {
        let setup = self.setup.clone().config(patch.clone());
        let site = &self.site;
        let mut bootstrap =
            setup.bootstrap(site.introspection.address(), site.backend.address())?;
        replace(&self.file, &bootstrap.listener_from(&self.file)?)
    }
}

/// Envoy looks at a file when it is moved into place.
fn replace(file: &Path, content: &Value) -> Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, content.to_string())?;
    std::fs::rename(&new, file).context("cannot move the listener into place")
}

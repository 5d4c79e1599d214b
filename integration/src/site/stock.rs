//! Envoy in front of nothing but Usergrid, which also verifies: `envoy/stock-usergrid.yaml`.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::setup::Setup;
use crate::harness::client::{self, Request, Response};
use crate::harness::envoy;
use crate::harness::http::header;
use crate::harness::process::Process;
use crate::harness::workspace::Scratch;
use crate::servers::stub::backend::Seen;
use crate::servers::usergrid::Usergrid;
use crate::servers::usergrid::version::Version;

/// Stops when it is dropped.
#[derive(Debug)]
pub struct Stock {
    pub envoy: Process,
    pub usergrid: Usergrid,
}

impl Stock {
    /// The shipped configuration, but with time for slow machines and without hidden repetitions.
    #[must_use]
    pub fn setup(name: &str) -> Setup {
        let config = json!({
            "introspection": { "timeout": "20s", "retries": 0 },
            "client_credentials": { "timeout": "20s" },
        });
        Setup { name: format!("stock-{name}"), patches: vec![config], ..Setup::default() }
    }

    /// Starts everything by [`Stock::setup`] with `patch` merged into it.
    ///
    /// # Errors
    /// If the module does not build, or Envoy cannot be had or does not start.
    pub fn start(name: &str, version: Version, patch: Value) -> Result<Self> {
        Self::with(&Self::setup(name).config(patch), version)
    }

    /// Starts everything.
    ///
    /// # Errors
    /// See [`Stock::start`].
    pub fn with(setup: &Setup, version: Version) -> Result<Self> {
        let usergrid = Usergrid::start_version(SocketAddr::from(([127, 0, 0, 1], 0)), version)?;
        let bootstrap = setup.stock_bootstrap(usergrid.address())?;
        let scratch = Scratch::new(&setup.name)?;
        let envoy = Process::start(&envoy::find()?, &bootstrap, &setup.knobs, scratch)?;
        Ok(Self { envoy, usergrid })
    }

    /// Sends one request through Envoy.
    ///
    /// # Errors
    /// If there is no complete response.
    pub fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.envoy.listener(), request)
    }

    /// How many U and how many K Usergrid was asked since it last forgot.
    #[must_use]
    pub fn probes(&self) -> (usize, usize) {
        self.usergrid.calls().probes()
    }

    /// What the filter has asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Seen> {
        self.usergrid.seen().into_iter().filter(is_probe).collect()
    }

    /// What clients have asked and the filter let through, in order.
    #[must_use]
    pub fn passed(&self) -> Vec<Seen> {
        self.usergrid.seen().into_iter().filter(|seen| !is_probe(seen)).collect()
    }

    /// The last request that passed the filter.
    ///
    /// # Errors
    /// If none has.
    pub fn last(&self) -> Result<Seen> {
        self.passed().pop().context("no request has passed the filter")
    }
}

/// Whether it is the filter that asks: Envoy says of clients' requests alone how they came.
fn is_probe(seen: &Seen) -> bool {
    header(&seen.headers, "x-forwarded-proto").is_none()
}

//! The usual set-up: the scripted verifying server, the echoing backend and an Envoy between them.

use std::net::SocketAddr;

use anyhow::Result;

use super::setup::Setup;
use crate::harness::admin::Admin;
use crate::harness::bootstrap::{Bootstrap, Knobs};
use crate::harness::client::{self, Request, Response};
use crate::harness::envoy;
use crate::harness::process::Process;
use crate::harness::workspace::Scratch;
use crate::servers::stub::answer::Answers;
use crate::servers::stub::backend::Backend;
use crate::servers::stub::introspection::Introspection;

/// Everything stops when it is dropped.
#[derive(Debug)]
pub struct Site {
    pub envoy: Process,
    pub introspection: Introspection,
    pub backend: Backend,
}

impl Site {
    /// Starts everything with the shared answers.
    ///
    /// # Errors
    /// If the module does not build, or Envoy cannot be had or does not start.
    pub fn start(setup: &Setup) -> Result<Self> {
        Self::build(&setup.name, &setup.knobs, |introspection, backend| {
            setup.bootstrap(introspection, backend)
        })
    }

    /// Starts everything with a bootstrap that is made once the servers' addresses are known, the
    /// verifying server's first.
    ///
    /// # Errors
    /// See [`Site::start`].
    pub fn build(
        name: &str,
        knobs: &Knobs,
        bootstrap: impl FnOnce(SocketAddr, SocketAddr) -> Result<Bootstrap>,
    ) -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let introspection = Introspection::start(anywhere, Answers::shared()?)?;
        let backend = Backend::start(anywhere)?;
        let bootstrap = bootstrap(introspection.address(), backend.address())?;
        let envoy = Process::start(&envoy::find()?, &bootstrap, knobs, Scratch::new(name)?)?;
        Ok(Self { envoy, introspection, backend })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.envoy.listener()
    }

    #[must_use]
    pub fn admin(&self) -> &Admin {
        self.envoy.admin()
    }

    /// Sends one request through Envoy.
    ///
    /// # Errors
    /// If there is no complete response.
    pub fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.address(), request)
    }
}

//! An Envoy with the filter between clients, one of the servers, and the echoing backend.

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::{Value, json};

use super::setup::Setup;
use crate::harness::bootstrap::merge;
use crate::harness::client::{self, Request, Response};
use crate::harness::envoy;
use crate::harness::process::Process;
use crate::harness::workspace::Scratch;
use crate::servers::oauth::Server;
use crate::servers::stub::backend::Backend;

/// Stops when it is dropped.
#[derive(Debug)]
pub struct Front {
    pub envoy: Process,
    pub backend: Backend,
}

/// What turns the shipped configuration into one for this server: its paths, and `gateway` as the
/// client that asks.
///
/// # Errors
/// If `clients.json` has no client `gateway`.
pub fn configuration(server: &Server) -> Result<Value> {
    let paths = server.kind().paths();
    Ok(json!({
        "introspection": {
            "path": paths.introspection,
            "client_auth": server.registry().client("gateway")?.client_auth(),
        },
        "client_credentials": { "path": paths.token },
        "guest": null,
        // Whoever revokes shows the client's secret to the server, and no token.
        "public": [format!("post:{}", paths.revocation)],
        "revocation": { "paths": [paths.revocation] },
        "errors": { "format": "oauth" },
    }))
}

impl Front {
    /// Starts an Envoy in front of the server; `setup` is merged into [`configuration`].
    ///
    /// # Errors
    /// If the module does not build, or Envoy cannot be had or does not start.
    pub fn start(server: &Server, mut setup: Setup) -> Result<Self> {
        setup.patches.insert(0, configuration(server)?);
        Self::build(server, &setup, None)
    }

    /// The same with the configuration that `docs/servers.md` shows, instead of the shipped one.
    ///
    /// # Errors
    /// See [`Front::start`].
    pub fn documented(server: &Server, mut setup: Setup) -> Result<Self> {
        let mut config = server.documented()?;
        for patch in std::mem::take(&mut setup.patches) {
            merge(&mut config, &patch);
        }
        Self::build(server, &setup, Some(&config))
    }

    fn build(server: &Server, setup: &Setup, config: Option<&Value>) -> Result<Self> {
        let backend = Backend::start(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let mut bootstrap = setup.bootstrap(server.address(), backend.address())?;
        if let Some(config) = config {
            bootstrap.set_configuration(&config.to_string())?;
        }
        bootstrap.route(server.kind().paths().revocation, "introspection")?;
        let scratch = Scratch::new(&setup.name)?;
        let envoy = Process::start(&envoy::find()?, &bootstrap, &setup.knobs, scratch)?;
        Ok(Self { envoy, backend })
    }

    /// Sends one request through Envoy.
    ///
    /// # Errors
    /// If there is no complete response.
    pub fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.envoy.listener(), request)
    }
}

//! Two servers that others wrote side by side behind one Envoy, as `docs/servers.md` shows it, each
//! behind a relay that keeps what it was asked.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::setup::Setup;
use crate::harness::bootstrap::merge;
use crate::harness::envoy;
use crate::harness::process::Process;
use crate::harness::workspace::Scratch;
use crate::servers::oauth::{Kind, Server, Watched, page};
use crate::servers::stub::backend::Backend;

/// The section of `docs/servers.md` that shows the configuration.
const TITLE: &str = "Several at once";

/// Stops when it is dropped.
#[derive(Debug)]
pub struct Both {
    pub envoy: Process,
    pub backend: Backend,
    /// oidc-provider, whose tokens begin with `partner_`.
    pub partners: Watched,
    /// django-oauth-toolkit, whose tokens begin with `staff_`.
    pub staff: Watched,
}

impl Both {
    /// Starts everything.
    ///
    /// # Errors
    /// If the module does not build, Envoy or one of the servers cannot be had or does not start,
    /// or the page has changed.
    pub fn start(name: &str) -> Result<Self> {
        let partners = Server::start_with_prefix(Kind::OidcProvider, "partner_")?;
        let staff = Server::start_with_prefix(Kind::Django, "staff_")?;
        let (partners, staff) = (Watched::new(partners)?, Watched::new(staff)?);
        let backend = Backend::start(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let clusters = [("oidc", &partners), ("django", &staff)];
        let setup = Setup {
            name: name.into(),
            clusters: clusters.map(|(name, server)| (name.into(), server.address())).into(),
            ..Setup::default()
        };
        // Nobody is behind the shipped configuration's cluster.
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut bootstrap = setup.bootstrap(nowhere, backend.address())?;
        let config = configuration(&[&partners, &staff])?;
        bootstrap.set_configuration(&config.to_string())?;
        for (cluster, server) in clusters {
            bootstrap.route(server.server().kind().paths().revocation, cluster)?;
        }
        let scratch = Scratch::new(&setup.name)?;
        let envoy = Process::start(&envoy::find()?, &bootstrap, &setup.knobs, scratch)?;
        Ok(Self { envoy, backend, partners, staff })
    }
}

/// What the page shows, with time for slow machines and what the filter identifies itself by.
fn configuration(servers: &[&Watched]) -> Result<Value> {
    let mut config = page::configuration(TITLE)?;
    let entries = config["introspection"].as_array_mut().context("no list of servers")?;
    for (entry, watched) in entries.iter_mut().zip(servers) {
        let auth = watched.server().client_auth()?;
        merge(entry, &json!({ "timeout": "20s", "client_auth": auth }));
    }
    Ok(config)
}

//! What differs from `envoy/envoy.yaml`, and the bootstrap that comes of it.

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::{Value, json};

use crate::harness::bootstrap::{Bootstrap, Knobs, merge};
use crate::harness::module;

/// What differs from `envoy/envoy.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// A name for the directory of its files.
    pub name: String,
    /// Merged into the plugin's configuration one after another (RFC 7396); none leaves its text as
    /// it is.
    pub patches: Vec<Value>,
    pub knobs: Knobs,
    /// Further verifying servers: clusters of these names, otherwise like `introspection`.
    pub clusters: Vec<(String, SocketAddr)>,
}

impl Setup {
    /// The shipped configuration, but with time for slow machines and without hidden repetitions.
    #[must_use]
    pub fn test(name: &str) -> Self {
        let config = json!({
            "introspection": { "timeout": "20s", "retries": 0 },
            "client_credentials": { "timeout": "20s" },
        });
        Self { name: name.into(), patches: vec![config], ..Self::default() }
    }

    /// Merges more into the configuration.
    #[must_use]
    pub fn config(mut self, patch: Value) -> Self {
        self.patches.push(patch);
        self
    }

    /// Sets the number of Envoy's workers.
    #[must_use]
    pub fn workers(mut self, count: u32) -> Self {
        self.knobs.concurrency = Some(count);
        self
    }

    #[must_use]
    pub fn knobs(mut self, knobs: Knobs) -> Self {
        self.knobs = knobs;
        self
    }

    /// The bootstrap, for servers at these addresses.
    ///
    /// # Errors
    /// If the module does not build or `envoy.yaml` has another shape.
    pub fn bootstrap(&self, introspection: SocketAddr, backend: SocketAddr) -> Result<Bootstrap> {
        let mut bootstrap = Bootstrap::load()?;
        bootstrap.free_ports()?;
        let module = if self.knobs.trapping { module::build_trapping() } else { module::build() };
        bootstrap.module(&module?)?;
        bootstrap.cluster("introspection", introspection)?;
        bootstrap.cluster("backend", backend)?;
        for (name, address) in &self.clusters {
            bootstrap.cluster_like("introspection", name, *address)?;
        }
        self.change(&mut bootstrap)?;
        Ok(bootstrap)
    }

    /// The bootstrap `envoy/stock-usergrid.yaml`, for a Usergrid at this address.
    ///
    /// # Errors
    /// If the module does not build or the file has another shape.
    pub fn stock_bootstrap(&self, usergrid: SocketAddr) -> Result<Bootstrap> {
        let mut bootstrap = Bootstrap::shipped("stock-usergrid.yaml")?;
        bootstrap.free_ports()?;
        bootstrap.module(&module::build()?)?;
        bootstrap.cluster("usergrid", usergrid)?;
        let mut setup = self.clone();
        if let Some(count) = setup.knobs.backend_connections.take() {
            // What the filter asks needs connections of its own, or it would wait for the clients'.
            bootstrap.cluster_like("usergrid", "probes", usergrid)?;
            setup.patches.push(json!({ "introspection": { "cluster": "probes" } }));
            bootstrap.limit_connections("usergrid", count)?;
        }
        setup.change(&mut bootstrap)?;
        Ok(bootstrap)
    }

    /// Applies patches and knobs and leaves ports, hosts and the module's place as they are.
    ///
    /// # Errors
    /// If `envoy.yaml` has another shape.
    pub fn change(&self, bootstrap: &mut Bootstrap) -> Result<()> {
        if !self.patches.is_empty() {
            let mut config = bootstrap.configuration()?;
            for patch in &self.patches {
                merge(&mut config, patch);
            }
            bootstrap.set_configuration(&config.to_string())?;
        }
        bootstrap.turn(&self.knobs)?;
        if let Some(patch) = &self.knobs.second {
            bootstrap.second_listener(patch)?;
        }
        Ok(())
    }
}

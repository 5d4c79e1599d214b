//! What a test may turn in a bootstrap, and where it is turned.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Bootstrap, HOSTS};

/// Where the filter looks for its route metadata.
const METADATA: &str = "usergrid.auth";

/// What a test may turn, beyond the plugin's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Knobs {
    /// The plugin's field of this name.
    pub allow_on_headers_stop_iteration: Option<bool>,
    /// Envoy leaves paths as they are, as it does by default.
    pub raw_paths: bool,
    /// Envoy stands behind another proxy and leaves the headers as that one sends them, where at an
    /// edge it drops those of its own.
    pub inner: bool,
    /// How long a stream may stall.
    pub stream_idle_timeout: Option<String>,
    /// Worker threads; one if absent, so that caches and counts are of one worker.
    pub concurrency: Option<u32>,
    /// Nobody listens where the verifying server should be.
    pub introspection_down: bool,
    /// No access log, and no line in the log for a refusal: for floods.
    pub quiet: bool,
    /// The filter's log at trace, and Envoy's own at info.
    pub tracing: bool,
    /// Envoy keeps none of the filter's metrics, as an operator who saves on them may have it.
    pub no_filter_metrics: bool,
    /// Connections to the backend: a crowd at once is more than the stub's queue of new connections
    /// holds.
    pub backend_connections: Option<u32>,
    /// The module that traps if a request asks for it, see the feature `test-trap`.
    pub trapping: bool,
    /// The plugin's field of this name.
    pub failure_policy: Option<String>,
    /// `reload_config.backoff.base_interval`.
    pub reload_interval: Option<String>,
    /// How long connections to a listener that was replaced may stay. Until then each closes after
    /// its next response, where Envoy by default would close them bit by bit over ten minutes.
    pub drain_seconds: Option<u32>,
    /// A second listener `other`, with this merged into the plugin's configuration. It shares the
    /// VMs of the first.
    pub second: Option<Value>,
    /// Routes before the usual one.
    pub routes: Vec<Special>,
    /// Virtual hosts beside the usual one.
    pub virtual_hosts: Vec<Special>,
}

/// A route or virtual host with metadata for the filter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Special {
    /// The path prefix, or the domain.
    #[serde(alias = "prefix", alias = "domain")]
    pub matches: String,
    /// What is under `usergrid.auth`.
    pub metadata: Value,
}

impl Bootstrap {
    /// Applies everything but the concurrency, which is an argument of Envoy.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn turn(&mut self, knobs: &Knobs) -> Result<()> {
        if let Some(allow) = knobs.allow_on_headers_stop_iteration {
            let plugin = self.plugin("")?.as_object_mut().context("the plugin is no object")?;
            plugin.insert("allow_on_headers_stop_iteration".into(), allow.into());
        }
        if knobs.raw_paths {
            *self.manager("/normalize_path")? = false.into();
            *self.manager("/merge_slashes")? = false.into();
            *self.manager("/path_with_escaped_slashes_action")? = "KEEP_UNCHANGED".into();
        }
        if knobs.inner {
            *self.manager("/use_remote_address")? = false.into();
        }
        if let Some(timeout) = &knobs.stream_idle_timeout {
            *self.manager("/stream_idle_timeout")? = timeout.as_str().into();
        }
        if knobs.no_filter_metrics {
            let stats = self.at("/stats_config")?.as_object_mut().context("no object")?;
            let dropped = json!({ "patterns": [{ "prefix": "wasmcustom." }] });
            stats.insert("stats_matcher".into(), json!({ "exclusion_list": dropped }));
        }
        if knobs.quiet {
            *self.manager("/access_log")? = json!([]);
        }
        if let Some(count) = knobs.backend_connections {
            self.limit_connections("backend", count)?;
        }
        if let Some(policy) = &knobs.failure_policy {
            *self.plugin("/failure_policy")? = policy.as_str().into();
        }
        if let Some(interval) = &knobs.reload_interval {
            let plugin = self.plugin("")?.as_object_mut().context("the plugin is no object")?;
            let backoff = json!({ "backoff": { "base_interval": interval } });
            plugin.insert("reload_config".into(), backoff);
        }
        if knobs.introspection_down {
            // The port of a service that nobody runs; a port that was free a moment ago may not
            // stay so.
            self.cluster("introspection", SocketAddr::from(([127, 0, 0, 1], 1)))?;
        }
        self.special_routes(&knobs.routes)?;
        self.special_hosts(&knobs.virtual_hosts)
    }

    fn special_routes(&mut self, routes: &[Special]) -> Result<()> {
        let list = self.manager(&format!("{HOSTS}/0/routes"))?;
        let list = list.as_array_mut().context("routes are no list")?;
        let usual = list.first().cloned().context("there is no route")?;
        for (index, special) in routes.iter().enumerate() {
            let mut route = usual.clone();
            *route.pointer_mut("/match/prefix").context("a route without prefix")? =
                special.matches.as_str().into();
            attach(&mut route, &special.metadata)?;
            list.insert(index, route);
        }
        Ok(())
    }

    fn special_hosts(&mut self, hosts: &[Special]) -> Result<()> {
        let list = self.manager(HOSTS)?.as_array_mut().context("virtual hosts are no list")?;
        let usual = list.first().cloned().context("there is no virtual host")?;
        for special in hosts {
            let mut host = usual.clone();
            *host.pointer_mut("/name").context("a virtual host without name")? =
                special.matches.as_str().into();
            *host.pointer_mut("/domains/0").context("a virtual host without domain")? =
                special.matches.as_str().into();
            attach(&mut host, &special.metadata)?;
            list.push(host);
        }
        Ok(())
    }
}

fn attach(to: &mut Value, metadata: &Value) -> Result<()> {
    let members = to.as_object_mut().context("no object to attach metadata to")?;
    members.insert("metadata".into(), json!({ "filter_metadata": { METADATA: metadata } }));
    Ok(())
}

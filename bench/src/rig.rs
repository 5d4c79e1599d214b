//! One Envoy with a listener for everything that is compared: `envoy/envoy.yaml` once for each,
//! with other filters.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use integration::harness::bootstrap::{Bootstrap, Knobs, merge};
use integration::harness::process::Process;
use integration::harness::workspace::Scratch;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cpu::{self, Places};
use crate::servers::Server;

/// Listeners are copies of this one, whose name the launcher of Envoy waits for.
pub const BARE: &str = "api";

/// The servers of one run. Clusters are named after their delay.
#[derive(Debug)]
pub struct Servers {
    /// Answers with three bytes.
    pub backend: Server,
    /// Verifying servers that wait 0, 1 and 10 ms.
    pub verifying: BTreeMap<u64, Server>,
    _runtime: Runtime,
}

impl Servers {
    /// Starts them.
    ///
    /// # Errors
    /// If there are no ports.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("no threads for the servers")?;
        let backend = Server::start(&runtime, Duration::ZERO)?;
        let verifying = [0, 1, 10]
            .into_iter()
            .map(|delay| Ok((delay, Server::start(&runtime, Duration::from_millis(delay))?)))
            .collect::<Result<_>>()?;
        Ok(Self { backend, verifying, _runtime: runtime })
    }

    /// The one that answers at once.
    ///
    /// # Errors
    /// Never, once started.
    pub fn quick(&self) -> Result<&Server> {
        self.verifying.get(&0).context("no server without delay")
    }
}

/// The cluster of the verifying server with this delay.
#[must_use]
pub fn cluster(delay: u64) -> String {
    format!("verifying-{delay}")
}

/// The same server, spoken to in HTTP/2.
#[must_use]
pub fn grpc_cluster(delay: u64) -> String {
    format!("verifying-{delay}-grpc")
}

/// A name and the filter in front of the router, if any.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Also the prefix of its statistics.
    pub name: String,
    /// Before the router.
    pub filter: Option<Value>,
}

impl Listener {
    #[must_use]
    pub fn new(name: &str, filter: Value) -> Self {
        Self { name: name.into(), filter: Some(filter) }
    }

    #[must_use]
    pub fn bare() -> Self {
        Self { name: BARE.into(), filter: None }
    }
}

/// A running Envoy with all its listeners.
#[derive(Debug)]
pub struct Rig {
    process: Process,
    addresses: BTreeMap<String, SocketAddr>,
    pid: u32,
}

impl Rig {
    /// Starts an Envoy with this many workers.
    ///
    /// # Errors
    /// If it does not take the configuration.
    pub fn start(
        listeners: &[Listener],
        servers: &Servers,
        workers: u32,
        places: Places,
    ) -> Result<Self> {
        let bootstrap = bootstrap(listeners, servers)?;
        let knobs = Knobs { concurrency: Some(workers), quiet: true, ..Knobs::default() };
        let envoy = integration::harness::envoy::find()?;
        let process = Process::start(&envoy, &bootstrap, &knobs, Scratch::new("bench")?)?;
        let addresses = listeners
            .iter()
            .map(|listener| Ok((listener.name.clone(), process.admin().listener(&listener.name)?)))
            .collect::<Result<_>>()?;
        let pid = process.pid()?;
        places.envoy(pid);
        Ok(Self { process, addresses, pid })
    }

    /// Where a listener is.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn address(&self, name: &str) -> Result<SocketAddr> {
        self.addresses.get(name).copied().with_context(|| format!("no listener `{name}`"))
    }

    /// Nanoseconds on a processor up to now.
    ///
    /// # Errors
    /// If Envoy has ended.
    pub fn cpu(&self) -> Result<u64> {
        cpu::nanoseconds(self.pid)
    }

    /// Resident bytes.
    ///
    /// # Errors
    /// If Envoy has ended.
    pub fn resident(&self) -> Result<u64> {
        self.process.resident()
    }

    /// Requests that a listener has answered, as Envoy counts them.
    ///
    /// # Errors
    /// If Envoy does not tell.
    pub fn answered(&self, name: &str) -> Result<u64> {
        let stat = format!("http.{name}.downstream_rq_completed");
        let stats =
            self.process.admin().stats_like(&format!("^http\\.{name}\\.downstream_rq_c"))?;
        stats.get(&stat).copied().with_context(|| format!("Envoy has no statistic {stat}"))
    }

    /// The filter's own counters, of all listeners together.
    ///
    /// # Errors
    /// If Envoy does not tell.
    pub fn metrics(&self) -> Result<BTreeMap<String, u64>> {
        self.process.admin().metrics()
    }
}

/// The filter `usergrid-auth` as `envoy.yaml` has it, with another module, VM and configuration.
///
/// # Errors
/// If the file has another shape.
pub fn wasm_filter(module: &Path, vm: &str, patch: &Value) -> Result<Value> {
    let template = template()?;
    let mut filter = template.pointer("/http_filters/0").context("no filter")?.clone();
    let config = filter.pointer_mut("/typed_config/config").context("no plugin")?;
    let text = config.pointer("/configuration/value").and_then(Value::as_str);
    let mut settings: Value = serde_json::from_str(text.context("no configuration")?)?;
    merge(&mut settings, patch);
    merge(
        config,
        &json!({
            "configuration": { "value": settings.to_string() },
            "vm_config": { "vm_id": vm, "code": { "local": { "filename": module } } },
        }),
    );
    Ok(filter)
}

fn template() -> Result<Value> {
    let bootstrap = Bootstrap::load()?;
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    bootstrap.json().pointer(manager).cloned().context("envoy.yaml has no connection manager")
}

fn bootstrap(listeners: &[Listener], servers: &Servers) -> Result<Bootstrap> {
    let mut bootstrap = Bootstrap::load()?;
    bootstrap.free_ports()?;
    bootstrap.cluster("backend", servers.backend.address)?;
    bootstrap.cluster("introspection", servers.quick()?.address)?;
    bootstrap.turn(&Knobs { quiet: true, ..Knobs::default() })?;
    let mut whole = bootstrap.json().clone();
    let first = whole.pointer("/static_resources/listeners/0").context("no listener")?.clone();
    let copies = listeners.iter().map(|listener| copy(&first, listener)).collect::<Result<_>>()?;
    *whole.pointer_mut("/static_resources/listeners").context("no listeners")? =
        Value::Array(copies);
    let clusters = whole.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
    let clusters = clusters.context("no clusters")?;
    let verifying = clusters.iter().find(|cluster| cluster["name"] == "introspection").cloned();
    let verifying = verifying.context("no cluster to copy")?;
    for (delay, server) in &servers.verifying {
        for (name, http2) in [(cluster(*delay), false), (grpc_cluster(*delay), true)] {
            let mut copy = verifying.clone();
            merge(&mut copy, &json!({ "name": name, "load_assignment": { "cluster_name": name } }));
            *copy.pointer_mut("/load_assignment/endpoints").context("no endpoints")? = json!([{ "lb_endpoints": [{ "endpoint": { "address": { "socket_address": {
                    "address": server.address.ip().to_string(),
                    "port_value": server.address.port(),
                } } } }] }]);
            if http2 {
                let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
                merge(
                    &mut copy,
                    &json!({ "typed_extension_protocol_options": { options: {
                        "@type": format!("type.googleapis.com/{options}"),
                        "explicit_http_config": { "http2_protocol_options": {} },
                    } } }),
                );
            }
            clusters.push(copy);
        }
    }
    Ok(Bootstrap::from_json(whole))
}

fn copy(first: &Value, listener: &Listener) -> Result<Value> {
    let mut copy = first.clone();
    merge(&mut copy, &json!({ "name": listener.name }));
    let manager = copy.pointer_mut("/filter_chains/0/filters/0/typed_config");
    let manager = manager.context("no connection manager")?;
    // The curve over headers goes up to what Envoy allows by default, and Envoy adds a few.
    merge(
        manager,
        &json!({
            "stat_prefix": listener.name,
            "common_http_protocol_options": { "max_headers_count": 200 },
        }),
    );
    let filters = manager.pointer_mut("/http_filters").and_then(Value::as_array_mut);
    let filters = filters.context("no filters")?;
    let router = filters.pop().context("no router")?;
    *filters = listener.filter.iter().cloned().chain([router]).collect();
    Ok(copy)
}

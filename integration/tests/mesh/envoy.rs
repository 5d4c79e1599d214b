//! An Envoy as the control planes would have it, with the servers that tests have everywhere.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use integration::harness::bootstrap::{Bootstrap, Knobs, merge};
use integration::harness::process::Process;
use integration::harness::workspace::Scratch;
use integration::harness::{envoy, module};
use integration::servers::usergrid::{APPLICATION_UUID, Usergrid};
use integration::site::{Site, Stock};
use serde_json::{Value, json};

use crate::control_plane::{self, Filter, Placed};
use crate::manifests::{self, Manifest};

/// Runs as long as this lives.
pub struct Mesh {
    /// Envoy and the servers.
    pub site: Site,
    discovery: Scratch,
}

impl Mesh {
    /// Sends the proxy a new version of the first listener's plugin, as Istio does when the
    /// resource has changed.
    pub fn update(&self, manifest: &Manifest) -> Result<()> {
        let filter = control_plane::translate(manifest, &module::build()?)?;
        let file = discovered(self.discovery.path(), 0, &filter);
        let new = file.with_extension("new");
        std::fs::write(&new, resource(&filter).to_string())?;
        Ok(std::fs::rename(new, file)?)
    }
}

/// Where extension discovery looks for a filter of the listener of that number.
fn discovered(directory: &Path, listener: usize, filter: &Filter) -> PathBuf {
    directory.join(format!("{listener}-{}.json", filter.name.replace('/', "_")))
}

fn resource(filter: &Filter) -> Value {
    let resource = json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": filter.name,
        "typed_config": filter.config,
    });
    json!({ "resources": [resource] })
}

/// Time for slow machines and no hidden repetitions, as in all tests.
pub fn for_tests(mut manifest: Manifest, patch: &Value) -> Result<Manifest> {
    let mut config = manifest.configuration().context("no configuration")?.clone();
    merge(&mut config, &json!({ "introspection": { "timeout": "20s", "retries": 0 } }));
    if config.get("client_credentials").is_some() {
        merge(&mut config, &json!({ "client_credentials": { "timeout": "20s" } }));
    }
    merge(&mut config, patch);
    manifest.configure(config)?;
    Ok(manifest)
}

/// A plugin for Usergrid as it is for an introspection server, whose answers the scenarios script:
/// all but who verifies stays.
pub fn introspecting(mut manifest: Manifest) -> Result<Manifest> {
    let mut config = manifest.configuration().context("no configuration")?.clone();
    let model = manifests::plugin("istio/oauth")?;
    let model = model.configuration().context("no configuration")?;
    let usergrid = config["introspection"]["cluster"].clone();
    let authority = config["introspection"]["authority"].clone();
    config["introspection"] = model["introspection"].clone();
    merge(
        &mut config,
        &json!({
            "token": null,
            "client_credentials": {
                "cluster": usergrid, "authority": authority, "path": "/management/token",
            },
            // A grant names the application by its UUID, the paths by its name.
            "authorization": { "application_ids": { "acme/shop": APPLICATION_UUID } },
        }),
    );
    manifest.configure(config)?;
    manifest.hand_on("INTROSPECTION_SECRET")?;
    Ok(manifest)
}

/// Starts an Envoy with one listener for each entry, `api` and `other`, each with these plugins in
/// order.
pub fn start(name: &str, workers: u32, listeners: &[&[Manifest]]) -> Result<Mesh> {
    let discovery = Scratch::new(&format!("{name}-discovery"))?;
    let knobs = Knobs { concurrency: Some(workers), ..Knobs::default() };
    let site = Site::build(name, &knobs, |introspection, backend| {
        bootstrap(listeners, introspection, backend, discovery.path())
    })?;
    Ok(Mesh { site, discovery })
}

/// All clusters that the plugins call are the verifying server of the tests.
fn bootstrap(
    listeners: &[&[Manifest]],
    introspection: SocketAddr,
    backend: SocketAddr,
    directory: &Path,
) -> Result<Bootstrap> {
    let mut shipped = Bootstrap::load()?;
    shipped.free_ports()?;
    shipped.cluster("introspection", introspection)?;
    shipped.cluster("backend", backend)?;
    let mut whole = shipped.json().clone();
    whole["node"] = json!({ "id": "test", "cluster": "test" });
    whole["stats_config"] =
        json!({ "stats_matcher": { "inclusion_list": { "patterns": kept()? } } });
    clusters(&mut whole, listeners)?;
    let usual = whole["static_resources"]["listeners"][0].take();
    let mut made = Vec::new();
    for (index, plugins) in listeners.iter().enumerate() {
        let mut listener = usual.clone();
        listener["name"] = ["api", "other"][index].into();
        let module = module::build()?;
        for plugin in plugins.iter().rev() {
            let filter = control_plane::translate(plugin, &module)?;
            let file = discovered(directory, index, &filter);
            place(&mut listener, &filter, &file)?;
        }
        let filters = manager(&mut listener, "/http_filters")?.as_array_mut();
        filters.context("no filters")?.retain(|filter| filter["name"] != "usergrid-auth");
        made.push(listener);
    }
    whole["static_resources"]["listeners"] = made.into();
    Ok(Bootstrap::from(whole))
}

/// What Istio keeps of Envoy's statistics, and what the component `proxy` adds.
fn kept() -> Result<Vec<Value>> {
    let documents = manifests::all()?;
    let patch = documents.iter().find(|manifest| manifest.kind() == "Deployment");
    let annotation = "/spec/template/metadata/annotations/proxy.istio.io~1config";
    let config: Value = serde_yaml_ng::from_str(patch.context("no patch")?.text(annotation))?;
    let added = config["proxyStatsMatcher"]["inclusionPrefixes"].as_array().context("nothing")?;
    let usual = ["cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm."];
    let usual = usual.iter().map(|prefix| json!(prefix));
    Ok(usual.chain(added.iter().cloned()).map(|prefix| json!({ "prefix": prefix })).collect())
}

/// One cluster for each name that a plugin uses, in place of `introspection`.
fn clusters(whole: &mut Value, listeners: &[&[Manifest]]) -> Result<()> {
    let mut names = BTreeSet::new();
    for manifest in listeners.iter().copied().flatten() {
        let configuration = manifest.configuration().context("no configuration")?;
        for server in ["introspection", "client_credentials"] {
            names.extend(configuration[server]["cluster"].as_str());
        }
    }
    let clusters = whole["static_resources"]["clusters"].as_array_mut().context("no clusters")?;
    let place = clusters.iter().position(|cluster| cluster["name"] == "introspection");
    let usual = clusters.remove(place.context("no cluster")?);
    for name in names {
        let mut cluster = usual.clone();
        cluster["name"] = name.into();
        cluster["load_assignment"]["cluster_name"] = name.into();
        clusters.push(cluster);
    }
    Ok(())
}

fn place(listener: &mut Value, filter: &Filter, file: &Path) -> Result<()> {
    let entry = match filter.placed {
        Placed::Discovered => {
            std::fs::write(file, resource(filter).to_string())?;
            json!({
                "name": filter.name,
                "config_discovery": {
                    "config_source": {
                        "path_config_source": { "path": file },
                        "initial_fetch_timeout": "0s",
                    },
                    "type_urls": [filter.config["@type"]],
                },
            })
        }
        Placed::ByRoute => {
            let enabled = json!({
                "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
                "config": {},
            });
            let route = manager(listener, "/route_config/virtual_hosts/0/routes/0")?;
            route["typed_per_filter_config"][&filter.name] = enabled;
            json!({ "name": filter.name, "disabled": true, "typed_config": filter.config })
        }
    };
    let filters = manager(listener, "/http_filters")?.as_array_mut().context("no filters")?;
    filters.insert(0, entry);
    Ok(())
}

fn manager<'a>(listener: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    let place = format!("/filter_chains/0/filters/0/typed_config{pointer}");
    listener.pointer_mut(&place).with_context(|| place)
}

/// An Envoy with this plugin before nothing but Usergrid.
pub fn before_usergrid(name: &str, manifest: &Manifest) -> Result<Stock> {
    let discovery = Scratch::new(&format!("{name}-discovery"))?;
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let usergrid = Usergrid::start(anywhere)?;
    let plugins = [manifest.clone()];
    let whole = bootstrap(&[&plugins], usergrid.address(), usergrid.address(), discovery.path())?;
    let envoy = Process::start(&envoy::find()?, &whole, &Knobs::default(), Scratch::new(name)?)?;
    Ok(Stock { envoy, usergrid })
}

/// As [`start`] with one plugin, but none of the clusters exists that it calls.
pub fn start_without_clusters(name: &str, manifest: &Manifest) -> Result<Mesh> {
    let discovery = Scratch::new(&format!("{name}-discovery"))?;
    let plugins = [manifest.clone()];
    let site = Site::build(name, &Knobs::default(), |introspection, backend| {
        let whole = bootstrap(&[&plugins], introspection, backend, discovery.path())?;
        let mut whole = whole.json().clone();
        let clusters = whole["static_resources"]["clusters"].as_array_mut().context("none")?;
        clusters.retain(|cluster| cluster["name"] == "backend");
        Ok(Bootstrap::from(whole))
    })?;
    Ok(Mesh { site, discovery })
}

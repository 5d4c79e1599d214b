//! `envoy/envoy.yaml`, with the few places replaced that differ between a container and a test.

mod knobs;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::harness::workspace;

pub use knobs::{Knobs, Special};

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
const PLUGIN: &str = "/http_filters/0/typed_config/config";
const HOSTS: &str = "/route_config/virtual_hosts";

/// A bootstrap that can still be changed.
#[derive(Clone, Debug)]
pub struct Bootstrap(Value);

impl Bootstrap {
    /// Reads `envoy/envoy.yaml` from the checkout.
    ///
    /// # Errors
    /// If it is missing or wrong.
    pub fn load() -> Result<Self> {
        Self::shipped("envoy.yaml")
    }

    /// Reads a bootstrap of this name from the checkout's folder `envoy`.
    ///
    /// # Errors
    /// If it is missing or wrong.
    pub fn shipped(name: &str) -> Result<Self> {
        let path = workspace::root().join("envoy").join(name);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self(serde_yaml_ng::from_str(&text).with_context(|| path.display().to_string())?))
    }

    /// A bootstrap of another origin.
    #[must_use]
    pub fn from_json(json: Value) -> Self {
        Self(json)
    }

    /// Ports of Envoy's choice, on the loopback interface only.
    ///
    /// # Errors
    /// If the file has another shape; so with every change below.
    pub fn free_ports(&mut self) -> Result<()> {
        for place in ["/static_resources/listeners/0/address", "/admin/address"] {
            let address = json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } });
            *self.at(place)? = address;
        }
        Ok(())
    }

    /// Where the module is.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn module(&mut self, path: &Path) -> Result<()> {
        let path = path.to_str().context("the module's path is not UTF-8")?;
        *self.plugin("/vm_config/code/local/filename")? = path.into();
        Ok(())
    }

    /// Where the only endpoint of a cluster is.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn cluster(&mut self, name: &str, address: SocketAddr) -> Result<()> {
        let clusters = self.at("/static_resources/clusters")?.as_array_mut();
        let cluster = clusters
            .into_iter()
            .flatten()
            .find(|cluster| cluster.get("name").and_then(Value::as_str) == Some(name))
            .with_context(|| format!("envoy.yaml has no cluster `{name}`"))?;
        let endpoint =
            "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
        *cluster.pointer_mut(endpoint).context("a cluster without endpoint")? =
            json!({ "address": address.ip().to_string(), "port_value": address.port() });
        Ok(())
    }

    /// Adds a cluster `name` like `model`, with its endpoint at `address`.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn cluster_like(&mut self, model: &str, name: &str, address: SocketAddr) -> Result<()> {
        let clusters = self.at("/static_resources/clusters")?.as_array_mut();
        let clusters = clusters.context("clusters are no list")?;
        let found = clusters.iter().find(|cluster| cluster["name"] == model).cloned();
        let mut cluster = found.with_context(|| format!("envoy.yaml has no cluster `{model}`"))?;
        cluster["name"] = name.into();
        cluster["load_assignment"]["cluster_name"] = name.into();
        clusters.push(cluster);
        self.cluster(name, address)
    }

    /// Lets Envoy open only so many connections to a cluster; what needs more waits.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn limit_connections(&mut self, cluster: &str, count: u32) -> Result<()> {
        let clusters = self.at("/static_resources/clusters")?.as_array_mut();
        let found = clusters.into_iter().flatten().find(|found| found["name"] == cluster);
        let limit = found
            .and_then(|found| found.pointer_mut("/circuit_breakers/thresholds/0/max_connections"));
        *limit.with_context(|| format!("no limit in `{cluster}`"))? = count.into();
        Ok(())
    }

    /// The plugin's configuration as the file has it.
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn configuration(&mut self) -> Result<Value> {
        let text = self.plugin("/configuration/value")?.as_str().context("no text")?;
        serde_json::from_str(text).context("the configuration in envoy.yaml is not JSON")
    }

    /// Replaces the plugin's configuration.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn set_configuration(&mut self, text: &str) -> Result<()> {
        *self.plugin("/configuration/value")? = text.into();
        Ok(())
    }

    /// Replaces the message that carries the plugin's configuration.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn set_configuration_message(&mut self, message: Value) -> Result<()> {
        *self.plugin("/configuration")? = message;
        Ok(())
    }

    /// Sets a variable of the VM's environment; unlike those that Envoy hands on, it stands in the
    /// bootstrap.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn environment(&mut self, name: &str, value: &str) -> Result<()> {
        let variables = self.plugin("/vm_config/environment_variables")?;
        merge(variables, &json!({ "key_values": { name: value } }));
        Ok(())
    }

    /// Adds a listener `other` like the first, with `patch` merged into its plugin's configuration.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn second_listener(&mut self, patch: &Value) -> Result<()> {
        let mut other = Self(self.0.clone());
        let mut config = other.configuration()?;
        merge(&mut config, patch);
        other.set_configuration(&config.to_string())?;
        let mut listener = other.at("/static_resources/listeners/0")?.take();
        *listener.pointer_mut("/name").context("a listener without name")? = "other".into();
        let listeners = self.at("/static_resources/listeners")?.as_array_mut();
        listeners.context("listeners are no list")?.push(listener);
        Ok(())
    }

    /// Sends what has this very path to another cluster, on the first listener.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn route(&mut self, path: &str, cluster: &str) -> Result<()> {
        let list = self.manager(&format!("{HOSTS}/0/routes"))?;
        let list = list.as_array_mut().context("routes are no list")?;
        let mut route = list.last().cloned().context("there is no route")?;
        *route.pointer_mut("/match").context("a route without match")? = json!({ "path": path });
        *route.pointer_mut("/route/cluster").context("a route without cluster")? = cluster.into();
        list.insert(0, route);
        Ok(())
    }

    /// Lets Envoy follow redirects of the backend by itself, one for a request.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn follow_redirects(&mut self) -> Result<()> {
        let routes = self.manager(&format!("{HOSTS}/0/routes"))?;
        let usual = routes.as_array_mut().and_then(|list| list.last_mut());
        let action = usual.and_then(|route| route.pointer_mut("/route"));
        let action = action.and_then(Value::as_object_mut).context("there is no route")?;
        let policy = json!({ "max_internal_redirects": 1, "redirect_response_codes": [302] });
        action.insert("internal_redirect_policy".into(), policy);
        Ok(())
    }

    /// Leaves no route to any request.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn remove_routes(&mut self) -> Result<()> {
        *self.manager(&format!("{HOSTS}/0/routes"))? = json!([]);
        Ok(())
    }

    /// Lets WebSockets through.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn upgrade(&mut self) -> Result<()> {
        let manager = self.manager("")?.as_object_mut().context("the manager is no object")?;
        manager.insert("upgrade_configs".into(), json!([{ "upgrade_type": "websocket" }]));
        Ok(())
    }

    /// What a line of the access log says.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn access_log(&mut self, format: &str) -> Result<()> {
        let source = "/access_log/0/typed_config/log_format/text_format_source/inline_string";
        *self.manager(source)? = format!("{format}\n").into();
        Ok(())
    }

    /// Headers that Envoy adds to every response of a route, its own ones included.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn response_headers(&mut self, headers: &[(&str, &str)]) -> Result<()> {
        let routes = self.manager("/route_config")?.as_object_mut().context("no routes")?;
        let header =
            |(key, value): &(&str, &str)| json!({ "header": { "key": key, "value": value } });
        let headers = headers.iter().map(header).collect();
        routes.insert("response_headers_to_add".into(), headers);
        Ok(())
    }

    /// Takes the listener out and has Envoy read it from `file`; returns what belongs there. A new
    /// version is renamed over the old one.
    ///
    /// # Errors
    /// See [`Bootstrap::free_ports`].
    pub fn listener_from(&mut self, file: &Path) -> Result<Value> {
        let list = self.at("/static_resources/listeners")?.as_array_mut();
        let mut listener = list.and_then(Vec::pop).context("envoy.yaml has no listener")?;
        let members = listener.as_object_mut().context("a listener that is no object")?;
        members
            .insert("@type".into(), "type.googleapis.com/envoy.config.listener.v3.Listener".into());
        let top = self.0.as_object_mut().context("envoy.yaml is no object")?;
        top.insert("node".into(), json!({ "id": "test", "cluster": "test" }));
        let source = json!({ "path_config_source": { "path": file } });
        top.insert("dynamic_resources".into(), json!({ "lds_config": source }));
        Ok(json!({ "resources": [listener] }))
    }

    #[must_use]
    pub fn json(&self) -> &Value {
        &self.0
    }

    fn manager(&mut self, pointer: &str) -> Result<&mut Value> {
        self.at(&format!("{MANAGER}{pointer}"))
    }

    fn plugin(&mut self, pointer: &str) -> Result<&mut Value> {
        self.at(&format!("{MANAGER}{PLUGIN}{pointer}"))
    }

    fn at(&mut self, pointer: &str) -> Result<&mut Value> {
        self.0.pointer_mut(pointer).with_context(|| format!("envoy.yaml has nothing at {pointer}"))
    }
}

/// A bootstrap that was built elsewhere, or changed in ways that only one test needs.
impl From<Value> for Bootstrap {
    fn from(bootstrap: Value) -> Self {
        Self(bootstrap)
    }
}

/// RFC 7396: members of `patch` replace those of `value`, `null` removes. The text `$null` stands
/// for a null that stays.
pub fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = if patch == "$null" { Value::Null } else { patch.clone() };
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    let Value::Object(members) = value else { return };
    for (name, change) in patch {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_has_the_places_that_are_replaced() {
        let mut bootstrap = Bootstrap::load().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 4711));
        bootstrap.free_ports().unwrap();
        bootstrap.module(Path::new("/m.wasm")).unwrap();
        bootstrap.cluster("backend", address).unwrap();
        bootstrap.cluster("introspection", address).unwrap();
        bootstrap
            .turn(&Knobs {
                raw_paths: true,
                allow_on_headers_stop_iteration: Some(true),
                stream_idle_timeout: Some("1s".into()),
                introspection_down: true,
                routes: vec![Special { matches: "/x".into(), metadata: json!({"bypass": true}) }],
                virtual_hosts: vec![Special { matches: "x".into(), metadata: json!({}) }],
                quiet: true,
                failure_policy: Some("FAIL_CLOSED".into()),
                reload_interval: Some("1s".into()),
                ..Knobs::default()
            })
            .unwrap();
        bootstrap.second_listener(&json!({})).unwrap();
        assert!(bootstrap.configuration().unwrap()["introspection"].is_object());
        assert!(!bootstrap.json().to_string().contains("0.0.0.0"));
    }

    #[test]
    fn the_admin_interface_is_not_on_all_interfaces() {
        let mut bootstrap = Bootstrap::load().unwrap();
        assert_eq!(bootstrap.at("/admin/address/socket_address/address").unwrap(), "127.0.0.1");
    }

    #[test]
    fn merging_removes_by_null() {
        let mut value = json!({ "a": { "b": 1, "c": 2 }, "d": [1] });
        merge(&mut value, &json!({ "a": { "b": null, "e": 3 }, "d": [2] }));
        assert_eq!(value, json!({ "a": { "c": 2, "e": 3 }, "d": [2] }));
    }
}

//! Every document that the overlays under `envoy/istio` and `envoy/gateway` become, by `kubectl
//! kustomize` itself.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use integration::harness::kubectl;
use integration::harness::workspace::{self, Scratch};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Manifest {
    /// The overlay that it comes from, such as `istio/oauth`.
    pub file: String,
    pub value: Value,
}

impl Manifest {
    /// The text at a JSON pointer, empty if there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// What kind of resource it is.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// `<namespace>` and `<name>`.
    pub fn name(&self) -> (&str, &str) {
        (self.text("/metadata/namespace"), self.text("/metadata/name"))
    }

    /// What describes the plugin, if it is a resource of that kind.
    pub fn plugin(&self) -> Option<&Value> {
        match self.kind() {
            "WasmPlugin" => self.value.pointer("/spec"),
            "TrafficExtension" => self.value.pointer("/spec/wasm"),
            "EnvoyExtensionPolicy" => self.value.pointer("/spec/wasm/0"),
            _ => None,
        }
    }

    /// The filter's configuration in it.
    pub fn configuration(&self) -> Option<&Value> {
        self.plugin().and_then(|plugin| plugin.get("pluginConfig").or_else(|| plugin.get("config")))
    }

    /// Hands the VM this variable of the proxy's environment, and no other.
    pub fn hand_on(&mut self, variable: &str) -> Result<()> {
        let (place, list) = match self.kind() {
            "EnvoyExtensionPolicy" => ("/spec/wasm/0/env/hostKeys", json!([variable])),
            kind => {
                let list = json!([{ "name": variable, "valueFrom": "HOST" }]);
                let plugin = kind == "WasmPlugin";
                (if plugin { "/spec/vmConfig/env" } else { "/spec/wasm/vmConfig/env" }, list)
            }
        };
        *self.value.pointer_mut(place).context("no variables")? = list;
        Ok(())
    }

    /// Replaces the filter's configuration.
    pub fn configure(&mut self, configuration: Value) -> Result<()> {
        let place = match self.kind() {
            "WasmPlugin" => "/spec/pluginConfig",
            "TrafficExtension" => "/spec/wasm/pluginConfig",
            _ => "/spec/wasm/0/config",
        };
        *self.value.pointer_mut(place).context("no plugin")? = configuration;
        Ok(())
    }
}

/// What is under test: each overlay that is shipped, each of Istio's once more as a
/// `TrafficExtension`, and the gateway's Deployment with what the component `proxy` adds.
const OVERLAYS: [(&str, &[&str], &[&str]); 7] = [
    ("istio/usergrid", &["istio/usergrid"], &[]),
    ("istio/oauth", &["istio/oauth"], &[]),
    ("istio/traffic-extension/usergrid", &["istio/usergrid"], &["istio/traffic-extension"]),
    ("istio/traffic-extension/oauth", &["istio/oauth"], &["istio/traffic-extension"]),
    ("istio/proxy", &[], &["istio/proxy"]),
    ("gateway/usergrid", &["gateway/usergrid"], &[]),
    ("gateway/oauth", &["gateway/oauth"], &[]),
];

/// As Istio's chart makes it, for what matters here. The injector puts the image in.
const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: istio-ingressgateway, namespace: istio-ingress }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  template:
    metadata: { labels: { istio: ingressgateway } }
    spec: { containers: [{ name: istio-proxy, image: auto }] }
";

/// Everything that the overlays become.
pub fn all() -> Result<Vec<Manifest>> {
    // Once for a process: kubectl takes a while.
    static RENDERED: Mutex<Vec<Manifest>> = Mutex::new(Vec::new());
    let mut rendered = RENDERED.lock().unwrap_or_else(PoisonError::into_inner);
    if rendered.is_empty() {
        let mut found = Vec::new();
        for (name, resources, components) in OVERLAYS {
            found.extend(parse(name, &overlay(resources, components, "", &[])?)?);
        }
        *rendered = found;
    }
    Ok(rendered.clone())
}

/// What `kubectl kustomize` makes of an overlay of these folders of `envoy`, with more lines in its
/// `kustomization.yaml` and more files beside it. Without resources it has the Deployment.
pub fn overlay(
    resources: &[&str],
    components: &[&str],
    more: &str,
    files: &[(&str, &str)],
) -> Result<String> {
    let list = |folders: &[&str]| {
        let paths = folders.iter().map(|folder| format!("usergrid-auth-filter/envoy/{folder}"));
        paths.collect::<Vec<_>>()
    };
    let mut resources = list(resources);
    if resources.is_empty() {
        resources.push("deployment.yaml".into());
    }
    let head = json!({ "resources": resources, "components": list(components) });
    let text = format!("{}{more}", serde_yaml_ng::to_string(&head)?);
    let files = [files, &[("kustomization.yaml", &text), ("deployment.yaml", DEPLOYMENT)]].concat();
    render(&files)
}

/// What `kubectl kustomize` makes of a folder with these files, beside a checkout.
pub fn render(files: &[(&str, &str)]) -> Result<String> {
    let folder = Scratch::new("overlay")?;
    std::os::unix::fs::symlink(workspace::root(), folder.path().join("usergrid-auth-filter"))?;
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text)?;
    }
    kubectl::kustomize(folder.path())
}

pub fn parse(file: &str, text: &str) -> Result<Vec<Manifest>> {
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    let read = |document| {
        let value = Value::deserialize(document).with_context(|| file.to_owned())?;
        Ok(Manifest { file: file.into(), value })
    };
    documents.map(read).collect()
}

/// The only document of an overlay that describes a plugin.
pub fn plugin(file: &str) -> Result<Manifest> {
    let mut found = all()?;
    found.retain(|manifest| manifest.file == file && manifest.plugin().is_some());
    ensure!(found.len() == 1, "{} plugins in {file}", found.len());
    found.pop().context("nothing")
}

/// The plugins of one variant: `usergrid` or `oauth`.
pub fn variant(name: &str) -> Result<Vec<Manifest>> {
    let mut found = all()?;
    let end = format!("/{name}");
    found.retain(|manifest| manifest.file.ends_with(&end) && manifest.plugin().is_some());
    ensure!(found.len() == 3, "{} plugins for {name}", found.len());
    Ok(found)
}

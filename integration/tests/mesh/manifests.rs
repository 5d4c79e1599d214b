//! Every document under `envoy/istio` and `envoy/gateway`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use integration::harness::workspace;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its file, such as `istio/introspection.yaml`.
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

pub fn all() -> Result<Vec<Manifest>> {
    let mut found = Vec::new();
    for folder in ["istio", "gateway"] {
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(workspace::root().join("envoy").join(folder))? {
            files.push(entry?.path());
        }
        files.sort();
        for path in files {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let file = format!("{folder}/{name}");
            found.extend(parse(&file, &std::fs::read_to_string(&path)?)?);
        }
    }
    Ok(found)
}

pub fn parse(file: &str, text: &str) -> Result<Vec<Manifest>> {
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    let read = |document| {
        let value = Value::deserialize(document).with_context(|| file.to_owned())?;
        Ok(Manifest { file: file.into(), value })
    };
    documents.map(read).collect()
}

/// The only document of a file that describes a plugin.
pub fn plugin(file: &str) -> Result<Manifest> {
    let mut found = all()?;
    found.retain(|manifest| manifest.file == file && manifest.plugin().is_some());
    ensure!(found.len() == 1, "{} plugins in {file}", found.len());
    found.pop().context("nothing")
}

/// The files with a plugin, of one variant: `usergrid` or `oauth`.
pub fn variant(name: &str) -> Result<Vec<Manifest>> {
    let mut found = all()?;
    let end = format!("-{name}.yaml");
    found.retain(|manifest| manifest.file.ends_with(&end) && manifest.plugin().is_some());
    ensure!(found.len() == 3, "{} plugins for {name}", found.len());
    Ok(found)
}

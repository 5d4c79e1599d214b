//! What Istio and Envoy Gateway make of a plugin, after their sources: istio `pilot/pkg/model`
//! (`WasmPlugin` and `TrafficExtension` alike) and gateway
//! `internal/gatewayapi/envoyextensionpolicy.go`, `internal/xds/translator/wasm.go`. Both hand the
//! module over as a file or by their own server; here it is a file.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::config;
use crate::manifests::Manifest;

const FILTER: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const TEXT: &str = "type.googleapis.com/google.protobuf.StringValue";

/// How a filter gets into the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// The chain names it, and it comes by extension discovery. Istio.
    Discovered,
    /// It is in the chain, switched off, and routes switch it on. Envoy Gateway.
    ByRoute,
}

#[derive(Clone, Debug)]
pub struct Filter {
    /// Its name in the chain.
    pub name: String,
    /// Its configuration, with the type.
    pub config: Value,
    /// How it gets there.
    pub placed: Placed,
}

/// Does what the control plane of that kind does.
pub fn translate(manifest: &Manifest, module: &Path) -> Result<Filter> {
    match manifest.kind() {
        "WasmPlugin" => istio(manifest, module, "extensions.istio.io/wasmplugin/"),
        "TrafficExtension" => istio(manifest, module, "extensions.istio.io/trafficextension/"),
        "EnvoyExtensionPolicy" => gateway(manifest, module),
        other => bail!("{other} is no plugin"),
    }
}

fn istio(manifest: &Manifest, module: &Path, prefix: &str) -> Result<Filter> {
    let plugin = manifest.plugin().context("no plugin")?;
    let (namespace, name) = manifest.name();
    let name = format!("{namespace}.{name}");
    let policy = match plugin["failStrategy"].as_str() {
        Some("FAIL_CLOSE") | None => "FAIL_CLOSED",
        Some(other) => other,
    };
    let mut config = json!({
        "name": name,
        "root_id": plugin["pluginName"],
        "failure_policy": policy,
        // No `vm_id`.
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": module } },
            // Istio adds values for its agent, which takes them out before Envoy sees them.
            "environment_variables": { "host_env_keys": config::variables(manifest) },
        },
    });
    let plugin_config = plugin.get("pluginConfig").and_then(Value::as_object);
    if let Some(members) = plugin_config.filter(|members| !members.is_empty()) {
        config["configuration"] = json!({ "@type": TEXT, "value": go_json(members) });
    }
    Ok(Filter {
        name: format!("{prefix}{name}"),
        config: json!({ "@type": FILTER, "config": config }),
        placed: Placed::Discovered,
    })
}

fn gateway(manifest: &Manifest, module: &Path) -> Result<Filter> {
    let plugin = manifest.plugin().context("no plugin")?;
    let (namespace, name) = manifest.name();
    let name = format!("envoyextensionpolicy/{namespace}/{name}/wasm/0");
    let config = json!({
        "name": plugin["name"],
        "root_id": plugin["rootID"],
        "fail_open": plugin["failOpen"],
        "vm_config": {
            "vm_id": name,
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": module } },
            "environment_variables": { "host_env_keys": config::variables(manifest) },
        },
        // As the API server stores it.
        "configuration": { "@type": TEXT, "value": plugin["config"].to_string() },
    });
    Ok(Filter {
        name: format!("envoy.filters.http.wasm/{name}"),
        config: json!({ "@type": FILTER, "config": config }),
        placed: Placed::ByRoute,
    })
}

/// A `google.protobuf.Struct` in Go's JSON: sorted keys, every number a double, and `<`, `>`, `&`
/// escaped in texts.
pub fn go_json(members: &Map<String, Value>) -> String {
    let mut text = String::new();
    object(members, &mut text);
    text
}

fn object(members: &Map<String, Value>, out: &mut String) {
    let mut names: Vec<&String> = members.keys().collect();
    names.sort();
    out.push('{');
    for (index, name) in names.into_iter().enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        string(name, out);
        out.push(':');
        value(&members[name], out);
    }
    out.push('}');
}

fn value(value_: &Value, out: &mut String) {
    match value_ {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&double(number.as_f64().unwrap_or(f64::NAN))),
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                value(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => object(members, out),
    }
}

/// Go's `encoding/json`: an exponent below 1e-6 and from 1e21 on only.
pub fn double(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    format!("{number}")
}

fn string(text: &str, out: &mut String) {
    let plain = Value::from(text).to_string();
    for letter in plain.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            other => out.push(other),
        }
    }
}

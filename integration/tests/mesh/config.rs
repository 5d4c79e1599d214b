//! The configurations in the manifests, read by the filter's own parser.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use integration::harness::workspace;
use serde_json::Value;
use usergrid_auth_config::{ClientAuth, Config, Server};

use crate::manifests::{self, Manifest};

/// Only the variables that the manifest hands to the VM exist.
pub fn read(manifest: &Manifest, text: &str) -> Result<Config> {
    let handed = variables(manifest);
    let env = |name: &str| handed.contains(name).then(|| b"value".to_vec());
    match Config::parse(text.as_bytes(), &env) {
        Ok(config) => Ok(config),
        Err(problems) => bail!("{}: {problems}", manifest.file),
    }
}

/// The variables that come from the proxy's environment.
pub fn variables(manifest: &Manifest) -> BTreeSet<String> {
    let plugin = manifest.plugin();
    let names: Vec<&Value> = match manifest.kind() {
        "EnvoyExtensionPolicy" => plugin
            .and_then(|plugin| plugin.pointer("/env/hostKeys"))
            .and_then(Value::as_array)
            .map(|keys| keys.iter().collect())
            .unwrap_or_default(),
        _ => plugin
            .and_then(|plugin| plugin.pointer("/vmConfig/env"))
            .and_then(Value::as_array)
            .map(|keys| keys.iter().filter(|key| key["valueFrom"] == "HOST"))
            .map(|keys| keys.map(|key| &key["name"]).collect())
            .unwrap_or_default(),
    };
    names.into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn every_configuration_is_accepted() -> Result<()> {
    let mut count = 0;
    for manifest in manifests::all()? {
        let Some(configuration) = manifest.configuration() else { continue };
        let config = read(&manifest, &configuration.to_string())?;
        let is_used = |server: &Server| {
            server.verifier.introspection().is_none_or(|settings| {
                matches!(settings.client_auth, ClientAuth::ClientSecretBasic { .. })
            })
        };
        ensure!(
            config.servers.iter().all(|server| is_used(server)),
            "{}: the secret is not used",
            manifest.file
        );
        count += 1;
    }
    ensure!(count == 6, "{count} configurations");
    Ok(())
}

#[test]
fn no_manifest_holds_a_secret() -> Result<()> {
    for manifest in manifests::all()? {
        let text = manifest.value.to_string();
        for key in ["\"client_secret\"", "\"token\":\"", "\"INLINE\""] {
            ensure!(!text.contains(key), "{}: {key}", manifest.file);
        }
    }
    Ok(())
}

/// The proxies get under that name what the plugins ask for.
#[test]
fn the_proxies_have_the_variables() -> Result<()> {
    let documents = manifests::all()?;
    let given = |kind: &str, place: &str| -> Result<BTreeSet<String>> {
        let found = documents.iter().find(|manifest| manifest.kind() == kind);
        let list = found.and_then(|found| found.value.pointer(place)).and_then(Value::as_array);
        let names = list.with_context(|| format!("no variables in {kind}"))?.iter();
        Ok(names.filter_map(|item| item["name"].as_str()).map(str::to_owned).collect())
    };
    let istio = given("Deployment", "/spec/template/spec/containers/0/env")?;
    let container = "/spec/provider/kubernetes/envoyDeployment/container/env";
    let gateway = given("EnvoyProxy", container)?;
    for manifest in documents.iter().filter(|manifest| manifest.plugin().is_some()) {
        let asked = variables(manifest);
        let given = if manifest.file.starts_with("istio") { &istio } else { &gateway };
        ensure!(!asked.is_empty() && asked.is_subset(given), "{}: {asked:?}", manifest.file);
    }
    Ok(())
}

/// A resource of Istio that a filter cannot run without, and what the control plane calls the
/// cluster of it.
#[test]
fn the_clusters_are_made_by_the_resources_beside_them() -> Result<()> {
    let documents = manifests::all()?;
    let mut made = BTreeSet::new();
    for manifest in &documents {
        let (namespace, name) = manifest.name();
        match manifest.kind() {
            "ServiceEntry" => {
                let port = &manifest.value["spec"]["ports"][0]["number"];
                made.insert(format!("outbound|{port}||{}", manifest.text("/spec/hosts/0")));
            }
            "HTTPRoute" => {
                made.insert(format!("httproute/{namespace}/{name}/rule/0"));
            }
            _ => {}
        }
    }
    // A Service of the mesh needs no resource of its own.
    made.insert("outbound|8080||usergrid.usergrid.svc.cluster.local".into());
    for manifest in documents.iter().filter(|manifest| manifest.plugin().is_some()) {
        let configuration = manifest.configuration().context("no configuration")?;
        let config = read(manifest, &configuration.to_string())?;
        let endpoints = config.servers.iter().flat_map(|server| {
            let pairs = server.client_credentials.as_ref().map(|pairs| &pairs.endpoint);
            [Some(server.verifier.endpoint()), pairs]
        });
        for endpoint in endpoints.flatten() {
            ensure!(made.contains(&endpoint.cluster), "{}: {}", manifest.file, endpoint.cluster);
            // Neither name is a host.
            ensure!(!endpoint.authority.contains(['|', '/']), "{}", manifest.file);
        }
    }
    Ok(())
}

#[test]
fn both_apis_of_istio_say_the_same() -> Result<()> {
    for variant in ["usergrid", "oauth"] {
        let plugin = manifests::plugin(&format!("istio/{variant}"))?;
        let extension = manifests::plugin(&format!("istio/traffic-extension/{variant}"))?;
        for field in ["url", "pluginName", "failStrategy", "vmConfig", "pluginConfig", "type"] {
            let of = |manifest: &Manifest| manifest.plugin().map(|plugin| plugin[field].clone());
            ensure!(of(&plugin) == of(&extension), "{variant}: {field}");
        }
        for field in ["/spec/selector", "/spec/phase", "/metadata"] {
            let (one, other) = (plugin.value.pointer(field), extension.value.pointer(field));
            ensure!(one == other && one.is_some(), "{variant}: {field}");
        }
    }
    Ok(())
}

/// Every folder is on the page, and every file is in a folder that `kubectl kustomize` reads.
#[test]
fn the_page_names_every_folder() -> Result<()> {
    let page = std::fs::read_to_string(workspace::root().join("docs/mesh.md"))?;
    let mut count = 0;
    for mesh in ["istio", "gateway"] {
        for entry in std::fs::read_dir(workspace::root().join("envoy").join(mesh))? {
            let entry = entry?;
            let name = entry.file_name().into_string().unwrap_or_default();
            ensure!(entry.path().join("kustomization.yaml").exists(), "{mesh}/{name}");
            ensure!(page.contains(&format!("(../envoy/{mesh}/{name})")), "{mesh}/{name}");
            count += 1;
        }
    }
    ensure!(count == 11, "{count} folders");
    Ok(())
}

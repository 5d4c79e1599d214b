//! What users do with the overlays, as `docs/mesh.md` shows it.

use anyhow::{Context, Result, ensure};
use integration::harness::workspace::{self, Scratch};
use usergrid_auth::args::{Arguments, Check, Command, Environment};
use usergrid_auth::run::{self, Done};

use crate::manifests::{self, Manifest};

/// `kubectl kustomize … | usergrid-auth check -`.
fn check(rendered: &str) -> Result<Done> {
    let folder = Scratch::new("check")?;
    let file = folder.path().join("rendered.yaml");
    std::fs::write(&file, rendered)?;
    let environment = Environment { names: Vec::new(), strict_env: false };
    let command = Command::Check(Check { files: vec![file], environment });
    Ok(run::run(&Arguments { json: false, command }))
}

fn good(rendered: &str) -> Result<Vec<Manifest>> {
    let done = check(rendered)?;
    ensure!(done.code == 0 && done.text.contains("usergrid-auth: good"), "{}", done.text);
    let documents = manifests::parse("an overlay", rendered)?;
    for document in &documents {
        let wrong = crate::schema::problems(document)?;
        ensure!(wrong.is_empty(), "{}: {wrong:?}", document.kind());
    }
    Ok(documents)
}

fn plugin(documents: &[Manifest]) -> Result<&Manifest> {
    documents.iter().find(|document| document.plugin().is_some()).context("no plugin")
}

/// The blocks of YAML under a heading of the page. Each is a whole `kustomization.yaml`.
fn blocks(heading: &str) -> Result<Vec<String>> {
    let page = std::fs::read_to_string(workspace::root().join("docs/mesh.md"))?;
    let (_, part) = page.split_once(&format!("\n## {heading}\n")).context("no such heading")?;
    let part = part.split("\n## ").next().unwrap_or_default();
    let blocks = part.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next());
    Ok(blocks.map(str::to_owned).collect())
}

/// One block to copy for each, and the command that checks it.
#[test]
fn what_the_page_has_one_copy_is_valid() -> Result<()> {
    for (heading, kinds) in [
        ("Istio", &["WasmPlugin", "TrafficExtension"][..]),
        ("Envoy Gateway", &["EnvoyExtensionPolicy"]),
    ] {
        let blocks = blocks(heading)?;
        ensure!(blocks.len() == kinds.len(), "{heading}: {} blocks", blocks.len());
        for (block, kind) in blocks.iter().zip(kinds) {
            let rendered = manifests::render(&[("kustomization.yaml", block)])?;
            let documents = good(&rendered).with_context(|| block.clone())?;
            let plugin = plugin(&documents)?;
            ensure!(plugin.kind() == *kind, "{heading}: {}", plugin.kind());
            let configuration = plugin.configuration().context("no configuration")?;
            ensure!(configuration["mode"] == "observe", "{configuration}");
            ensure!(rendered.contains("registry.internal/"), "{rendered}");
        }
    }
    Ok(())
}

#[test]
fn every_overlay_passes_the_check_that_users_run() -> Result<()> {
    for (folder, components) in [
        ("istio/usergrid", &[][..]),
        ("istio/oauth", &["istio/sidecar", "istio/observe"]),
        ("istio/usergrid", &["istio/observe", "istio/traffic-extension"]),
        ("istio/oauth", &["istio/traffic-extension"]),
        ("gateway/usergrid", &["gateway/observe"]),
        ("gateway/oauth", &[]),
    ] {
        let rendered = manifests::overlay(&[folder], components, "", &[])?;
        let documents = good(&rendered).with_context(|| format!("{folder} {components:?}"))?;
        let plugin = plugin(&documents)?;
        let mode = &plugin.configuration().context("no configuration")?["mode"];
        let observes = components.iter().any(|component| component.ends_with("/observe"));
        ensure!((mode == "observe") == observes, "{folder} {components:?}: {mode}");
        let serves = plugin.text("/spec/match/0/mode") == "SERVER";
        ensure!(serves == components.contains(&"istio/sidecar"), "{folder} {components:?}");
    }
    Ok(())
}

/// Another namespace is one line for all that Istio needs.
#[test]
fn a_namespace_is_changed_in_one_place() -> Result<()> {
    let namespace = "namespace: edge\n";
    for components in [&[][..], &["istio/traffic-extension"]] {
        let rendered = manifests::overlay(&["istio/oauth"], components, namespace, &[])?;
        for document in good(&rendered)? {
            ensure!(document.name().0 == "edge", "{} in {}", document.kind(), document.name().0);
        }
    }
    Ok(())
}

/// A slip in the configuration gets through Kustomize, and no further.
#[test]
fn a_slip_is_told_before_it_is_applied() -> Result<()> {
    let more = "patches:\n- target: { kind: WasmPlugin }\n  patch: |-\n    \
        - { op: add, path: /spec/pluginConfig/guests, value: [] }\n";
    let done = check(&manifests::overlay(&["istio/usergrid"], &[], more, &[])?)?;
    ensure!(done.code == 1 && done.text.contains("`guests`"), "{}", done.text);
    Ok(())
}

/// The base has no configuration, so nobody can apply it and believe that it protects.
#[test]
fn a_base_by_itself_is_refused() -> Result<()> {
    let rendered = manifests::overlay(&["istio/base"], &[], "", &[])?;
    ensure!(check(&rendered)?.code != 0, "the base is called good");
    Ok(())
}

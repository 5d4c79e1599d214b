//! Two plugins of this module in one Envoy, as Istio places them: no `vm_id`, so both live in one
//! VM and share Envoy's shared data.

use anyhow::{Context, Result, ensure};
use integration::harness::client::{self, Request};
use serde_json::{Value, json};

use crate::envoy::{self, Mesh};
use crate::manifests::{self, Manifest};

fn usergrid() -> Result<Manifest> {
    let manifest = envoy::introspecting(manifests::plugin("istio/usergrid")?)?;
    envoy::for_tests(manifest, &json!({}))
}

/// A plugin of another name with another idea of who has issued tokens.
fn strict(patch: &Value) -> Result<Manifest> {
    let mut manifest = manifests::plugin("istio/oauth")?;
    manifest.value["metadata"]["name"] = "strict".into();
    let mut manifest = envoy::for_tests(
        manifest,
        &json!({ "introspection": { "issuer": "https://auth.example.com" } }),
    )?;
    integration::harness::bootstrap::merge(&mut manifest.value, patch);
    Ok(manifest)
}

const ACTIVE: &str = "^wasm\\.envoy\\.wasm\\.runtime\\.v8\\.active$";

/// One for each worker, the main thread's and the one they are cloned from, for both plugins
/// together.
fn share_a_vm(mesh: &Mesh, workers: u64) -> Result<()> {
    let active = mesh.site.admin().stats_like(ACTIVE)?;
    ensure!(active.values().eq([&(workers + 2)]), "{active:?}");
    Ok(())
}

#[test]
fn on_two_listeners_they_keep_their_answers_apart() -> Result<()> {
    let mesh = envoy::start("mesh-two", 4, &[&[usergrid()?], &[strict(&json!({}))?]])?;
    share_a_vm(&mesh, 4)?;
    let other = mesh.site.admin().listener("other")?;
    let request = Request::get("/acme/shop/x").bearer("no-issuer");
    for round in 0..6 {
        ensure!(mesh.site.send(&request)?.status == 200, "round {round}");
        ensure!(client::send(other, &request)?.status == 401, "round {round}");
    }
    let made = mesh.site.introspection.count("no-issuer");
    ensure!(made == 2, "{made} calls for two configurations");
    let guest = Request::get("/acme/sandbox/x");
    ensure!(mesh.site.send(&guest)?.status == 200 && client::send(other, &guest)?.status == 401);
    Ok(())
}

#[test]
fn in_one_chain_both_must_agree() -> Result<()> {
    let mesh = envoy::start("mesh-chain", 2, &[&[usergrid()?, strict(&json!({}))?]])?;
    share_a_vm(&mesh, 2)?;
    let site = &mesh.site;
    for round in 0..4 {
        let request = Request::get("/acme/shop/x").bearer("no-issuer");
        ensure!(site.send(&request)?.status == 401, "round {round}");
        let request = Request::get("/acme/shop/x").bearer("issued");
        ensure!(site.send(&request)?.status == 200, "round {round}");
    }
    let counts = ["no-issuer", "issued"].map(|token| site.introspection.count(token));
    ensure!(counts == [2, 2], "{counts:?} calls");
    // The second takes what the first has set for forged, and sets it again from its own answer.
    let seen = site.backend.seen().pop().context("nothing at the backend")?;
    let scopes = seen.headers.iter().filter(|(name, _)| name == "x-usergrid-scope");
    ensure!(scopes.map(|(_, value)| value).eq([b"api books.read"]), "{:?}", seen.headers);
    Ok(())
}

/// Plugins that list other variables do not share a VM, so each has its own. Shared data they still
/// share, since that goes by `vm_id`.
#[test]
fn with_other_variables_each_has_a_vm_of_its_own() -> Result<()> {
    let second = strict(&json!({ "spec": {
        "vmConfig": { "env": [{ "name": "PATH", "valueFrom": "HOST" }] },
        "pluginConfig": { "introspection": { "client_auth": { "client_secret_env": "PATH" } } },
    } }))?;
    let mesh = envoy::start("mesh-variables", 2, &[&[usergrid()?], &[second]])?;
    let active = mesh.site.admin().stats_like(ACTIVE)?;
    ensure!(active.values().eq([&8]), "{active:?}");
    let other = mesh.site.admin().listener("other")?;
    let request = Request::get("/acme/shop/x").bearer("issued");
    for round in 0..4 {
        ensure!(mesh.site.send(&request)?.status == 200, "round {round}");
        // The verifying server does not know us by that secret.
        ensure!(client::send(other, &request)?.status == 503, "round {round}");
    }
    Ok(())
}

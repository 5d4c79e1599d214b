//! What the manifests promise, in a real Envoy, with the filter as the control plane would
//! configure it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use integration::harness::client::{self, Request};
use integration::harness::wait;
use integration::scenario::{self, Scenario};
use integration::servers::usergrid::{APPLICATION_CLIENT, LIFE};
use integration::site::Stock;
use serde_json::json;

use crate::control_plane::translate;
use crate::envoy::{self, Mesh};
use crate::manifests::{self, Manifest};

fn one(name: &str, manifest: Manifest) -> Result<Mesh> {
    envoy::start(name, 1, &[&[envoy::for_tests(manifest, &json!({}))?]])
}

/// All scenario files that need nothing but the usual configuration.
fn scenarios(file: &str) -> Result<()> {
    let mut ran = 0;
    for name in Scenario::names()? {
        if Scenario::load(&name)?.runs_anywhere() {
            scenario(file, &name)?;
            ran += 1;
        }
    }
    ensure!(ran >= 5, "only {ran} files run anywhere");
    Ok(())
}

fn scenario(file: &str, name: &str) -> Result<()> {
    let manifest = envoy::introspecting(manifests::plugin(file)?)?;
    let mesh = one(&format!("mesh-{name}"), manifest)?;
    scenario::run(&Scenario::load(name)?, &mesh.site)
        .with_context(|| format!("{file}, {name}.yaml"))
}

#[test]
fn usergrid_as_a_wasm_plugin() -> Result<()> {
    scenarios("istio/usergrid")
}

/// It becomes the same filter as the `WasmPlugin`, under another name.
#[test]
fn usergrid_as_a_traffic_extension() -> Result<()> {
    let file = "istio/traffic-extension/usergrid";
    let module = Path::new("/module.wasm");
    let plugin = translate(&manifests::plugin("istio/usergrid")?, module)?;
    let extension = translate(&manifests::plugin(file)?, module)?;
    ensure!(plugin.config == extension.config && plugin.name != extension.name);
    scenario(file, "credentials")
}

#[test]
fn usergrid_in_envoy_gateway() -> Result<()> {
    scenarios("gateway/usergrid")
}

/// As they are, before nothing but Usergrid.
#[test]
fn a_stock_usergrid_everywhere() -> Result<()> {
    for manifest in manifests::variant("usergrid")? {
        let file = manifest.file.clone();
        let manifest = envoy::for_tests(manifest, &json!({}))?;
        stock(&envoy::before_usergrid("mesh-stock", &manifest)?).with_context(|| file)?;
    }
    Ok(())
}

fn stock(site: &Stock) -> Result<()> {
    let (id, secret) = APPLICATION_CLIENT;
    let tom = site.usergrid.issue(&site.usergrid.user("acme/shop", "tom")?, LIFE);
    for (request, status, probes) in [
        (Request::get("/status"), 200, (0, 0)),
        (Request::get("/acme/sandbox/books"), 200, (0, 0)),
        (Request::get("/acme/shop/books"), 401, (0, 0)),
        (Request::get("/acme/shop/books").bearer("forged"), 401, (0, 0)),
        (Request::get("/acme/shop/books").bearer(&tom), 200, (1, 0)),
        (
            Request::get(format!("/acme/shop/books?client_id={id}&client_secret={secret}")),
            200,
            (0, 1),
        ),
        (Request::get("/globex/lab/books").bearer(&tom), 401, (1, 1)),
    ] {
        site.usergrid.forget();
        let response = site.send(&request)?;
        let what = client::describe(&request);
        ensure!(response.status == status, "{what}: {} {:?}", response.status, response.json());
        ensure!(site.probes() == probes, "{what}: {:?} U and K", site.probes());
    }
    Ok(())
}

/// No tenants, no guests, no client pairs, and refusals in OAuth's words.
#[test]
fn plain_oauth_everywhere() -> Result<()> {
    for manifest in manifests::variant("oauth")? {
        let file = manifest.file.clone();
        let mesh = one("mesh-oauth", manifest)?;
        oauth(&mesh).with_context(|| file)?;
    }
    Ok(())
}

fn oauth(mesh: &Mesh) -> Result<()> {
    let site = &mesh.site;
    let refused = site.send(&Request::get("/orders/1"))?;
    ensure!(refused.status == 401, "{}", refused.status);
    let challenge = refused.header("www-authenticate").context("no challenge")?;
    ensure!(challenge == "Bearer realm=\"api.example.com\"", "{challenge}");
    for _ in 0..2 {
        // Elsewhere this path would belong to another tenant.
        let admitted = site.send(&Request::get("/globex/crm/1").bearer("alice"))?;
        ensure!(admitted.status == 200, "{}", admitted.status);
    }
    let inactive = site.send(&Request::get("/orders/1").bearer("inactive"))?;
    let challenge = inactive.header("www-authenticate").context("no challenge")?;
    ensure!(inactive.status == 401 && challenge.contains("error=\"invalid_token\""), "{challenge}");
    let pair = site.send(&Request::get("/orders/1?client_id=a&client_secret=b"))?;
    ensure!(pair.status == 401, "{}", pair.status);
    let calls = site.introspection.calls();
    ensure!(calls.len() == 2, "{} calls", calls.len());
    for call in &calls {
        let host = call.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        ensure!(host.is_some_and(|(_, value)| value == b"auth.example.com"), "{host:?}");
    }
    site.admin().wait_for_metric("requests_total;outcome=token", 2)?;
    // As `docs/mesh.md` has it: no rules turn labels into labels.
    let exported = site.admin().prometheus()?;
    ensure!(exported.contains("usergrid_auth_requests_total_outcome_token{} 2"), "{exported}");
    Ok(())
}

/// `docs/mesh.md`: the cluster is not there, or not exported to the proxy.
#[test]
fn without_the_cluster_nobody_with_a_token_gets_in() -> Result<()> {
    let manifest = manifests::plugin("istio/oauth")?;
    let mesh = one("mesh-no-cluster", manifest.clone())?;
    ensure!(mesh.site.send(&Request::get("/x").bearer("alice"))?.status == 200);
    drop(mesh);
    let manifest = envoy::for_tests(manifest, &json!({}))?;
    let mesh = envoy::start_without_clusters("mesh-no-cluster", &manifest)?;
    let refused = mesh.site.send(&Request::get("/x").bearer("alice"))?;
    ensure!(refused.status == 503, "{}", refused.status);
    let log = mesh.site.envoy.log()?;
    ensure!(log.contains("outbound|80||auth.example.com"), "{log}");
    Ok(())
}

/// What `kubectl apply` does to a proxy that serves: a mistake changes nothing, and the next
/// version takes its place.
#[test]
fn an_update_with_a_mistake_leaves_the_old_plugin_in_place() -> Result<()> {
    let manifest = manifests::plugin("istio/usergrid")?;
    let mesh = one("mesh-update", manifest.clone())?;
    let guest = Request::get("/acme/sandbox/x");
    ensure!(mesh.site.send(&guest)?.status == 200);
    mesh.update(&envoy::for_tests(manifest.clone(), &json!({ "guests": [] }))?)?;
    wait::until("the log names the mistake", || {
        Ok(mesh.site.envoy.log()?.contains("`guests`").then_some(()))
    })?;
    ensure!(mesh.site.send(&guest)?.status == 200, "the old plugin is gone");
    mesh.update(&envoy::for_tests(manifest, &json!({ "guest": [] }))?)?;
    wait::until("the new plugin is in place", || {
        Ok((mesh.site.send(&guest)?.status == 401).then_some(()))
    })
}
/// A variable is missing from the first version that the proxy ever sees. It serves, but the
/// filter's place in the chain is empty.
#[test]
fn a_first_version_that_does_not_load_lets_nobody_in() -> Result<()> {
    let mut manifest = manifests::plugin("istio/usergrid")?;
    let good = envoy::for_tests(manifest.clone(), &json!({}))?;
    manifest.value["spec"]["vmConfig"]["env"] = json!([]);
    let mesh = one("mesh-variable", manifest)?;
    for request in [Request::get("/acme/sandbox/x"), Request::get("/acme/shop/x").bearer("alice")] {
        let refused = mesh.site.send(&request)?;
        ensure!(refused.status == 500, "{}", refused.status);
    }
    ensure!(mesh.site.backend.seen().is_empty() && mesh.site.introspection.calls().is_empty());
    let log = mesh.site.envoy.log()?;
    ensure!(log.contains("the environment variable `USERGRID_TOKEN_SALT` is not set"), "{log}");
    mesh.update(&good)?;
    wait::until("the filter is in place", || {
        Ok((mesh.site.send(&Request::get("/acme/sandbox/x"))?.status == 200).then_some(()))
    })
}

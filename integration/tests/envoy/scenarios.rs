//! One test for each file under `integration/scenarios`, each with an Envoy of its own.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use integration::scenario::target::Remote;
use integration::scenario::{self, Scenario};
use integration::site::{Setup, Site};
use serde_json::{Value, json};

fn check(name: &str) -> Result<()> {
    let scenario = Scenario::load(name)?;
    let site = Site::start(&scenario.setup(name))?;
    scenario::run(&scenario, &site).with_context(|| format!("scenarios/{name}.yaml"))
}

macro_rules! scenarios {
    ($($test:ident: $file:literal,)*) => {
        const FILES: &[&str] = &[$($file),*];
        $(
            #[test]
            fn $test() -> Result<()> {
                check($file)
            }
        )*
    };
}

scenarios! {
    base_path: "base-path",
    basic_form: "basic-form",
    browsers: "browsers",
    client_credentials_absent: "client-credentials-absent",
    client_credentials: "client-credentials",
    conflicts_usergrid: "conflicts-usergrid",
    conflicts: "conflicts",
    credentials: "credentials",
    claims: "claims",
    claims_pointer: "claims-pointer",
    forward_as_sent: "forward-as-sent",
    forward_remove: "forward-remove",
    grpc_oauth: "grpc-oauth",
    grpc: "grpc",
    guards: "guards",
    guest: "guest",
    identity_configured: "identity-configured",
    identity_payload: "identity-payload",
    identity: "identity",
    paths_rejected: "paths-rejected",
    paths_shipped: "paths-shipped",
    paths: "paths",
    permissions: "permissions",
    places_as_sent: "places-as-sent",
    places: "places",
    preflight_off: "preflight-off",
    profile_oauth: "profile-oauth",
    public: "public",
    refusals_oauth: "refusals-oauth",
    refusals_usergrid: "refusals-usergrid",
    require_scope: "require-scope",
    route_metadata_off: "route-metadata-off",
    route_metadata: "route-metadata",
    server_down: "server-down",
    server_refuses_us: "server-refuses-us",
    server_slow: "server-slow",
    servers: "servers",
    sources: "sources",
    tenancy_ignore: "tenancy-ignore",
    tenancy_require: "tenancy-require",
    tenancy: "tenancy",
    token_format: "token-format",
    url_headers: "url-headers",
    wrong_answers: "wrong-answers",
}

/// `cargo scenarios` against an Envoy that it has not started, and against one that does otherwise.
#[test]
fn an_envoy_from_elsewhere() -> Result<()> {
    let smoke = |config: Value| -> Result<(bool, String)> {
        let site = Site::start(&Setup::test("elsewhere").config(config))?;
        let url = format!("http://{}", site.address());
        let output = Command::new(env!("CARGO_BIN_EXE_scenarios")).arg(url).output()?;
        Ok((output.status.success(), String::from_utf8(output.stdout)?))
    };
    let (good, said) = smoke(json!({}))?;
    ensure!(good && !said.contains("FAILED"), "{said}");
    ensure!(said.lines().filter(|line| line.starts_with("ok ")).count() >= 5, "too few: {said}");
    let (good, said) = smoke(json!({ "public": null }))?;
    ensure!(!good && said.contains("FAILED  public"), "without public endpoints: {said}");
    Ok(())
}

#[test]
fn a_base_url_has_no_path_and_is_not_https() {
    for wrong in ["127.0.0.1:80", "https://127.0.0.1:80", "http://", "http://127.0.0.1:80/base"] {
        assert!(Remote::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Remote::parse("http://127.0.0.1:80/").is_ok());
}

#[test]
fn every_file_is_run() -> Result<()> {
    let names = Scenario::names()?;
    let unrun: Vec<&String> = names.iter().filter(|name| !FILES.contains(&name.as_str())).collect();
    ensure!(unrun.is_empty(), "no test runs {unrun:?}");
    Ok(())
}

//! One test for each file under `integration/scenarios`, each with an Envoy of its own.

use anyhow::{Context, Result, ensure};
use integration::scenario::target::Remote;
use integration::scenario::{self, Scenario};
use integration::site::{Setup, Site};

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
    client_credentials_absent: "client-credentials-absent",
    client_credentials: "client-credentials",
    conflicts_usergrid: "conflicts-usergrid",
    conflicts: "conflicts",
    credentials: "credentials",
    forward_as_sent: "forward-as-sent",
    forward_remove: "forward-remove",
    grpc_oauth: "grpc-oauth",
    grpc: "grpc",
    guest: "guest",
    identity_configured: "identity-configured",
    identity: "identity",
    paths_shipped: "paths-shipped",
    paths: "paths",
    permissions: "permissions",
    preflight_off: "preflight-off",
    public: "public",
    refusals_oauth: "refusals-oauth",
    refusals_usergrid: "refusals-usergrid",
    route_metadata: "route-metadata",
    server_down: "server-down",
    server_refuses_us: "server-refuses-us",
    server_slow: "server-slow",
    sources: "sources",
    tenancy_ignore: "tenancy-ignore",
    tenancy_require: "tenancy-require",
    tenancy: "tenancy",
    token_format: "token-format",
    wrong_answers: "wrong-answers",
}

/// As `cargo run --bin scenarios` does for an Envoy in a container.
#[test]
fn an_envoy_from_elsewhere() -> Result<()> {
    let site = Site::start(&Setup::test("elsewhere"))?;
    let elsewhere = Remote { envoy: site.address() };
    let mut ran = 0;
    for name in Scenario::names()? {
        let scenario = Scenario::load(&name)?;
        if scenario.runs_anywhere() {
            scenario::run(&scenario, &elsewhere).with_context(|| name)?;
            ran += 1;
        }
    }
    ensure!(ran >= 5, "only {ran} files run anywhere");
    Ok(())
}

#[test]
fn every_file_is_run() -> Result<()> {
    let names = Scenario::names()?;
    let unrun: Vec<&String> = names.iter().filter(|name| !FILES.contains(&name.as_str())).collect();
    ensure!(unrun.is_empty(), "no test runs {unrun:?}");
    Ok(())
}

//! `envoy/stock-usergrid.yaml` as it is.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::Bootstrap;
use integration::harness::client::{self, Request};
use integration::harness::workspace;
use integration::servers::usergrid::fault::{Fault, What};
use integration::servers::usergrid::version::Version;
use integration::site::{Setup, Stock};
use serde_json::{Value, json};
use usergrid_auth_config::Config;

use super::{VERSIONS, books, passes, refused, user};

#[test]
fn the_filter_accepts_its_configuration() -> Result<()> {
    let config = Bootstrap::shipped("stock-usergrid.yaml")?.configuration()?.to_string();
    let known = |name: &str| (name == "USERGRID_TOKEN_SALT").then(|| b"pepper".to_vec());
    let parsed = Config::parse(config.as_bytes(), &known);
    ensure!(parsed.is_ok(), "{}", parsed.err().map(|it| it.to_string()).unwrap_or_default());
    Ok(())
}

/// What the overlay for Compose adds is there, and names the variable that the file hands on.
#[test]
fn the_overlay_sets_what_the_file_needs() -> Result<()> {
    let path = workspace::root().join("envoy/stock-usergrid.yml");
    let overlay: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(path)?)?;
    let salt = &overlay["services"]["envoy"]["environment"]["USERGRID_TOKEN_SALT"];
    ensure!(*salt == integration::servers::usergrid::SALT, "{salt}");
    let variables = Bootstrap::shipped("stock-usergrid.yaml")?;
    let text = variables.json().to_string();
    ensure!(text.contains(r#""host_env_keys":["USERGRID_TOKEN_SALT"]"#), "{text}");
    Ok(())
}

#[test]
fn guests_public_paths_and_users() -> Result<()> {
    let setup = Setup { name: "stock-shipped".into(), ..Setup::default() };
    let site = Stock::with(&setup, Version::Master)?;
    passes(&site, &Request::get("/status"), (0, 0))?;
    passes(&site, &Request::get("/acme/sandbox/books"), (0, 0))?;
    refused(&site, &Request::get("/acme/shop/books"), 401, "unauthorized", (0, 0))?;
    passes(&site, &books(&user(&site, "tom")?), (1, 0))?;
    Ok(())
}

/// Counters have the names and labels of the other protocol.
#[test]
fn what_is_counted() -> Result<()> {
    let site = Stock::start("counted", Version::Master, json!({}))?;
    let tom = user(&site, "tom")?;
    passes(&site, &books(&tom), (1, 0))?;
    passes(&site, &books(&tom), (0, 0))?;
    let revoked = user(&site, "tom")?;
    site.usergrid.revoke(&revoked);
    refused(&site, &books(&revoked), 401, "auth_invalid", (1, 0))?;
    let admin = site.envoy.admin();
    admin.wait_for_metric("introspections_total;result=inactive", 1)?;
    let metrics: BTreeMap<String, u64> = admin.metrics()?;
    for (name, value) in [
        ("introspections_total;result=active", 1),
        ("cache_total;result=local_hit", 1),
        ("requests_total;outcome=token", 2),
        ("requests_total;outcome=inactive", 1),
    ] {
        let found = metrics.get(name).with_context(|| format!("no metric {name}: {metrics:?}"))?;
        ensure!(*found == value, "{name} is {found}");
    }
    Ok(())
}

/// The two commands of `docs/usergrid.md` that check a set-up.
#[test]
fn a_malformed_token_shows_whether_all_is_well() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("check", version, json!({}))?;
        let ask = || {
            let request = Request::get("/acme/shop/users/me").bearer("malformed");
            let answer = client::send(site.usergrid.address(), &request)?;
            Ok::<_, anyhow::Error>((answer.status, answer.json()?["error"].clone()))
        };
        ensure!(ask()? == (401, json!("auth_unverified_oath")), "{:?}", ask()?);
        site.usergrid.fault(Some(Fault::of_all(What::StripAuthorization)));
        ensure!(ask()? == (404, json!("service_resource_not_found")), "{:?}", ask()?);
        site.usergrid.fault(None);
        let response = site.send(&Request::get("/acme/shop/books").bearer("malformed"))?;
        ensure!(response.header("www-authenticate").is_some());
        ensure!(response.header("x-envoy-upstream-service-time").is_none());
        refused(&site, &books("malformed"), 401, "auth_unverified_oath", (0, 0))?;
    }
    Ok(())
}

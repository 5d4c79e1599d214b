//! A broken configuration is refused with a message that says where and why.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use integration::harness::gateway::GATEWAY_SECRET;
use integration::harness::workspace::Scratch;
use integration::harness::{envoy, process};
use integration::site::Setup;
use serde_json::{Value, json};

fn validate(change: impl FnOnce(&mut Value)) -> Result<(bool, String)> {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut bootstrap = Setup::default().bootstrap(nowhere, nowhere)?;
    let mut config = bootstrap.configuration()?;
    change(&mut config);
    bootstrap.set_configuration(&config.to_string())?;
    process::validate(&envoy::find()?, &bootstrap, Scratch::new("validate")?.path())
}

#[test]
fn the_shipped_configuration_is_valid() -> Result<()> {
    let (valid, said) = validate(|_| ())?;
    ensure!(valid, "{said}");
    Ok(())
}

#[test]
fn all_errors_are_reported_at_once_with_their_keys() -> Result<()> {
    let (valid, said) = validate(|config| {
        config["introspection"]["timeout"] = json!("soon");
        config["introspection"]["client_auth"]["client_secret_env"] = json!("NOT_SET_ANYWHERE");
        config["guests"] = json!([]);
        config["guest"][0]["permissions"] = json!(["fetch:/**"]);
        config["cache"] = json!({ "max_entries": "many" });
    })?;
    ensure!(!valid, "it was accepted");
    for part in [
        "introspection.timeout",
        "soon",
        "NOT_SET_ANYWHERE",
        "guests",
        "fetch",
        "cache.max_entries",
    ] {
        ensure!(said.contains(part), "`{part}` is not named in\n{said}");
    }
    Ok(())
}

#[test]
fn a_secret_is_never_in_the_message() -> Result<()> {
    let (valid, said) = validate(|config| {
        config["introspection"]["client_auth"] = json!({
            "method": "client_secret_basic",
            "client_id": "gateway",
            "client_secret": "very-secret-value",
            "client_secret_env": "INTROSPECTION_SECRET",
        });
    })?;
    ensure!(!valid, "a secret and its `_env` twin were accepted");
    ensure!(said.contains("client_secret_env"), "the key is not named in\n{said}");
    for secret in ["very-secret-value", GATEWAY_SECRET] {
        ensure!(!said.contains(secret), "the message shows `{secret}`:\n{said}");
    }
    Ok(())
}

#[test]
fn a_configuration_of_another_type_is_refused_with_advice() -> Result<()> {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut bootstrap = Setup::default().bootstrap(nowhere, nowhere)?;
    let config = bootstrap.configuration()?;
    bootstrap.set_configuration_message(json!({
        "@type": "type.googleapis.com/google.protobuf.Struct",
        "value": config,
    }))?;
    let directory = Scratch::new("validate")?;
    let (valid, said) = process::validate(&envoy::find()?, &bootstrap, directory.path())?;
    ensure!(!valid, "a Struct was accepted");
    ensure!(said.contains("StringValue"), "no advice in\n{said}");
    Ok(())
}

#[test]
fn no_configuration_is_refused() -> Result<()> {
    let (valid, said) = validate(|config| *config = json!({}))?;
    ensure!(!valid, "it was accepted");
    ensure!(said.contains("introspection"), "the missing key is not named in\n{said}");
    Ok(())
}

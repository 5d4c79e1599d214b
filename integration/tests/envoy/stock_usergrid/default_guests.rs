//! The configuration of `docs/usergrid.md` that lets callers without a credential do what Usergrid
//! lets them do by default.

use anyhow::{Context, Result, ensure};
use integration::harness::client::Request;
use integration::harness::workspace;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::{Value, json};

use super::{is, passes, refused};

fn documented() -> Result<Value> {
    let page = std::fs::read_to_string(workspace::root().join("docs/usergrid.md"))?;
    let mut blocks = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.find(|block| block.contains("post:/devices"));
    let mut config: Value = serde_json::from_str(block.context("no such block")?)?;
    // The name that the cluster has in `envoy/stock-usergrid.yaml`, and its other settings.
    config["introspection"] = json!({ "cluster": "usergrid" });
    Ok(config)
}

#[test]
fn they_may_do_this_and_nothing_else() -> Result<()> {
    let site = Stock::start("default-guests", Version::Master, documented()?)?;
    for (method, path) in [
        ("POST", "/acme/shop/users"),
        ("POST", "/acme/shop/devices"),
        ("PUT", "/acme/shop/devices/phone-1"),
        ("GET", "/acme/shop/auth/facebook?fb_access_token=1"),
        ("DELETE", "/acme/sandbox/books/dune"),
    ] {
        let seen = passes(&site, &Request::new(method, path), (0, 0))?;
        is(&seen, "principal", Some("guest"))?;
    }
    for (method, path) in [
        ("POST", "/acme/shop/token"),
        ("GET", "/acme/shop/authorize"),
        ("POST", "/acme/shop/users/resetpw"),
        ("GET", "/acme/shop/users/tom/resetpw?token=1"),
        ("GET", "/acme/shop/users/tom/activate?token=1"),
        ("GET", "/acme/shop/users/tom/reactivate"),
        ("POST", "/management/token"),
        ("POST", "/management/organizations"),
        ("GET", "/management/users/root/confirm?token=1"),
        ("GET", "/status"),
    ] {
        let seen = passes(&site, &Request::new(method, path), (0, 0))?;
        is(&seen, "principal", None)?;
    }
    for (method, path) in [
        ("GET", "/acme/shop/users"),
        ("PUT", "/acme/shop/users/tom"),
        ("DELETE", "/acme/shop/devices/phone-1"),
        ("POST", "/acme/shop/users/tom/deactivate"),
        ("POST", "/acme/shop/users/tom/revoketokens"),
        ("PUT", "/acme/shop/users/tom/password"),
        ("GET", "/acme/shop/credentials"),
        ("GET", "/management/organizations"),
        ("GET", "/management/organizations/acme"),
        ("PUT", "/management/users/root"),
        ("GET", "/orgs/shop/users/resetpw"),
    ] {
        refused(&site, &Request::new(method, path), 401, "unauthorized", (0, 0))?;
    }
    Ok(())
}

/// Usergrid would answer 200 and a script.
#[test]
fn a_refusal_is_no_script() -> Result<()> {
    let site = Stock::start("jsonp", Version::Master, json!({}))?;
    let request = Request::get("/acme/shop/books?callback=run&access_token=malformed")
        .header("accept", "application/javascript");
    refused(&site, &request, 401, "auth_unverified_oath", (0, 0))?;
    let response = site.send(&request)?;
    let kind = response.header("content-type").context("no content type")?;
    ensure!(kind.starts_with("application/json"), "{kind}");
    ensure!(!String::from_utf8_lossy(&response.body).contains("run"), "the callback is in it");
    Ok(())
}

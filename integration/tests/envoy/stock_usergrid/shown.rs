//! The two requests by which `docs/usergrid.md` has people check their set-up.

use anyhow::{Context, Result, ensure};
use integration::harness::client::{self, Request};
use integration::harness::workspace;
use integration::site::Stock;
use serde_json::json;

use super::VERSIONS;

/// The request that a line with `curl` for this host makes.
fn shown(host: &str) -> Result<Request> {
    let page = std::fs::read_to_string(workspace::root().join("docs/usergrid.md"))?;
    let begin = format!("curl -i http://{host}");
    let line = page.lines().find_map(|line| line.strip_prefix(&begin)).context("no such line")?;
    let (path, rest) = line.split_once(' ').context("no header")?;
    let headers = rest.split('\'').skip(1).step_by(2);
    let headers = headers.filter_map(|header| header.split_once(": "));
    Ok(headers.fold(Request::get(path), |request, (name, value)| request.header(name, value)))
}

#[test]
fn a_malformed_token_checks_the_set_up() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("set-up", version, json!({}))?;
        let direct = client::send(site.usergrid.address(), &shown("usergrid.internal:8080")?)?;
        let error = direct.json()?["error"].as_str().unwrap_or_default().to_owned();
        // Either is as good, the page says.
        let good = ["auth_unverified_oath", "auth_bad_access_token"].contains(&error.as_str());
        ensure!(direct.status == 401 && good, "{version:?}: {} {error}", direct.status);

        let through = site.send(&shown("envoy.internal:8080")?)?;
        let error = through.json()?["error"].as_str().unwrap_or_default().to_owned();
        ensure!(through.status == 401 && error == "auth_unverified_oath", "{error}");
        let challenge = through.header("www-authenticate").unwrap_or_default();
        ensure!(challenge.starts_with("Bearer "), "{challenge}");
        ensure!(through.header("x-envoy-upstream-service-time").is_none(), "it went through");
    }
    Ok(())
}

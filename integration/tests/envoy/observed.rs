//! What operators see: labels in Prometheus, access log, log.

use anyhow::{Result, ensure};
use integration::harness::client::{self, Request};
use integration::harness::gateway::GATEWAY_SECRET;
use integration::harness::wait;
use integration::site::{Setup, Site};

#[test]
fn prometheus_shows_the_labels() -> Result<()> {
    let site = Site::start(&Setup::test("prometheus"))?;
    site.send(&Request::get("/acme/shop/x").bearer("alice"))?;
    site.send(&Request::get("/acme/sandbox/x"))?;
    site.admin().wait_for_metric("requests_total;outcome=guest", 1)?;
    let scrape = site.admin().prometheus()?;
    for line in [
        r#"usergrid_auth_requests_total{outcome="token"} 1"#,
        r#"usergrid_auth_requests_total{outcome="guest"} 1"#,
        r#"usergrid_auth_requests_total{outcome="forbidden"} 0"#,
        r#"usergrid_auth_introspections_total{result="active"} 1"#,
        r#"usergrid_auth_cache_total{result="miss"} 1"#,
        "usergrid_auth_coalesced_total{} 0",
        "usergrid_auth_waiting{} 0",
        "usergrid_auth_cache_entries{} 1",
        "# TYPE usergrid_auth_requests_total counter",
        "# TYPE usergrid_auth_introspection_ms histogram",
    ] {
        ensure!(scrape.contains(line), "no `{line}` in\n{}", ours(&scrape));
    }
    ensure!(!ours(&scrape).contains(';'), "a label left in a name:\n{}", ours(&scrape));
    Ok(())
}

fn ours(scrape: &str) -> String {
    scrape.lines().filter(|line| line.contains("usergrid_auth")).collect::<Vec<_>>().join("\n")
}

/// Every credential that the clients below send.
const SECRETS: [&str; 4] = ["secret-token", "secret-twin", "secret-of-client", "c2VjcmV0"];

#[test]
fn no_credential_shows_in_any_log() -> Result<()> {
    let site = Site::start(&Setup::test("logs"))?;
    let requests = [
        Request::get("/acme/shop/a?x=1&access_token=secret-token&y=2"),
        Request::get("/acme/sandbox/b?access_token=secret-token"),
        Request::get("/acme/shop/c?access_token=secret-token&access_token=secret-twin"),
        Request::get("/acme/shop/d?client_id=me&client_secret=secret-of-client"),
        Request::get("/acme/shop/../e?access_token=secret-token"),
        Request::get("/acme/shop/..;/f?access_token=secret-token"),
        Request::get("/acme/shop/%zz?access_token=secret-token"),
        Request::get("/acme/shop/g?access_token=secret-token").bearer("secret-twin"),
        Request::get("/acme/shop/h?access_token=secret-token%zz"),
        Request::get("/acme/shop/i?access%5ftoken=secret-token"),
        Request::get("/acme/shop/x%2Fy?access_token=secret-token"),
        Request::get("/acme/shop/x%5Cy?access_token=secret-token"),
        Request::get("/acme/shop/j").bearer("secret-token"),
        Request::get("/acme/shop/k").header("authorization", "Basic c2VjcmV0OnNlY3JldA=="),
        Request::get("/acme/shop/l").header("authorization", "Secret secret-token"),
    ];
    for request in &requests {
        let response = site.send(request)?;
        ensure!(response.status >= 400, "{} got {}", client::describe(request), response.status);
    }
    wait::until("all lines of the access log", || {
        Ok((site.envoy.access_log()?.lines().count() >= requests.len()).then_some(()))
    })?;
    let (access, log) = (site.envoy.access_log()?, site.envoy.log()?);
    ensure!(access.contains("/acme/shop/a?x=1&y=2"), "the rest of the query is gone:\n{access}");
    for secret in SECRETS {
        ensure!(!access.contains(secret), "the access log shows {secret}:\n{access}");
        ensure!(!log.contains(secret), "the log shows {secret}:\n{log}");
    }
    for page in ["/config_dump", "/stats", "/clusters"] {
        let text = String::from_utf8_lossy(&site.admin().get(page)?.body).into_owned();
        for secret in SECRETS.into_iter().chain([GATEWAY_SECRET]) {
            ensure!(!text.contains(secret), "{page} of the admin interface shows {secret}");
        }
    }
    ensure!(log.contains("wasm log usergrid-auth"), "no refusal in the log:\n{log}");
    Ok(())
}

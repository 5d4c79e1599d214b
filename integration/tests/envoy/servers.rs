//! Two verifying servers behind one Envoy: each is asked about its own requests alone, and what is
//! counted says which one it was.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::scenario::check::backend_header;
use integration::servers::stub::answer::{Answer, Answers};
use integration::servers::stub::introspection::Introspection;
use integration::site::{Setup, Site};
use serde_json::json;

const OTHER: &str = "other";

/// `main` by host, `other` by the token's beginning; nobody for the rest.
fn start() -> Result<(Site, Introspection)> {
    let other = Introspection::start(([127, 0, 0, 1], 0).into(), Answers::shared()?)?;
    let auth = json!({
        "method": "client_secret_basic", "client_id": "gateway",
        "client_secret_env": "INTROSPECTION_SECRET"
    });
    let server = |name: &str, cluster: &str, matching| {
        json!({
            "name": name, "cluster": cluster, "authority": "auth.example.com",
            "path": "/oauth2/introspect", "timeout": "20s", "retries": 0, "client_auth": auth,
            "match": matching
        })
    };
    let mut setup = Setup::test("servers").config(json!({ "introspection": [
        server("main", "introspection", json!({ "hosts": ["*.example.com", "[::1]"] })),
        server(OTHER, OTHER, json!({ "token_prefixes": ["ci_"], "paths": ["*:/acme/**"] })),
    ] }));
    setup.clusters.push((OTHER.into(), other.address()));
    Ok((Site::start(&setup)?, other))
}

#[test]
fn each_is_asked_about_its_own_requests_alone() -> Result<()> {
    let (site, other) = start()?;
    for server in [&site.introspection, &other] {
        for token in ["ci_token-1", "ci_token-2", "plain-1"] {
            server.learn(token, Answer::json(json!({ "active": true, "username": token })));
        }
    }
    let refused = "-";
    for (host, path, token, expected) in [
        ("api.example.com", "/acme/shop/x", "ci_token-1", "main"),
        ("API.Example.com:8080", "/acme/shop/x", "ci_token-1", "main"),
        ("elsewhere", "/acme/shop/x", "ci_token-1", OTHER),
        ("elsewhere", "/ACME/shop/x/", "ci_token-2", OTHER),
        ("elsewhere", "/acme/shop/x", "plain-1", refused),
        ("elsewhere", "/globex/shop/x", "ci_token-1", refused),
        ("elsewhere", "/acme;v=1/shop/x", "ci_token-1", refused),
        ("api.example.com.", "/globex/shop/x", "plain-1", refused),
        ("[::1]:80", "/globex/shop/x", "plain-1", "main"),
    ] {
        let request = Request::get(path).header("host", host).bearer(token);
        let response = site.send(&request)?;
        let told = match response.status {
            200 => backend_header(&response.json()?, "x-usergrid-server").unwrap_or_default(),
            401 => refused.to_owned(),
            status => anyhow::bail!("{host} {path} {token}: {status}"),
        };
        ensure!(told == expected, "{host} {path} {token}: {told}, not {expected}");
    }
    // In the query it is compared decoded.
    let request =
        Request::get("/acme/shop/x?access_token=%63i%5Ftoken-2").header("host", "elsewhere");
    ensure!(site.send(&request)?.status == 200);
    let asked = |server: &Introspection| -> Vec<String> {
        server.calls().into_iter().map(|call| call.subject).collect()
    };
    let (main, other_asked) = (asked(&site.introspection), asked(&other));
    ensure!(main == ["ci_token-1", "plain-1"], "`main` was asked about {main:?}");
    ensure!(other_asked == ["ci_token-1", "ci_token-2"], "`other` was asked about {other_asked:?}");
    let admin = site.admin();
    admin.wait_for_metric("introspections_total;result=active;server=main", 2)?;
    admin.wait_for_metric("introspections_total;result=active;server=other", 2)?;
    admin.wait_for_metric("cache_total;result=local_hit;server=other", 1)?;
    admin.wait_for_metric("requests_total;outcome=malformed", 4)?;
    let page = admin.prometheus()?;
    let labelled = r#"usergrid_auth_introspections_total{result="active",server="main"} 2"#;
    ensure!(page.contains(labelled), "no {labelled}");
    Ok(())
}

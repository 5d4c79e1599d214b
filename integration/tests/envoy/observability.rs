//! Every configuration of `docs/observability.md` in the real Envoy, as it stands there.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::{Bootstrap, merge};
use integration::harness::client::{Request, Response};
use integration::harness::server::{Exchange, Handler, Server};
use integration::harness::version::Version;
use integration::harness::{envoy, wait, workspace};
use integration::site::{Setup, Site};
use serde_json::{Value, json};

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// The blocks of a language under a heading of the page.
fn blocks(heading: &str, language: &str) -> Result<Vec<String>> {
    let page = std::fs::read_to_string(workspace::root().join("docs/observability.md"))?;
    let start = if heading.is_empty() { "# ".to_owned() } else { format!("\n## {heading}\n") };
    let (_, section) = page.split_once(&start).with_context(|| format!("no `{heading}`"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).skip(1).filter_map(|rest| rest.split_once("```"));
    Ok(blocks.map(|(block, _)| block.to_owned()).collect())
}

/// An Envoy with the page's filter state, and one of its blocks in the connection manager.
fn start(name: &str, heading: &str, index: usize, more: &[(&str, SocketAddr)]) -> Result<Site> {
    let state = serde_json::from_str(blocks("", "json")?.first().context("no filter state")?)?;
    let block: Value = serde_yaml_ng::from_str(&blocks(heading, "yaml")?[index])?;
    let setup = Setup::test(name).config(state);
    Site::build(name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        for (name, address) in more {
            bootstrap.cluster_like("backend", name, *address)?;
        }
        let mut json = bootstrap.json().clone();
        let manager = json.pointer_mut(MANAGER).context("no manager")?;
        let mut block = block;
        // What the page shows stands between the filter and the router.
        let filters = block.as_object_mut().and_then(|members| members.remove("http_filters"));
        merge(manager, &block);
        let list = manager["http_filters"].as_array_mut().context("no filters")?;
        for filter in filters.as_ref().and_then(Value::as_array).into_iter().flatten() {
            list.insert(1, filter.clone());
        }
        Ok(Bootstrap::from(json))
    })
}

fn books() -> Request {
    Request::get("/acme/shop/books")
}

fn send(site: &Site, request: &Request, status: u16) -> Result<Response> {
    let response = site.send(request)?;
    ensure!(response.status == status, "{} instead of {status}: {request:?}", response.status);
    Ok(response)
}

fn lines(site: &Site, count: usize) -> Result<Vec<String>> {
    wait::until("all lines of the access log", || {
        let lines: Vec<String> = site.envoy.access_log()?.lines().map(str::to_owned).collect();
        Ok((lines.len() >= count).then_some(lines))
    })
}

#[test]
fn access_log_in_json() -> Result<()> {
    let site = start("json-log", "Access log", 0, &[])?;
    send(&site, &books().bearer("alice"), 200)?;
    send(&site, &books(), 401)?;
    let shown = blocks("Access log", "json")?;
    let shown = shown.first().context("the page shows no lines")?;
    for (found, shown) in lines(&site, 2)?.iter().zip(shown.lines()) {
        let mut found: Value = serde_json::from_str(found)?;
        let shown: Value = serde_json::from_str(shown)?;
        if let Some(fingerprint) = found["credential"].as_str() {
            ensure!(fingerprint.len() == 8, "{fingerprint}");
            found["credential"] = "…".into();
        }
        ensure!(found == shown, "{found} instead of {shown}");
    }
    Ok(())
}

#[test]
fn access_log_of_refusals_alone() -> Result<()> {
    let site = start("refusal-log", "Access log", 1, &[])?;
    send(&site, &books().bearer("alice"), 200)?;
    send(&site, &books(), 401)?;
    send(&site, &books().bearer("inactive"), 401)?;
    let found = lines(&site, 2)?;
    let expected = [
        "usergrid_auth_missing GET /acme/shop/books",
        "usergrid_auth_inactive GET /acme/shop/books",
    ];
    ensure!(found == expected, "{found:#?}");
    Ok(())
}

#[test]
fn rate_limits_by_user() -> Result<()> {
    let site = start("limits", "Rate limits", 0, &[])?;
    // Two tokens of one user; the bucket has five places.
    for count in 0..5 {
        let token = if count % 2 == 0 { "alice" } else { "full" };
        send(&site, &books().bearer(token), 200)?;
    }
    send(&site, &books().bearer("alice"), 429)?;
    send(&site, &books().bearer("full"), 429)?;
    // Another user has a bucket of his own, and nobody without a name has one.
    for _ in 0..5 {
        send(&site, &books().bearer("carol"), 200)?;
    }
    send(&site, &books().bearer("carol"), 429)?;
    for _ in 0..10 {
        send(&site, &books().bearer("minimal"), 200)?;
    }
    // A forged header changes nothing.
    let forged = books().bearer("alice").header("x-usergrid-username", "batch");
    send(&site, &forged, 429)?;
    let batch = json!({ "active": true, "username": "batch" });
    let batch = integration::servers::stub::answer::Answer::json(batch);
    site.introspection.learn("batch", batch);
    for _ in 0..10 {
        send(&site, &books().bearer("batch"), 200)?;
    }
    Ok(())
}

#[test]
fn rbac_by_kind_of_principal() -> Result<()> {
    let site = start("rbac", "RBAC", 0, &[])?;
    send(&site, &Request::get("/acme/reports/x").bearer("carol"), 200)?;
    send(&site, &Request::get("/acme/reports/x").bearer("minimal"), 403)?;
    send(&site, &Request::get("/acme/reports/x"), 401)?;
    send(&site, &books().bearer("alice"), 200)?;
    Ok(())
}

/// Takes spans as an OpenTelemetry collector does, and keeps the bytes: texts are plain in them.
#[derive(Default)]
struct Collector(Mutex<Vec<u8>>);

impl Handler for Collector {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        exchange.body(|piece| kept.extend_from_slice(piece))?;
        exchange.respond(200, &Vec::new(), b"")?;
        Ok(true)
    }
}

#[test]
fn traces_say_who_came_and_how_it_ended() -> Result<()> {
    let collector = Arc::new(Collector::default());
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(anywhere, Arc::clone(&collector) as Arc<dyn Handler>)?;
    let site = start("traces", "Traces", 0, &[("otel-collector", server.address())]);
    // As the page says: the `value` of a tag came with Envoy 1.37.
    let version: Version = envoy::find()?.version.parse()?;
    if version.lacks(&["1.37.0".parse()?]) {
        let error = site.err().with_context(|| format!("Envoy {version} knows the tags"))?;
        ensure!(format!("{error:#}").contains("custom_tags[0]"), "{error:#}");
        return Ok(());
    }
    let site = site?;
    send(&site, &books().bearer("alice"), 200)?;
    send(&site, &books(), 401)?;
    for wanted in [
        attribute("usergrid.outcome", "token"),
        attribute("usergrid.user", "alice"),
        attribute("usergrid.outcome", "missing"),
        attribute("usergrid.refusal", "usergrid_auth_missing"),
    ] {
        wait::until("the span", || {
            let kept = collector.0.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(kept.windows(wanted.len()).any(|window| window == wanted).then_some(()))
        })
        .with_context(|| String::from_utf8_lossy(&wanted).into_owned())?;
    }
    Ok(())
}

/// `KeyValue` of OpenTelemetry's protobuf: field 1 the key, field 2 a value whose field 1 is a text.
fn attribute(key: &str, value: &str) -> Vec<u8> {
    let text = |field: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        [&[field << 3 | 2, length], bytes].concat()
    };
    [text(1, key.as_bytes()), text(2, &text(1, value.as_bytes()))].concat()
}

#[test]
fn local_replies_by_reason() -> Result<()> {
    let site = start("replies", "Local replies", 0, &[])?;
    let browser = |request: Request| request.header("accept", "text/html,*/*");
    let moved = send(&site, &browser(books()), 302)?;
    let location = moved.header("location");
    ensure!(location.as_deref() == Some("https://login.example.com/"), "{location:?}");
    send(&site, &books(), 401)?;
    send(&site, &books().header("accept", "application/json"), 401)?;
    let bad = send(&site, &browser(books().bearer("inactive")), 401)?;
    ensure!(bad.header("location").is_none(), "a bad token is sent to log in");
    site.admin().wait_for_metric("requests_total;outcome=missing", 3)
}

//! Canaries in every place where a secret comes in, and a search of every place where something comes
//! out: logs with the filter's at trace, access log, statistics, configuration, refusals, backend.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use integration::harness::bootstrap::{Bootstrap, Knobs, merge};
use integration::harness::client::Request;
use integration::harness::gateway::GATEWAY_SECRET;
use integration::harness::wait;
use integration::harness::workspace::Scratch;
use integration::servers::stub::answer::Answer;
use integration::servers::stub::backend::MARK;
use integration::site::{Setup, Site};
use properties::canary::found;
use serde_json::{Value, json};

/// One secret.
struct Canary {
    text: &'static str,
    /// Whether the backend is to get it, in `Authorization`.
    goes_on: bool,
}

const fn kept(text: &'static str) -> Canary {
    Canary { text, goes_on: false }
}

const fn forwarded(text: &'static str) -> Canary {
    Canary { text, goes_on: true }
}

const IN_HEADER: Canary = forwarded("cnryHeaderGood4f7a1");
const IN_QUERY: Canary = forwarded("cnryQueryGood9b2c3");
const IN_COOKIE: Canary = forwarded("cnryCookieGood1d4e5");
const IN_OTHER: Canary = forwarded("cnryOtherGood6f8a7");
const ISSUED: Canary = forwarded("cnryIssued3c5e9b1");
const BAD: Canary = kept("cnryBadToken2a4c6");
const BAD_QUERY: Canary = kept("cnryBadQuery8e1f3");
const BROKEN: Canary = kept("cnryBroken5b7d9");
const CONFLICT: Canary = kept("cnryConflict1a3c5");
const BAD_PATH: Canary = kept("cnryBadPath7e9f2");
const PREFLIGHT: Canary = kept("cnryPreflight4b6d8");
const REPEATED: Canary = kept("cnryRepeated1f3a5");
const GUESTS: Canary = kept("cnryGuests7c9e2");
/// No secret: logs and headers may show who a client is.
const PAIR_ID: &str = "pair-id";
const PAIR_SECRET: Canary = kept("cnryPairSecret1e3f5");
const BAD_PAIR: Canary = kept("cnryBadPair7a9b2");
const FAILING: Canary = kept("cnryFailing4d6e8");
const SAID: Canary = kept("cnryServerSaid1b3d5");
const LONG: Canary = kept("cnryTooLong8c2e4");
const OURS: Canary = kept(GATEWAY_SECRET);

const ALL: [&Canary; 19] = [
    &IN_HEADER,
    &IN_QUERY,
    &IN_COOKIE,
    &IN_OTHER,
    &ISSUED,
    &BAD,
    &BAD_QUERY,
    &BROKEN,
    &CONFLICT,
    &BAD_PATH,
    &PREFLIGHT,
    &REPEATED,
    &GUESTS,
    &PAIR_SECRET,
    &BAD_PAIR,
    &FAILING,
    &SAID,
    &LONG,
    &OURS,
];

/// All that an operator may log of a request but `Authorization` and `Cookie`.
const FORMAT: &str = "%REQ(:PATH)% %REQ(REFERER)% %REQ(X-ORIGINAL-URL)% %REQ(X-ENVOY-ORIGINAL-PATH)% \
    %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %FILTER_STATE(wasm.usergrid_auth_outcome:PLAIN)% \
    %FILTER_STATE(wasm.usergrid_auth_principal:PLAIN)% %FILTER_STATE(wasm.usergrid_auth_subject:PLAIN)% \
    %FILTER_STATE(wasm.usergrid_auth_username:PLAIN)% %FILTER_STATE(wasm.usergrid_auth_client_id:PLAIN)% \
    %FILTER_STATE(wasm.usergrid_auth_application:PLAIN)% \
    %FILTER_STATE(wasm.usergrid_auth_fingerprint:PLAIN)%";

#[test]
fn no_secret_comes_out_where_it_should_not() -> Result<()> {
    let state =
        ["outcome", "principal", "subject", "username", "client_id", "application", "fingerprint"];
    let sources = json!(["header", "query", "client_query", "client_basic",
        { "header": "x-api-token" }, { "cookie": "session" }]);
    let knobs = Knobs { tracing: true, ..Knobs::default() };
    let setup = Setup::test("secrets").knobs(knobs).config(json!({
        "credentials": { "sources": sources, "max_length": 64 },
        "telemetry": { "filter_state": state },
    }));
    let site = Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.access_log(FORMAT)?;
        Ok(bootstrap)
    })?;
    for canary in [IN_HEADER, IN_QUERY, IN_COOKIE, IN_OTHER] {
        site.introspection.learn(canary.text, Answer::user("canary"));
    }
    let said = json!({ "error": "no", "error_description": SAID.text });
    let fails = Answer { status: Some(500), json: Some(said), ..Answer::default() };
    site.introspection.learn(FAILING.text, fails);
    let issued = json!({ "access_token": ISSUED.text, "expires_in": 60, "organization": { "name": "acme" } });
    let pair = format!("{}:{}", PAIR_ID, PAIR_SECRET.text);
    site.introspection.learn_client(&pair, Answer::json(issued));

    let requests = requests();
    let mut refusals = String::new();
    for request in &requests {
        let response = site.send(request)?;
        if response.header(MARK).is_none() {
            refusals.push_str(&format!("{:?}\n", response.headers));
            refusals.push_str(&String::from_utf8_lossy(&response.body));
        }
    }
    let access_log = wait::until("all lines of the access log", || {
        let log = site.envoy.access_log()?;
        Ok((log.lines().count() >= requests.len()).then_some(log))
    })?;
    let admin = |path: &str| -> Result<String> {
        Ok(String::from_utf8_lossy(&site.admin().get(path)?.body).into_owned())
    };
    let log = site.envoy.log()?;
    // Otherwise the search would show nothing.
    ensure!(log.contains("[trace][wasm]"), "the filter's log is not at trace");
    ensure!(access_log.contains("canary"), "{access_log}");
    let places = [
        ("Envoy's log", log),
        ("the access log", access_log),
        ("config_dump", admin("/config_dump?include_eds")?),
        ("statistics", admin("/stats")?),
        ("Prometheus", admin("/stats/prometheus")?),
        ("clusters", admin("/clusters")?),
        ("server_info", admin("/server_info")?),
        ("a refusal", refusals),
    ];
    for canary in ALL {
        for (place, text) in &places {
            let forms = found(canary.text, text);
            let lines = text.lines().filter(|line| forms.iter().any(|form| line.contains(form)));
            let lines: Vec<&str> = lines.collect();
            ensure!(forms.is_empty(), "{place} shows `{}`: {lines:#?}", canary.text);
        }
        at_the_backend(&site, canary)?;
    }
    Ok(())
}

/// In no header but `Authorization`, and there only where it is to go on.
fn at_the_backend(site: &Site, canary: &Canary) -> Result<()> {
    let mut arrived = false;
    for seen in site.backend.seen() {
        ensure!(found(canary.text, &seen.path).is_empty(), "`{}` in {}", canary.text, seen.path);
        for (name, value) in &seen.headers {
            if found(canary.text, &String::from_utf8_lossy(value)).is_empty() {
                continue;
            }
            let as_it_should = canary.goes_on && name == "authorization";
            ensure!(as_it_should, "`{}` in {name} at the backend", canary.text);
            arrived = true;
        }
    }
    ensure!(arrived == canary.goes_on, "`{}` did not arrive", canary.text);
    Ok(())
}

fn requests() -> Vec<Request> {
    let shop = "/acme/shop/x";
    let query = |canary: &Canary| format!("{shop}?a=1&access_token={}", canary.text);
    let basic = |pair: String| format!("Basic {}", BASE64_STANDARD.encode(pair));
    let pair = |secret: &Canary| format!("{}:{}", PAIR_ID, secret.text);
    let in_query =
        |secret: &Canary| format!("{shop}?client_id={}&client_secret={}", PAIR_ID, secret.text);
    let repeats = format!("https://a.example/?access_token={}", REPEATED.text);
    vec![
        Request::get(shop).bearer(IN_HEADER.text),
        Request::get(shop).bearer(IN_HEADER.text),
        Request::get(query(&IN_QUERY)),
        Request::get(shop).header("cookie", format!("a=b; session={}", IN_COOKIE.text)),
        Request::get(shop).header("x-api-token", IN_OTHER.text),
        Request::get(shop).header("authorization", basic(pair(&PAIR_SECRET))),
        Request::get(in_query(&PAIR_SECRET)),
        Request::get(shop).bearer(BAD.text),
        Request::get(shop).bearer(BAD.text),
        Request::get(query(&BAD_QUERY)),
        Request::get(shop).header("authorization", format!("Digest {}", BROKEN.text)),
        Request::get(shop).header("authorization", format!("Basic {}", BROKEN.text)),
        Request::get(shop).header("authorization", format!("Bearer \u{a7}{}", BROKEN.text)),
        Request::get(format!("{shop}?access_token={}%zz", BROKEN.text)),
        Request::get(query(&CONFLICT)).bearer(CONFLICT.text),
        Request::get(format!("/acme/..%3b/x?access_token={}", BAD_PATH.text)),
        Request::new("OPTIONS", format!("{shop}?access_token={}", PREFLIGHT.text))
            .header("origin", "https://a.example")
            .header("access-control-request-method", "PUT"),
        Request::get("/acme/sandbox/x")
            .header("referer", &repeats)
            .header("x-original-url", &repeats),
        Request::get("/acme/shop/x").header("referer", &repeats),
        Request::get(format!("/acme/sandbox/x?client_secret={}", GUESTS.text)),
        Request::get(shop).header("authorization", basic(pair(&BAD_PAIR))),
        Request::get(in_query(&BAD_PAIR)),
        Request::get(shop).bearer(FAILING.text),
        Request::get(shop).bearer(&LONG.text.repeat(8)),
        Request::get(shop).bearer(FAILING.text).header("content-type", "application/grpc"),
    ]
}

/// The verifying server's secret may be kept out of the filter altogether: Envoy puts it into the
/// call on its way out, and reads it from a file or an SDS server.
#[test]
fn envoy_can_put_the_secret_into_calls_by_itself() -> Result<()> {
    let scratch = Scratch::new("injected-secret")?;
    let file = scratch.path().join("introspection.yaml");
    let pair = BASE64_STANDARD.encode(format!("gateway:{GATEWAY_SECRET}"));
    std::fs::write(&file, secret(&format!("Basic {pair}")).to_string())?;
    let setup = Setup::test("injector").config(json!({ "introspection": { "client_auth": null } }));
    let site = Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let bootstrap = setup.bootstrap(introspection, backend)?;
        injecting(bootstrap, &file)
    })?;
    let response = site.send(&Request::get("/acme/shop/x").bearer("alice"))?;
    ensure!(
        response.status == 200,
        "{} {}",
        response.status,
        String::from_utf8_lossy(&response.body)
    );
    let call = site.introspection.wait_for("alice")?;
    let sent = integration::harness::http::header(&call.headers, "authorization");
    ensure!(sent == Some(format!("Basic {pair}").as_bytes()), "{:?}", call.headers);
    let dump = String::from_utf8_lossy(&site.admin().get("/config_dump")?.body).into_owned();
    for shown in [dump, site.envoy.log()?] {
        ensure!(found(GATEWAY_SECRET, &shown).is_empty(), "it is shown");
    }
    Ok(())
}

/// What an SDS server, or a file in its place, says.
fn secret(value: &str) -> Value {
    json!({ "resources": [{
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        "name": "introspection",
        "generic_secret": { "secret": { "inline_string": value } },
    }] })
}

/// The cluster of the verifying server as `docs/configuration.md` shows it, the file being `secret`.
fn injecting(bootstrap: Bootstrap, secret: &Path) -> Result<Bootstrap> {
    let page = include_str!("../../../docs/configuration.md");
    let (_, after) =
        page.split_once("<!-- credential injector -->\n```yaml\n").context("no YAML")?;
    let (yaml, _) = after.split_once("```").context("no end of the YAML")?;
    let shown: Value = serde_yaml_ng::from_str(
        &yaml.replace("/etc/envoy/introspection-secret.yaml", &secret.display().to_string()),
    )?;
    let mut json = bootstrap.json().clone();
    json["node"] = json!({ "id": "test", "cluster": "test" });
    let clusters = json["static_resources"]["clusters"].as_array_mut().context("no clusters")?;
    let cluster = clusters.iter_mut().find(|cluster| cluster["name"] == "introspection");
    merge(cluster.context("no such cluster")?, &shown);
    Ok(Bootstrap::from_json(json))
}

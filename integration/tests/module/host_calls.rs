//! Which functions of the host a request costs, by the way it takes, each counted exactly.
//!
//! A host call costs more than most of what the module does by itself, and one more a request is
//! easily added without anybody noticing.

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::Bootstrap;
use integration::servers::stub::answer::Answers;
use serde_json::{Value, json};

use counting_host::host::{Action, CountingHost, Pairs};

/// What every request costs: the settings of its route and virtual host, its head, the time.
const ALWAYS: [(&str, u64); 3] = [
    ("proxy_get_current_time_nanoseconds", 1),
    ("proxy_get_header_map_pairs", 1),
    ("proxy_get_property", 2),
];
const SHOP: &str = "/acme/shop/books";
const ISSUED: &str = r#"{"access_token":"YWMtissued","expires_in":604800}"#;
/// What `/acme/shop/users/me` of a stock Usergrid says.
const KIM: &str = r#"{"action":"get","application":"7d1f2c11-833a-11ee-8b11-0242ac120001","path":"/users",
    "entities":[{"uuid":"7d1f2c12-833a-11ee-8b11-0242ac120001","type":"user","username":"kim"}],
    "organization":"acme","applicationName":"shop"}"#;

#[test]
fn a_token_in_the_header_that_is_known() -> Result<()> {
    let mut host = shipped()?;
    known(&mut host, &get(SHOP, Some("full")))?;
    let again = counted(&mut host, &get(SHOP, Some("full")), Action::Continued)?;
    ensure!(host.identity(again).len() == 7, "the backend gets {:?}", host.identity(again));
    // The signal of revocations, and a call for each identity header.
    exactly(&host, &[("proxy_get_metric", 1), ("proxy_replace_header_map_value", 7)])
}

#[test]
fn a_token_in_the_header_that_is_known_without_identity_headers() -> Result<()> {
    let mut host = start(json!({ "identity": { "headers": {
        "x-usergrid-principal": null, "x-usergrid-subject": null, "x-usergrid-username": null,
        "x-usergrid-client-id": null, "x-usergrid-scope": null, "x-usergrid-organization": null,
        "x-usergrid-application": null,
    } } }))?;
    known(&mut host, &get(SHOP, Some("full")))?;
    counted(&mut host, &get(SHOP, Some("full")), Action::Continued)?;
    exactly(&host, &[("proxy_get_metric", 1)])
}

#[test]
fn a_token_in_the_query_that_is_known() -> Result<()> {
    let mut host = shipped()?;
    let in_query = get(&format!("{SHOP}?access_token=full"), None);
    known(&mut host, &in_query)?;
    counted(&mut host, &in_query, Action::Continued)?;
    // The path without it, `Authorization` with it, seven identity headers.
    exactly(&host, &[("proxy_get_metric", 1), ("proxy_replace_header_map_value", 9)])
}

#[test]
fn a_client_pair_that_is_known() -> Result<()> {
    let mut host = shipped()?;
    let pair = get(&format!("{SHOP}?client_id=b3U6&client_secret=secret"), None);
    warm(&mut host)?;
    let first = host.request(&pair)?;
    host.ring()?;
    host.answer(200, ISSUED.as_bytes())?;
    ensure!(host.action(first) == Action::Resumed, "it is {:?}", host.action(first));
    let again = counted(&mut host, &pair, Action::Continued)?;
    let identity = u64::try_from(host.identity(again).len())?;
    exactly(&host, &[("proxy_get_metric", 1), ("proxy_replace_header_map_value", 2 + identity)])
}

#[test]
fn a_token_that_a_stock_usergrid_knows() -> Result<()> {
    let mut host = start(json!({
        "introspection": {
            "protocol": "usergrid", "cluster": "usergrid", "authority": "api.example.com",
        },
        "token": { "format": "opaque" },
        "client_credentials": null,
    }))?;
    let kim = get(SHOP, Some("kim"));
    warm(&mut host)?;
    let first = host.request(&kim)?;
    host.ring()?;
    host.answer(200, KIM.as_bytes())?;
    ensure!(host.action(first) == Action::Resumed, "it is {:?}", host.action(first));
    host.finish(first)?;
    let again = counted(&mut host, &kim, Action::Continued)?;
    let identity = u64::try_from(host.identity(again).len())?;
    // No more than where one server answers for all applications.
    exactly(&host, &[("proxy_get_metric", 1), ("proxy_replace_header_map_value", identity)])
}

#[test]
fn a_guest() -> Result<()> {
    let mut host = shipped()?;
    warm(&mut host)?;
    counted(&mut host, &get("/acme/sandbox/books", None), Action::Continued)?;
    // `x-usergrid-principal: guest`.
    exactly(&host, &[("proxy_replace_header_map_value", 1)])
}

#[test]
fn a_refusal() -> Result<()> {
    let mut host = shipped()?;
    warm(&mut host)?;
    counted(&mut host, &get(SHOP, None), Action::Refused(401))?;
    // Nothing is logged, since this Envoy wants warnings only.
    exactly(&host, &[("proxy_send_local_response", 1)])
}

#[test]
fn a_public_endpoint() -> Result<()> {
    let mut host = shipped()?;
    warm(&mut host)?;
    counted(&mut host, &get("/acme/shop/token", None), Action::Continued)?;
    exactly(&host, &[])
}

#[test]
fn a_preflight() -> Result<()> {
    let mut host = shipped()?;
    warm(&mut host)?;
    let mut preflight = get(SHOP, None);
    for (name, value) in &mut preflight {
        if name == ":method" {
            *value = b"OPTIONS".to_vec();
        }
    }
    preflight.push(("origin".into(), b"https://shop.example.com".to_vec()));
    preflight.push(("access-control-request-method".into(), b"POST".to_vec()));
    counted(&mut host, &preflight, Action::Continued)?;
    exactly(&host, &[])
}

#[test]
fn a_token_that_nobody_knows() -> Result<()> {
    let mut host = shipped()?;
    // The first call of a worker registers its queue.
    known(&mut host, &get(SHOP, Some("alice")))?;
    host.forget_counts()?;
    let request = host.request(&get(SHOP, Some("full")))?;
    ensure!(host.action(request) == Action::Paused, "it is {:?}", host.action(request));
    // Whether it has been revoked, a claim in the shared memory, and the ring for the root context.
    exactly(
        &host,
        &[
            ("proxy_get_metric", 1),
            ("proxy_get_shared_data", 2),
            ("proxy_set_shared_data", 1),
            ("proxy_enqueue_shared_queue", 1),
        ],
    )?;
    host.forget_counts()?;
    host.ring()?;
    host.answer(200, &Answers::shared()?.tokens["full"].body())?;
    ensure!(host.action(request) == Action::Resumed, "it is {:?}", host.action(request));
    equal(
        &host,
        &[
            // The ring, and that there is no second one.
            ("proxy_dequeue_shared_queue", 2),
            ("proxy_http_call", 1),
            // Its status, and whether Envoy made it up.
            ("proxy_get_header_map_value", 2),
            ("proxy_get_buffer_bytes", 1),
            ("proxy_get_current_time_nanoseconds", 1),
            ("proxy_get_metric", 1),
            ("proxy_get_shared_data", 1),
            ("proxy_set_shared_data", 1),
            ("proxy_record_metric", 1),
            // The SDK enters the root context; then into the stream, its identity headers, on with
            // it, and back.
            ("proxy_set_effective_context", 3),
            ("proxy_replace_header_map_value", 7),
            ("proxy_continue_stream", 1),
        ],
    )
}

/// The module with the shipped configuration.
pub fn shipped() -> Result<CountingHost> {
    start(json!({}))
}

/// The module with the shipped configuration, but for these members.
pub fn start(overlay: Value) -> Result<CountingHost> {
    let mut config = Bootstrap::load()?.configuration()?;
    let settings = config.as_object_mut().context("the shipped configuration is no object")?;
    settings.extend(overlay.as_object().cloned().unwrap_or_default());
    let environment = [("INTROSPECTION_SECRET", "secret")];
    CountingHost::start(&crate::bytes()?, &config.to_string(), &environment)
}

/// The head of a request, with the token of this name.
pub fn get(path: &str, token: Option<&str>) -> Pairs {
    let mut headers: Pairs = [
        (":authority", "api.example.com"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "https"),
        ("user-agent", "test"),
        ("accept", "*/*"),
        ("x-request-id", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
    .into();
    if let Some(token) = token {
        headers.push(("authorization".into(), format!("Bearer {token}").into_bytes()));
    }
    headers
}

/// The first request on a worker starts its timer.
fn warm(host: &mut CountingHost) -> Result<()> {
    let first = host.request(&get("/acme/sandbox/books", None))?;
    host.finish(first)
}

/// Has a request's token verified.
fn known(host: &mut CountingHost, head: &Pairs) -> Result<()> {
    warm(host)?;
    let first = host.request(head)?;
    ensure!(host.action(first) == Action::Paused, "it is {:?}", host.action(first));
    host.ring()?;
    host.answer(200, &Answers::shared()?.tokens["full"].body())?;
    ensure!(host.action(first) == Action::Resumed, "it is {:?}", host.action(first));
    host.finish(first)
}

/// A request from its beginning to its end, and nothing else, counted.
fn counted(host: &mut CountingHost, head: &Pairs, action: Action) -> Result<u32> {
    host.forget_counts()?;
    let request = host.request(head)?;
    ensure!(host.action(request) == action, "it is {:?}", host.action(request));
    host.finish(request)?;
    Ok(request)
}

/// What every request costs, and these.
fn exactly(host: &CountingHost, besides: &[(&str, u64)]) -> Result<()> {
    equal(host, &[&ALWAYS, besides].concat())
}

fn equal(host: &CountingHost, expected: &[(&str, u64)]) -> Result<()> {
    let mut expected: Vec<(&str, u64)> = expected.to_vec();
    expected.sort_unstable();
    let found: Vec<(&str, u64)> =
        host.counts().iter().map(|(name, count)| (name.as_str(), *count)).collect();
    ensure!(found == expected, "the host was called {found:?}, not {expected:?}");
    Ok(())
}

//! A real Envoy that gets everything from a control plane: clusters, listeners and the filter. What
//! it refuses changes nothing, what it takes harms no request, and nobody gets in meanwhile.

use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::{Bootstrap, Knobs};
use integration::harness::client::{self, Client, Request};
use integration::harness::{load, module, wait};
use integration::site::Site;
use serde_json::{Value, json};

use crate::ads::{Ads, CLUSTERS, EXTENSIONS, LISTENERS};
use crate::control_plane::{self, Filter};
use crate::envoy;
use crate::manifests;
use crate::protobuf::{Message, extension};

const WORKERS: u32 = 2;
const CLIENTS: usize = 4;

/// A cluster with one endpoint.
fn cluster(name: &str, address: SocketAddr, seconds: u64) -> (String, Message) {
    let endpoint = Message::new().message(1, &socket(address));
    let endpoints = Message::new().message(2, &Message::new().message(1, &endpoint));
    let assignment = Message::new().text(1, name).message(2, &endpoints);
    let timeout = Message::new().number(1, seconds);
    let cluster = Message::new().text(1, name).message(4, &timeout).message(33, &assignment);
    (name.into(), cluster)
}

/// `Address`, of a socket.
fn socket(address: SocketAddr) -> Message {
    let host = address.ip().to_string();
    let socket = Message::new().text(2, &host).number(3, address.port().into());
    Message::new().message(1, &socket)
}

/// A listener as it is shipped, with a filter in it that comes by itself.
fn listener(name: &str, port: u16, filter: &str, type_url: &Value) -> Result<(String, Message)> {
    let shipped = Bootstrap::load()?;
    let place = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let mut manager = shipped.json().pointer(place).context("no connection manager")?.clone();
    let filters = manager["http_filters"].as_array_mut().context("no filters")?;
    filters[0] = json!({
        "name": filter,
        "config_discovery": {
            "config_source": { "ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s" },
            "type_urls": [type_url],
        },
    });
    let network = Message::new().text(1, "envoy.filters.network.http_connection_manager");
    let chain = Message::new().message(3, &network.message(4, &extension(&manager)?));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let message = Message::new().text(1, name).message(2, &socket(address)).message(3, &chain);
    Ok((name.into(), message))
}

/// The plugin as Istio's control plane makes it, with another realm in each version.
fn filter(realm: &str, patch: &Value) -> Result<Filter> {
    let manifest = envoy::for_tests(manifests::plugin("istio/oauth")?, patch)?;
    let manifest = envoy::for_tests(manifest, &json!({ "errors": { "realm": realm } }))?;
    control_plane::translate(&manifest, &module::build()?)
}

fn delivered(name: &str, filter: &Filter) -> Result<(String, Message)> {
    let message = Message::new().text(1, name).message(2, &extension(&filter.config)?);
    Ok((name.into(), message))
}

/// An Envoy that knows nothing but where its control plane is, once it has everything.
fn start(name: &str, ads: &Ads) -> Result<Site> {
    let first = filter("first", &json!({}))?;
    let api = listener("api", 0, "first", &first.config["@type"])?;
    ads.set(LISTENERS, vec![api]);
    ads.set(EXTENSIONS, vec![delivered("first", &first)?]);
    let knobs = Knobs { concurrency: Some(WORKERS), drain_seconds: Some(20), ..Knobs::default() };
    Site::build(name, &knobs, |introspection, backend| {
        ads.set(CLUSTERS, clusters(introspection, backend, 1));
        let source = json!({ "ads": {}, "resource_api_version": "V3" });
        let endpoint = json!({ "address": { "socket_address": {
            "address": "127.0.0.1", "port_value": ads.address.port(),
        } } });
        Ok(Bootstrap::from_json(json!({
            "node": { "id": "test", "cluster": "test" },
            "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } } },
            "dynamic_resources": {
                "cds_config": source, "lds_config": source,
                "ads_config": {
                    "api_type": "GRPC", "transport_api_version": "V3",
                    "grpc_services": [{ "envoy_grpc": { "cluster_name": "control-plane" } }],
                },
            },
            "static_resources": { "clusters": [{
                "name": "control-plane", "type": "STATIC", "connect_timeout": "1s",
                "typed_extension_protocol_options": {
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                        "explicit_http_config": { "http2_protocol_options": {} },
                    },
                },
                "load_assignment": {
                    "cluster_name": "control-plane",
                    "endpoints": [{ "lb_endpoints": [{ "endpoint": endpoint }] }],
                },
            }] },
        })))
    })
}

fn clusters(
    introspection: SocketAddr,
    backend: SocketAddr,
    seconds: u64,
) -> Vec<(String, Message)> {
    let verifying = "outbound|80||auth.example.com";
    vec![cluster(verifying, introspection, seconds), cluster("backend", backend, seconds)]
}

/// A client whose requests end as they should whatever is delivered meanwhile.
fn round(client: &mut Client) -> Result<()> {
    for (request, expected) in [
        (Request::get("/orders/1").bearer("alice"), 200),
        (Request::get("/orders/2"), 401),
        (Request::get("/orders/3").bearer("inactive"), 401),
    ] {
        let status = client.send(&request)?.status;
        ensure!(status == expected, "{}: {status}", client::describe(&request));
    }
    Ok(())
}

/// Waits until so many more requests have reached the backend.
fn traffic(site: &Site) -> Result<()> {
    let before = site.backend.seen().len();
    wait::until("more requests", || Ok((site.backend.seen().len() >= before + 50).then_some(())))
}

fn realm(address: SocketAddr) -> Result<String> {
    let refused = client::send(address, &Request::get("/orders/1"))?;
    ensure!(refused.status == 401, "{} without a credential", refused.status);
    refused.header("www-authenticate").context("no challenge")
}

fn in_force(site: &Site, name: &str) -> Result<()> {
    wait::until(&format!("`{name}` is in force"), || {
        Ok((realm(site.address())? == format!("Bearer realm=\"{name}\"")).then_some(()))
    })
}

fn warming(site: &Site, count: u64) -> Result<()> {
    let name = "listener_manager.total_listeners_warming";
    wait::until(&format!("{count} listeners are warming"), || {
        Ok((site.admin().stats()?.get(name) == Some(&count)).then_some(()))
    })
}

#[test]
fn under_load_what_is_taken_harms_nobody_and_what_is_refused_changes_nothing() -> Result<()> {
    let ads = Ads::start()?;
    let site = start("mesh-delivered", &ads)?;
    let clients = (0..CLIENTS).map(|_| Client::new(site.address())).collect();
    load::during(clients, round, |_| course(&site, ads))?;
    for seen in site.backend.seen() {
        let sent = seen.headers.iter().find(|(name, _)| name == "authorization");
        ensure!(sent.is_some_and(|(_, value)| value == b"Bearer alice"), "{:?}", seen.headers);
    }
    Ok(())
}

fn course(site: &Site, ads: Ads) -> Result<()> {
    let type_url = filter("first", &json!({}))?.config["@type"].clone();
    in_force(site, "first")?;
    traffic(site)?;

    // Another version of the filter alone.
    let second = delivered("first", &filter("second", &json!({}))?)?;
    ads.taken(EXTENSIONS, ads.set(EXTENSIONS, vec![second.clone()]))?;
    in_force(site, "second")?;
    traffic(site)?;

    // A slip in it.
    let slip = json!({ "introspection": { "clustr": "x" } });
    let wrong = delivered("first", &filter("slip", &slip)?)?;
    let said = ads.refused(EXTENSIONS, ads.set(EXTENSIONS, vec![wrong]))?;
    ensure!(said.contains("Unable to create Wasm"), "{said}");
    ensure!(site.envoy.log()?.contains("`introspection.clustr`"), "the log does not name the key");
    traffic(site)?;
    in_force(site, "second")?;
    ads.taken(EXTENSIONS, ads.set(EXTENSIONS, vec![second.clone()]))?;

    // A listener that cannot be, and one whose filter is yet to come.
    let (name, broken) = listener("api", 0, "first", &"type.googleapis.com/none".into())?;
    let said = ads.refused(LISTENERS, ads.set(LISTENERS, vec![(name, broken)]))?;
    ensure!(said.contains("api") && said.contains("none"), "{said}");
    traffic(site)?;
    ads.taken(LISTENERS, ads.set(LISTENERS, vec![listener("api", 0, "third", &type_url)?]))?;
    warming(site, 1)?;
    traffic(site)?;
    in_force(site, "second")?;
    let third = delivered("third", &filter("third", &json!({}))?)?;
    ads.taken(EXTENSIONS, ads.set(EXTENSIONS, vec![second, third]))?;
    warming(site, 0)?;
    in_force(site, "third")?;
    traffic(site)?;

    // The clusters anew.
    let (verifying, backend) = (site.introspection.address(), site.backend.address());
    ads.taken(CLUSTERS, ads.set(CLUSTERS, clusters(verifying, backend, 2)))?;
    traffic(site)?;

    // A mesh without its control plane.
    drop(ads);
    traffic(site)?;
    in_force(site, "third")
}

/// A listener that is new opens no port before its filter is there.
#[test]
fn a_listener_without_its_filter_takes_no_connection() -> Result<()> {
    let ads = Ads::start()?;
    let site = start("mesh-warming", &ads)?;
    let first = filter("first", &json!({}))?;
    let type_url = &first.config["@type"];
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let other = SocketAddr::from(([127, 0, 0, 1], port));
    let api = listener("api", 0, "first", type_url)?;
    ads.taken(
        LISTENERS,
        ads.set(LISTENERS, vec![api, listener("other", port, "later", type_url)?]),
    )?;
    warming(&site, 1)?;
    ensure!(TcpStream::connect(other).is_err(), "it listens without a filter");
    ensure!(realm(site.address())? == "Bearer realm=\"first\"");

    // A first version that does not load ends the waiting, and lets nobody in.
    let wrong = filter("later", &json!({ "introspection": { "cluster": 1 } }))?;
    let both = vec![delivered("first", &first)?, delivered("later", &wrong)?];
    ads.refused(EXTENSIONS, ads.set(EXTENSIONS, both))?;
    wait::until("it listens", || Ok(TcpStream::connect(other).is_ok().then_some(())))?;
    for request in [Request::get("/orders/1"), Request::get("/orders/1").bearer("alice")] {
        let refused = client::send(other, &request)?;
        ensure!(refused.status == 500, "{}", refused.status);
    }
    ensure!(site.backend.seen().is_empty() && site.introspection.calls().is_empty());
    let later = delivered("later", &filter("later", &json!({}))?)?;
    let both = vec![delivered("first", &first)?, later];
    ads.taken(EXTENSIONS, ads.set(EXTENSIONS, both))?;
    wait::until("the filter is in place", || {
        let refused = client::send(other, &Request::get("/orders/1"))?;
        ensure!(matches!(refused.status, 401 | 500), "{}", refused.status);
        Ok((refused.status == 401).then_some(()))
    })?;
    let admitted = client::send(other, &Request::get("/orders/1").bearer("alice"))?;
    ensure!(admitted.status == 200, "{}", admitted.status);
    Ok(())
}

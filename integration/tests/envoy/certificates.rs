//! Client certificates (RFC 8705): tokens that are bound to one, and the one by which Envoy
//! authenticates itself at the verifying server.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::Knobs;
use integration::harness::client::{self, Connection, Request, Response};
use integration::harness::tls::{self, Certificate};
use integration::harness::workspace::Scratch;
use integration::servers::stub::answer::Answer;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

/// A listener with TLS like the shipped one, and one for each client: what it gets goes there, with
/// that client's certificate.
struct Mutual {
    site: Site,
    owner: Certificate,
    /// Clients with the owner's certificate, with another one, and with none; and without TLS.
    clients: [SocketAddr; 4],
    _files: Scratch,
}

const OWNER: usize = 0;
/// What becomes of each client's request with the owner's token.
const ENDS: [u16; 4] = [200, 401, 401, 401];

fn mutual(name: &str, config: Value) -> Result<Mutual> {
    let files = Scratch::new(&format!("{name}-files"))?;
    let [server, owner, other] =
        ["server", "owner", "other"].map(|name| Certificate::make(files.path(), name));
    let (server, owner, other) = (server?, owner?, other?);
    let accepts = tls::downstream(files.path(), &server, &[&owner, &other], false)?;
    let address = tls::socket(name);
    // There is no address at the other end of such a socket to be used as the client's.
    let knobs = Knobs { inner: true, concurrency: Some(2), ..Knobs::default() };
    let setup = Setup::test(name).knobs(knobs.clone()).config(config);
    let clients = [("owner", Some(&owner)), ("other", Some(&other)), ("nobody", None)];
    let site = Site::build(name, &knobs, |introspection, backend| {
        tls::changed(&setup.bootstrap(introspection, backend)?, |bootstrap| {
            let listeners = tls::resources(bootstrap, "listeners")?;
            let mut listener = listeners.first().context("no listener")?.clone();
            listener["name"] = "tls".into();
            listener["address"] = address.clone();
            listener["filter_chains"][0]["transport_socket"] = accepts;
            listeners.push(listener);
            for (name, _) in &clients {
                listeners.push(tls::relay(name, &tls::any_port(), name, None));
            }
            let clusters = tls::resources(bootstrap, "clusters")?;
            for (name, certificate) in &clients {
                let transport = tls::upstream(*certificate, &server);
                clusters.push(tls::cluster(name, &address, &transport));
            }
            Ok(())
        })
    })?;
    let admin = site.admin();
    let clients = [
        admin.listener("owner")?,
        admin.listener("other")?,
        admin.listener("nobody")?,
        site.address(),
    ];
    Ok(Mutual { site, owner, clients, _files: files })
}

impl Mutual {
    fn learn(&self, token: &str, cnf: &Value, hold: bool) {
        let claims = json!({ "active": true, "username": "u", "cnf": cnf });
        self.site.introspection.learn(token, Answer { hold, ..Answer::json(claims) });
    }

    /// What each client gets for a token.
    fn ends(&self, request: &Request) -> Result<Vec<Response>> {
        self.clients.iter().map(|client| client::send(*client, request)).collect()
    }
}

fn statuses(responses: &[Response]) -> Vec<u16> {
    responses.iter().map(|response| response.status).collect()
}

#[test]
fn only_the_owner_of_the_certificate_may_use_its_token() -> Result<()> {
    let site = mutual("bound", json!({}))?;
    site.learn("bound", &json!({ "x5t#S256": site.owner.thumbprint() }), true);
    let request = Request::get("/acme/shop/x").bearer("bound");
    // All wait for one call, on either worker: each is told apart in a callback that is not its own.
    let mut waiting = Vec::new();
    for round in 0..12 {
        let client = round % site.clients.len();
        let mut connection = Connection::open(site.clients[client])?;
        connection.request(&request)?;
        waiting.push((client, connection));
    }
    site.site.admin().wait_for_metric("waiting", 12)?;
    site.site.introspection.release("bound");
    for (client, mut connection) in waiting {
        let response = connection.response(false)?.context("closed")?;
        ensure!(response.status == ENDS[client], "client {client}: {}", response.status);
    }
    // And in their own, when the verdict is known.
    for _ in 0..3 {
        let responses = site.ends(&request)?;
        ensure!(statuses(&responses) == ENDS, "{:?}", statuses(&responses));
        let challenge = responses[1].header("www-authenticate").unwrap_or_default();
        ensure!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let made = site.site.introspection.count("bound");
    ensure!(made == 1, "{made} calls: what is refused to one must not be forgotten for the other");
    let log = site.site.envoy.log()?;
    ensure!(log.contains("certificate=another") && log.contains("certificate=none"), "{log}");
    Ok(())
}

#[test]
fn a_header_is_no_certificate() -> Result<()> {
    let site = mutual("forged", json!({}))?;
    site.learn("bound", &json!({ "x5t#S256": site.owner.thumbprint() }), false);
    let request = Request::get("/acme/shop/x")
        .bearer("bound")
        .header("x-forwarded-client-cert", format!("Hash={}", site.owner.digest()))
        .header("ssl-client-cert", site.owner.digest());
    ensure!(statuses(&site.ends(&request)?) == ENDS);
    Ok(())
}

#[test]
fn a_binding_that_cannot_be_checked_admits_nobody() -> Result<()> {
    let site = mutual("unchecked", json!({}))?;
    let thumbprint = site.owner.thumbprint();
    for (token, cnf, owner) in [
        ("two-members", json!({ "x5t#S256": thumbprint, "jkt": "x" }), 401),
        ("a-key", json!({ "jkt": thumbprint }), 401),
        ("sha-1", json!({ "x5t": thumbprint }), 401),
        ("hexadecimal", json!({ "x5t#S256": site.owner.digest() }), 401),
        ("no-binding", Value::Null, 200),
    ] {
        site.learn(token, &cnf, false);
        let request = Request::get("/acme/shop/x").bearer(token);
        let response = client::send(site.clients[OWNER], &request)?;
        ensure!(response.status == owner, "{token}: {}", response.status);
    }
    Ok(())
}

#[test]
fn observing_says_what_would_have_become_of_each() -> Result<()> {
    let site = mutual("observed-bound", json!({ "mode": "observe" }))?;
    site.learn("bound", &json!({ "x5t#S256": site.owner.thumbprint() }), false);
    let request = Request::get("/acme/shop/x").bearer("bound");
    ensure!(statuses(&site.ends(&request)?) == [200; 4]);
    ensure!(statuses(&site.ends(&request)?) == [200; 4]);
    let admin = site.site.admin();
    admin.wait_for_metric("requests_total;outcome=token;mode=observe", 2)?;
    admin.wait_for_metric("requests_total;outcome=inactive;mode=observe", 6)
}

/// How a cluster speaks TLS, as `docs/configuration.md` shows it, with files of our own.
fn shown(gateway: &Certificate, server: &Certificate) -> Result<Value> {
    let page = include_str!("../../../docs/configuration.md");
    let mut blocks = page.split("```yaml\n").filter_map(|rest| Some(rest.split_once("```")?.0));
    let block = blocks.find(|block| block.contains("UpstreamTlsContext")).context("no block")?;
    let mut block = block.to_owned();
    for (name, file) in [
        ("/etc/envoy/gateway.pem", gateway.file()),
        ("/etc/envoy/gateway.key", gateway.key_file()),
        ("/etc/ssl/certs/ca-certificates.crt", server.file()),
    ] {
        ensure!(block.contains(name), "the page no longer names {name}");
        block = block.replace(name, &file.display().to_string());
    }
    let shown: Value = serde_yaml_ng::from_str(&block)?;
    Ok(shown.pointer("/clusters/0/transport_socket").context("no TLS")?.clone())
}

/// The cluster `introspection` speaks TLS, and shows a certificate or none, to a server that wants
/// one.
fn behind_tls(name: &str, shows: bool) -> Result<(Site, Scratch)> {
    let files = Scratch::new(&format!("{name}-files"))?;
    let server = Certificate::make(files.path(), "auth.example.com")?;
    let gateway = Certificate::make(files.path(), "gateway")?;
    let accepts = tls::downstream(files.path(), &server, &[&gateway], true)?;
    let mut transport = shown(&gateway, &server)?;
    if !shows {
        transport["typed_config"]["common_tls_context"]["tls_certificates"] = json!([]);
    }
    let address = tls::socket(name);
    let auth = json!({
        "method": "tls_client_auth", "client_id": "gateway", "client_secret_env": null,
    });
    let introspection = json!({ "client_auth": auth, "path": "/open/introspect" });
    let setup = Setup::test(name).config(json!({ "introspection": introspection }));
    let site = Site::build(name, &Knobs::default(), |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.cluster_like("introspection", "behind-tls", introspection)?;
        tls::changed(&bootstrap, |bootstrap| {
            let listener = tls::relay("guarded", &address, "behind-tls", Some(&accepts));
            tls::resources(bootstrap, "listeners")?.push(listener);
            let clusters = tls::resources(bootstrap, "clusters")?;
            clusters.retain(|cluster| cluster["name"] != "introspection");
            clusters.push(tls::cluster("introspection", &address, &transport));
            Ok(())
        })
    })?;
    Ok((site, files))
}

#[test]
fn envoy_authenticates_itself_by_its_certificate() -> Result<()> {
    let (site, _files) = behind_tls("tls-client-auth", true)?;
    let request = Request::get("/acme/shop/x").bearer("alice");
    ensure!(site.send(&request)?.status == 200);
    let calls = site.introspection.calls();
    let [call] = &calls[..] else { anyhow::bail!("{} calls", calls.len()) };
    let names: Vec<&str> = call.form.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(names == ["token", "token_type_hint", "client_id"], "{names:?}");
    ensure!(!call.headers.iter().any(|(name, _)| name == "authorization"), "{:?}", call.headers);
    Ok(())
}

#[test]
fn without_its_certificate_it_is_nobody() -> Result<()> {
    let (site, _files) = behind_tls("tls-no-client-auth", false)?;
    let response = site.send(&Request::get("/acme/shop/x").bearer("alice"))?;
    ensure!(response.status == 503, "{}", response.status);
    ensure!(site.introspection.calls().is_empty());
    Ok(())
}

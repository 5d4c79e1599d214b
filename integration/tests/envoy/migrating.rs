//! What `docs/migrating.md` says of before and after, for those that can be had: both
//! configurations of the page in the real Envoy, and the same requests to both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::Bootstrap;
use integration::harness::client::Request;
use integration::harness::http::header;
use integration::harness::server::{Exchange, Handler, Server};
use integration::harness::workspace;
use integration::scenario::check::backend_header;
use integration::servers::stub::answer::{Answer, Trouble};
use integration::site::{Setup, Site};
use serde_json::Value;

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// The first block of a language under a heading of the page.
fn block(heading: &str, language: &str) -> Result<String> {
    let page = std::fs::read_to_string(workspace::root().join("docs/migrating.md"))?;
    let (_, section) = page.split_once(heading).with_context(|| format!("no `{heading}`"))?;
    let block = section.split(&format!("```{language}\n")).nth(1);
    Ok(block.and_then(|rest| rest.split_once("```")).context("no block")?.0.to_owned())
}

/// An Envoy with what stood in the filter's place before.
fn before(name: &str, heading: &str, service: Option<SocketAddr>) -> Result<Site> {
    let shown: Value = serde_yaml_ng::from_str(&block(heading, "yaml")?)?;
    let setup = Setup::test(name);
    Site::build(name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        if let Some(service) = service {
            bootstrap.cluster_like("introspection", "auth-service", service)?;
        }
        let mut json = bootstrap.json().clone();
        let filters =
            json.pointer_mut(&format!("{MANAGER}/http_filters/0")).context("no filter")?;
        *filters = shown["http_filters"][0].clone();
        Ok(Bootstrap::from(json))
    })
}

/// An Envoy with the configuration of the page.
fn now(name: &str) -> Result<Site> {
    let config = block("# Migrating", "json")?;
    let setup = Setup::test(name);
    Site::build(name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.set_configuration(&config)?;
        Ok(bootstrap)
    })
}

fn books(token: &str) -> Request {
    Request::get("/acme/shop/books").bearer(token)
}

/// The status, and what the backend saw of a header.
fn seen(site: &Site, request: &Request, name: &str) -> Result<(u16, Option<String>)> {
    let response = site.send(request)?;
    let body = response.json().unwrap_or_default();
    Ok((response.status, backend_header(&body, name)))
}

/// What is the same before and now, with Envoy's own words aside.
fn same(site: &Site) -> Result<()> {
    let alice = (200, Some("alice".to_owned()));
    let user = "x-auth-username";
    ensure!(seen(site, &books("alice"), user)? == alice);
    ensure!(seen(site, &books("alice").header(user, "admin"), user)? == alice);
    ensure!(site.send(&Request::get("/acme/shop/books"))?.status == 401);
    ensure!(site.send(&books("inactive"))?.status == 401);
    let forged = Request::get("/acme/shop/books").header(user, "admin");
    ensure!(site.send(&forged)?.status == 401);
    Ok(())
}

/// What a forged header of which nobody has anything to say becomes.
fn forged(site: &Site) -> Result<Option<String>> {
    let name = "x-auth-organization";
    let (status, found) = seen(site, &books("alice").header(name, "admin"), name)?;
    ensure!(status == 200);
    Ok(found)
}

/// The tokens that the server is asked about for one with a form in it.
fn tokens(site: &Site) -> Result<Vec<String>> {
    ensure!(site.send(&books("x&token=y"))?.status == 401);
    let call = site.introspection.calls().pop().context("no call")?;
    let tokens = call.form.into_iter().filter(|(name, _)| name == "token");
    Ok(tokens.map(|(_, value)| value).collect())
}

fn server_fails(site: &Site) -> Result<u16> {
    let broken = Answer { status: Some(500), ..Answer::default() };
    site.introspection.trouble(Some(Trouble::Answers(Box::new(broken))));
    Ok(site.send(&books("nobody-knows-it-yet"))?.status)
}

#[test]
fn now_is_as_the_page_says() -> Result<()> {
    let site = now("migrated")?;
    same(&site)?;
    let made = site.introspection.count("alice");
    ensure!(made == 1, "{made} calls for one token");
    ensure!(forged(&site)?.is_none(), "a forged header reaches the backend");
    ensure!(tokens(&site)? == ["x&token=y"]);
    let missing = site.send(&Request::get("/acme/shop/books"))?.header("www-authenticate");
    ensure!(missing.as_deref() == Some("Bearer realm=\"api\""), "{missing:?}");
    ensure!(server_fails(&site)? == 503);
    Ok(())
}

/// The service of the page: good tokens are alice's.
#[derive(Default)]
struct Service(AtomicUsize);

impl Handler for Service {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        exchange.body(|_| ())?;
        self.0.fetch_add(1, Ordering::SeqCst);
        let good = header(&exchange.head.headers, "authorization") == Some(b"Bearer alice");
        let user = ("x-auth-username".to_owned(), b"alice".to_vec());
        let (status, headers) = if good { (200, vec![user]) } else { (401, Vec::new()) };
        exchange.respond(status, &headers, b"")?;
        Ok(true)
    }
}

#[test]
fn ext_authz_was_as_the_page_says() -> Result<()> {
    const HEADING: &str = "## From `ext_authz`";
    let service = Arc::new(Service::default());
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(anywhere, Arc::clone(&service) as Arc<dyn Handler>)?;
    let site = before("ext-authz", HEADING, Some(server.address()))?;
    same(&site)?;
    ensure!(service.0.load(Ordering::SeqCst) == 5, "not a call for each request");
    ensure!(forged(&site)?.as_deref() == Some("admin"), "a forged header is removed");
    // Nobody listens at this port.
    let away = before("ext-authz-away", HEADING, Some(SocketAddr::from(([127, 0, 0, 1], 1))))?;
    ensure!(away.send(&books("alice"))?.status == 403);
    Ok(())
}

#[test]
fn lua_was_as_the_page_says() -> Result<()> {
    let site = before("lua", "## From Lua", None)?;
    same(&site)?;
    let made = site.introspection.count("alice");
    ensure!(made == 2, "{made} calls for two requests");
    ensure!(forged(&site)?.as_deref() == Some("admin"), "a forged header is removed");
    ensure!(tokens(&site)? == ["x", "y"]);
    ensure!(server_fails(&site)? == 401);
    Ok(())
}

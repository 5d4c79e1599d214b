//! Two Envoys to look at: one with the shipped `stats_tags`, and one without, as in a mesh.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::free_port;
use crate::harness::bootstrap::{Bootstrap, Knobs};
use crate::harness::client::{self, Request};
use crate::harness::workspace;
use crate::servers::stub::answer::{Answer, Trouble};
use crate::site::{Setup, Site};

/// The one that gets into trouble, with a second listener whose filter only observes.
pub struct Place {
    pub site: Site,
    pub observed: SocketAddr,
    /// Its metrics, through the listener of `docs/metrics.md`.
    pub metrics: SocketAddr,
}

/// The server's name in the one without `stats_tags`; the dash comes back as `_`.
const NAMED: &str = "partner-idp";
/// How much longer than its time limit the dashboard's bound a slow server takes.
const SLOW: Duration = Duration::from_millis(600);

impl Place {
    /// # Errors
    /// If the module does not build, or Envoy cannot be had or does not start.
    pub fn start() -> Result<Self> {
        let knobs = Knobs {
            concurrency: Some(2),
            trapping: true,
            quiet: true,
            reload_interval: Some("1s".into()),
            // What a VM held that ended.
            stream_idle_timeout: Some("2s".into()),
            second: Some(json!({ "mode": "observe" })),
            ..Knobs::default()
        };
        let config = json!({
            "introspection": { "timeout": "5s", "retries": 0 },
            "cache": { "ttl": "1s", "stale_if_error": "60s" },
            "breaker": { "failures": 5, "open": "500ms" },
            "limits": { "max_waiting": 4 },
        });
        let setup = Setup { name: "monitored".into(), knobs, ..Setup::default() }.config(config);
        let site = Site::build(&setup.name, &setup.knobs, |introspection, backend| {
            with_metrics(setup.bootstrap(introspection, backend)?)
        })?;
        let grown = json!({ "active": true, "sub": "a".repeat(4097) });
        site.introspection.learn("grown", Answer::json(grown));
        let observed = site.admin().listener("other")?;
        let metrics = site.admin().listener("metrics")?;
        Ok(Self { site, observed, metrics })
    }

    /// From now on the server answers everything with this status, or is right again.
    pub fn answers(&self, status: Option<u16>) {
        self.site.introspection.trouble(status.map(|status| {
            Trouble::Answers(Box::new(Answer { status: Some(status), ..Answer::default() }))
        }));
    }

    /// From now on the server takes its time.
    pub fn slow(&self) {
        let millis = u64::try_from(SLOW.as_millis()).unwrap_or_default();
        self.site.introspection.trouble(Some(Trouble::Slow(millis)));
    }
}

/// Adds what `docs/metrics.md` shows, with ports of our own.
fn with_metrics(bootstrap: Bootstrap) -> Result<Bootstrap> {
    let page = std::fs::read_to_string(workspace::root().join("docs/metrics.md"))?;
    let block = page.split("```yaml\n").nth(1).and_then(|rest| rest.split_once("```"));
    let (block, _) = block.context("docs/metrics.md shows no listener")?;
    let mut shown: Value = serde_yaml_ng::from_str(block).context("docs/metrics.md")?;
    let admin = free_port()?.port();
    let socket = "/address/socket_address";
    let listener = shown.pointer_mut(&format!("/static_resources/listeners/0{socket}"));
    *listener.context("no listener")? = json!({ "address": "127.0.0.1", "port_value": 0 });
    let endpoint = format!(
        "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0/endpoint{socket}"
    );
    let endpoint = shown.pointer_mut(&endpoint).context("no endpoint")?;
    ensure!(endpoint["port_value"] == 9901, "not the admin interface of envoy.yaml");
    endpoint["port_value"] = admin.into();

    let mut json = bootstrap.json().clone();
    json["admin"]["address"]["socket_address"]["port_value"] = admin.into();
    // Histograms are counted in then.
    json["stats_flush_interval"] = "0.5s".into();
    for kind in ["listeners", "clusters"] {
        let more = shown["static_resources"][kind].as_array().cloned().unwrap_or_default();
        let list = json["static_resources"][kind].as_array_mut().context("no list")?;
        list.extend(more);
    }
    Ok(Bootstrap::from(json))
}

/// An Envoy without `stats_tags`, whose server has a name, after a few requests.
///
/// # Errors
/// See [`Place::start`].
pub fn without_tags() -> Result<Site> {
    let knobs = Knobs { second: Some(json!({ "mode": "observe" })), ..Knobs::default() };
    let setup = Setup { name: "untagged".into(), knobs, ..Setup::default() };
    let site = Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut setup = setup.clone();
        let second = setup.knobs.second.take().unwrap_or_default();
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        let mut config = bootstrap.configuration()?;
        config["introspection"]["name"] = NAMED.into();
        bootstrap.set_configuration(&config.to_string())?;
        bootstrap.second_listener(&second)?;
        let mut json = bootstrap.json().clone();
        json.as_object_mut().context("no object")?.remove("stats_config");
        json["stats_flush_interval"] = "0.5s".into();
        Ok(Bootstrap::from(json))
    })?;
    let other = site.admin().listener("other")?;
    for request in [
        Request::get("/acme/shop/x").bearer("alice"),
        Request::get("/acme/shop/x").bearer("alice"),
        Request::get("/acme/sandbox/x"),
        Request::get("/acme/shop/x").header("authorization", "Basic !"),
    ] {
        site.send(&request)?;
        client::send(other, &request)?;
    }
    Ok(site)
}

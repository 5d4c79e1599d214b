//! Envoy's admin interface: readiness, addresses, statistics.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::harness::client::{self, Request};
use crate::harness::container::Container;
use crate::harness::wait;

/// The admin interface of one Envoy.
#[derive(Clone, Debug)]
pub struct Admin {
    address: SocketAddr,
    /// The container in which the address is.
    inside: Option<Container>,
}

/// The port in `envoy/envoy.yaml`.
const PORT: u16 = 9901;
/// Sends a `GET` to the interface and prints the whole response.
const ASK: &str = r#"exec 3<>"/dev/tcp/127.0.0.1/$1" &&
    printf 'GET %s HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n' "$2" >&3 && cat <&3"#;

impl Admin {
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, inside: None }
    }

    /// Of an Envoy with the port of `envoy.yaml` in a container, out of reach from outside.
    #[must_use]
    pub fn inside(container: &Container) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], PORT));
        Self { address, inside: Some(container.clone()) }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether Envoy takes requests.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.get("/ready").is_ok()
    }

    /// The address that a listener got.
    ///
    /// # Errors
    /// If there is no such listener.
    pub fn listener(&self, name: &str) -> Result<SocketAddr> {
        let listeners = self.get("/listeners?format=json")?.json()?;
        let statuses = listeners.get("listener_statuses").and_then(Value::as_array);
        let address = statuses
            .into_iter()
            .flatten()
            .find(|status| status.get("name").and_then(Value::as_str) == Some(name))
            .and_then(|status| status.pointer("/local_address/socket_address"))
            .with_context(|| format!("Envoy has no listener `{name}`"))?;
        let ip = address.get("address").and_then(Value::as_str).context("no address")?;
        let port = address.get("port_value").and_then(Value::as_u64).context("no port")?;
        Ok(SocketAddr::new(ip.parse()?, u16::try_from(port)?))
    }

    /// Counters and gauges by name.
    ///
    /// # Errors
    /// If Envoy does not answer.
    pub fn stats(&self) -> Result<BTreeMap<String, u64>> {
        self.stats_like("")
    }

    /// Counters and gauges whose name has a match for the regular expression `filter`.
    ///
    /// # Errors
    /// If Envoy does not answer.
    pub fn stats_like(&self, filter: &str) -> Result<BTreeMap<String, u64>> {
        let filter =
            percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
        let stats = self.get(&format!("/stats?format=json&filter={filter}"))?.json()?;
        let Some(stats) = stats.get("stats").and_then(Value::as_array) else {
            bail!("statistics of an unknown shape");
        };
        let pairs = stats.iter().filter_map(|stat| {
            Some((stat.get("name")?.as_str()?.to_owned(), stat.get("value")?.as_u64()?))
        });
        Ok(pairs.collect())
    }

    /// The filter's counters and gauges, without the prefix `usergrid_auth_`.
    ///
    /// # Errors
    /// See [`Admin::stats`].
    pub fn metrics(&self) -> Result<BTreeMap<String, u64>> {
        let stats = self.stats_like("^wasmcustom\\.usergrid_auth_")?.into_iter();
        Ok(stats
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("wasmcustom.usergrid_auth_")?.to_owned(), value))
            })
            .collect())
    }

    /// Waits until the filter's metric `name` has the value; the filter writes them once a second.
    ///
    /// # Errors
    /// If it does not get there in time.
    pub fn wait_for_metric(&self, name: &str, value: u64) -> Result<()> {
        let mut last = None;
        let reached = wait::until("the value", || {
            last = self.metrics()?.get(name).copied();
            Ok((last.unwrap_or_default() == value).then_some(()))
        });
        reached.with_context(|| format!("metric `{name}` is {last:?}, expected {value}"))
    }

    /// The statistics as Prometheus scrapes them.
    ///
    /// # Errors
    /// If Envoy does not answer.
    pub fn prometheus(&self) -> Result<String> {
        Ok(String::from_utf8(self.get("/stats/prometheus")?.body)?)
    }

    /// One page of the interface.
    ///
    /// # Errors
    /// If Envoy does not answer with 200.
    pub fn get(&self, path: &str) -> Result<client::Response> {
        let response = match &self.inside {
            None => client::send(self.address, &Request::get(path))?,
            Some(container) => {
                let bytes = container.bash(ASK, &[&self.address.port().to_string(), path])?;
                client::read(&bytes)?
            }
        };
        ensure!(
            response.status == 200,
            "the admin interface answered {path} with {}",
            response.status
        );
        Ok(response)
    }
}

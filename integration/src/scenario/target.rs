//! Where scenarios run: an address to send to, and as many ways to look behind it as there are.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result, bail};

use crate::harness::version::Version;
use crate::site::Site;

/// An Envoy with the filter, the verifying server with the shared answers, and the echoing backend.
pub trait Target {
    fn address(&self) -> SocketAddr;

    /// The host to send where a case names none; of no importance if `None`.
    fn host(&self) -> Option<&str> {
        None
    }

    /// Calls to the verifying server up to now; `None` if others may have filled the caches.
    ///
    /// # Errors
    /// If it cannot be asked; so with the methods below.
    fn calls(&self) -> Result<Option<usize>>;

    /// Requests that reached the backend up to now; `None` if only its answers can be seen.
    ///
    /// # Errors
    /// See [`Target::calls`].
    fn backend_requests(&self) -> Result<Option<usize>>;

    /// The filter's metrics; `None` if the admin interface is out of reach.
    ///
    /// # Errors
    /// See [`Target::calls`].
    fn metrics(&self) -> Result<Option<BTreeMap<String, u64>>>;

    /// Which Envoy it is; `None` if nobody knows.
    fn version(&self) -> Option<Version> {
        None
    }

    /// The access log; `None` if it is out of reach.
    ///
    /// # Errors
    /// See [`Target::calls`].
    fn access_log(&self) -> Result<Option<String>>;
}

impl Target for Site {
    fn address(&self) -> SocketAddr {
        Self::address(self)
    }

    fn calls(&self) -> Result<Option<usize>> {
        Ok(Some(self.introspection.calls().len()))
    }

    fn backend_requests(&self) -> Result<Option<usize>> {
        Ok(Some(self.backend.seen().len()))
    }

    fn metrics(&self) -> Result<Option<BTreeMap<String, u64>>> {
        self.admin().metrics().map(Some)
    }

    fn version(&self) -> Option<Version> {
        self.envoy.version()
    }

    fn access_log(&self) -> Result<Option<String>> {
        self.envoy.access_log().map(Some)
    }
}

/// An Envoy that somebody else has started with `envoy/envoy.yaml`: only its answers can be seen,
/// so neither calls, nor requests at the backend, nor metrics, nor the access log are checked.
#[derive(Clone, Debug)]
pub struct Remote {
    envoy: SocketAddr,
    host: String,
}

impl Remote {
    /// Of a base URL, `http://HOST:PORT`.
    ///
    /// # Errors
    /// If it has another form, or the host no address.
    pub fn parse(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        let Some(host) = host.filter(|host| !host.is_empty() && !host.contains(['/', '?', '@']))
        else {
            bail!("`{url}` is not of the form http://HOST:PORT");
        };
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let found = match port {
            Some(_) => host.to_socket_addrs(),
            None => format!("{host}:80").to_socket_addrs(),
        };
        let mut addresses = found.with_context(|| format!("{url} has no address"))?;
        let envoy = addresses.next().with_context(|| format!("{url} has no address"))?;
        Ok(Self { envoy, host: host.into() })
    }
}

impl Target for Remote {
    fn address(&self) -> SocketAddr {
        self.envoy
    }

    fn host(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn calls(&self) -> Result<Option<usize>> {
        Ok(None)
    }

    fn backend_requests(&self) -> Result<Option<usize>> {
        Ok(None)
    }

    fn metrics(&self) -> Result<Option<BTreeMap<String, u64>>> {
        Ok(None)
    }

    fn access_log(&self) -> Result<Option<String>> {
        Ok(None)
    }
}

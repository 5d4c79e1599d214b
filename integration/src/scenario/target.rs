//! Where scenarios run: an address to send to, and as many ways to look behind it as there are.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;

use crate::site::Site;
use crate::version::Version;

/// An Envoy with the filter, the verifying server with the shared answers, and the echoing backend.
pub trait Target {
    /// Where Envoy listens.
    fn address(&self) -> SocketAddr;

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

/// An Envoy that somebody else has started with `envoy/envoy.yaml`: only its answers can be seen.
#[derive(Clone, Copy, Debug)]
pub struct Remote {
    /// Where it listens.
    pub envoy: SocketAddr,
}

impl Target for Remote {
    fn address(&self) -> SocketAddr {
        self.envoy
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

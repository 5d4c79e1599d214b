//! The containers as a target of scenarios: requests go to the published port, the stubs are asked
//! at their second address, and Envoy's admin interface from inside its container.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::stack::Stack;
use crate::harness::admin::Admin;
use crate::harness::client::{self, Request};
use crate::harness::container::Container;
use crate::harness::wait;
use crate::scenario::Target;

/// Where the stubs are asked.
const CONTROL: u16 = 9902;

/// A stub server in a container.
pub struct Stub(SocketAddr);

impl Stub {
    /// The one of this service, as soon as it is healthy.
    ///
    /// # Errors
    /// If there is none.
    pub fn of(stack: &Stack, service: &str) -> Result<Self> {
        Ok(Self(stack.healthy(service)?.port(CONTROL)?))
    }

    /// What it has seen.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn seen(&self) -> Result<Value> {
        self.ask(&Request::get("/seen"))
    }

    /// How many calls or requests it has seen.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn count(&self) -> Result<usize> {
        let count = self.seen()?.get("count").and_then(Value::as_u64).context("no count")?;
        Ok(usize::try_from(count)?)
    }

    /// Has it forget what it has seen.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn forget(&self) -> Result<()> {
        self.ask(&Request::new("DELETE", "/seen")).map(drop)
    }

    /// Sets its answer for a token, as JSON of what `answers.yaml` has.
    ///
    /// # Errors
    /// If it does not answer, or has no answers.
    pub fn learn(&self, token: &str, answer: &Value) -> Result<()> {
        let request = Request::new("PUT", format!("/tokens/{token}")).body(answer.to_string());
        self.ask(&request).map(drop)
    }

    fn ask(&self, request: &Request) -> Result<Value> {
        let response = client::send(self.0, request)?;
        let what = client::describe(request);
        ensure!(response.status == 200, "a stub answered {what} with {}", response.status);
        response.json()
    }
}

/// One Envoy and the stubs.
pub struct Composed {
    pub envoy: Container,
    pub address: SocketAddr,
    pub introspection: Stub,
    pub backend: Stub,
    admin: Admin,
    /// Where the access log of this start begins.
    log_from: usize,
}

impl Composed {
    /// The containers as they run.
    ///
    /// # Errors
    /// If they do not get healthy.
    pub fn new(stack: &Stack) -> Result<Self> {
        let envoy = stack.healthy("envoy")?;
        Ok(Self {
            address: envoy.port(8080)?,
            introspection: Stub::of(stack, "introspection")?,
            backend: Stub::of(stack, "backend")?,
            admin: Admin::inside(&envoy),
            log_from: envoy.log()?.len(),
            envoy,
        })
    }

    /// Starts Envoy anew, with the bootstrap that is there now, and has the stubs forget what they
    /// saw.
    ///
    /// # Errors
    /// If it does not get ready.
    pub fn restart(&mut self) -> Result<()> {
        self.log_from = self.envoy.log()?.len();
        self.envoy.restart()?;
        self.wait_until_ready()?;
        self.introspection.forget()?;
        self.backend.forget()
    }

    /// Waits for an Envoy that was started just now.
    ///
    /// # Errors
    /// If it does not get ready.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        wait::until("Envoy is ready", || Ok(self.admin.is_ready().then_some(())))?;
        self.address = self.envoy.port(8080)?;
        Ok(())
    }

    /// Sends one request through Envoy.
    ///
    /// # Errors
    /// If there is no complete response.
    pub fn send(&self, request: &Request) -> Result<client::Response> {
        client::send(self.address, request)
    }
}

impl Target for Composed {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn calls(&self) -> Result<Option<usize>> {
        self.introspection.count().map(Some)
    }

    fn backend_requests(&self) -> Result<Option<usize>> {
        self.backend.count().map(Some)
    }

    fn metrics(&self) -> Result<Option<BTreeMap<String, u64>>> {
        self.admin.metrics().map(Some)
    }

    fn access_log(&self) -> Result<Option<String>> {
        let log = self.envoy.log()?;
        Ok(Some(log.get(self.log_from..).unwrap_or_default().to_owned()))
    }
}

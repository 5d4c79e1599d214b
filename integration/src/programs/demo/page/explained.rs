//! The decision about a request as `cargo auth explain` tells it, with the very answers of the
//! verifying server: what the core would ask Envoy for is asked of the server itself.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use serde_json::Value;
use usergrid_auth::explain::{self, Explanation, Header, explain};
use usergrid_auth::hidden::Hidden;
use usergrid_auth_config::Config;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, AnswerHeaders, CallOutcome, CallRequest};

use crate::harness::bootstrap::Bootstrap;
use crate::harness::client::{Connection, Request, Response};
use crate::harness::gateway::GATEWAY_SECRET;
use crate::harness::http::header;

/// The cluster of `envoy.yaml` that is asked.
const CLUSTER: &str = "introspection";

/// The configuration of the demo's Envoy, and whom it asks.
pub struct Filter {
    document: Value,
    server: SocketAddr,
}

/// What the filter decides about a request.
pub struct Decision {
    pub explanation: Explanation,
    /// The explanation as the tool prints it for programs, without anything secret.
    pub json: Value,
    /// What of the request is not shown.
    pub hidden: Hidden,
}

impl Filter {
    pub fn new(setup: &crate::site::Setup, server: SocketAddr) -> Result<Self> {
        let mut bootstrap = Bootstrap::load()?;
        setup.change(&mut bootstrap)?;
        let filter = Self { document: bootstrap.configuration()?, server };
        filter.config().map(|_| filter)
    }

    fn config(&self) -> Result<Config> {
        let environment = |name: &str| {
            (name == "INTROSPECTION_SECRET").then(|| GATEWAY_SECRET.as_bytes().to_vec())
        };
        Config::parse(self.document.to_string().as_bytes(), &environment)
            .map_err(|problems| anyhow!("{problems}"))
    }

    /// Decides as an Envoy does that has just started.
    pub fn decide(&self, request: &Request) -> Result<Decision> {
        let config = Rc::new(self.config()?);
        let headers = head(request);
        let has_body = !request.body.is_empty();
        let route = RouteSettings::default();
        let request = explain::Request { headers, has_body, route, certificate: None };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let now = UnixMillis(u64::try_from(now)?);
        let explanation = explain(&config, &request, &mut |call| Some(self.ask(call)), now);
        let json = explain::json(&explanation, &request, &config, &self.document);
        let hidden = Hidden::of(&request.headers, &self.document);
        Ok(Decision { explanation, json, hidden })
    }

    fn ask(&self, call: &CallRequest) -> CallOutcome {
        if call.cluster != CLUSTER {
            return CallOutcome::NotSent;
        }
        match self.exchange(call) {
            Ok(response) => {
                let value = |name| header(&response.headers, name);
                let headers = AnswerHeaders::new(value("retry-after"), value("www-authenticate"));
                let body = if response.body.len() > call.max_response_bytes {
                    AnswerBody::TooLarge
                } else {
                    AnswerBody::Complete(response.body)
                };
                CallOutcome::Answered { status: response.status, headers, body }
            }
            Err(error) if timed_out(&error) => CallOutcome::TimedOut,
            Err(_) => CallOutcome::Reset,
        }
    }

    fn exchange(&self, call: &CallRequest) -> Result<Response> {
        let value = |wanted: &str| {
            let found = call.headers.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let mut request = Request::new(value(":method"), value(":path"));
        request = request.header("host", value(":authority")).body(&call.body);
        for (name, value) in call.headers.iter().filter(|(name, _)| !name.starts_with(':')) {
            request = request.header(name, value);
        }
        Connection::open_within(self.server, call.timeout)?.send_request(&request)
    }
}

/// The head as Envoy hands it to its filters.
fn head(request: &Request) -> Vec<Header> {
    let host = header(&request.headers, "host").unwrap_or(b"api.example.com").to_vec();
    let mut head = vec![
        (":authority".to_owned(), host),
        (":path".to_owned(), request.path.clone()),
        (":method".to_owned(), request.method.clone().into_bytes()),
        (":scheme".to_owned(), b"http".to_vec()),
    ];
    let others = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    head.extend(others.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    head
}

fn timed_out(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    let errors = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    errors.into_iter().any(|error| matches!(error.kind(), TimedOut | WouldBlock))
}

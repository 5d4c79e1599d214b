//! The page beside the walk: what the filter decides step by step, and what the real Envoy did.
//!
//! Every request, of the walk or of the page's form, goes through Envoy from here; the browser never
//! talks to Envoy. The steps are those that `cargo auth explain` prints, from the core's own values,
//! with the very answers of the verifying server.

pub mod check;
mod compare;
mod events;
mod explained;
mod form;
mod http;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use serde_json::{Value, json};

use super::step::Step;
use crate::harness::admin::Admin;
use crate::harness::client::{self, Request, Response};
use crate::harness::server::{Server, lock};
use crate::servers::stub::answer::Answers;
use crate::servers::stub::backend::MARK;
use crate::servers::stub::introspection::Introspection;
use crate::site::{Setup, Site};
use events::Events;
use explained::{Decision, Filter};

/// The response header by which Envoy says why it answered as it did.
pub const DETAILS: &str = "x-response-code-details";
/// The response header by which Envoy says which path its filters got, without its query: it
/// normalises paths before.
const PATH: &str = "x-path-of-filters";
/// Tokens of the form's examples that the verifying server learns, and whose answer each gets. The
/// shared ones are called like their users, and hiding them would hide the users.
const TOKENS: [(&str, &str); 2] = [("alices-token", "alice"), ("ritas-token", "reader")];

/// Serves until dropped.
pub struct Page {
    server: Server,
    demo: Arc<Demo>,
}

/// What the page shows.
struct Demo {
    title: String,
    envoy: SocketAddr,
    admin: Admin,
    filter: Filter,
    events: Events,
    /// One request at a time, so that the order on the page is that in Envoy.
    sending: Mutex<()>,
}

/// The usual site, whose Envoy tells the details of its responses.
pub fn site(setup: &Setup) -> Result<Site> {
    Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        let headers = [(DETAILS, "%RESPONSE_CODE_DETAILS%"), (PATH, "%PATH(NQ:PATH)%")];
        bootstrap.response_headers(&headers)?;
        Ok(bootstrap)
    })
}

impl Page {
    /// Serves the page of a site, on the loopback interface alone.
    pub fn start(title: &str, setup: &Setup, site: &Site) -> Result<Self> {
        teach(&site.introspection)?;
        let demo = Arc::new(Demo {
            title: title.into(),
            envoy: site.address(),
            admin: site.admin().clone(),
            filter: Filter::new(setup, site.introspection.address())?,
            events: Events::default(),
            sending: Mutex::default(),
        });
        let server = http::serve((Ipv4Addr::LOCALHOST, 0).into(), Arc::clone(&demo))?;
        Ok(Self { server, demo })
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Sends a request of the walk.
    pub fn send(&self, step: &Step) -> Result<Response> {
        self.demo.send(&step.request, json!({ "title": step.title, "why": step.why }))
    }
}

fn teach(server: &Introspection) -> Result<()> {
    let answers = Answers::shared()?;
    for (token, like) in TOKENS {
        if let Some(answer) = answers.tokens.get(like) {
            server.learn(token, answer.clone());
        }
    }
    Ok(())
}

impl Demo {
    /// Sends a request through Envoy and tells everybody about it. `about` gets the rest.
    fn send(&self, request: &Request, mut about: Value) -> Result<Response> {
        let _alone = lock(&self.sending);
        let response = client::send(self.envoy, request)?;
        let decision = self.filter.decide(&as_filtered(request, &response))?;
        let url = String::from_utf8_lossy(&request.path);
        about["method"] = request.method.as_str().into();
        about["url"] = decision.hidden.value(":path", url.as_bytes()).into();
        about["headers"] = shown(&request.headers, &decision);
        about["envoy"] = self.done(&response, &decision);
        about["differences"] = compare::differences(&decision.explanation, &response).into();
        about["decision"] = decision.json;
        self.events.add(about);
        Ok(response)
    }

    /// What Envoy did.
    fn done(&self, response: &Response, decision: &Decision) -> Value {
        let body = response.json().unwrap_or_default();
        let reached = response.header(MARK).is_some();
        let own = |name: &str| [DETAILS, PATH, MARK].contains(&name);
        let headers: Vec<_> =
            response.headers.iter().filter(|(name, _)| !own(name)).cloned().collect();
        let backend = reached.then(|| {
            let pairs = body["headers"].as_array().into_iter().flatten();
            let pairs: Vec<_> = pairs
                .filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.into())))
                .collect();
            let path = body["path"].as_str().unwrap_or_default();
            json!({
                "method": body["method"],
                "path": decision.hidden.value(":path", path.as_bytes()),
                "headers": shown(&pairs, decision),
            })
        });
        let text = String::from_utf8_lossy(&response.body);
        json!({
            "status": response.status,
            "details": response.header(DETAILS),
            "headers": shown(&headers, decision),
            "body": if reached { None } else { Some(decision.hidden.without(&text)) },
            "backend": backend,
        })
    }
}

/// The request as Envoy's filters got it.
fn as_filtered(request: &Request, response: &Response) -> Request {
    let mut request = request.clone();
    if let Some(path) = response.header(PATH) {
        let query = request.path.iter().position(|byte| *byte == b'?');
        let query = query.map_or_else(Vec::new, |at| request.path.split_off(at));
        request.path = [path.into_bytes(), query].concat();
    }
    request
}

/// Headers as far as they may be shown.
fn shown(headers: &[(String, Vec<u8>)], decision: &Decision) -> Value {
    let pairs = headers.iter().map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let value = decision.hidden.value(&name, value);
        json!([name, value])
    });
    Value::Array(pairs.collect())
}

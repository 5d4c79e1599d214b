//! The filter as README configures it for Usergrid, before a backend of Usergrid's shape that
//! judges by itself; and the same with an introspection service that asks Usergrid.

mod backend;
mod judged_twice;
mod sdk_clients;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use integration::harness::bootstrap::{Knobs, merge};
use integration::harness::client::{self, Request, Response};
use integration::harness::envoy;
use integration::harness::http::header;
use integration::harness::process::Process;
use integration::harness::workspace::{self, Scratch};
use integration::servers::stub::backend::Seen;
use integration::servers::usergrid::relay::Relay;
use integration::servers::usergrid::{APPLICATION_UUID, PASSWORD, SALT, Usergrid};
use integration::site::Setup;
use serde_json::{Value, json};

/// What the introspection service is asked about.
const APPLICATIONS: [&str; 3] = ["acme/shop", "acme/sandbox", "globex/lab"];

/// Who is asked about tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verifier {
    /// Usergrid itself, as README has it.
    Usergrid,
    /// An introspection service (RFC 7662).
    Introspection,
}

const VERIFIERS: [Verifier; 2] = [Verifier::Usergrid, Verifier::Introspection];

/// Envoy with two workers, the backend, and an introspection service that asks it.
struct Site {
    envoy: Process,
    backend: Usergrid,
    _relay: Relay,
}

impl Site {
    fn start(name: &str, verifier: Verifier) -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let backend = Usergrid::start(anywhere)?;
        let relay = Relay::start(anywhere, &backend.address().to_string(), &APPLICATIONS)?;
        let knobs = Knobs { concurrency: Some(2), ..Knobs::default() };
        let setup = Setup::test(&format!("usergrid-{name}")).knobs(knobs);
        let mut bootstrap = setup.bootstrap(relay.address(), backend.address())?;
        let mut config = readme()?;
        merge(
            &mut config,
            &json!({
                // Otherwise nothing of an administrator's own gets through.
                "introspection": { "cluster": "backend", "timeout": "20s", "retries": 0, "management": "me" },
                "client_credentials": { "timeout": "20s" },
                "authorization": { "application_ids": { "acme/shop": APPLICATION_UUID } },
            }),
        );
        if verifier == Verifier::Introspection {
            merge(&mut config, &introspection());
        }
        bootstrap.set_configuration(&config.to_string())?;
        bootstrap.environment("USERGRID_TOKEN_SALT", SALT)?;
        let envoy =
            Process::start(&envoy::find()?, &bootstrap, &setup.knobs, Scratch::new(&setup.name)?)?;
        Ok(Self { envoy, backend, _relay: relay })
    }

    fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.envoy.listener(), request)
    }

    /// Requests that passed the filter, token endpoints and what the introspection service asks
    /// aside.
    fn passed(&self) -> Vec<Seen> {
        let path = |seen: &Seen| seen.path.split('?').next().unwrap_or_default().to_owned();
        let probe = |seen: &Seen| header(&seen.headers, "cache-control") == Some(b"no-store");
        let seen = self.backend.seen().into_iter();
        seen.filter(|seen| !probe(seen) && !path(seen).ends_with("/token")).collect()
    }

    /// Logs in through Envoy.
    fn login(&self, path: &str, user: &str) -> Result<String> {
        let body = json!({ "grant_type": "password", "username": user, "password": PASSWORD });
        let answer = self.send(&Request::new("POST", path).body(body.to_string()))?.json()?;
        let token = answer["access_token"].as_str();
        Ok(token.with_context(|| format!("{user} cannot log in: {answer}"))?.to_owned())
    }
}

/// What an introspection service in Usergrid's place takes.
fn introspection() -> Value {
    json!({
        "introspection": {
            "protocol": null, "management": null, "authority": null, "cluster": "introspection",
            "path": "/oauth2/introspect",
            "client_auth": {
                "method": "client_secret_basic",
                "client_id": "gateway",
                "client_secret_env": "INTROSPECTION_SECRET",
            },
        },
        "client_credentials": { "cluster": "backend", "path": "/management/token" },
        "token": { "format": "usergrid" },
    })
}

/// The configuration for Usergrid, as README shows it.
fn readme() -> Result<Value> {
    let text = std::fs::read_to_string(workspace::root().join("README.md"))?;
    let mut blocks = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.find(|block| block.contains("USERGRID_TOKEN_SALT"));
    Ok(serde_json::from_str(block.context("README shows no configuration for Usergrid")?)?)
}

//! The introspection service that Usergrid lacks and its operators had to run: it answers by RFC
//! 7662 what it learns by two requests to Usergrid.
//!
//! A question about a token names no application, so the service asks about each of those it was
//! started with. What Usergrid does not tell (roles, permissions, scopes) it leaves out, and
//! Usergrid decides about it.

mod question;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::question::Question;
use super::principal::{Key, key};
use crate::harness::client::{Connection, Request};
use crate::harness::form;
use crate::harness::gateway::GATEWAY_SECRET;
use crate::harness::http::{Headers, RequestHead, end_to_end};
use crate::harness::server::{Exchange, Handler, Server};

/// For connecting, and for each read. The filter gives up before.
const PATIENCE: Duration = Duration::from_secs(2);

/// Listens until dropped.
#[derive(Debug)]
pub struct Relay(Server);

struct Service {
    usergrid: String,
    applications: Vec<Key>,
}

/// An answer: status and body.
type Reply = (u16, Value);

impl Relay {
    /// Starts to listen; port 0 takes a free one. `usergrid` is looked up anew for every call. A
    /// token is active if it is good for one of `applications`, each `org/app`.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr, usergrid: &str, applications: &[&str]) -> Result<Self> {
        let applications = applications.iter().map(|name| key(name)).collect();
        let service = Service { usergrid: usergrid.to_owned(), applications };
        Server::start(address, Arc::new(service)).map(Self)
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

impl Handler for Service {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let (status, answer) = self.answer(&exchange.head, &body);
        let headers = vec![("content-type".into(), b"application/json".to_vec())];
        exchange.respond(status, &headers, answer.to_string().as_bytes())?;
        Ok(true)
    }
}

impl Service {
    fn answer(&self, head: &RequestHead, body: &[u8]) -> Reply {
        let answered = match (head.method.as_str(), head.path.as_str()) {
            ("POST", "/oauth2/introspect") => self.introspect(&head.headers, body),
            ("POST", "/management/token") => self.exchange(&head.headers, body),
            _ => Ok(refusal(404, "not_found", "Nothing is here")),
        };
        answered.unwrap_or_else(|reply| reply)
    }

    /// RFC 7662, for the client `gateway`.
    fn introspect(&self, headers: &Headers, body: &[u8]) -> Result<Reply, Reply> {
        let form = form::parse(body)
            .map_err(|_| refusal(400, "invalid_request", "The body is no form"))?;
        if form::client_pair(headers, &form) != Some(format!("gateway:{GATEWAY_SECRET}")) {
            return Err(refusal(401, "invalid_client", "Client authentication failed"));
        }
        let token = form::field(&form, "token").unwrap_or_default();
        let mut connection = self.connect()?;
        let finding = Question::new(&mut connection, token).ask(&self.applications);
        Ok((200, finding.map_err(no_answer)?.answer(token)))
    }

    /// The client credentials grant goes on to Usergrid as it is, and so does the answer.
    fn exchange(&self, headers: &Headers, body: &[u8]) -> Result<Reply, Reply> {
        let mut request = Request::new("POST", "/management/token").body(body);
        request.headers = end_to_end(headers);
        let response = self.connect()?.send_request(&request).map_err(no_answer)?;
        Ok((response.status, response.json().map_err(no_answer)?))
    }

    fn connect(&self) -> Result<Connection, Reply> {
        let open = || -> Result<Connection> {
            let address = self.usergrid.to_socket_addrs()?.next().context("no address")?;
            Connection::open_within(address, PATIENCE)
        };
        open().map_err(|_| refusal(503, "temporarily_unavailable", "Usergrid is out of reach"))
    }
}

fn refusal(status: u16, error: &str, description: &str) -> Reply {
    (status, json!({ "error": error, "error_description": description }))
}

/// Usergrid closed, or said what is no verdict. What it said may hold the token.
fn no_answer(_: anyhow::Error) -> Reply {
    refusal(502, "bad_gateway", "Usergrid has not answered")
}

#[cfg(test)]
mod tests;

//! The introspection service that Usergrid lacks and its operators have to run: what the filter
//! asks of it goes on to Usergrid.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::harness::client::{Connection, Request};
use crate::harness::http::Headers;
use crate::harness::server::{Exchange, Handler, Server};

/// What is passed on: the question about a token, and the one about a client pair.
const PATHS: [&str; 2] = ["/oauth2/introspect", "/management/token"];
/// For connecting, and for each read. The filter gives up before.
const PATIENCE: Duration = Duration::from_secs(2);

/// Listens until dropped.
#[derive(Debug)]
pub struct Relay(Server);

struct To {
    host_and_port: String,
}

impl Relay {
    /// Starts to listen; port 0 takes a free one. `usergrid` is looked up anew for every call.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr, usergrid: &str) -> Result<Self> {
        Server::start(address, Arc::new(To { host_and_port: usergrid.to_owned() })).map(Self)
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

impl Handler for To {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let head = &exchange.head;
        if head.method != "POST" || !PATHS.contains(&head.path.as_str()) {
            return refuse(exchange, 404, "not_found", "Nothing is here");
        }
        let mut request = Request::new("POST", &head.path).body(body);
        request.headers = end_to_end(&head.headers);
        let Ok(mut connection) = self.connect() else {
            return refuse(exchange, 503, "temporarily_unavailable", "Usergrid is out of reach");
        };
        match connection.send_request(&request) {
            Ok(answer) => {
                exchange.respond(answer.status, &end_to_end(&answer.headers), &answer.body)?;
                Ok(true)
            }
            Err(_) => refuse(exchange, 502, "bad_gateway", "Usergrid has not answered"),
        }
    }
}

impl To {
    fn connect(&self) -> Result<Connection> {
        let address = self.host_and_port.to_socket_addrs()?.next().context("no address")?;
        Connection::open_within(address, PATIENCE)
    }
}

/// Without those that are about one connection and the framing on it.
fn end_to_end(headers: &Headers) -> Headers {
    let own = ["connection", "content-length", "keep-alive", "transfer-encoding"];
    let is_own = |name: &str| own.iter().any(|own| name.eq_ignore_ascii_case(own));
    headers.iter().filter(|(name, _)| !is_own(name)).cloned().collect()
}

fn refuse(exchange: &mut Exchange, status: u16, error: &str, description: &str) -> Result<bool> {
    let headers = vec![("content-type".into(), b"application/json".to_vec())];
    let body = json!({ "error": error, "error_description": description });
    exchange.respond(status, &headers, body.to_string().as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::harness::client::{self, Response};
    use crate::harness::gateway::GATEWAY_SECRET;
    use crate::servers::usergrid::{APPLICATION_CLIENT, PASSWORD, Usergrid};

    fn anywhere() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    fn introspect(relay: &Relay, secret: &str, token: &str) -> Response {
        let basic = BASE64_STANDARD.encode(format!("gateway:{secret}"));
        let request = Request::new("POST", "/oauth2/introspect")
            .header("authorization", format!("Basic {basic}"))
            .body(format!("token={token}"));
        client::send(relay.address(), &request).unwrap()
    }

    #[test]
    fn usergrid_answers_about_its_tokens_and_clients() {
        let usergrid = Usergrid::start(anywhere()).unwrap();
        let relay = Relay::start(anywhere(), &usergrid.address().to_string()).unwrap();
        let login = format!("grant_type=password&username=tom&password={PASSWORD}");
        let login = Request::new("POST", "/acme/shop/token").body(login);
        assert_eq!(client::send(relay.address(), &login).unwrap().status, 404, "not its task");
        let login = client::send(usergrid.address(), &login).unwrap().json().unwrap();
        let token = login["access_token"].as_str().unwrap();

        let answer = introspect(&relay, GATEWAY_SECRET, token).json().unwrap();
        assert_eq!(answer["active"], true);
        assert_eq!(answer["username"], "tom");
        let answer = introspect(&relay, GATEWAY_SECRET, "gibberish").json().unwrap();
        assert_eq!(answer, json!({ "active": false }));
        assert_eq!(introspect(&relay, "guess", token).status, 401);

        let (id, secret) = APPLICATION_CLIENT;
        for (secret, status) in [(secret, 200), ("guess", 400)] {
            let form =
                format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
            let pair = Request::new("POST", "/management/token").body(form);
            assert_eq!(client::send(relay.address(), &pair).unwrap().status, status);
        }
    }

    #[test]
    fn usergrid_that_is_away_or_closes_is_no_verdict() {
        let listener = TcpListener::bind(anywhere()).unwrap();
        let relay = Relay::start(anywhere(), &listener.local_addr().unwrap().to_string()).unwrap();
        let closes = std::thread::spawn(move || drop(listener.accept()));
        assert_eq!(introspect(&relay, GATEWAY_SECRET, "token").status, 502);
        closes.join().unwrap();
        assert_eq!(introspect(&relay, GATEWAY_SECRET, "token").status, 503);
    }
}

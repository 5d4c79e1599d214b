//! A second address of a stub that runs as a program: what the stub has seen, what it shall answer,
//! and forgetting. Tests in the same process call the stub itself.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use super::answer::Answer;
use crate::harness::server::{Exchange, Handler, Server};

/// What can be asked of a stub from outside.
pub trait Controlled: Send + Sync + 'static {
    /// What it has seen up to now.
    fn seen(&self) -> Value;

    /// Forgets what it has seen.
    fn forget(&self);

    /// Sets the answer for a token. Whether it answers anything about tokens.
    fn learn(&self, token: &str, answer: Answer) -> bool;

    /// From now on something is wrong, or no longer. Whether it has faults of its own.
    ///
    /// # Errors
    /// If there is no such fault.
    fn fault(&self, _fault: Option<Value>) -> Result<bool> {
        Ok(false)
    }
}

/// Listens until dropped.
///
/// `GET /seen` and `DELETE /seen`; `PUT /tokens/{token}` with an answer as `answers.yaml` has them,
/// in JSON; `PUT /fault` with one of [`crate::servers::usergrid::fault`] in JSON, and
/// `DELETE /fault`.
///
/// # Errors
/// If the address is taken.
pub fn start(address: SocketAddr, stub: Arc<dyn Controlled>) -> Result<Server> {
    Server::start(address, Arc::new(Control(stub)))
}

struct Control(Arc<dyn Controlled>);

impl Handler for Control {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let (status, body) = match self.answer(&exchange.head.method, &exchange.head.path, &body) {
            Ok(Some(value)) => (200, value.to_string()),
            Ok(None) => (404, Value::Null.to_string()),
            Err(error) => (400, Value::from(format!("{error:#}")).to_string()),
        };
        let headers = vec![("content-type".into(), b"application/json".to_vec())];
        exchange.respond(status, &headers, body.as_bytes())?;
        Ok(true)
    }
}

impl Control {
    fn answer(&self, method: &str, path: &str, body: &[u8]) -> Result<Option<Value>> {
        match (method, path.split_once("/tokens/")) {
            ("GET", None) if path == "/seen" => Ok(Some(self.0.seen())),
            ("DELETE", None) if path == "/seen" => {
                self.0.forget();
                Ok(Some(Value::Null))
            }
            ("PUT", None) if path == "/fault" => {
                let fault = serde_json::from_slice(body).context("not JSON")?;
                Ok(self.0.fault(Some(fault))?.then_some(Value::Null))
            }
            ("DELETE", None) if path == "/fault" => Ok(self.0.fault(None)?.then_some(Value::Null)),
            ("PUT", Some(("", token))) => {
                let answer = serde_json::from_slice(body).context("not an answer")?;
                Ok(self.0.learn(token, answer).then_some(Value::Null))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use serde_json::json;

    use crate::harness::client::{self, Request};
    use crate::servers::stub::answer::Answers;
    use crate::servers::stub::introspection::Introspection;

    #[test]
    fn a_stub_tells_learns_and_forgets() {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let stub = Introspection::start(anywhere, Answers::default()).unwrap();
        let control = super::start(anywhere, stub.controlled()).unwrap();
        let ask = |method: &str, path: &str, body: &str| {
            client::send(control.address(), &Request::new(method, path).body(body)).unwrap()
        };
        let learnt = ask("PUT", "/tokens/dora", r#"{ "json": { "active": true } }"#);
        assert_eq!(learnt.status, 200);
        assert_eq!(ask("PUT", "/tokens/dora", r#"{ "jsn": {} }"#).status, 400);
        assert_eq!(ask("GET", "/tokens/dora", "").status, 404);
        let call = Request::new("POST", "/open/introspect").body("token=dora");
        let verdict = client::send(stub.address(), &call).unwrap();
        assert_eq!(verdict.json().unwrap(), json!({ "active": true }));
        let seen = ask("GET", "/seen", "").json().unwrap();
        assert_eq!(seen, json!({ "count": 1, "by_subject": { "dora": { "127.0.0.1": 1 } } }));
        ask("DELETE", "/seen", "");
        let seen = ask("GET", "/seen", "").json().unwrap();
        assert_eq!(seen, json!({ "count": 0, "by_subject": {} }));
    }
}

//! What is known of Usergrid's answers, asserted of the stand-in for both versions: status, the
//! members of the body, and whether there is a body at all.

mod faults;
mod management;
mod vectors;

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::principal::Principal;
use super::version::Version;
use super::{LIFE, Usergrid};
use crate::harness::client::{self, Request, Response};

const BOTH: [Version; 2] = [Version::Master, Version::Release210];

const SECURITY: &str = "org.apache.usergrid.rest.exceptions.SecurityException";

/// A stand-in of one version.
struct StandIn {
    usergrid: Usergrid,
    version: Version,
}

impl StandIn {
    fn start(version: Version) -> Self {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { usergrid: Usergrid::start_version(anywhere, version).unwrap(), version }
    }

    fn ask(&self, request: &Request) -> Response {
        client::send(self.usergrid.address(), request).unwrap()
    }

    fn user(&self, application: &str, name: &str) -> Principal {
        self.usergrid.user(application, name).unwrap()
    }

    /// A token of a user of `acme/shop`.
    fn token(&self, name: &str) -> String {
        self.issue(&self.user("acme/shop", name))
    }

    fn issue(&self, principal: &Principal) -> String {
        self.usergrid.issue(principal, LIFE)
    }

    /// Asserts an answer: its status, and its body, of which `expected` has all members but those
    /// that are times.
    fn answers(&self, about: &str, request: &Request, status: u16, expected: &Value) {
        let response = self.ask(request);
        let about = format!("{about}, {:?}", self.version);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!(response.status, status, "{about}: {text}");
        if expected.is_null() {
            assert!(text.is_empty(), "{about}: {text}");
            return;
        }
        let kind = response.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("application/json"), "{about}: {kind}");
        let mut body = response.json().unwrap();
        for time in ["timestamp", "duration"] {
            body.as_object_mut().unwrap().remove(time);
        }
        assert_eq!(body, *expected, "{about}");
    }
}

/// U: whose token it is.
fn u(application: &str) -> Request {
    Request::get(format!("/{application}/users/me"))
}

/// K: whether its owner administers the application.
fn k(application: &str) -> Request {
    Request::new("HEAD", format!("/{application}/credentials"))
}

/// An error in Usergrid's envelope.
fn error(error: &str, description: &str, exception: &str) -> Value {
    json!({ "error": error, "error_description": description, "exception": exception })
}

fn security(word: &str, description: &str) -> Value {
    error(word, description, SECURITY)
}

fn uuid(principal: &Principal) -> &str {
    let Principal::User(_, uuid) = principal else { panic!("{principal:?} is no user") };
    uuid
}

//! Whether the real Envoy did what the steps say. A difference names what differs and repeats no
//! value: there may be credentials in it.

use serde_json::Value;
use usergrid_auth::explain::{Ending, Explanation, Header};
use usergrid_auth_core::refusal;

use super::DETAILS;
use crate::harness::client::Response;
use crate::servers::stub::backend::MARK;

/// What Envoy puts into requests, or takes out of them, whatever its filters do.
const ENVOYS: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
const ENVOYS_OWN: [&str; 3] = ["x-envoy-", "x-forwarded-", "x-request-id"];

/// Everything in which Envoy's answer differs from what the explanation says.
pub fn differences(explanation: &Explanation, response: &Response) -> Vec<String> {
    let body = response.json().unwrap_or_default();
    let reached = response.header(MARK).is_some();
    let details = response.header(DETAILS).unwrap_or_default();
    if !reached && !details.starts_with("usergrid_auth_") {
        return vec!["Envoy itself has answered, and not the filter".into()];
    }
    match &explanation.ending {
        Ending::Open => vec!["the steps come to no end".into()],
        Ending::Forwarded(_) if !reached => {
            vec!["by the steps the backend gets the request, and it did not".into()]
        }
        Ending::Refused(_) if reached => {
            vec!["by the steps the request is refused, and the backend got it".into()]
        }
        Ending::Forwarded(head) => forwarded(head, &body),
        Ending::Refused(refusal) => refused(refusal, response, &body),
    }
}

fn refused(said: &refusal::Response, response: &Response, body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if response.status != said.status {
        wrong.push(format!("status {} instead of {}", response.status, said.status));
    }
    let details = response.header(DETAILS);
    if details.as_deref() != Some(said.details.as_str()) {
        let found = details.unwrap_or_default();
        wrong.push(format!("response code details `{found}` instead of `{}`", said.details));
    }
    for name in ["retry-after", "www-authenticate"] {
        let expected = said.headers.iter().find(|(known, _)| *known == name);
        if response.header(name).as_deref() != expected.map(|(_, value)| value.as_str()) {
            wrong.push(format!("another header `{name}`"));
        }
    }
    // The others of the body's members are times.
    let expected: Value = serde_json::from_str(&said.body).unwrap_or_default();
    for member in ["error", "error_description"] {
        if !response.body.is_empty() && body[member] != expected[member] {
            wrong.push(format!("another `{member}` in the body"));
        }
    }
    wrong
}

fn forwarded(head: &[Header], body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let path = head.iter().find(|(name, _)| name == ":path").map(|(_, value)| text(value));
    if body["path"].as_str() != path.as_deref() {
        wrong.push("another path at the backend".into());
    }
    let pairs = body["headers"].as_array().into_iter().flatten();
    let seen: Vec<(String, String)> = pairs
        .filter_map(|pair| Some((pair[0].as_str()?.to_ascii_lowercase(), pair[1].as_str()?.into())))
        .collect();
    let said: Vec<(String, String)> =
        head.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let counts = |(name, _): &&(String, String)| {
        !name.starts_with(':')
            && !ENVOYS.contains(&name.as_str())
            && !ENVOYS_OWN.iter().any(|own| name.starts_with(own))
    };
    for (name, _) in said.iter().filter(counts).filter(|pair| !seen.contains(pair)) {
        wrong.push(format!("the header `{name}` is another at the backend, or missing"));
    }
    for (name, _) in seen.iter().filter(counts).filter(|pair| !said.contains(pair)) {
        wrong.push(format!("the backend got a header `{name}` of which the steps know nothing"));
    }
    wrong
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::harness::client::Request;
    use crate::programs::demo::page::explained::Filter;
    use crate::site::Setup;

    fn explained(request: &Request) -> Explanation {
        let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        Filter::new(&Setup::default(), nowhere).unwrap().decide(request).unwrap().explanation
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &Value) -> Response {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        let headers = headers.iter().map(pair).collect();
        Response { status, headers, body: body.to_string().into_bytes() }
    }

    #[test]
    fn a_refusal_is_compared() {
        const DETAIL: (&str, &str) = (DETAILS, "usergrid_auth_missing");
        const CHALLENGE: (&str, &str) = ("www-authenticate", "Bearer realm=\"usergrid\"");
        let said = explained(&Request::get("/acme/shop/books"));
        let text = "Subject does not have permission to access this resource";
        let body = json!({ "error": "unauthorized", "error_description": text, "timestamp": 1 });
        let found = |response| differences(&said, &response);
        assert_eq!(found(response(401, &[DETAIL, CHALLENGE], &body)), [""; 0]);

        let other = json!({ "error": "other", "error_description": text });
        for (response, difference) in [
            (response(403, &[DETAIL, CHALLENGE], &body), "status 403 instead of 401"),
            (response(401, &[DETAIL], &body), "another header `www-authenticate`"),
            (response(401, &[DETAIL, CHALLENGE], &other), "another `error` in the body"),
            (
                response(401, &[(DETAILS, "usergrid_auth_inactive"), CHALLENGE], &body),
                "response code details `usergrid_auth_inactive` instead of `usergrid_auth_missing`",
            ),
            (
                response(401, &[(DETAILS, "http1.codec_error"), CHALLENGE], &body),
                "Envoy itself has answered, and not the filter",
            ),
            (
                response(200, &[(DETAILS, "via_upstream"), (MARK, "backend")], &json!({})),
                "by the steps the request is refused, and the backend got it",
            ),
        ] {
            assert_eq!(found(response), [difference]);
        }
    }

    #[test]
    fn what_the_backend_gets_is_compared() {
        const MARKS: [(&str, &str); 2] = [(DETAILS, "via_upstream"), (MARK, "backend")];
        let request = Request::get("/acme/sandbox/books").header("X-Own", "1");
        let said = explained(&request);
        let guest = ["x-usergrid-principal", "guest"];
        let echo = |path: &str, headers: &[[&str; 2]]| {
            response(200, &MARKS, &json!({ "path": path, "headers": headers }))
        };
        let found = |response| differences(&said, &response);
        let path = "/acme/sandbox/books";
        let own = ["x-own", "1"];
        let envoys = [["host", "api.example.com"], ["x-request-id", "1"], own, guest];
        assert_eq!(found(echo(path, &envoys)), [""; 0]);

        let other = "is another at the backend, or missing";
        let principal = format!("the header `x-usergrid-principal` {other}");
        assert_eq!(found(echo(path, &[own])), [principal.as_str()]);
        let unknown = "the backend got a header `authorization` of which the steps know nothing";
        let secret = ["authorization", "Bearer secret"];
        assert_eq!(found(echo(path, &[own, guest, secret])), [unknown]);
        assert_eq!(found(echo("/other", &[own, guest])), ["another path at the backend"]);
        let refused = response(401, &[(DETAILS, "usergrid_auth_missing")], &json!({}));
        let missed = "by the steps the backend gets the request, and it did not";
        assert_eq!(found(refused), [missed]);
    }
}

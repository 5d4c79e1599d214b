//! What a client gets by an explanation, as if Envoy and the stub of the backend had answered.

use anyhow::Result;
use integration::harness::client::Response;
use integration::scenario::file::Case;
use integration::servers::stub::backend::MARK;
use serde_json::{Value, json};
use usergrid_auth::explain::{Ending, Explanation, Header};

/// The response.
pub fn of(case: &Case, explanation: &Explanation) -> Result<Response> {
    Ok(match &explanation.ending {
        Ending::Forwarded(head) => echo(case, head),
        Ending::Refused(response) if is_grpc(case) => Response {
            status: 200,
            headers: vec![
                ("content-type".into(), b"application/grpc".to_vec()),
                ("cache-control".into(), b"no-store".to_vec()),
                ("grpc-status".into(), grpc_status(response.status).into()),
                ("grpc-message".into(), response.body.clone().into_bytes()),
            ],
            body: Vec::new(),
        },
        Ending::Refused(response) => {
            let headers = response.headers.iter();
            let body = if case.request.starts_with("HEAD ") { "" } else { &response.body };
            Response {
                status: response.status,
                headers: headers
                    .map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()))
                    .collect(),
                body: body.into(),
            }
        }
        Ending::Open => Response { status: 0, headers: Vec::new(), body: Vec::new() },
    })
}

/// The backend answers with what it received.
fn echo(case: &Case, head: &[Header]) -> Response {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let path = head.iter().find(|(name, _)| name == ":path").map(|(_, value)| text(value));
    let headers: Vec<Value> = head
        .iter()
        .filter(|(name, _)| !name.starts_with(':'))
        .map(|(name, value)| json!([name, text(value)]))
        .collect();
    let body = json!({ "path": path, "headers": headers, "body_bytes": case.body.len() });
    Response {
        status: 200,
        headers: vec![(MARK.into(), b"backend".to_vec())],
        body: body.to_string().into_bytes(),
    }
}

fn is_grpc(case: &Case) -> bool {
    let values = case.headers.iter().filter_map(|line| line.strip_prefix("content-type: "));
    values
        .filter_map(|value| value.strip_prefix("application/grpc"))
        .any(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

/// As Envoy turns the status of a local reply into one of gRPC.
const fn grpc_status(status: u16) -> &'static str {
    match status {
        400 => "13",
        401 => "16",
        403 => "7",
        404 => "12",
        429 | 502 | 503 | 504 => "14",
        _ => "2",
    }
}

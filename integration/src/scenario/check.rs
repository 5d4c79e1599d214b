//! Comparing what came with what a scenario file says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::file::{Backend, Case};
use crate::harness::client::Response;
use crate::servers::stub::backend::MARK;

/// Everything about a response that is not as the case says.
#[must_use]
pub fn response(case: &Case, response: &Response) -> Vec<String> {
    let mut wrong = Vec::new();
    if response.status != case.status {
        wrong.push(format!("status {} instead of {}", response.status, case.status));
    }
    headers("reply", &case.reply_headers, &mut wrong, |name| response.header(name));
    let passed = response.header(MARK).is_some();
    if passed != case.passes() {
        wrong.push(
            if passed { "it reached the backend" } else { "it did not reach the backend" }.into(),
        );
    }
    let body = response.json().unwrap_or(Value::Null);
    if passed {
        seen(&case.backend, &body, &mut wrong);
    } else {
        members(&case.reply, &body, &mut wrong);
        if case.outcome != "none" {
            refusal(case, response, &body, &mut wrong);
        }
    }
    wrong
}

/// What holds for every refusal of the filter.
fn refusal(case: &Case, response: &Response, body: &Value, wrong: &mut Vec<String>) {
    let is_grpc = response.header("grpc-status").is_some();
    let to_head = case.request.starts_with("HEAD ");
    if response.header("cache-control").as_deref() != Some("no-store") {
        wrong.push("a refusal without `cache-control: no-store`".into());
    }
    if !is_grpc {
        if response.header("content-type").as_deref() != Some("application/json") {
            wrong.push("a refusal that is not application/json".into());
        }
        if !to_head && !body.is_object() {
            wrong.push("a refusal whose body is no JSON object".into());
        }
    }
    let text = String::from_utf8_lossy(&response.body);
    for secret in case.query_secrets() {
        if secret.len() > 3 && text.contains(secret) {
            wrong.push("a refusal that echoes a credential".into());
        }
    }
}

fn seen(expected: &Backend, body: &Value, wrong: &mut Vec<String>) {
    if let Some(path) = &expected.path
        && body.get("path").and_then(Value::as_str) != Some(path)
    {
        wrong.push(format!("the backend saw the path {} instead of {path}", body["path"]));
    }
    if let Some(length) = expected.body_bytes
        && body.get("body_bytes").and_then(Value::as_u64) != Some(length)
    {
        wrong
            .push(format!("the backend saw {} body bytes instead of {length}", body["body_bytes"]));
    }
    headers("backend", &expected.headers, wrong, |name| backend_header(body, name));
}

/// All values of a header that the backend saw, joined by ` | `.
#[must_use]
pub fn backend_header(body: &Value, name: &str) -> Option<String> {
    let headers = body.get("headers")?.as_array()?.iter();
    let values: Vec<&str> = headers
        .filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)))
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .collect();
    (!values.is_empty()).then(|| values.join(" | "))
}

fn headers(
    whose: &str,
    expected: &BTreeMap<String, Option<String>>,
    wrong: &mut Vec<String>,
    actual: impl Fn(&str) -> Option<String>,
) {
    for (name, expected) in expected {
        let actual = actual(name);
        let good = match (expected, &actual) {
            (None, actual) => actual.is_none(),
            (Some(_), None) => false,
            (Some(expected), Some(actual)) => match expected.strip_prefix('~') {
                Some(part) => actual.contains(part),
                None => actual == expected,
            },
        };
        if !good {
            wrong.push(format!("{whose} header {name} is {actual:?} instead of {expected:?}"));
        }
    }
}

fn members(expected: &BTreeMap<String, Value>, body: &Value, wrong: &mut Vec<String>) {
    for (name, expected) in expected {
        let actual = body.get(name);
        let good = match (expected, actual) {
            (Value::Null, actual) => actual.is_none(),
            (Value::String(kind), Some(actual)) if kind == "$number" => actual.is_number(),
            (Value::String(kind), Some(actual)) if kind == "$string" => actual.is_string(),
            (expected, actual) => Some(expected) == actual,
        };
        if !good {
            let actual = actual.map_or("absent".into(), Value::to_string);
            wrong.push(format!("reply member {name} is {actual} instead of {expected}"));
        }
    }
}

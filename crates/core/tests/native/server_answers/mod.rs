//! The answers that real servers give, and what must come of each. In Envoy the same rows run in
//! `integration/tests/envoy/server_answers.rs`.

mod row;

use row::Row;
use serde_json::Value;
use usergrid_auth_core::verification::call::{AnswerBody, AnswerHeaders, CallOutcome};
use usergrid_auth_core::verification::single_flight::StreamId;

use crate::decision::worker::{End, NOON, SECOND, Worker};
use crate::support::call_body;

#[test]
fn every_row_comes_out_as_it_says() {
    let rows = row::all().unwrap();
    let wrong: Vec<String> = rows.iter().flat_map(deviations).collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// What is not as the row says.
fn deviations(row: &Row) -> Vec<String> {
    let expect = &row.expect;
    let mut run = Run { worker: Worker::new(&overrides(&row.config)), asked: Vec::new() };
    let stream = run.send(row);
    let mut wrong = Vec::new();
    let mut compare = |what: &str, found: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
        let (found, wanted) = (format!("{found:?}"), format!("{wanted:?}"));
        if found != wanted {
            wrong.push(format!("- {}: {what} is {found} instead of {wanted}", row.name));
        }
    };

    let head = run.worker.head(stream).clone();
    let mut shown = head.text();
    match &head.end {
        Some(End::Forwarded) => {
            compare("status", &200, &expect.status);
            for (name, wanted) in &expect.backend {
                let name = if name == "path" { ":path" } else { name };
                let found = Some(head.header(name)).filter(|value| !value.is_empty());
                compare(name, &found, wanted);
            }
        }
        Some(End::Refused(response)) => {
            compare("status", &response.status, &expect.status);
            let body: Value = serde_json::from_str(&response.body).unwrap();
            if let Some(error) = &expect.error {
                compare("error", &body["error"].as_str(), &Some(error));
            }
            if let Some(wanted) = &expect.retry_after {
                let mut headers = response.headers.iter();
                let found = headers.find(|(name, _)| *name == "retry-after");
                compare("retry-after", &found.map(|(_, value)| value), &Some(wanted));
            }
            shown += &format!("{response:?}");
        }
        None => compare("end", &"none", &expect.status),
    }
    if let Some(token) = &expect.introspected {
        compare("introspected", &run.asked.first(), &Some(token));
    }
    if let Some(calls) = expect.calls {
        compare("calls", &run.asked.len(), &calls);
    }
    if let Some(calls) = expect.calls_for_two_requests {
        run.send(row);
        compare("calls for two requests", &run.asked.len(), &calls);
    }
    shown += &format!("{:?}", run.worker.log);
    for secret in &expect.nowhere {
        compare(&format!("`{secret}` shown"), &shown.contains(secret), &false);
    }
    wrong
}

struct Run {
    worker: Worker,
    /// The tokens that the server was asked about.
    asked: Vec<String>,
}

impl Run {
    /// Sends the request and answers the calls that are about what it shows; any others are about
    /// credentials of the filter's own, which no server knows.
    fn send(&mut self, row: &Row) -> StreamId {
        let headers: Vec<(&str, &str)> =
            row.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let stream = self.worker.request(&format!("{} {}", row.method, row.path), &headers);
        while let Some((_, call)) = self.worker.calls.first() {
            let asked = subject(call_body(call));
            if row.token() == Some(&asked) || row.pair().as_ref() == Some(&asked) {
                self.asked.push(asked);
                self.worker.end_call(answered_with(&row.answer));
            } else {
                self.worker.answer(200, r#"{"active":false}"#);
            }
        }
        stream
    }
}

/// The token, or `id:secret`.
fn subject(form: &str) -> String {
    let field = |name: &str| {
        let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        let decoded = percent_encoding::percent_decode_str(value).decode_utf8().unwrap();
        Some(decoded.into_owned())
    };
    let pair = || Some(format!("{}:{}", field("client_id")?, field("client_secret")?));
    field("token").or_else(pair).unwrap_or_default()
}

fn answered_with(answer: &row::Answer) -> CallOutcome {
    let header = |name: &str| {
        let found = answer.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_bytes())
    };
    CallOutcome::Answered {
        status: answer.status,
        body: AnswerBody::Complete(answer.body(NOON / SECOND)),
        headers: AnswerHeaders::new(header("retry-after"), header("www-authenticate")),
    }
}

/// The members of an object without its braces.
fn overrides(config: &Value) -> String {
    let text = config.to_string();
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap().to_owned()
}

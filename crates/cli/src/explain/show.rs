//! An explanation as text or JSON. What is a secret, or may be one, is never part of it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use usergrid_auth_config::Config;
use usergrid_auth_core::decision::Finding;

use super::{Ending, Explanation, Header, Request, RuleLines, places, rules};
use crate::hidden::Hidden;
use crate::output::{Colours, Tone, printable};

/// The explanation for people. `document` is the configuration as JSON.
#[must_use]
pub fn text(
    explanation: &Explanation,
    request: &Request,
    config: &Config,
    document: &Value,
    colours: Colours,
) -> String {
    let hidden = Hidden::of(&request.headers, document);
    let mut out = String::new();
    let mut line = |depth: usize, text: &str| {
        let _ = writeln!(out, "{}{text}", "  ".repeat(depth));
    };
    line(0, &colours.paint(Tone::Head, "steps"));
    for finding in &explanation.findings {
        line(1, &printable(&hidden.without(&finding.to_string())));
        for detail in details(finding, request, config, document) {
            line(2, &printable(&hidden.without(&detail)));
        }
    }
    if !explanation.calls.is_empty() {
        line(0, &colours.paint(Tone::Head, "calls"));
    }
    for call in &explanation.calls {
        let to =
            format!("{} {}{} (cluster {})", call.method, call.authority, call.path, call.cluster);
        line(1, &printable(&hidden.without(&format!("{to}: {}", call.ended))));
    }
    for log in &explanation.logs {
        line(0, &format!("{}: {}", colours.paint(Tone::Head, "log"), printable(log)));
    }
    let outcome = explanation.outcome.map_or("open", |outcome| outcome.label());
    match &explanation.ending {
        Ending::Forwarded(head) => {
            line(0, &format!("{}, outcome {outcome}", colours.paint(Tone::Good, "admitted")));
            line(0, &colours.paint(Tone::Head, "the backend gets"));
            for (name, value) in head {
                line(1, &format!("{}: {}", printable(name), printable(&hidden.value(name, value))));
            }
        }
        Ending::Refused(response) => {
            line(0, &format!("{}, outcome {outcome}", colours.paint(Tone::Bad, "refused")));
            line(0, &colours.paint(Tone::Head, "the client gets"));
            line(1, &response.status.to_string());
            for (name, value) in &response.headers {
                line(1, &format!("{name}: {value}"));
            }
            line(1, &response.body);
        }
        Ending::Open => {
            let advice = "a server has to answer: give what it says with `--answer FILE`, or \
                          `--fault` for how it fails";
            line(0, &format!("{}: {advice}", colours.paint(Tone::Note, "open")));
        }
    }
    out
}

/// The same for programs.
#[must_use]
pub fn json(
    explanation: &Explanation,
    request: &Request,
    config: &Config,
    document: &Value,
) -> Value {
    let hidden = Hidden::of(&request.headers, document);
    let steps: Vec<Value> = explanation
        .findings
        .iter()
        .map(|finding| {
            let text = hidden.without(&finding.to_string());
            let (step, found) = text.split_once(": ").unwrap_or(("", &text));
            let details: Vec<String> = details(finding, request, config, document)
                .iter()
                .map(|detail| hidden.without(detail))
                .collect();
            json!({ "step": step, "found": found, "details": details })
        })
        .collect();
    let calls: Vec<Value> = explanation
        .calls
        .iter()
        .map(|call| {
            json!({
                "cluster": call.cluster,
                "method": call.method,
                "authority": call.authority,
                "path": hidden.without(&call.path),
                "ended": call.ended,
            })
        })
        .collect();
    let (backend, client) = match &explanation.ending {
        Ending::Forwarded(head) => (headers(head, &hidden), Value::Null),
        Ending::Refused(response) => {
            let headers: Vec<Value> =
                response.headers.iter().map(|(name, value)| json!([name, value])).collect();
            let client =
                json!({ "status": response.status, "headers": headers, "body": response.body });
            (Value::Null, client)
        }
        Ending::Open => (Value::Null, Value::Null),
    };
    json!({
        "steps": steps,
        "calls": calls,
        "log": explanation.logs,
        "outcome": explanation.outcome.map(|outcome| outcome.label()),
        "backend": backend,
        "client": client,
    })
}

fn headers(head: &[Header], hidden: &Hidden) -> Value {
    let pairs = head.iter().map(|(name, value)| json!([name, hidden.value(name, value)]));
    Value::Array(pairs.collect())
}

/// What a step saw: each reading of the path, each rule.
fn details(finding: &Finding, request: &Request, config: &Config, document: &Value) -> Vec<String> {
    match finding {
        Finding::Path { .. } => {
            let read = |reading: String| format!("read as {}", quoted(&reading));
            rules::readings(request, config).into_iter().map(read).collect()
        }
        Finding::Credential(_) => {
            let found = places::presented(document, request);
            found.iter().map(|place| format!("something stands in {}", quoted(place))).collect()
        }
        Finding::Public(_) => lines(rules::public(document, request, config)),
        Finding::Guest(_) => lines(rules::guest(document, request, config)),
        _ => Vec::new(),
    }
}

fn lines(rules: RuleLines) -> Vec<String> {
    let RuleLines { lines, more } = rules;
    let mut texts: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {}: {}", line.key, quoted(&line.rule), line.why))
        .collect();
    if more > 0 {
        texts.push(format!("{more} more rules that do not admit it"));
    }
    texts
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

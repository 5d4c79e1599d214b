//! What the stub of the scenarios answers, without a socket: by the same file.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use integration::harness::gateway::{GATEWAY_SECRET, GATEWAY_TOKEN};
use integration::servers::stub::answer::{Answer, Answers, Fault};
use percent_encoding::percent_decode_str;
use serde_json::json;
use usergrid_auth_core::verification::call::{AnswerBody, AnswerHeaders, CallOutcome, CallRequest};

/// The verifying server of the scenarios.
pub struct Stub {
    answers: Answers,
    is_down: bool,
}

impl Stub {
    pub fn new(is_down: bool) -> Result<Self> {
        Ok(Self { answers: Answers::shared()?, is_down })
    }

    /// How a call ends.
    pub fn answer(&mut self, call: &CallRequest) -> Result<CallOutcome> {
        if self.is_down || call.cluster != "introspection" {
            return Ok(CallOutcome::Reset);
        }
        let header = |name: &str| {
            let found = call.headers.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.as_str())
        };
        let path = header(":path").context("no path")?;
        let form = form(&call.body)?;
        let field =
            |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, it)| it.as_str());
        let authorization = header("authorization").unwrap_or_default();
        let pair = match authorization.strip_prefix("Basic ") {
            Some(encoded) => {
                let pair =
                    String::from_utf8(BASE64_STANDARD.decode(encoded).ok().context("no base64")?)?;
                let (id, secret) = pair.split_once(':').context("no colon")?;
                Some(format!("{}:{}", decoded(id), decoded(secret)))
            }
            None => {
                field("client_id").zip(field("client_secret")).map(|(id, it)| format!("{id}:{it}"))
            }
        };
        let is_known = pair.as_deref() == Some(&format!("gateway:{GATEWAY_SECRET}"))
            || authorization == format!("Bearer {GATEWAY_TOKEN}");
        let answer = match path {
            "/management/token" => {
                let known = self.answers.clients.get(&pair.unwrap_or_default()).cloned();
                known.unwrap_or_else(|| Answer {
                    status: Some(400),
                    json: Some(json!({ "error": "invalid_grant" })),
                    ..Answer::default()
                })
            }
            "/oauth2/introspect" if !is_known => Answer {
                status: Some(401),
                json: Some(json!({ "error": "invalid_client" })),
                ..Answer::default()
            },
            "/oauth2/introspect" | "/open/introspect" => {
                let known =
                    field("token").and_then(|token| self.answers.tokens.get(token)).cloned();
                known.unwrap_or_else(|| Answer::json(json!({ "active": false })))
            }
            _ => Answer {
                status: Some(404),
                json: Some(json!({ "error": "not_found" })),
                ..Answer::default()
            },
        };
        Ok(match answer.fault {
            Some(Fault::Reset | Fault::ResetAfterHeaders) => CallOutcome::Reset,
            Some(Fault::Hang) => CallOutcome::TimedOut,
            None => {
                let body = answer.body();
                let body = if body.len() > call.max_response_bytes {
                    AnswerBody::TooLarge
                } else {
                    AnswerBody::Complete(body)
                };
                let value = |wanted| {
                    let header = answer.headers.iter().find(|(name, _)| *name == wanted);
                    header.map(|(_, value)| value.as_bytes())
                };
                let headers = AnswerHeaders::new(value("retry-after"), value("www-authenticate"));
                CallOutcome::Answered { status: answer.status.unwrap_or(200), headers, body }
            }
        })
    }
}

fn form(body: &[u8]) -> Result<Vec<(String, String)>> {
    let pairs = std::str::from_utf8(body)?.split('&').filter_map(|pair| pair.split_once('='));
    Ok(pairs.map(|(name, value)| (decoded(name), decoded(value))).collect())
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

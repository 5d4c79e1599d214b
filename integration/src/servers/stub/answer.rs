//! Scripted answers: what the verifying server says about which credential, read from a file.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// What goes wrong on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection closes without an answer.
    Reset,
    /// The connection closes within the body.
    ResetAfterHeaders,
    /// Nothing comes.
    Hang,
}

/// What is wrong with the whole server, whoever is asked about.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// The right answer, so many milliseconds later.
    Slow(u64),
    /// This answer to everything.
    Answers(Box<Answer>),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// 200 if absent.
    pub status: Option<u16>,
    /// More headers.
    pub headers: BTreeMap<String, String>,
    /// A JSON body, see [`Answer::body`].
    pub json: Option<Value>,
    /// A body of another kind.
    pub text: Option<String>,
    /// Blanks are added up to this length.
    pub pad_to: usize,
    /// See [`Fault`].
    pub fault: Option<Fault>,
    /// Whether the answer waits until it is released.
    pub hold: bool,
    /// How long it takes, in milliseconds.
    pub delay_ms: u64,
    /// The first calls, so many of them, are answered with 503 instead.
    pub failures: usize,
}

impl Answer {
    /// 200 with this body.
    #[must_use]
    pub fn json(body: Value) -> Self {
        Self { json: Some(body), ..Self::default() }
    }

    /// 200 with a good token of this user.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self::json(serde_json::json!({ "active": true, "username": name }))
    }

    /// The body as of now: texts like `now+60` have become numbers.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = match (&self.json, &self.text) {
            (Some(json), _) => {
                let mut json = json.clone();
                resolve(&mut json);
                json.to_string().into_bytes()
            }
            (None, text) => text.clone().unwrap_or_default().into_bytes(),
        };
        body.resize(self.pad_to.max(body.len()), b' ');
        body
    }
}

fn resolve(value: &mut Value) {
    match value {
        Value::String(text) => {
            let offset = text.strip_prefix("now").and_then(|offset| offset.parse::<i64>().ok());
            if let Some(offset) = offset {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                *value = (now.as_secs().cast_signed() + offset).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(resolve),
        Value::Object(members) => members.values_mut().for_each(resolve),
        _ => (),
    }
}

/// Answers by credential.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// By token.
    pub tokens: HashMap<String, Answer>,
    /// By `id:secret`.
    pub clients: HashMap<String, Answer>,
    /// For other tokens, by how they begin. What is not found here either is not active.
    #[serde(default)]
    pub families: HashMap<String, Answer>,
}

impl Answers {
    /// The answers that demo and tests share, `integration/stub/answers.yaml`.
    ///
    /// # Errors
    /// If the file is wrong.
    pub fn shared() -> Result<Self> {
        serde_yaml_ng::from_str(include_str!("../../../stub/answers.yaml"))
            .context("integration/stub/answers.yaml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_answers_can_be_read() {
        let answers = Answers::shared().unwrap();
        let alice: Value = serde_json::from_slice(&answers.tokens["alice"].body()).unwrap();
        assert!(alice["exp"].as_i64().unwrap() > 1_700_000_000);
        assert_eq!(answers.tokens["five-megabytes"].body().len(), 5 * 1024 * 1024);
    }
}

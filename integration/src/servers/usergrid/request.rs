//! A request as Usergrid reads it: decoded path, and parameters from query, form and JSON alike.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::harness::form::{self, client_pair, field};
use crate::harness::http::{Headers, RequestHead, header};

#[derive(Debug)]
pub struct Request {
    /// `GET`, …; HEAD is GET to everything that decides.
    pub method: String,
    /// Segments, decoded; empty ones are left out.
    pub path: Vec<String>,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    /// The members of a JSON body, whatever content type it says: the old clients say none.
    pub json: Map<String, Value>,
    headers: Headers,
}

impl Request {
    /// Reads what can be read; a body that is neither JSON nor a form is none.
    pub fn new(head: &RequestHead, body: &[u8]) -> Self {
        let (path, query) = head.path.split_once('?').unwrap_or((&head.path, ""));
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let json: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
        let pairs = if json.is_some() { &[][..] } else { body };
        Self {
            method: if head.method == "HEAD" { "GET".into() } else { head.method.clone() },
            path: segments.map(decode).collect(),
            query: form::parse(query.as_bytes()).unwrap_or_default(),
            form: form::parse(pairs).unwrap_or_default(),
            json: json.unwrap_or_default(),
            headers: head.headers.clone(),
        }
    }

    /// A parameter in the query that is not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        field(&self.query, name).filter(|value| !value.is_empty())
    }

    /// The whole query, every name with its values, as Usergrid repeats it in an answer.
    pub fn query_values(&self) -> Value {
        let mut names: Map<String, Value> = Map::new();
        for (name, value) in &self.query {
            let values = names.entry(name.as_str()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(values) = values {
                values.push(value.as_str().into());
            }
        }
        Value::Object(names)
    }

    /// A parameter, wherever it is.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let sent = self.query(name).or_else(|| field(&self.form, name)).map(str::to_owned);
        sent.or_else(|| match self.json.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// The token: one in the query is preferred. `Bearer` is case-sensitive, as in Usergrid.
    pub fn token(&self) -> Option<&str> {
        self.query("access_token").or_else(|| {
            let value = header(&self.headers, "authorization")?;
            std::str::from_utf8(value).ok()?.strip_prefix("Bearer ")
        })
    }

    /// `id:secret` from Basic.
    pub fn basic(&self) -> Option<String> {
        client_pair(&self.headers, &[])
    }

    /// `id:secret` from the query. Fields of a body count at token endpoints only.
    pub fn query_pair(&self) -> Option<String> {
        Some(format!("{}:{}", self.query("client_id")?, self.query("client_secret")?))
    }

    /// `id:secret` at a token endpoint.
    pub fn pair_or_fields(&self) -> Option<String> {
        let fields = || {
            Some(format!("{}:{}", self.parameter("client_id")?, self.parameter("client_secret")?))
        };
        self.basic().or_else(fields)
    }
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

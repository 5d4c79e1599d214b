//! The rows of `tests/data/server-answers.jsonl` and `server-shapes.jsonl`, one JSON object a line:
//! a configuration, a request, what the verifying server answers, and what must come of it.
//!
//! The tests of the core and those in Envoy read them with this very code. A member that it does
//! not know is an error, so nothing a row expects goes unread.

use serde_json::{Map, Value};

/// What servers answered in public reports.
const ANSWERS: &str = include_str!("../../data/server-answers.jsonl");
/// What servers answer by their documentation or code; `source` says where that is shown.
const SHAPES: &str = include_str!("../../data/server-shapes.jsonl");
/// The token that stands for one that no other row has.
const ANY_TOKEN: &str = "T";

pub type Pairs = Vec<(String, String)>;

#[derive(Debug)]
pub struct Row {
    pub name: String,
    /// The filter's, minimal.
    pub config: Value,
    pub method: String,
    /// Path and query.
    pub path: String,
    pub headers: Pairs,
    pub answer: Answer,
    pub expect: Expect,
}

/// Of the verifying server, whoever asks.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Pairs,
    /// A text is sent as it is; in anything else `NOW+n` stands for a number of seconds.
    body: Value,
}

#[derive(Debug)]
pub struct Expect {
    /// 200 means that the backend was reached.
    pub status: u16,
    /// The `error` of a refusal.
    pub error: Option<String>,
    pub retry_after: Option<String>,
    /// What the server was asked about.
    pub introspected: Option<String>,
    /// Calls made for the request.
    pub calls: Option<usize>,
    /// Calls made for it and once more the same.
    pub calls_for_two_requests: Option<usize>,
    /// Headers as the backend gets them, and `path`; `null` for none.
    pub backend: Vec<(String, Option<String>)>,
    /// What neither backend nor client nor any log shows.
    pub nowhere: Vec<String>,
}

/// All rows of both files.
pub fn all() -> Result<Vec<Row>, String> {
    let lines: Vec<&str> = ANSWERS.lines().chain(SHAPES.lines()).collect();
    let rows = lines.iter().enumerate().map(|(index, line)| {
        Row::parse(line, index).map_err(|error| format!("row {}: {error}: {line}", index + 1))
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    for (index, row) in rows.iter().enumerate() {
        if rows.iter().take(index).any(|other| other.name == row.name) {
            return Err(format!("two rows are called `{}`", row.name));
        }
    }
    Ok(rows)
}

impl Row {
    fn parse(line: &str, index: usize) -> Result<Self, String> {
        let mut row = Members::of(serde_json::from_str(line).map_err(|error| error.to_string())?)?;
        // For whoever reads the file.
        let is_shape = row.optional("server").is_some();
        if is_shape != row.optional("source").is_some() {
            return Err("`server` and `source` go together".into());
        }
        let mut request = Members::of(row.required("request")?)?;
        let own = own_token(index);
        let in_header = |value: String| match value.strip_prefix("Bearer ") {
            Some(ANY_TOKEN) => format!("Bearer {own}"),
            _ => value,
        };
        let in_query = |url: String| {
            let parameter = format!("access_token={ANY_TOKEN}");
            let place = url.split_once(&parameter);
            match place.filter(|(_, rest)| rest.is_empty() || rest.starts_with('&')) {
                Some((before, rest)) => format!("{before}access_token={own}{rest}"),
                None => url,
            }
        };
        let headers = pairs(request.required("headers")?)?;
        let mut answer = Members::of(row.required("answer")?)?;
        let parsed = Self {
            name: text(row.required("name")?)?,
            config: row.required("config")?,
            method: text(request.required("method")?)?,
            path: in_query(text(request.required("path")?)?),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, in_query(in_header(value))))
                .collect(),
            answer: Answer {
                status: number(&answer.required("status")?)?,
                headers: answer.optional("headers").map(pairs).transpose()?.unwrap_or_default(),
                body: answer.required("body")?,
            },
            expect: Expect::parse(row.required("expect")?)?,
        };
        request.end()?;
        answer.end()?;
        row.end()?;
        Ok(parsed)
    }

    /// The token that the request shows, as the server is asked about it.
    pub fn token(&self) -> Option<&str> {
        let header = self.headers.iter().find(|(name, _)| name == "authorization");
        let bearer = header.and_then(|(_, value)| value.strip_prefix("Bearer "));
        bearer.or_else(|| self.parameter("access_token"))
    }

    /// `id:secret` of the client pair in the query.
    pub fn pair(&self) -> Option<String> {
        let (id, secret) = (self.parameter("client_id")?, self.parameter("client_secret")?);
        Some(format!("{id}:{secret}"))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Made of characters that no server's answer would hold by chance.
fn own_token(index: usize) -> String {
    format!("{ANY_TOKEN}~own~of~row~{}", index + 1)
}

impl Answer {
    /// The body at this time, in seconds since 1970.
    pub fn body(&self, now: u64) -> Vec<u8> {
        match &self.body {
            Value::String(text) => text.clone().into_bytes(),
            body => resolve(body, now).to_string().into_bytes(),
        }
    }
}

fn resolve(value: &Value, now: u64) -> Value {
    match value {
        Value::String(text) => {
            let ahead = text.strip_prefix("NOW+").and_then(|ahead| ahead.parse::<u64>().ok());
            ahead.map_or_else(|| value.clone(), |ahead| now.saturating_add(ahead).into())
        }
        Value::Array(items) => items.iter().map(|item| resolve(item, now)).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, member)| (name.clone(), resolve(member, now))).collect(),
        ),
        other => other.clone(),
    }
}

impl Expect {
    fn parse(value: Value) -> Result<Self, String> {
        let mut expect = Members::of(value)?;
        let count = |value: Value| number(&value).map(usize::from);
        let parsed = Self {
            status: number(&expect.required("status")?)?,
            error: expect.optional("error").map(text).transpose()?,
            retry_after: expect.optional("retry-after").map(text).transpose()?,
            introspected: expect.optional("introspected").map(text).transpose()?,
            calls: expect.optional("calls").map(count).transpose()?,
            calls_for_two_requests: expect
                .optional("calls_for_two_requests")
                .map(count)
                .transpose()?,
            backend: expect.optional("backend").map(nullable).transpose()?.unwrap_or_default(),
            nowhere: expect.optional("nowhere").map(texts).transpose()?.unwrap_or_default(),
        };
        expect.end()?;
        if parsed.status != 200 && !parsed.backend.is_empty() {
            return Err("a refused request has no `backend`".into());
        }
        Ok(parsed)
    }
}

/// An object that is taken apart until nothing is left.
struct Members(Map<String, Value>);

impl Members {
    fn of(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(format!("no object: {other}")),
        }
    }

    fn optional(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn required(&mut self, name: &str) -> Result<Value, String> {
        self.optional(name).ok_or_else(|| format!("no `{name}`"))
    }

    fn end(self) -> Result<(), String> {
        self.0.keys().next().map_or(Ok(()), |name| Err(format!("unknown member `{name}`")))
    }
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(format!("no text: {other}")),
    }
}

fn number(value: &Value) -> Result<u16, String> {
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| format!("no small number: {value}"))
}

fn texts(value: Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(items) => items.into_iter().map(text).collect(),
        other => Err(format!("no list: {other}")),
    }
}

fn pairs(value: Value) -> Result<Pairs, String> {
    let Value::Array(items) = value else { return Err(format!("no list: {value}")) };
    let pair = |item| match <[String; 2]>::try_from(texts(item)?) {
        Ok([name, value]) => Ok((name, value)),
        Err(other) => Err(format!("no name and value: {other:?}")),
    };
    items.into_iter().map(pair).collect()
}

fn nullable(value: Value) -> Result<Vec<(String, Option<String>)>, String> {
    let members = Members::of(value)?.0.into_iter();
    let one = |(name, value)| match value {
        Value::Null => Ok((name, None)),
        value => Ok((name, Some(text(value)?))),
    };
    members.map(one).collect()
}

//! What the tests share: the configuration, answers and what they mean, and the reader of the
//! tables in `tests/data`. Nothing here asserts; a table that cannot be read is a broken test and
//! panics.

use serde_json::Value;
use std::rc::Rc;

use usergrid_auth_config::{Config, Introspection, Server, TokenVerifier};
use usergrid_auth_core::principal::Principal;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, CallOutcome, CallRequest};
use usergrid_auth_core::verification::verdict::{ServerFault, Verdict};
use usergrid_auth_core::verification::verifiers::introspection;
use usergrid_auth_rules::permission::Rule;

/// The time of all tests that do not care: 2023-11-14T22:13:20Z.
pub const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// The smallest document: whatever else a test does not say is as documented.
const MINIMAL: &str =
    r#"{"introspection":{"cluster":"introspection","path":"/oauth2/introspect"}}"#;

/// The documented defaults and `overrides`, the members of a JSON object without its braces. An
/// object in them adds to the members that the smallest document has there.
pub fn config(overrides: &str) -> Config {
    let json = |text: &str| serde_json::from_str(text).expect("JSON");
    let mut document: Value = json(MINIMAL);
    merge(&mut document, json(&format!("{{{overrides}}}")));
    Config::parse(document.to_string().as_bytes(), &|_| None)
        .unwrap_or_else(|problems| panic!("the test's configuration is refused:\n{problems}"))
}

/// The only server.
pub fn server(config: &Config) -> &Rc<Server> {
    let [server] = &config.servers[..] else { panic!("not one server") };
    server
}

/// The only server, to be changed.
pub fn server_of(config: &mut Config) -> &mut Server {
    let [server] = &mut config.servers[..] else { panic!("not one server") };
    Rc::get_mut(server).expect("nobody else has it")
}

/// The settings of the RFC 7662 endpoint, to be changed.
pub fn introspection_of(config: &mut Config) -> &mut Introspection {
    let verifier = &mut server_of(config).verifier;
    let TokenVerifier::Rfc7662(settings) = verifier else { panic!("another protocol") };
    Rc::get_mut(settings).expect("nobody else has them")
}

fn merge(target: &mut Value, other: Value) {
    match (target, other) {
        (Value::Object(target), Value::Object(other)) => {
            for (name, value) in other {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, other) => *target = other,
    }
}

/// A permission rule that must be one.
pub fn rule(text: &str) -> Rule {
    Rule::parse(text).unwrap_or_else(|problem| panic!("`{text}`: {problem}"))
}

/// An answer with a complete body.
pub fn answered(status: u16, body: impl AsRef<[u8]>) -> CallOutcome {
    CallOutcome::Answered {
        status,
        body: AnswerBody::Complete(body.as_ref().to_vec()),
        headers: Default::default(),
    }
}

/// What this end of a call to the only server's RFC 7662 endpoint says.
pub fn verdict(
    outcome: &CallOutcome,
    config: &Config,
    now: UnixMillis,
) -> Result<Verdict, ServerFault> {
    introspection::verdict(outcome, config, server(config), now)
}

/// The principal of a verification that must be one.
pub fn verified(verdict: Result<Verdict, ServerFault>) -> Principal {
    match verdict {
        Ok(Verdict::Verified(principal)) => Rc::into_inner(principal).expect("nobody else has it"),
        other => panic!("not verified: {other:?}"),
    }
}

/// The principal of an introspection answer for an active token that has these further members.
pub fn introspected(config: &Config, members: &str) -> Principal {
    let body = format!(r#"{{"active":true,{members}}}"#);
    verified(verdict(&answered(200, body), config, NOW))
}

/// A verification in one word or two: `verified`, `denied Inactive`, `failed BadAnswer`.
pub fn summary(verdict: &Result<Verdict, ServerFault>) -> String {
    match verdict {
        Ok(Verdict::Verified(_)) => "verified".into(),
        Ok(Verdict::Denied(denial)) => format!("denied {denial:?}"),
        Err(fault) => format!("failed {fault:?}"),
    }
}

/// The identity header `name` as text.
pub fn identity<'a>(principal: &'a Principal, name: &str) -> Option<&'a str> {
    let (_, value) = principal.identity.iter().find(|(header, _)| &**header == name)?;
    Some(std::str::from_utf8(value).expect("identity values are ASCII"))
}

/// All values of a call's header.
pub fn call_header<'a>(call: &'a CallRequest, name: &str) -> Vec<&'a str> {
    call.headers.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.as_str()).collect()
}

/// A call's body as text.
pub fn call_body(call: &CallRequest) -> &str {
    std::str::from_utf8(&call.body).expect("form bodies are ASCII")
}

/// The rows of a table: no comments, `columns` fields each.
pub fn rows(table: &str, columns: usize) -> Vec<Vec<&str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), columns, "columns of `{line}`");
            fields
        })
        .collect()
}

/// A field with its `\t`, `\n` and `\xNN` resolved.
pub fn unescape(field: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = field.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(b'x') => {
                    let digits: Vec<u8> = rest.by_ref().take(2).collect();
                    let digits = std::str::from_utf8(&digits).expect("hex digits");
                    u8::from_str_radix(digits, 16).expect("hex digits")
                }
                other => panic!("unknown escape {other:?} in `{field}`"),
            },
            byte => byte,
        });
    }
    bytes
}

//! The request of a case as the filter gets it, with the metadata of its route in the host's format.

use anyhow::{Context, Result};
use integration::harness::bootstrap::{Knobs, Special};
use integration::scenario::file::Case;
use serde_json::Value;
use usergrid_auth::explain::{Header, Request};
use usergrid_auth_core::route::RouteSettings;

/// Headers of which Envoy makes one line out of several, among those that cases repeat.
const JOINED: [&str; 2] = ["referer", "x-envoy-original-path"];

/// Makes it.
pub fn of(case: &Case, knobs: &Knobs) -> Result<Request> {
    let sent = case.to_request()?;
    let (method, path) = case.request.split_once(' ').context("no method")?;
    let hosts = sent.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    let hosts: Vec<_> = hosts.map(|(_, value)| value.as_slice()).collect();
    // Envoy joins what is repeated.
    let host = if hosts.is_empty() { b"127.0.0.1".to_vec() } else { hosts.join(&b',') };
    let host_text = String::from_utf8_lossy(&host).into_owned();
    let pseudo = [
        (":authority", host),
        (":path", path.as_bytes().to_vec()),
        (":method", method.as_bytes().to_vec()),
        (":scheme", b"http".to_vec()),
    ];
    let mut headers: Vec<Header> =
        pseudo.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    let others = sent.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    for (name, value) in others {
        let name = name.to_ascii_lowercase();
        match headers
            .iter_mut()
            .find(|(known, _)| JOINED.contains(&name.as_str()) && *known == name)
        {
            Some((_, joined)) => {
                joined.push(b',');
                joined.extend(value);
            }
            None => headers.push((name, value.clone())),
        }
    }
    let has_body = !case.body.is_empty();
    let route = route(path, &host_text, knobs);
    Ok(Request { headers, has_body, route, certificate: None })
}

fn route(path: &str, host: &str, knobs: &Knobs) -> RouteSettings {
    let metadata = |special: &Special| shown(&special.metadata);
    let virtual_host = knobs.virtual_hosts.iter().find(|special| special.matches == host);
    // The routes are those of the usual virtual host.
    let mut routes = knobs.routes.iter().filter(|_| virtual_host.is_none());
    let route = routes.find(|special| path.starts_with(&special.matches));
    RouteSettings::from_metadata(
        route.map(metadata).as_deref(),
        virtual_host.map(metadata).as_deref(),
    )
}

/// What the filter reads of it: no bytes where the host cannot serialise it.
fn shown(value: &Value) -> Vec<u8> {
    if has_null(value) { Vec::new() } else { encoded(value) }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A value as the host serialises it.
fn encoded(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(on) => vec![u8::from(*on)],
        Value::Number(number) => number.as_f64().unwrap_or_default().to_le_bytes().to_vec(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(items) => {
            pairs(items.iter().map(|item| (encoded(item), Vec::new())).collect())
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone().into(), encoded(value)));
            pairs(members.collect())
        }
    }
}

fn pairs(pairs: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in &pairs {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for part in pairs.into_iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(part);
        bytes.push(0);
    }
    bytes
}

//! `claims` and `identity`: which claims of an answer say who the caller is, and which headers carry them.
//! A header that frames, routes or authenticates a request is never one of them.

use std::rc::Rc;

use super::problem::quoted;
use super::reader::{Section, Value};
use super::{ClaimNames, IdentityHeader, IdentitySource};

/// Headers that mean something to Envoy, to HTTP or to an application's own sign-in.
const RESERVED: [&str; 17] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];

/// Families of such headers.
const RESERVED_PREFIXES: [&str; 6] =
    ["access-control-", "grpc-", "proxy-", "sec-", "x-envoy-", "x-forwarded-"];

pub(super) fn claims(root: &Section<'_>) -> ClaimNames {
    let section = root.section("claims", "claims");
    let claim = |name| section.text(name).unwrap_or_default();
    ClaimNames {
        sub: claim("sub"),
        username: claim("username"),
        client_id: claim("client_id"),
        scope: claim("scope"),
        principal: claim("principal"),
        organization: claim("organization"),
        application: claim("application"),
        roles: claim("roles"),
        permissions: claim("permissions"),
    }
}

/// The default headers with what the configuration makes of them, then its own in the order of the text.
pub(super) fn headers(root: &Section<'_>, claims: &ClaimNames) -> Vec<IdentityHeader> {
    let mut headers = defaults(claims);
    let default_count = headers.len();
    let section = root.section("identity", "identity");
    let Some(value) = section.value("headers") else { return headers };
    let mut given: Vec<String> = Vec::new();
    for (written, value) in value.members() {
        let name = written.to_ascii_lowercase();
        if !may_be_set(&name, &value) {
            continue;
        }
        if let Some(other) = given.iter().find(|other| same_header(other, &name)) {
            value.problem(&["is the same header as ", &quoted(other)]);
            continue;
        }
        given.push(name.clone());
        let is_it = |header: &&mut IdentityHeader| same_header(&header.name, &name);
        match headers.iter_mut().take(default_count).find(is_it) {
            Some(default) if *default.name == *name => default.source = source(&value, claims),
            Some(default) => {
                value.problem(&["is the same header as ", &quoted(&default.name)]);
            }
            None if value.is_null() => {
                value.problem(&["is none of the default headers, so there is nothing to drop"]);
            }
            None => {
                let source = source(&value, claims);
                headers.push(IdentityHeader { name: Rc::from(name), source });
            }
        }
    }
    headers
}

fn defaults(claims: &ClaimNames) -> Vec<IdentityHeader> {
    let claim = |name: &String| IdentitySource::Claim(name.clone());
    let headers = [
        ("x-usergrid-principal", IdentitySource::Principal),
        ("x-usergrid-subject", claim(&claims.sub)),
        ("x-usergrid-username", claim(&claims.username)),
        ("x-usergrid-client-id", claim(&claims.client_id)),
        ("x-usergrid-scope", claim(&claims.scope)),
        ("x-usergrid-organization", claim(&claims.organization)),
        ("x-usergrid-application", claim(&claims.application)),
    ];
    let header = |(name, source)| IdentityHeader { name: Rc::from(name), source: Some(source) };
    headers.into_iter().map(header).collect()
}

/// `null` is no source; the principal's claim stands for the kind of principal, guests included.
fn source(value: &Value<'_>, claims: &ClaimNames) -> Option<IdentitySource> {
    if value.is_null() {
        return None;
    }
    let claim = value.text()?;
    if claim == claims.principal {
        return Some(IdentitySource::Principal);
    }
    Some(IdentitySource::Claim(claim.to_owned()))
}

/// Notes why the header `name` (lower case) cannot carry an identity.
fn may_be_set(name: &str, value: &Value<'_>) -> bool {
    let folded = name.replace('_', "-");
    let reserved = RESERVED.contains(&&*folded)
        || RESERVED_PREFIXES.iter().any(|prefix| folded.starts_with(prefix));
    if !name.bytes().all(is_token_byte) {
        value.problem(&["is not the name of a header"]);
    } else if reserved {
        value.problem(&["is a header with a meaning of its own, which no claim may replace"]);
    } else {
        return true;
    }
    false
}

/// Many servers hand `x-user-id` and `x_user_id` to their applications as one header.
fn same_header(left: &str, right: &str) -> bool {
    let fold = |byte: u8| if byte == b'_' { b'-' } else { byte };
    left.bytes().map(fold).eq(right.bytes().map(fold))
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

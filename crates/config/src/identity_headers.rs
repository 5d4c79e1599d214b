//! `identity`: which headers tell the backend who the caller is. A header that frames, routes or
//! authenticates a request is never one of them.

use std::rc::Rc;

use crate::claims::ClaimNames;
use crate::header_name::{is_one_of, is_token_byte, same_to_a_backend};
use crate::notes::Reported;
use crate::problem::quoted;
use crate::section::Section;

/// A header that tells the backend about the principal. All of them are cleared from every request
/// before any is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeader {
    /// Its name, in lower case.
    pub name: Rc<str>,
    /// What it carries; `None`: dropped by the configuration, still cleared.
    pub source: Option<IdentitySource>,
}

/// What an identity header carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// The kind of principal, `guest` included; by default in the header `principal`
    /// after the prefix.
    Principal,
    /// The value of this claim.
    Claim(String),
    /// The name of the server that verified the credential, where it has one.
    Server,
}

words! {
    /// `identity.overflow`: what becomes of an identity header longer than 4096 bytes.
    pub enum Overflow {
        /// Its principal is refused.
        Refuse = "refuse",
        /// It keeps as many whole entries as fit; without any, its principal is refused.
        Cut = "cut",
    }
}

/// How what the backend is told is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityForm {
    /// What becomes of a header that is too long.
    pub overflow: Overflow,
    /// The header that holds all of it as one JSON object, where one is wanted.
    pub payload: Option<IdentityPayload>,
}

/// `identity.payload`: one header with a JSON object, in base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityPayload {
    /// The header's name, in lower case. It is among the identity headers that are cleared.
    pub header: Rc<str>,
    /// The names of the object's members, each once, and what they carry.
    pub members: Vec<(String, IdentitySource)>,
}

/// What follows the prefix in the name of a default header, and what it carries by the names of the
/// claims; nothing where that claim is not read.
type DefaultHeader = (&'static str, fn(&ClaimNames) -> Option<IdentitySource>);

/// The headers that there are unless the configuration drops them.
const DEFAULT_HEADERS: [DefaultHeader; 8] = [
    ("principal", |_| Some(IdentitySource::Principal)),
    ("subject", |claims| claim(Some(&claims.sub))),
    ("username", |claims| claim(Some(&claims.username))),
    ("client-id", |claims| claim(Some(&claims.client_id))),
    ("scope", |claims| claim(Some(&claims.scope))),
    ("organization", |claims| claim(claims.organization.as_ref())),
    ("application", |claims| claim(claims.application.as_ref())),
    ("server", |_| Some(IdentitySource::Server)),
];

fn claim(name: Option<&String>) -> Option<IdentitySource> {
    Some(IdentitySource::Claim(name?.clone()))
}

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

/// A member of `identity.headers`.
struct Change {
    /// In lower case.
    header: String,
    /// `None` for `null`, which drops a default header.
    claim: Option<String>,
}

/// The default headers with what the configuration makes of them, then its own in the order of the
/// text, then those that are cleared only, the payload's among them; and how they are written.
pub(crate) fn identity(
    root: &Section<'_>,
    claims: &Result<ClaimNames, Reported>,
) -> Result<(Vec<IdentityHeader>, IdentityForm), Reported> {
    let section = root.section("identity")?;
    let prefix = prefix(&section);
    let changes = match &prefix {
        Ok(prefix) => changes(&section, prefix),
        Err(reported) => Err(*reported),
    };
    let overflow = section.word("overflow");
    let payload = payload_header(&section);
    section.names()?;
    let usual = section.default_text("prefix").unwrap_or_default();
    let (claims, prefix, changes) = (claims.as_ref().map_err(|it| *it)?, prefix?, changes?);
    let none_is_set = changes.is_none();
    let mut headers = headers(&prefix, usual, changes.unwrap_or_default(), claims);
    let payload = match payload? {
        Some(name) => Some(payload_of(&section, name, &headers, &prefix)?),
        None => None,
    };
    if none_is_set {
        headers.iter_mut().for_each(|header| header.source = None);
    }
    if let Some(payload) = &payload {
        headers.push(IdentityHeader { name: Rc::clone(&payload.header), source: None });
    }
    Ok((headers, IdentityForm { overflow: overflow?, payload }))
}

/// The name of the header that `payload` asks for, in lower case.
fn payload_header(identity: &Section<'_>) -> Result<Option<String>, Reported> {
    let Some(name) = identity.optional_text("payload")? else { return Ok(None) };
    let name = name.to_ascii_lowercase();
    match unsuitable(&name) {
        None => Ok(Some(name)),
        Some(why) => Err(identity.problem("payload", &[&quoted(&name), " ", why])),
    }
}

/// The payload in the header `name`: whatever `headers` carry, each by what follows `prefix` in its
/// name.
fn payload_of(
    identity: &Section<'_>,
    name: String,
    headers: &[IdentityHeader],
    prefix: &str,
) -> Result<IdentityPayload, Reported> {
    if let Some(other) = headers.iter().find(|other| same_to_a_backend(&other.name, &name)) {
        let message = " is the same header as the identity header ";
        return Err(identity.problem("payload", &[&quoted(&name), message, &quoted(&other.name)]));
    }
    let mut members: Vec<(String, IdentitySource)> = Vec::new();
    for IdentityHeader { name, source } in headers {
        let Some(source) = source else { continue };
        let suffix = name.strip_prefix(prefix).filter(|suffix| !suffix.is_empty());
        let member = suffix.unwrap_or(name).replace('-', "_");
        // Two readers could find two values.
        if members.iter().any(|(other, _)| *other == member) {
            let message = "has a member of two headers: ";
            return Err(identity.problem("payload", &[message, &quoted(&member)]));
        }
        members.push((member, source.clone()));
    }
    Ok(IdentityPayload { header: Rc::from(name), members })
}

/// What the names of the default headers begin with, in lower case.
fn prefix(identity: &Section<'_>) -> Result<String, Reported> {
    let prefix = identity.text("prefix")?.to_ascii_lowercase();
    let names = DEFAULT_HEADERS.map(|(suffix, _)| [&prefix, suffix].concat());
    match names.iter().find_map(|name| unsuitable(name)) {
        None => Ok(prefix),
        Some(why) => {
            let begins = " begins the names of headers, of which one ";
            Err(identity.problem("prefix", &[&quoted(&prefix), begins, why]))
        }
    }
}

/// What the configuration says about headers, each of which it may name once; `None` for `null`, by
/// which none is set.
fn changes(identity: &Section<'_>, prefix: &str) -> Result<Option<Vec<Change>>, Reported> {
    let Some(given) = identity.given("headers")? else { return Ok(Some(Vec::new())) };
    let Some(given) = given.or_null() else { return Ok(None) };
    let defaults = DEFAULT_HEADERS.map(|(suffix, _)| [prefix, suffix].concat());
    let mut seen: Vec<String> = Vec::new();
    let changes = given.members(|written, value| {
        let header = written.to_ascii_lowercase();
        if let Some(why) = unsuitable(&header) {
            return Err(value.problem(&[why]));
        }
        if let Some(other) = seen.iter().find(|other| same_to_a_backend(other, &header)) {
            return Err(value.problem(&["is the same header as ", &quoted(other)]));
        }
        seen.push(header.clone());
        let default = defaults.iter().find(|name| same_to_a_backend(name, &header));
        let claim = match (value.or_null(), default) {
            (_, Some(name)) if *name != header => {
                return Err(value.problem(&["is the same header as ", &quoted(name)]));
            }
            (None, None) => {
                let message = "is none of the default headers, so there is nothing to drop";
                return Err(value.problem(&[message]));
            }
            (None, Some(_)) => None,
            (Some(claim), _) => Some(claim.text()?.to_owned()),
        };
        Ok(Change { header, claim })
    });
    changes.map(Some)
}

/// All headers under `prefix`, changed by `changes`. Those under the profile's `usual` prefix are
/// cleared all the same: a backend may still believe them.
fn headers(
    prefix: &str,
    usual: &str,
    changes: Vec<Change>,
    claims: &ClaimNames,
) -> Vec<IdentityHeader> {
    let mut headers: Vec<IdentityHeader> = Vec::new();
    for (suffix, source) in DEFAULT_HEADERS {
        let name = Rc::from([prefix, suffix].concat());
        headers.push(IdentityHeader { name, source: source(claims) });
    }
    for Change { header, claim } in changes {
        let source = claim.map(|claim| {
            // The principal's claim stands for the kind of principal, guests included.
            if Some(&claim) == claims.principal.as_ref() {
                IdentitySource::Principal
            } else {
                IdentitySource::Claim(claim)
            }
        });
        match headers.iter_mut().find(|default| *default.name == *header) {
            Some(default) => default.source = source,
            None => headers.push(IdentityHeader { name: Rc::from(header), source }),
        }
    }
    for (suffix, _) in DEFAULT_HEADERS {
        let name = [usual, suffix].concat();
        if !headers.iter().any(|header| same_to_a_backend(&header.name, &name)) {
            headers.push(IdentityHeader { name: Rc::from(name), source: None });
        }
    }
    headers
}

/// Why the header `name` (lower case) cannot carry an identity.
fn unsuitable(name: &str) -> Option<&'static str> {
    if !name.bytes().all(is_token_byte) {
        Some("is not the name of a header")
    } else if is_one_of(name, &RESERVED, &RESERVED_PREFIXES) {
        Some("is a header with a meaning of its own, which no claim may replace")
    } else {
        None
    }
}

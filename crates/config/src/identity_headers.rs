//! `claims` and `identity`: which claims of an answer say who the caller is, and which headers tell
//! the backend. A header that frames, routes or authenticates a request is never one of them.

use std::rc::Rc;

use crate::notes::Reported;
use crate::problem::quoted;
use crate::reader::Value;
use crate::section::Section;

/// `claims`: the names under which an introspection answer carries what the filter needs.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the claim of the same name")]
pub struct ClaimNames {
    pub sub: String,
    pub username: String,
    pub client_id: String,
    pub scope: String,
    pub principal: String,
    pub organization: String,
    pub application: String,
    pub roles: String,
    pub permissions: String,
}

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
    /// The kind of principal, `guest` included; by default in `x-usergrid-principal`.
    Principal,
    /// The value of this claim.
    Claim(String),
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

/// The name of a header and what it carries, which depends on the names of the claims.
type DefaultHeader = (&'static str, fn(&ClaimNames) -> IdentitySource);

/// The headers that there are unless the configuration drops them.
const DEFAULT_HEADERS: [DefaultHeader; 7] = [
    ("x-usergrid-principal", |_| IdentitySource::Principal),
    ("x-usergrid-subject", |claims| IdentitySource::Claim(claims.sub.clone())),
    ("x-usergrid-username", |claims| IdentitySource::Claim(claims.username.clone())),
    ("x-usergrid-client-id", |claims| IdentitySource::Claim(claims.client_id.clone())),
    ("x-usergrid-scope", |claims| IdentitySource::Claim(claims.scope.clone())),
    ("x-usergrid-organization", |claims| IdentitySource::Claim(claims.organization.clone())),
    ("x-usergrid-application", |claims| IdentitySource::Claim(claims.application.clone())),
];

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

pub(crate) fn claims(root: &Section<'_>) -> Result<ClaimNames, Reported> {
    let section = root.section("claims")?;
    gather!(
        section,
        ClaimNames {
            sub: section.text("sub"),
            username: section.text("username"),
            client_id: section.text("client_id"),
            scope: section.text("scope"),
            principal: section.text("principal"),
            organization: section.text("organization"),
            application: section.text("application"),
            roles: section.text("roles"),
            permissions: section.text("permissions"),
        }
    )
}

/// The default headers with what the configuration makes of them, then its own in the order of the
/// text; and what becomes of one that is too long.
pub(crate) fn identity(
    root: &Section<'_>,
    claims: &Result<ClaimNames, Reported>,
) -> Result<(Vec<IdentityHeader>, Overflow), Reported> {
    let section = root.section("identity")?;
    let changes = changes(&section);
    let overflow = section.word("overflow");
    section.names()?;
    match claims {
        Ok(claims) => Ok((changed(changes?, claims), overflow?)),
        Err(reported) => Err(*reported),
    }
}

/// What the configuration says about headers, each of which it may name once.
fn changes(identity: &Section<'_>) -> Result<Vec<Change>, Reported> {
    let mut given: Vec<String> = Vec::new();
    identity.members("headers", |written, value| {
        let header = written.to_ascii_lowercase();
        may_be_set(&header, &value)?;
        if let Some(other) = given.iter().find(|other| same_header(other, &header)) {
            return Err(value.problem(&["is the same header as ", &quoted(other)]));
        }
        given.push(header.clone());
        let default = DEFAULT_HEADERS.iter().find(|(name, _)| same_header(name, &header));
        let claim = match (value.or_null(), default) {
            (_, Some((name, _))) if *name != header => {
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
    })
}

fn changed(changes: Vec<Change>, claims: &ClaimNames) -> Vec<IdentityHeader> {
    let default = |(name, source): DefaultHeader| IdentityHeader {
        name: Rc::from(name),
        source: Some(source(claims)),
    };
    let mut headers: Vec<IdentityHeader> = DEFAULT_HEADERS.into_iter().map(default).collect();
    for Change { header, claim } in changes {
        let source = claim.map(|claim| {
            // The principal's claim stands for the kind of principal, guests included.
            if claim == claims.principal {
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
    headers
}

/// Notes why the header `name` (lower case) cannot carry an identity.
fn may_be_set(name: &str, value: &Value<'_>) -> Result<(), Reported> {
    let folded = name.replace('_', "-");
    let reserved = RESERVED.contains(&&*folded)
        || RESERVED_PREFIXES.iter().any(|prefix| folded.starts_with(prefix));
    if !name.bytes().all(is_token_byte) {
        Err(value.problem(&["is not the name of a header"]))
    } else if reserved {
        Err(value.problem(&["is a header with a meaning of its own, which no claim may replace"]))
    } else {
        Ok(())
    }
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

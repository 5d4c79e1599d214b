//! `introspection` and `client_credentials`: the servers that are asked, and what of them.
//! Nothing here checks that a cluster exists: Envoy knows that only when a call starts.

use std::fmt;
use std::time::Duration;

use crate::client_auth::{self, ClientAuth};
use crate::notes::Reported;
use crate::problem::{listed, quoted};
use crate::protocol::Protocol;
use crate::reader::is_visible_ascii;
use crate::scope::is_scope_token;
use crate::section::Section;

/// Form parameters that the filter itself sets (RFC 7662 section 2.1, RFC 6749 section 2.3.1).
const OWN_PARAMETERS: [&str; 4] = ["token", "token_type_hint", "client_id", "client_secret"];

/// `introspection`: the RFC 7662 endpoint.
pub struct Introspection {
    /// Where and for how long it is asked.
    pub endpoint: Endpoint,
    /// Tries after the first one, all within the endpoint's timeout.
    pub retries: u32,
    /// How far ahead `nbf` may lie: the server's clock is another one.
    pub leeway: Duration,
    /// How the filter authenticates at the server.
    pub client_auth: ClientAuth,
    /// Sent as `token_type_hint` (RFC 7662 section 2.1); `None` sends none.
    pub token_type_hint: Option<String>,
    /// Extra form parameters, in order.
    pub parameters: Vec<(String, String)>,
    /// The most bytes of an answer; a longer one is a fault of the server.
    pub max_response_bytes: usize,
    /// The only accepted `iss`; `None`: not looked at.
    pub issuer: Option<String>,
    /// One of these must be in `aud`; empty: not looked at.
    pub audience: Vec<String>,
    /// All of these must be in `scope`.
    pub scope: Vec<String>,
}

impl fmt::Debug for Introspection {
    /// Of the parameters only the names: an API key may be among their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Introspection")
            .field("endpoint", &self.endpoint)
            .field("retries", &self.retries)
            .field("leeway", &self.leeway)
            .field("client_auth", &self.client_auth)
            .field("token_type_hint", &self.token_type_hint)
            .field("parameters", &names)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .finish()
    }
}

/// A cluster and what is asked of it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Envoy's name of the cluster.
    pub cluster: String,
    /// The `:authority` of calls.
    pub authority: String,
    /// The `:path` of calls, with a query if the configuration has one there.
    pub path: String,
    /// For the whole exchange, retries included.
    pub timeout: Duration,
}

/// `client_credentials`: the token endpoint (RFC 6749 section 4.4) that verifies client pairs.
#[derive(Debug)]
pub struct ClientCredentials {
    /// Where and for how long it is asked.
    pub endpoint: Endpoint,
    /// How the caller's pair is presented.
    pub client_auth: PairAuth,
    /// The most bytes of an answer; a longer one is a fault of the server.
    pub max_response_bytes: usize,
}

words! {
    /// `client_credentials.client_auth` (RFC 6749 section 2.3.1).
    pub enum PairAuth {
        /// In the form; what every Usergrid accepts.
        ClientSecretPost = "client_secret_post",
        /// By HTTP Basic.
        ClientSecretBasic = "client_secret_basic",
    }
}

/// Reads `introspection` with protocol `rfc7662`.
pub(crate) fn introspection(section: &Section<'_>) -> Result<Introspection, Reported> {
    gather!(
        section,
        Introspection {
            endpoint: endpoint(section),
            retries: section.whole_number("retries"),
            leeway: section.duration("leeway"),
            client_auth: client_auth::client_auth(section),
            token_type_hint: section.optional_text("token_type_hint"),
            parameters: parameters(section),
            max_response_bytes: section.size("max_response_bytes"),
            issuer: section.optional_text("issuer"),
            audience: section.items("audience", |item| Ok(item.text()?.to_owned())),
            scope: scope(section),
        }
    )
}

/// Reads `client_credentials` with the defaults of `protocol`. With protocol `usergrid` the server
/// is by default that of `introspection`, which is `server`.
pub(crate) fn client_credentials(
    root: &Section<'_>,
    protocol: Protocol,
    server: Result<&Endpoint, Reported>,
) -> Result<Option<ClientCredentials>, Reported> {
    let Some(section) = root.optional_section("client_credentials")? else { return Ok(None) };
    let section = section.under(protocol);
    let settings = gather!(
        section,
        ClientCredentials {
            endpoint: match protocol {
                Protocol::Rfc7662 => endpoint(&section),
                Protocol::Usergrid => endpoint_at(&section, server),
            },
            client_auth: section.word("client_auth"),
            max_response_bytes: section.size("max_response_bytes"),
        }
    );
    settings.map(Some)
}

fn endpoint(section: &Section<'_>) -> Result<Endpoint, Reported> {
    gather!(
        section,
        Endpoint {
            cluster: section.text("cluster"),
            path: path(section),
            authority: authority(section, &cluster),
            timeout: section.duration("timeout"),
        }
    )
}

/// An endpoint at the cluster of `server` and with its authority, unless it says otherwise.
fn endpoint_at(
    section: &Section<'_>,
    server: Result<&Endpoint, Reported>,
) -> Result<Endpoint, Reported> {
    let given = section.optional_text("cluster");
    let is_elsewhere = |given: &str| server.is_ok_and(|server| server.cluster != given);
    let elsewhere = matches!(&given, Ok(Some(cluster)) if is_elsewhere(cluster));
    let inherits = !elsewhere && section.given("authority")?.is_none();
    gather!(
        section,
        Endpoint {
            cluster: match given {
                Ok(Some(cluster)) => Ok(cluster),
                Ok(None) => server.map(|server| server.cluster.clone()),
                Err(reported) => Err(reported),
            },
            path: path(section),
            authority: if inherits {
                server.map(|server| server.authority.clone())
            } else {
                authority(section, &cluster)
            },
            timeout: section.duration("timeout"),
        }
    )
}

fn path(section: &Section<'_>) -> Result<String, Reported> {
    let path = section.text("path")?;
    if path.starts_with('/') && is_visible_ascii(&path) && !path.contains('#') {
        return Ok(path);
    }
    let wanted = " does not begin with `/`, or holds a `#`, a blank or a non-ASCII character";
    Err(section.problem("path", &[&quoted(&path), wanted]))
}

/// The `authority` of `section`, or its cluster's name.
pub(crate) fn authority(
    section: &Section<'_>,
    cluster: &Result<String, Reported>,
) -> Result<String, Reported> {
    let (authority, wrong) = match (section.optional_text("authority")?, cluster) {
        (Some(authority), _) => {
            let wrong = [&quoted(&authority), " holds a blank or a non-ASCII character"].concat();
            (authority, wrong)
        }
        (None, Ok(cluster)) => {
            let wrong = "is required, for the cluster's name cannot stand in its place";
            (cluster.clone(), wrong.to_owned())
        }
        (None, Err(reported)) => return Err(*reported),
    };
    if is_visible_ascii(&authority) {
        return Ok(authority);
    }
    Err(section.problem("authority", &[&wrong]))
}

fn parameters(section: &Section<'_>) -> Result<Vec<(String, String)>, Reported> {
    section.members("parameters", |name, value| {
        if OWN_PARAMETERS.contains(&name) {
            let own = listed(&OWN_PARAMETERS);
            return Err(value.problem(&["contradicts the filter, which sets ", &own]));
        }
        Ok((name.to_owned(), value.hidden_text()?.to_owned()))
    })
}

/// A string may hold several scope tokens, separated by single blanks.
fn scope(section: &Section<'_>) -> Result<Vec<String>, Reported> {
    let strings = section.items("scope", |item| {
        let text = item.text()?;
        if text.split(' ').all(is_scope_token) {
            return Ok(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        }
        Err(item.is_not("a scope of RFC 6749"))
    });
    Ok(strings?.concat())
}

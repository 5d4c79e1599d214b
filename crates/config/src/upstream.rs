//! `introspection` and `client_credentials`: the servers that are asked, and how we prove who we are.
//! Nothing here checks that a cluster exists: Envoy knows that only when a call starts.

use super::problem::{listed, quoted};
use super::reader::{Section, is_visible_ascii};
use super::{ClientAuth, ClientCredentials, Endpoint, Introspection, PairAuth};

/// Form parameters that the filter itself sets (RFC 7662 section 2.1, RFC 6749 section 2.3.1).
const OWN_PARAMETERS: [&str; 4] = ["token", "token_type_hint", "client_id", "client_secret"];

pub(super) fn introspection(root: &Section<'_>) -> Introspection {
    let section = root.section("introspection", "introspection");
    Introspection {
        endpoint: endpoint(&section),
        retries: section.count("retries"),
        client_auth: client_auth(&section),
        token_type_hint: match section.value("token_type_hint") {
            Some(value) if value.is_null() => None,
            _ => section.text("token_type_hint"),
        },
        parameters: parameters(&section),
        max_response_bytes: section.size("max_response_bytes"),
        issuer: section.text("issuer"),
        audience: strings(&section, "audience"),
        scope: scope(&section),
    }
}

pub(super) fn client_credentials(root: &Section<'_>) -> Option<ClientCredentials> {
    let section = root.value("client_credentials")?.section("client_credentials");
    Some(ClientCredentials {
        endpoint: endpoint(&section),
        client_auth: match section.word("client_auth") {
            Some("client_secret_basic") => PairAuth::ClientSecretBasic,
            _ => PairAuth::ClientSecretPost,
        },
        max_response_bytes: section.size("max_response_bytes"),
    })
}

fn endpoint(section: &Section<'_>) -> Endpoint {
    let cluster = section.text("cluster").unwrap_or_default();
    let path = section.text("path").unwrap_or_default();
    let usable = path.starts_with('/') && is_visible_ascii(&path) && !path.contains('#');
    if !usable && !path.is_empty() {
        let wanted = " does not begin with `/`, or holds a `#`, a blank or a non-ASCII character";
        section.problem("path", &[&quoted(&path), wanted]);
    }
    Endpoint {
        authority: authority(section, &cluster),
        timeout: section.duration("timeout"),
        cluster,
        path,
    }
}

fn authority(section: &Section<'_>, cluster: &str) -> String {
    match section.text("authority") {
        Some(authority) if !is_visible_ascii(&authority) => {
            section.problem(
                "authority",
                &[&quoted(&authority), " holds a blank or a non-ASCII character"],
            );
            authority
        }
        Some(authority) => authority,
        None => {
            let given = section.value("authority").is_some();
            if !given && !cluster.is_empty() && !is_visible_ascii(cluster) {
                let message = "is required, for the cluster's name cannot stand in its place";
                section.problem("authority", &[message]);
            }
            cluster.to_owned()
        }
    }
}

fn client_auth(parent: &Section<'_>) -> ClientAuth {
    const MEMBERS: [&str; 5] =
        ["client_id", "client_secret", "client_secret_env", "token", "token_env"];
    let section = parent.section("client_auth", "introspection.client_auth");
    // Without a method nothing can be said about the rest.
    let Some(method) = section.word("method") else { return ClientAuth::None };
    let (client, token) = match method {
        "client_secret_basic" | "client_secret_post" => (true, false),
        "bearer" => (false, true),
        _ => (false, false),
    };
    for name in MEMBERS {
        let used = if name.starts_with("client_") { client } else { token };
        if let Some(value) = section.value(name)
            && !used
        {
            let default = if section.value("method").is_none() { ", the default" } else { "" };
            value.problem(&["does not go with method ", &quoted(method), default]);
        }
    }
    if client {
        let client_id = match section.value("client_id") {
            Some(value) => value.text().map(str::to_owned),
            None => {
                section.problem("client_id", &["is required by method ", &quoted(method)]);
                None
            }
        };
        let secret = section.secret("client_secret", "client_secret_env");
        return match (client_id, secret) {
            (Some(client_id), Some(client_secret)) if method == "client_secret_basic" => {
                ClientAuth::ClientSecretBasic { client_id, client_secret }
            }
            (Some(client_id), Some(client_secret)) => {
                ClientAuth::ClientSecretPost { client_id, client_secret }
            }
            _ => ClientAuth::None,
        };
    }
    if token && let Some(token) = section.secret("token", "token_env") {
        // It becomes a header value (RFC 6750 section 2.1).
        if !token.expose().iter().all(u8::is_ascii_graphic) {
            section.problem("token", &["the token holds a blank or a non-ASCII character"]);
        }
        return ClientAuth::Bearer { token };
    }
    ClientAuth::None
}

fn parameters(section: &Section<'_>) -> Vec<(String, String)> {
    let Some(value) = section.value("parameters") else { return Vec::new() };
    let mut parameters = Vec::new();
    for (name, value) in value.members() {
        if OWN_PARAMETERS.contains(&name) {
            value.problem(&["contradicts the filter, which sets ", &listed(&OWN_PARAMETERS)]);
        } else if let Some(text) = value.hidden_text() {
            parameters.push((name.to_owned(), text.to_owned()));
        }
    }
    parameters
}

/// Scope tokens of RFC 6749 section 3.3; a string may hold several.
fn scope(section: &Section<'_>) -> Vec<String> {
    let Some(value) = section.value("scope") else { return Vec::new() };
    let mut scope = Vec::new();
    for item in value.items_or_one() {
        let Some(text) = item.text() else { continue };
        let is_character = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if text.split(' ').all(|token| !token.is_empty() && token.bytes().all(is_character)) {
            scope.extend(text.split(' ').map(str::to_owned));
        } else {
            item.is_not("a scope of RFC 6749");
        }
    }
    scope
}

fn strings(section: &Section<'_>, name: &'static str) -> Vec<String> {
    let Some(value) = section.value(name) else { return Vec::new() };
    value.items_or_one().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
}

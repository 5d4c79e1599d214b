//! What of a request is never printed: credentials, wherever they stand.

use std::borrow::Cow;

use serde_json::Value;

use crate::explain::Header;

/// Headers that carry credentials.
const SECRET_HEADERS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"];

/// Query parameters that carry credentials, in the spellings of OAuth 2.0 and Usergrid.
const SECRET_PARAMETERS: [&str; 10] = [
    "access_token",
    "assertion",
    "client_assertion",
    "client_id",
    "client_secret",
    "code",
    "id_token",
    "password",
    "refresh_token",
    "token",
];

/// Stands in the place of a secret.
const MASK: &str = "***";

/// Shorter texts are not looked for in other places: they would be found everywhere.
const SHORTEST: usize = 4;

/// The secrets of one request.
#[derive(Debug)]
pub struct Hidden {
    secrets: Vec<String>,
    /// In lower case.
    headers: Vec<String>,
}

impl Hidden {
    /// Those that a head presents, under the configuration `document`.
    #[must_use]
    pub fn of(headers: &[Header], document: &Value) -> Self {
        let mut secrets = Vec::new();
        let sources = document["credentials"]["sources"].as_array().into_iter().flatten();
        let own = sources.filter_map(|source| source["header"].as_str());
        let own = own.map(str::to_ascii_lowercase);
        let names = SECRET_HEADERS.map(str::to_owned).into_iter().chain(own).collect();
        let is_header = |names: &Vec<String>, name: &str| names.iter().any(|known| known == name);
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value);
            if is_header(&names, name) {
                secrets.extend(value.split([' ', ',', ';', '=', '\t']).map(str::to_owned));
                secrets.push(value.clone().into_owned());
            }
            if let Some((_, query)) = value.split_once('?') {
                for (name, value) in parameters(query) {
                    if is_secret(name) {
                        secrets.push(value.to_owned());
                        secrets.push(decoded(value));
                    }
                }
            }
        }
        secrets.retain(|secret| secret.len() >= SHORTEST && !is_scheme(secret));
        // The longest first, so that none is left over in parts.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets, headers: names }
    }

    /// A text without any of them.
    #[must_use]
    pub fn without(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASK);
            }
        }
        text
    }

    /// The value of a header, as far as it may be shown.
    #[must_use]
    pub fn value(&self, name: &str, value: &[u8]) -> String {
        let text = String::from_utf8_lossy(value);
        if self.headers.iter().any(|known| known == name) {
            let scheme = text.split(' ').next().filter(|scheme| is_scheme(scheme));
            return scheme.map_or_else(|| MASK.to_owned(), |scheme| format!("{scheme} {MASK}"));
        }
        self.without(&without_parameters(&text))
    }
}

fn is_scheme(text: &str) -> bool {
    ["bearer", "basic", "digest", "token"].contains(&text.to_ascii_lowercase().as_str())
}

fn is_secret(name: &str) -> bool {
    SECRET_PARAMETERS.contains(&decoded(name).to_ascii_lowercase().as_str())
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

fn decoded(text: &str) -> String {
    let blanks = text.replace('+', " ");
    percent_encoding::percent_decode_str(&blanks).decode_utf8_lossy().into_owned()
}

/// The values of secret parameters in the query of a URL masked, the rest as it is.
fn without_parameters(url: &str) -> Cow<'_, str> {
    let Some((path, query)) = url.split_once('?') else { return Cow::Borrowed(url) };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_secret(name) && !value.is_empty() => {
            Cow::Owned(format!("{name}={MASK}"))
        }
        _ => Cow::Borrowed(pair),
    });
    let query: Vec<Cow<'_, str>> = pairs.collect();
    Cow::Owned(format!("{path}?{}", query.join("&")))
}

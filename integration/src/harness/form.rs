//! Forms (`application/x-www-form-urlencoded`), and the client credentials that come in them or
//! beside them.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::http::{Headers, header};

/// Reads a body or a query: names and values, decoded, in order.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<(String, String)>> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let text = std::str::from_utf8(body).context("a form that is not ASCII")?;
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    Ok(pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect())
}

/// The first of this name.
pub(crate) fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// `id:secret` from Basic (form-encoded inside, RFC 6749 section 2.3.1) or from the form.
pub(crate) fn client_pair(headers: &Headers, form: &[(String, String)]) -> Option<String> {
    let authorization = header(headers, "authorization").and_then(|v| std::str::from_utf8(v).ok());
    if let Some(encoded) = authorization.and_then(|value| value.strip_prefix("Basic ")) {
        let pair = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8().ok().map(String::from)
        };
        return Some(format!("{}:{}", decode(id)?, decode(secret)?));
    }
    Some(format!("{}:{}", field(form, "client_id")?, field(form, "client_secret")?))
}

pub(crate) fn write(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// One name or value.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

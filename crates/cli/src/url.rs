//! The request that `explain` is asked about, as Envoy hands it to the filter.

use usergrid_auth_core::route::{RequiredScope, RouteSettings};

use crate::explain::{Header, Request};

/// The authority of a URL that is a path alone.
const AUTHORITY: &str = "api.example.com";

/// Makes the request.
///
/// # Errors
/// Something in it is wrong. No message repeats any of it: there may be credentials in it.
pub fn request(
    method: &str,
    url: &str,
    lines: &[String],
    route: RouteSettings,
) -> Result<Request, String> {
    let (scheme, authority, path) = split(url)?;
    let pseudo =
        [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)];
    let mut headers: Vec<Header> =
        pseudo.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into();
    for (at, line) in lines.iter().enumerate() {
        let (name, value) = line
            .split_once(':')
            .filter(|(name, _)| !name.is_empty() && name.bytes().all(is_token_byte))
            .ok_or_else(|| format!("header number {} is not `name: value`", at + 1))?;
        let name = name.to_ascii_lowercase();
        if name == "host" {
            continue;
        }
        headers.push((name, value.trim_matches([' ', '\t']).as_bytes().to_vec()));
    }
    Ok(Request { headers, has_body: false, route, certificate: None })
}

/// What the metadata of a route says.
#[must_use]
pub fn route(bypass: bool, require_scope: &[String]) -> RouteSettings {
    RouteSettings { bypass, require_scope: RequiredScope::All(require_scope.to_vec()) }
}

fn split(url: &str) -> Result<(&str, &str, &str), String> {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        _ if url.starts_with('/') || url == "*" => return Ok(("https", AUTHORITY, url)),
        _ => return Err("the URL begins neither with `/` nor with `http://` or `https://`".into()),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if path.starts_with('?') {
        return Err("the URL has a query and no path".into());
    }
    Ok((scheme, authority, if path.is_empty() { "/" } else { path }))
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

//! Whether a browser may have sent a request for a page of another site, with cookies that nobody
//! meant to send (CSRF).

use usergrid_auth_config::Credentials;

use crate::header_map::HeaderMap;
use crate::method_override;

/// Whether that may be, and would do harm: what only reads is left to the rule that another site
/// cannot see the answer, which does not hold for upgraded connections.
pub(super) fn may_be(headers: &HeaderMap, settings: &Credentials) -> bool {
    !only_reads(headers) && !is_of_a_known_site(headers, settings)
}

fn only_reads(headers: &HeaderMap) -> bool {
    matches!(headers.first(":method"), Some(b"GET" | b"HEAD"))
        && headers.first("upgrade").is_none()
        && headers.first(":protocol").is_none()
        && !method_override::is_in(headers)
}

/// `Sec-Fetch-Site` is the browser's own word (W3C Fetch Metadata), which no page can change; nor
/// can it change `Origin`.
fn is_of_a_known_site(headers: &HeaderMap, settings: &Credentials) -> bool {
    let known_origin =
        |origin: &[u8]| settings.cookie_origins.iter().any(|known| known.as_bytes() == origin);
    matches!(only(headers, "sec-fetch-site"), Some(b"same-origin" | b"none"))
        || only(headers, "origin").is_some_and(known_origin)
}

/// The value of the only header `name`.
fn only<'a>(headers: &'a HeaderMap, name: &'a str) -> Option<&'a [u8]> {
    let mut values = headers.values(name);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

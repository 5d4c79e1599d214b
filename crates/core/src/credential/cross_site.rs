//! Whether a browser may have sent a request for a page of another site, with cookies that nobody
//! meant to send (CSRF).

use usergrid_auth_config::Credentials;

use crate::header_map::HeaderMap;
use crate::method_override;

/// Whether that may be, and would do harm. What only reads does none while the other site cannot see
/// the answer, which does not hold for upgraded connections.
pub(super) fn may_be(headers: &HeaderMap, settings: &Credentials) -> bool {
    !is_of_a_known_site(headers, settings)
        && (!only_reads(headers) || is_asked_by_another(headers, settings))
}

/// Whether the browser says so of a request that only reads, and the answer may be seen, or reading
/// is not all that it does.
///
/// A page that can see an answer has asked for it with `Origin` (CORS), or runs it as a script
/// (JSONP); a backend such as Usergrid echoes every `Origin`, and takes a `callback`. Whoever follows
/// a link (`Sec-Fetch-Mode: navigate`) sees the answer himself, and the page that had it does not.
fn is_asked_by_another(headers: &HeaderMap, settings: &Credentials) -> bool {
    let is_link = only(headers, "sec-fetch-mode") == Some(b"navigate");
    headers.first("origin").is_some()
        || (headers.first("sec-fetch-site").is_some()
            && (settings.get_may_change || !is_link)
            && !is_loaded_by_a_listed_page(headers, settings))
}

/// For images, scripts and links there is no `Origin`, but the page's address, of which a page can
/// hide all, and can put no other origin in its place (W3C Referrer Policy).
fn is_loaded_by_a_listed_page(headers: &HeaderMap, settings: &Credentials) -> bool {
    let Some(page) = only(headers, "referer") else { return false };
    settings.cookie_origins.iter().any(|known| {
        page.strip_prefix(known.as_bytes())
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'/' | b'?' | b'#')))
    })
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

//! The sections that are a handful of words and numbers each.
//! Defaults and bounds stand in the table of keys; here words become types.

use super::problem::quoted;
use super::reader::{Section, is_visible_ascii};
use super::{CacheSettings, Credentials, ErrorFormat, Errors, Forward, OnConflict, TokenFormat};
use crate::BreakerSettings;

pub(super) fn credentials(root: &Section<'_>) -> Credentials {
    let section = root.section("credentials", "credentials");
    let mut credentials = Credentials {
        header: true,
        query: true,
        client_query: true,
        client_basic: true,
        on_conflict: match section.word("on_conflict") {
            Some("usergrid") => OnConflict::Usergrid,
            _ => OnConflict::Reject,
        },
        max_length: section.size("max_length"),
    };
    if section.value("sources").is_some() {
        sources(&section, &mut credentials);
    }
    credentials
}

/// An empty list is refused: without any source nobody could be anyone but a guest.
fn sources(section: &Section<'_>, credentials: &mut Credentials) {
    (credentials.header, credentials.query) = (false, false);
    (credentials.client_query, credentials.client_basic) = (false, false);
    let Some(list) = section.required_array("sources") else { return };
    for item in list.items() {
        let Some(word) = item.text() else { continue };
        let source = match word {
            "header" => &mut credentials.header,
            "query" => &mut credentials.query,
            "client_query" => &mut credentials.client_query,
            "client_basic" => &mut credentials.client_basic,
            _ => {
                item.is_not("one of `header`, `query`, `client_query`, `client_basic`");
                continue;
            }
        };
        if *source {
            item.problem(&[&quoted(word), " is listed twice"]);
        }
        *source = true;
    }
}

/// A salt without the format `usergrid` is looked up all the same: it is there for the day the format changes.
pub(super) fn token(root: &Section<'_>) -> TokenFormat {
    let section = root.section("token", "token");
    let salt = section.secret_from_environment("salt_env");
    match section.word("format") {
        Some("usergrid") => TokenFormat::Usergrid { salt },
        _ => TokenFormat::Opaque,
    }
}

pub(super) fn forward(root: &Section<'_>) -> Forward {
    match root.section("forward", "forward").word("credential") {
        Some("remove") => Forward::Remove,
        Some("as_sent") => Forward::AsSent,
        _ => Forward::Header,
    }
}

pub(super) fn cache(root: &Section<'_>) -> CacheSettings {
    let section = root.section("cache", "cache");
    CacheSettings {
        ttl: section.duration("ttl"),
        negative_ttl: section.duration("negative_ttl"),
        max_entries: section.size("max_entries"),
        max_negative_entries: section.size("max_negative_entries"),
        shared: section.switch("shared"),
        stale_if_error: section.duration("stale_if_error"),
        refresh_ahead: section.duration("refresh_ahead"),
    }
}

pub(super) fn breaker(root: &Section<'_>) -> BreakerSettings {
    let section = root.section("breaker", "breaker");
    BreakerSettings {
        failures: u32::try_from(section.size("failures")).unwrap_or(u32::MAX),
        open: section.duration("open"),
    }
}

pub(super) fn revocation_paths(root: &Section<'_>) -> Vec<String> {
    let section = root.section("revocation", "revocation");
    let Some(list) = section.value("paths") else { return Vec::new() };
    let mut paths = Vec::new();
    for item in list.items() {
        let Some(path) = item.text() else { continue };
        if !path.starts_with('/') || path.contains('?') || !is_visible_ascii(path) {
            item.is_not(
                "a path that begins with `/` and holds no `?`, blank or non-ASCII character",
            );
        }
        paths.push(path.to_owned());
    }
    paths
}

pub(super) fn max_waiting(root: &Section<'_>) -> usize {
    root.section("limits", "limits").size("max_waiting")
}

pub(super) fn errors(root: &Section<'_>) -> Errors {
    let section = root.section("errors", "errors");
    let realm = section.text("realm").unwrap_or_default();
    // It stands between quotation marks in a header (RFC 9110 section 11.5), where the two would need escapes.
    if !realm.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        section
            .problem("realm", &[&quoted(&realm), " holds a `\"`, a `\\` or a non-ASCII character"]);
    }
    let format = match section.word("format") {
        Some("oauth") => ErrorFormat::Oauth,
        _ => ErrorFormat::Usergrid,
    };
    Errors { format, realm }
}

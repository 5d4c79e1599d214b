//! The sections that are a handful of words and numbers each. Defaults and bounds stand in the
//! table of keys.

use std::time::Duration;

use crate::notes::Reported;
use crate::problem::quoted;
use crate::reader::is_visible_ascii;
use crate::section::Section;

words! {
    /// `forward.credential`: what the backend sees of a verified token.
    pub enum Forward {
        /// One `Authorization: Bearer`, whichever place it came from.
        Header = "header",
        /// Nothing.
        Remove = "remove",
        /// The credential where the client put it.
        AsSent = "as_sent",
    }
}

words! {
    /// `paths.unclear`: what becomes of a path that backends may read in several ways.
    pub enum Unclear {
        /// Only a credential admits it.
        Credential = "credential",
        /// 400, and the same to every `;`.
        Reject = "reject",
    }
}

/// `cache`: how long and how many answers are remembered.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// Longest life of a good answer.
    pub ttl: Duration,
    /// Life of a bad one.
    pub negative_ttl: Duration,
    /// Good answers per worker.
    pub max_entries: usize,
    /// What the good verdicts of a worker may hold, in bytes.
    pub max_bytes: usize,
    /// Bad answers per worker.
    pub max_negative_entries: usize,
    /// Whether workers share answers and calls.
    pub shared: bool,
    /// How long past its `ttl` a good answer serves while the server fails.
    pub stale_if_error: Duration,
    /// How long before its end a busy good answer is renewed.
    pub refresh_ahead: Duration,
}

/// `breaker`: when a server that keeps failing is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open the breaker.
    pub failures: u32,
    /// How long it stays open before a probe.
    pub open: Duration,
}

/// `limits.claims`: what an answer may hold about one principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimLimits {
    /// The longest list in bytes, with one more for every entry, repetitions included.
    pub bytes: usize,
    /// The most entries of a list, repetitions aside.
    pub entries: usize,
}

/// `errors`: the words of refusals.
#[derive(Clone, Debug)]
pub struct Errors {
    /// Whose members, words and statuses they are.
    pub format: ErrorFormat,
    /// The `realm` of challenges (RFC 9110 section 11.5).
    pub realm: String,
    /// Where clients find out how to get a token (RFC 9728).
    pub resource_metadata: Option<ResourceMetadata>,
}

/// `errors.resource_metadata`.
#[derive(Clone, Debug)]
pub struct ResourceMetadata {
    /// What challenges say.
    pub url: String,
    /// Its path, if that is the well-known one (RFC 9728 section 3.1), suffix included.
    pub path: Option<String>,
}

/// Where the metadata of a whole host is (RFC 9728 section 3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

words! {
    /// `errors.format`.
    pub enum ErrorFormat {
        /// Usergrid's members, words and statuses.
        Usergrid = "usergrid",
        /// Those of RFC 6749 section 5.2 and RFC 6750 section 3.1.
        Oauth = "oauth",
    }
}

pub(crate) fn forward(root: &Section<'_>) -> Result<Forward, Reported> {
    let section = root.section("forward")?;
    let credential = section.word("credential");
    section.names()?;
    credential
}

pub(crate) fn unclear_paths(root: &Section<'_>) -> Result<Unclear, Reported> {
    let section = root.section("paths")?;
    let unclear = section.word("unclear");
    section.names()?;
    unclear
}

pub(crate) fn route_metadata(root: &Section<'_>) -> Result<bool, Reported> {
    let section = root.section("routes")?;
    let metadata = section.boolean("metadata");
    section.names()?;
    metadata
}

pub(crate) fn cache(root: &Section<'_>) -> Result<CacheSettings, Reported> {
    let section = root.section("cache")?;
    gather!(
        section,
        CacheSettings {
            ttl: section.duration("ttl"),
            negative_ttl: section.duration("negative_ttl"),
            max_entries: section.size("max_entries"),
            max_bytes: section.size("max_bytes"),
            max_negative_entries: section.size("max_negative_entries"),
            shared: section.boolean("shared"),
            stale_if_error: section.duration("stale_if_error"),
            refresh_ahead: section.duration("refresh_ahead"),
        }
    )
}

pub(crate) fn breaker(root: &Section<'_>) -> Result<BreakerSettings, Reported> {
    let section = root.section("breaker")?;
    gather!(
        section,
        BreakerSettings {
            failures: section.whole_number("failures"),
            open: section.duration("open"),
        }
    )
}

pub(crate) fn revocation_paths(root: &Section<'_>) -> Result<Vec<String>, Reported> {
    let section = root.section("revocation")?;
    let paths = section.items("paths", |item| {
        let path = item.text()?;
        if path.starts_with('/') && !path.contains('?') && is_visible_ascii(path) {
            return Ok(path.to_owned());
        }
        let wanted = "a path that begins with `/` and holds no `?`, blank or non-ASCII character";
        Err(item.is_not(wanted))
    });
    section.names()?;
    paths
}

/// `limits.max_waiting` and `limits.claims`.
pub(crate) fn limits(root: &Section<'_>) -> Result<(usize, ClaimLimits), Reported> {
    let section = root.section("limits")?;
    let max_waiting = section.size("max_waiting");
    let claims = claim_limits(&section);
    section.names()?;
    Ok((max_waiting?, claims?))
}

fn claim_limits(limits: &Section<'_>) -> Result<ClaimLimits, Reported> {
    let section = limits.section("claims")?;
    gather!(section, ClaimLimits { bytes: section.size("bytes"), entries: section.size("entries") })
}

pub(crate) fn errors(root: &Section<'_>) -> Result<Errors, Reported> {
    let section = root.section("errors")?;
    gather!(
        section,
        Errors {
            realm: realm(&section),
            format: section.word("format"),
            resource_metadata: resource_metadata(&section),
        }
    )
}

/// It stands between quotation marks in a header, too.
fn resource_metadata(section: &Section<'_>) -> Result<Option<ResourceMetadata>, Reported> {
    let Some(url) = section.optional_text("resource_metadata")? else { return Ok(None) };
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
    let fits = |byte: u8| matches!(byte, b'!'..=b'~') && !b"\"\\#".contains(&byte);
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(fits) => {
            let before_query = rest.split('?').next().unwrap_or_default();
            let path = before_query.find('/').and_then(|slash| before_query.get(slash..));
            let is_well_known = |path: &&str| {
                path.strip_prefix(WELL_KNOWN)
                    .is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('/'))
            };
            let path = path.filter(is_well_known).map(str::to_owned);
            Ok(Some(ResourceMetadata { url, path }))
        }
        _ => {
            let wanted = " is not an absolute URL of printable ASCII without fragment, such as `https://api.example.com/.well-known/oauth-protected-resource`";
            Err(section.problem("resource_metadata", &[&quoted(&url), wanted]))
        }
    }
}

/// It stands between quotation marks in a header (RFC 9110 section 11.5), where `"` and `\` would
/// need escapes.
fn realm(section: &Section<'_>) -> Result<String, Reported> {
    let realm = section.text("realm")?;
    let fits = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if realm.bytes().all(fits) {
        return Ok(realm);
    }
    let message = " holds a `\"`, a `\\` or a non-ASCII character";
    Err(section.problem("realm", &[&quoted(&realm), message]))
}

//! `credentials.sources` and the keys that hang on it: the places of credentials, the headers that
//! repeat the URL, and the pages whose cookies count.

use std::rc::Rc;

use crate::cors::{AN_ORIGIN, origin};
use crate::credentials::Credentials;
use crate::header_name::{is_one_of, is_token_byte, same_to_a_backend};
use crate::identity_headers::{IdentityForm, IdentityHeader};
use crate::notes::Reported;
use crate::problem::quoted;
use crate::reader::Value;
use crate::section::Section;
use crate::words::Word as _;

/// Headers that repeat the URL: Envoy's own where it rewrites a path or follows a redirect,
/// those of NGINX, IIS, Traefik and others, and the browsers'.
const URL_HEADERS: [&str; 9] = [
    "x-envoy-original-path",
    "x-envoy-original-url",
    "x-original-url",
    "x-original-uri",
    "x-original-path",
    "x-replaced-path",
    "x-forwarded-uri",
    "x-rewrite-url",
    "referer",
];

/// Headers that hold credentials, that frame a message or say who sends it, or that mean
/// something to each hop (RFC 9110 section 7.6.1, RFC
/// 2616 section 13.5.1).
const NO_PLAIN_HEADERS: [&str; 16] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "cookie",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

words! {
    /// An entry of `credentials.sources`.
    pub(crate) enum Source {
        /// `Authorization: Bearer`.
        Header = "header",
        /// `access_token` in the query.
        Query = "query",
        /// `client_id` and `client_secret` in the query.
        ClientQuery = "client_query",
        /// `Authorization: Basic`.
        ClientBasic = "client_basic",
    }
}

/// The places where credentials are looked for.
#[derive(Default)]
pub(crate) struct Sources {
    words: Vec<Source>,
    /// In lower case.
    pub(crate) headers: Vec<Rc<str>>,
    pub(crate) cookies: Vec<Rc<str>>,
}

impl Sources {
    pub(crate) fn has(&self, source: Source) -> bool {
        self.words.contains(&source)
    }

    fn has_query(&self) -> bool {
        self.has(Source::Query) || self.has(Source::ClientQuery)
    }
}

/// An empty list is refused: without any source nobody could be anyone but a guest.
pub(crate) fn sources(section: &Section<'_>) -> Result<Sources, Reported> {
    let mut sources = Sources::default();
    match section.given("sources")? {
        Some(list) => {
            list.items(|item| place(&item, &mut sources))?;
        }
        None => sources.words = section.default_words("sources")?,
    }
    Ok(sources)
}

fn place(item: &Value<'_>, sources: &mut Sources) -> Result<(), Reported> {
    let twice = |name: &str| item.problem(&[&quoted(name), " is listed twice"]);
    match item.only_member()? {
        None => {
            let source: Source = item.word()?;
            if sources.words.contains(&source) {
                return Err(twice(source.word()));
            }
            sources.words.push(source);
        }
        Some(("header", name)) => {
            let header = plain_header(&name)?;
            if sources.headers.iter().any(|other| same_to_a_backend(other, &header)) {
                return Err(twice(&header));
            }
            sources.headers.push(Rc::from(header));
        }
        Some((_, name)) => {
            let cookie = name.text()?;
            if !cookie.bytes().all(is_token_byte) {
                return Err(name.is_not("the name of a cookie"));
            }
            if sources.cookies.iter().any(|other| **other == *cookie) {
                return Err(twice(cookie));
            }
            sources.cookies.push(Rc::from(cookie));
        }
    }
    Ok(())
}

/// The default headers that repeat the URL, then the configuration's own.
pub(crate) fn clean_headers(
    section: &Section<'_>,
    sources: &Result<Sources, Reported>,
) -> Result<Vec<Rc<str>>, Reported> {
    let mut own: Vec<Rc<str>> = Vec::new();
    section.items("clean_headers", |item| {
        let name = plain_header(&item)?;
        if own.iter().any(|other| **other == *name) {
            return Err(item.problem(&[&quoted(&name), " is listed twice"]));
        }
        own.push(Rc::from(name));
        Ok(())
    })?;
    match sources {
        Ok(sources) if sources.has_query() => {
            own.retain(|name| !URL_HEADERS.contains(&&**name));
            Ok(URL_HEADERS.into_iter().map(Rc::from).chain(own).collect())
        }
        Ok(_) if own.is_empty() => Ok(own),
        Ok(_) => {
            let message = "is of no use where `credentials.sources` holds nothing of the query";
            Err(section.problem("clean_headers", &[message]))
        }
        Err(reported) => Err(*reported),
    }
}

pub(crate) fn cookie_origins(
    section: &Section<'_>,
    sources: &Result<Sources, Reported>,
) -> Result<Vec<Rc<str>>, Reported> {
    let origins = section.items("cookie_origins", |item| origin(&item, item.text()?, AN_ORIGIN))?;
    match sources {
        Ok(sources) if sources.cookies.is_empty() && !origins.is_empty() => {
            let message = "is of no use where `credentials.sources` holds no cookie";
            Err(section.problem("cookie_origins", &[message]))
        }
        Ok(_) => Ok(origins),
        Err(reported) => Err(*reported),
    }
}

/// `identity`, if no header that is a place is changed for another reason as well.
pub(crate) fn distinct(
    root: &Section<'_>,
    credentials: &Result<Credentials, Reported>,
    identity: Result<(Vec<IdentityHeader>, IdentityForm), Reported>,
) -> Result<(Vec<IdentityHeader>, IdentityForm), Reported> {
    let (Ok(credentials), Ok((cleared, _))) = (credentials, &identity) else { return identity };
    let mut checked = Ok(());
    for header in &credentials.headers {
        let is_url = |other: &str| same_to_a_backend(other, &**header);
        let message = if cleared.iter().any(|other| same_to_a_backend(&other.name, &**header)) {
            " is an identity header, which is cleared"
        } else if credentials.clean_headers.iter().any(|other| is_url(other))
            || URL_HEADERS.into_iter().any(is_url)
        {
            " is a header that repeats the URL"
        } else {
            continue;
        };
        let section = root.section("credentials")?;
        checked = Err(section.problem("sources", &[&quoted(header), message]));
    }
    checked.and(identity)
}

/// The name of a header, in lower case, that the filter may change.
fn plain_header(item: &Value<'_>) -> Result<String, Reported> {
    let written = item.text()?;
    let name = written.to_ascii_lowercase();
    if !name.bytes().all(is_token_byte) {
        Err(item.is_not("the name of a header"))
    } else if is_one_of(&name, &NO_PLAIN_HEADERS, &["sec-"]) {
        Err(item.problem(&[&quoted(written), " is a header with a meaning of its own"]))
    } else {
        Ok(name)
    }
}

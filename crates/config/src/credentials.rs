//! `credentials` and `token`: where credentials are looked for, and what a token must look like
//! before anybody is asked about it.

use std::rc::Rc;

use crate::identity_headers::is_token_byte;
use crate::notes::Reported;
use crate::problem::quoted;
use crate::protocol::Protocol;
use crate::reader::Value;
use crate::secret::Secret;
use crate::section::Section;

/// `credentials`.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whether `Authorization: Bearer` is looked at (RFC 6750 section 2.1).
    pub header: bool,
    /// Whether `access_token` in the query is looked at (RFC 6750 section 2.3).
    pub query: bool,
    /// Whether `client_id` and `client_secret` in the query are looked at, as Usergrid does.
    pub client_query: bool,
    /// Whether `Authorization: Basic` is looked at (RFC 6749 section 2.3.1).
    pub client_basic: bool,
    /// What more than one credential means.
    pub on_conflict: OnConflict,
    /// The longest token, client id or client secret in bytes.
    pub max_length: usize,
    /// How id and secret are written in Basic.
    pub basic: BasicEncoding,
    /// Headers in which proxies and browsers repeat the URL, in lower case: query credentials are
    /// taken out of them, too. None where the query is no place for credentials.
    pub clean_headers: Vec<Rc<str>>,
}

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

/// Headers that hold credentials, or that mean something to each hop (RFC 9110 section 7.6.1, RFC
/// 2616 section 13.5.1).
const NO_PLAIN_HEADERS: [&str; 13] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "keep-alive",
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
        /// See [`Credentials::header`].
        Header = "header",
        /// See [`Credentials::query`].
        Query = "query",
        /// See [`Credentials::client_query`].
        ClientQuery = "client_query",
        /// See [`Credentials::client_basic`].
        ClientBasic = "client_basic",
    }
}

words! {
    /// `credentials.on_conflict`: what more than one credential in a request means.
    pub enum OnConflict {
        /// 400 (RFC 6750 section 2).
        Reject = "reject",
        /// The first of query token, Bearer, Basic, query pair counts; of duplicates, the first.
        Usergrid = "usergrid",
    }
}

words! {
    /// `credentials.basic`: how id and secret are written in Basic.
    pub enum BasicEncoding {
        /// As they are (RFC 7617).
        Raw = "raw",
        /// Each form-encoded (RFC 6749 section 2.3.1).
        Form = "form",
    }
}

/// `token`: what is known about tokens before the server is asked.
#[derive(Debug)]
pub enum TokenFormat {
    /// Nothing.
    Opaque,
    /// A Usergrid access token; signed with the salt if there is one.
    Usergrid {
        /// The value of the variable that `token.salt_env` names.
        salt: Option<Secret>,
    },
    /// As before where it has the category of Usergrid's access tokens, else nothing.
    Mixed {
        /// As before.
        salt: Option<Secret>,
    },
}

impl TokenFormat {
    /// The salt by which signatures are checked.
    #[must_use]
    pub fn salt(&self) -> Option<&Secret> {
        match self {
            Self::Opaque => None,
            Self::Usergrid { salt } | Self::Mixed { salt } => salt.as_ref(),
        }
    }
}

words! {
    /// `token.format`.
    pub(crate) enum TokenFormatWord {
        /// See [`TokenFormat::Opaque`].
        Opaque = "opaque",
        /// See [`TokenFormat::Usergrid`].
        Usergrid = "usergrid",
        /// See [`TokenFormat::Mixed`].
        Mixed = "mixed",
    }
}

pub(crate) fn credentials(root: &Section<'_>) -> Result<Credentials, Reported> {
    let section = root.section("credentials")?;
    let on_conflict = section.word("on_conflict");
    let max_length = section.size("max_length");
    let basic = section.word("basic");
    // An empty list is refused: without any source nobody could be anyone but a guest.
    let sources = section.words("sources");
    let clean_headers = clean_headers(&section, sources.as_deref());
    section.names()?;
    let sources: Vec<Source> = sources?;
    Ok(Credentials {
        header: sources.contains(&Source::Header),
        query: sources.contains(&Source::Query),
        client_query: sources.contains(&Source::ClientQuery),
        client_basic: sources.contains(&Source::ClientBasic),
        on_conflict: on_conflict?,
        max_length: max_length?,
        basic: basic?,
        clean_headers: clean_headers?,
    })
}

/// The default headers, then the configuration's own.
fn clean_headers(
    section: &Section<'_>,
    sources: Result<&[Source], &Reported>,
) -> Result<Vec<Rc<str>>, Reported> {
    let mut own: Vec<String> = Vec::new();
    section.items("clean_headers", |item| {
        let name = plain_header(&item)?;
        if own.contains(&name) {
            return Err(item.problem(&[&quoted(&name), " is listed twice"]));
        }
        own.push(name);
        Ok(())
    })?;
    let sources = sources.map_err(|reported| *reported)?;
    if sources.iter().any(|source| matches!(source, Source::Query | Source::ClientQuery)) {
        own.retain(|name| !URL_HEADERS.contains(&name.as_str()));
        let all = URL_HEADERS.into_iter().chain(own.iter().map(String::as_str));
        Ok(all.map(Rc::from).collect())
    } else if own.is_empty() {
        Ok(Vec::new())
    } else {
        let message = "is of no use where `credentials.sources` holds nothing of the query";
        Err(section.problem("clean_headers", &[message]))
    }
}

/// The name of a header, in lower case, that the filter may change.
fn plain_header(item: &Value<'_>) -> Result<String, Reported> {
    let written = item.text()?;
    let name = written.to_ascii_lowercase();
    if !name.bytes().all(is_token_byte) {
        Err(item.is_not("the name of a header"))
    } else if NO_PLAIN_HEADERS.contains(&&*name) {
        Err(item.problem(&[&quoted(written), " is a header with a meaning of its own"]))
    } else {
        Ok(name)
    }
}

pub(crate) fn token(root: &Section<'_>, protocol: Protocol) -> Result<TokenFormat, Reported> {
    let section = root.section("token")?.under(protocol);
    // Looked up whatever the format: it is there for the day the format changes.
    let salt = section.secret_from_environment("salt_env");
    let format = section.word("format");
    section.names()?;
    let salt = salt?;
    Ok(match format? {
        TokenFormatWord::Opaque => TokenFormat::Opaque,
        TokenFormatWord::Usergrid => TokenFormat::Usergrid { salt },
        TokenFormatWord::Mixed => TokenFormat::Mixed { salt },
    })
}

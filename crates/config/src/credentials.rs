//! `credentials` and `token`: where credentials are looked for, and what a token must look like
//! before anybody is asked about it.

use std::rc::Rc;

use crate::notes::Reported;
use crate::profile::Profile;
use crate::protocol::Protocol;
use crate::secret::Secret;
use crate::section::Section;
use crate::sources::{self, Source};
use crate::usergrid::DEFAULT_SALT;

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
    /// Headers whose whole value is a token, in lower case.
    pub headers: Vec<Rc<str>>,
    /// Cookies whose value is a token (RFC 6265).
    pub cookies: Vec<Rc<str>>,
    /// The origins whose pages may send such cookies with any method.
    pub cookie_origins: Vec<Rc<str>>,
    /// Whether a `GET` may change something, so that no method is left to a cookie that another site
    /// may have made a browser send. Usergrid's do: `GET /{org}/{app}/users/{user}/setpin`.
    pub get_may_change: bool,
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

words! {
    /// `credentials.on_conflict`: what more than one credential in a request means.
    pub enum OnConflict {
        /// 400 (RFC 6750 section 2).
        Reject = "reject",
        /// The first of query token, Bearer, Basic, query pair, other headers, cookies counts; of
        /// duplicates, the first.
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

    /// The same, unless everybody knows it: then no signature says that Usergrid made it.
    #[must_use]
    pub fn secret_salt(&self) -> Option<&Secret> {
        self.salt().filter(|salt| salt.expose() != DEFAULT_SALT)
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

pub(crate) fn credentials(root: &Section<'_>, profile: Profile) -> Result<Credentials, Reported> {
    let section = root.section("credentials")?;
    let on_conflict = section.word("on_conflict");
    let max_length = section.size("max_length");
    let basic = section.word("basic");
    let sources = sources::sources(&section);
    let cleaned = sources::clean_headers(&section, &sources);
    let cookie_origins = sources::cookie_origins(&section, &sources);
    section.names()?;
    let sources = sources?;
    Ok(Credentials {
        header: sources.has(Source::Header),
        query: sources.has(Source::Query),
        client_query: sources.has(Source::ClientQuery),
        client_basic: sources.has(Source::ClientBasic),
        headers: sources.headers,
        cookies: sources.cookies,
        cookie_origins: cookie_origins?,
        get_may_change: profile == Profile::Usergrid,
        on_conflict: on_conflict?,
        max_length: max_length?,
        basic: basic?,
        clean_headers: cleaned?,
    })
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

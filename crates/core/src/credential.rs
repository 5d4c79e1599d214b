//! Finds the credential of a request, judges conflicts, and takes credentials out of the query, out
//! of cookies, and out of the headers that hold or repeat them.
//! It never asks whether a credential is good, and a bad one never looks like none.

mod authorization_header;
mod basic;
mod cookies;
mod cross_site;
mod query;
mod token;
mod token_headers;
pub mod usergrid_token;

pub(crate) use query::{form_value, has_parameter};
pub(crate) use token::is_token;

use std::rc::Rc;

use usergrid_auth_config::{Credentials, OnConflict, Secret};

use crate::header_map::{HeaderEdit, HeaderMap};

use authorization_header::Authorization;
use cookies::Cookies;
use query::Query;
use token_headers::TokenHeaders;

/// A credential that has the shape of one; whether it is good, only a verifying server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Visible ASCII without a comma (RFC 6749 appendix A.12).
    Token {
        /// The token itself, decoded.
        token: Secret,
        /// Where it stood.
        place: TokenPlace,
    },
    /// A client id and its secret, both non-empty, of any bytes.
    Client {
        /// The id; kept like a secret, since clients mix the two up.
        client_id: Secret,
        /// The secret.
        client_secret: Secret,
        /// Where they stood.
        place: ClientPlace,
    },
}

/// Where a token stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// `Authorization: Bearer` (RFC 6750 section 2.1).
    Header,
    /// `access_token` in the query (RFC 6750 section 2.3).
    Query,
    /// This header of the configuration's choice.
    OtherHeader(Rc<str>),
    /// This cookie of the configuration's choice (RFC 6265).
    Cookie(Rc<str>),
}

/// Where a client pair stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientPlace {
    /// `Authorization: Basic` (RFC 7617).
    Basic,
    /// `client_id` and `client_secret` in the query, as Usergrid accepts them (`docs/usergrid.md`,
    /// "Client pairs").
    Query,
}

/// What a request presents. "None" and "a bad one" are different, so that a guest rule cannot see a
/// bad one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// No credential in any accepted place.
    Nothing,
    /// Exactly one counts.
    One(Credential),
    /// At least one, and it cannot be used.
    Bad(BadCredential),
}

/// Why a presented credential is refused before any call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCredential {
    /// More than one credential (RFC 6750 section 2).
    Conflict,
    /// Not a token: unsupported scheme, nothing after `Bearer`, a broken escape, or what is
    /// not visible ASCII.
    Token,
    /// A token longer than `credentials.max_length`.
    TooLong,
    /// Basic that cannot be right: no base64, no colon, an empty or too long half, or one with a
    /// broken escape where halves are form-encoded.
    Basic,
    /// A cookie that a page of another site may have made a browser send.
    CrossSite,
    /// A pair in the query that cannot be right: a broken escape or a too long half.
    ClientQuery,
}

/// What [`find`] found. No `Debug`: [`Places::path_with_used`] carries a token.
pub struct Found {
    /// The credential, if any.
    pub presented: Presented,
    /// `:path` without the credentials of its query, and without a `client_secret` that belongs to
    /// none, byte for byte; `None` if the query held neither.
    pub clean_path: Option<Vec<u8>>,
    /// What takes tokens out of cookies and of headers beside `Authorization`.
    pub taken: Vec<HeaderEdit>,
    /// What else there was, for those who forward the credential.
    pub places: Places,
}

/// Where a request holds credentials, besides the one that counts.
pub struct Places {
    /// `:path` without the credentials that were passed over, the used query token kept; for
    /// `forward: as_sent`. Only under `on_conflict: usergrid`, and `None` where that is `:path` as
    /// it came.
    pub path_with_used: Option<Vec<u8>>,
    /// How many credentials `Authorization` presents in accepted places; unsupported schemes count.
    pub in_authorization: usize,
    /// How many credentials `Authorization` holds, those of places that are not accepted included.
    /// Zero if no place in it is.
    pub authorization_parts: usize,
    /// Whether all of it is one line, `Bearer` and a token, as Usergrid reads it.
    pub is_plain_bearer: bool,
}

/// Looks into every accepted place of a request. Places that are not accepted are neither read nor
/// cleaned.
///
/// A request without a query and without `Authorization` costs no allocation.
#[must_use]
pub fn find(headers: &HeaderMap, settings: &Credentials) -> Found {
    let scanned = Scanned::new(headers, settings);
    let presented = scanned.presented();
    let Scanned { authorization, query, .. } = &scanned;
    let used_from_query =
        matches!(presented, Presented::One(Credential::Token { place: TokenPlace::Query, .. }));
    let several_in_query = |query: &&Query<'_>| used_from_query && query.credentials() > 1;
    Found {
        clean_path: query
            .as_ref()
            .filter(|query| query.has_secrets())
            .map(Query::without_credentials),
        taken: scanned.taken(),
        places: Places {
            path_with_used: query
                .as_ref()
                .filter(several_in_query)
                .map(Query::with_used_token_only),
            in_authorization: authorization.presented,
            authorization_parts: authorization.parts,
            is_plain_bearer: authorization.is_plain_bearer(),
        },
        presented,
    }
}

/// The edits that put the token back to where it stood, if that is a cookie or a header beside
/// `Authorization`; no other credential comes back with it.
pub(crate) fn put_back(
    place: &TokenPlace,
    headers: &HeaderMap,
    settings: &Credentials,
) -> Vec<HeaderEdit> {
    match place {
        TokenPlace::Header | TokenPlace::Query => Vec::new(),
        TokenPlace::OtherHeader(_) => {
            TokenHeaders::scan(headers, &settings.headers).put_back().into_iter().collect()
        }
        TokenPlace::Cookie(_) => Cookies::scan(headers, &settings.cookies).put_back(),
    }
}

/// The edits that take headers which are places out of trailers: they are not looked at there, and
/// a backend may merge them into the headers.
pub(crate) fn taken_from_trailers(trailers: &HeaderMap, settings: &Credentials) -> Vec<HeaderEdit> {
    let token_headers = TokenHeaders::scan(trailers, &settings.headers);
    let mut edits: Vec<HeaderEdit> = token_headers.taken().collect();
    if !settings.cookies.is_empty() && trailers.first("cookie").is_some() {
        edits.push(HeaderEdit::remove("cookie"));
    }
    edits
}

/// What stands in every accepted place.
struct Scanned<'a> {
    headers: &'a HeaderMap,
    settings: &'a Credentials,
    authorization: Authorization<'a>,
    query: Option<Query<'a>>,
    token_headers: TokenHeaders<'a>,
    cookies: Cookies<'a>,
}

impl<'a> Scanned<'a> {
    fn new(headers: &'a HeaderMap, settings: &'a Credentials) -> Self {
        Self {
            authorization: Authorization::scan(headers, settings),
            query: Query::scan(headers.path(), settings),
            token_headers: TokenHeaders::scan(headers, &settings.headers),
            cookies: Cookies::scan(headers, &settings.cookies),
            headers,
            settings,
        }
    }

    fn taken(&self) -> Vec<HeaderEdit> {
        let Self { token_headers, cookies, .. } = self;
        if token_headers.count == 0 && cookies.count == 0 {
            return Vec::new();
        }
        token_headers.taken().chain(cookies.taken()).collect()
    }

    fn presented(&self) -> Presented {
        let Self { authorization, query, token_headers, cookies, .. } = self;
        let count = query
            .as_ref()
            .map_or(0, Query::credentials)
            .saturating_add(authorization.presented)
            .saturating_add(token_headers.count)
            .saturating_add(cookies.count);
        if count == 0 && authorization.parts <= 1 {
            Presented::Nothing
        } else if self.settings.on_conflict == OnConflict::Reject
            && (count > 1 || authorization.parts > 1)
        {
            Presented::Bad(BadCredential::Conflict)
        } else {
            match self.first() {
                Some(Ok(credential)) => Presented::One(credential),
                Some(Err(bad)) => Presented::Bad(bad),
                // Repeated lines, all of a scheme that is not accepted.
                None => Presented::Nothing,
            }
        }
    }

    /// The first credential in Usergrid's order, and after those that Usergrid knows; it is the
    /// only one where conflicts are refused.
    fn first(&self) -> Option<Result<Credential, BadCredential>> {
        let Self { headers, settings, authorization, query, token_headers, cookies } = self;
        let longest = settings.max_length;
        let token = |value: &[u8], place| {
            token::token(value, longest).map(|token| Credential::Token { token, place })
        };
        Some(if let Some(value) = query.as_ref().and_then(Query::token) {
            query::decode(value)
                .ok_or(BadCredential::Token)
                .and_then(|value| token(&value, TokenPlace::Query))
        } else if let Some(value) = authorization.bearer {
            let place = TokenPlace::Header;
            if authorization.first_is_plain {
                token::of_shape(value, longest).map(|token| Credential::Token { token, place })
            } else {
                token(value, place)
            }
        } else if let Some(value) = authorization.basic {
            basic::pair(value, settings)
                .map(|(id, secret)| client(id, secret, ClientPlace::Basic))
                .ok_or(BadCredential::Basic)
        } else if let Some((id, secret)) = query.as_ref().and_then(Query::pair) {
            query_pair(id, secret, longest)
                .map(|(id, secret)| client(id, secret, ClientPlace::Query))
                .ok_or(BadCredential::ClientQuery)
        } else if let Some((name, value)) = token_headers.first {
            token(value, TokenPlace::OtherHeader(Rc::clone(name)))
        } else if let Some((name, value)) = cookies.first {
            if cross_site::may_be(headers, settings) {
                Err(BadCredential::CrossSite)
            } else {
                token(value, TokenPlace::Cookie(Rc::clone(name)))
            }
        } else if authorization.presented > 0 {
            Err(BadCredential::Token)
        } else {
            return None;
        })
    }
}

/// The edits that take the credentials of accepted places out of these headers, in which proxies
/// and browsers repeat the URL.
pub(crate) fn clean_urls<'a>(
    names: &'a [Rc<str>],
    headers: &'a HeaderMap,
    settings: &'a Credentials,
) -> impl Iterator<Item = HeaderEdit> + 'a {
    names.iter().flat_map(|name| {
        let mut is_clean = true;
        let line = |line: &[u8]| match query::clean_url(line, settings) {
            Some(cleaned) => {
                is_clean = false;
                cleaned
            }
            None => line.to_vec(),
        };
        let lines = headers.values(name).map(line).collect();
        if is_clean { Vec::new() } else { HeaderEdit::lines(name, lines) }
    })
}

fn query_pair(id: &[u8], secret: &[u8], longest: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let (id, secret) = (query::decode(id)?, query::decode(secret)?);
    (id.len() <= longest && secret.len() <= longest).then_some((id, secret))
}

fn client(id: Vec<u8>, secret: Vec<u8>, place: ClientPlace) -> Credential {
    Credential::Client { client_id: Secret::new(id), client_secret: Secret::new(secret), place }
}

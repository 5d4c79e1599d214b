//! The query string: which parameters are credentials, and the text without them, in `:path` and in
//! the headers that repeat it. Everything else in it is bytes that come out as they went in.

use usergrid_auth_config::Credentials;
use usergrid_auth_rules::syntax::hex_digit;

/// The credentials in the query of one `:path`, or of one URL in a header.
///
/// A parameter is what stands between two `&`. A second `?` and a `#` are ordinary bytes: Envoy
/// refuses a fragment before any filter, and where that is switched off, more is seen as a
/// credential, never less.
pub(super) struct Query<'a> {
    path: &'a [u8],
    text: &'a [u8],
    tokens: Values<'a>,
    ids: Values<'a>,
    secrets: Values<'a>,
}

/// The non-empty values of one parameter, still encoded.
#[derive(Default)]
struct Values<'a> {
    first: Option<&'a [u8]>,
    count: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    AccessToken,
    ClientId,
    ClientSecret,
}

impl<'a> Query<'a> {
    /// Reads the query of `path`; `None` if there is none, or if no place in it is accepted.
    pub(super) fn scan(path: &'a [u8], settings: &Credentials) -> Option<Self> {
        if !settings.query && !settings.client_query {
            return None;
        }
        let mark = path.iter().position(|byte| *byte == b'?')?;
        let (path, text) = path.split_at_checked(mark)?;
        let (_, text) = text.split_first()?;
        Some(Self::read(path, text, settings))
    }

    /// Reads the query `text` of `path`.
    fn read(path: &'a [u8], text: &'a [u8], settings: &Credentials) -> Self {
        let (tokens, ids, secrets) = Default::default();
        let mut query = Self { path, text, tokens, ids, secrets };
        for parameter in pieces(text) {
            let Some((name, value)) = credential(parameter) else { continue };
            let (values, accepted) = match name {
                Name::AccessToken => (&mut query.tokens, settings.query),
                Name::ClientId => (&mut query.ids, settings.client_query),
                Name::ClientSecret => (&mut query.secrets, settings.client_query),
            };
            if accepted {
                values.first.get_or_insert(value);
                values.count = values.count.saturating_add(1);
            }
        }
        query
    }

    /// How many credentials there are. A pair with a repeated half is more than one.
    pub(super) fn credentials(&self) -> usize {
        let pairs = if self.pair().is_some() { self.ids.count.max(self.secrets.count) } else { 0 };
        self.tokens.count.saturating_add(pairs)
    }

    /// The first `access_token`, still encoded.
    pub(super) fn token(&self) -> Option<&'a [u8]> {
        self.tokens.first
    }

    /// The first `client_id` and the first `client_secret`, still encoded. One without the other is
    /// no credential.
    pub(super) fn pair(&self) -> Option<(&'a [u8], &'a [u8])> {
        self.ids.first.zip(self.secrets.first)
    }

    /// Whether there is anything that must not stay in `:path`.
    pub(super) fn has_secrets(&self) -> bool {
        self.tokens.count > 0 || self.secrets.count > 0
    }

    /// `:path` without any credential of the accepted places.
    pub(super) fn without_credentials(&self) -> Vec<u8> {
        self.rebuild(false)
    }

    /// `:path` with its first `access_token` as the only credential of the accepted places.
    pub(super) fn with_used_token_only(&self) -> Vec<u8> {
        self.rebuild(true)
    }

    /// INVARIANT: the parameters kept stand in their order, byte for byte, one `&` between two;
    /// without any byte left the `?` goes, too.
    fn rebuild(&self, mut keep_token: bool) -> Vec<u8> {
        let mut rebuilt = Vec::with_capacity(self.path.len().saturating_add(self.text.len()));
        rebuilt.extend_from_slice(self.path);
        let empty = rebuilt.len().saturating_add(1);
        let mut separator = b'?';
        for parameter in pieces(self.text) {
            let is_used = keep_token
                && credential(parameter).is_some_and(|(name, _)| name == Name::AccessToken);
            if is_used {
                keep_token = false;
            } else if self.is_credential(parameter) {
                continue;
            }
            rebuilt.push(separator);
            rebuilt.extend_from_slice(parameter);
            separator = b'&';
        }
        if rebuilt.len() == empty {
            rebuilt.pop();
        }
        rebuilt
    }

    fn is_credential(&self, parameter: &[u8]) -> bool {
        match credential(parameter) {
            Some((Name::AccessToken, _)) => self.tokens.count > 0,
            Some((Name::ClientId, _)) => self.pair().is_some(),
            // One without an id is no credential, but it is a secret: it must not show in a log.
            Some((Name::ClientSecret, _)) => self.secrets.count > 0,
            None => false,
        }
    }
}

/// The value of a header that repeats the URL, without the credentials of the accepted places and
/// without a `client_secret` that belongs to none; `None` if it holds neither.
///
/// It may be a path or a whole URL, and end in a fragment, or be several lines joined by commas,
/// which is how Envoy keeps some headers. Where that leaves a choice, more is seen as a credential.
pub(super) fn clean_url(value: &[u8], settings: &Credentials) -> Option<Vec<u8>> {
    let mut cleaned = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(mark) = rest.iter().position(|byte| *byte == b'?') {
        let (path, query) = rest.split_at_checked(mark)?;
        let (_, query) = query.split_first()?;
        let (text, after) = query.split_at_checked(query_end(query, settings))?;
        let query = Query::read(path, text, settings);
        if query.has_secrets() {
            cleaned.extend(query.without_credentials());
        } else {
            cleaned.extend([path, b"?", text].into_iter().flatten());
        }
        rest = after;
    }
    cleaned.extend(rest);
    if value.contains(&b',') {
        cleaned = without_nested(&cleaned, settings);
    }
    (cleaned.len() != value.len()).then_some(cleaned)
}

/// Where lines were joined, nobody knows where one ends: whatever stands between `?` or `&` and the
/// next `?`, `&`, `#` or comma goes too, if it is a secret by itself.
fn without_nested(value: &[u8], settings: &Credentials) -> Vec<u8> {
    let mut kept = Vec::with_capacity(value.len());
    let mut may_begin = false;
    for piece in value.split_inclusive(|byte| matches!(byte, b'?' | b'&' | b'#' | b',')) {
        let (text, end) = match piece.split_last() {
            Some((end @ (b'?' | b'&' | b'#' | b','), text)) => (text, Some(*end)),
            _ => (piece, None),
        };
        let is_secret = match credential(text) {
            Some((Name::AccessToken, _)) => settings.query,
            Some((Name::ClientSecret, _)) => settings.client_query,
            Some((Name::ClientId, _)) | None => false,
        };
        if !(may_begin && is_secret) {
            kept.extend_from_slice(text);
        }
        kept.extend(end);
        may_begin = matches!(end, Some(b'?' | b'&'));
    }
    kept
}

/// How far a query reaches: to a fragment, or to the comma of a parameter, no secret itself, behind
/// which the query of another line begins.
fn query_end(text: &[u8], settings: &Credentials) -> usize {
    let is_secret = |name: &[u8]| match Name::of(name) {
        Some(Name::AccessToken) => settings.query,
        Some(Name::ClientSecret) => settings.client_query,
        Some(Name::ClientId) | None => false,
    };
    let mut begin = 0;
    let mut secret = None;
    let mut comma = None;
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'#' => return place,
            b'&' => {
                begin = place.saturating_add(1);
                (secret, comma) = (None, None);
            }
            b'=' if secret.is_none() => {
                secret = text.get(begin..place).map(is_secret);
            }
            b',' if comma.is_none() && secret != Some(true) => comma = Some(place),
            b'?' => {
                if let Some(comma) = comma {
                    return comma;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The first value of the parameter `name` in a query or form, decoded; `None` if it has none or a
/// broken one.
pub(crate) fn form_value(form: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let value = pieces(form).find_map(|parameter| {
        let mut halves = parameter.splitn(2, |byte| *byte == b'=');
        let (key, value) = (halves.next()?, halves.next()?);
        decoded(key).eq(name.iter().copied().map(Some)).then_some(value)
    })?;
    decode(value).filter(|value| !value.is_empty())
}

/// Whether a query or form has a parameter of this name, however encoded.
pub(crate) fn has_parameter(form: &[u8], name: &[u8]) -> bool {
    pieces(form).any(|parameter| {
        let key = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
        decoded(key).eq(name.iter().copied().map(Some))
    })
}

/// A form value decoded: `%XX`, and `+` for a blank. `None` if an escape is broken.
pub(super) fn decode(value: &[u8]) -> Option<Vec<u8>> {
    decoded(value).collect()
}

fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'&')
}

/// Name and encoded value of a parameter that can be a credential; an empty value cannot.
#[inline]
fn credential(parameter: &[u8]) -> Option<(Name, &[u8])> {
    // No other byte can be the first one of a credential's name, nor begin its escape.
    if matches!(parameter.first(), Some(b'a' | b'c' | b'%')) {
        credential_of(parameter)
    } else {
        None
    }
}

fn credential_of(parameter: &[u8]) -> Option<(Name, &[u8])> {
    let mut halves = parameter.splitn(2, |byte| *byte == b'=');
    let (name, value) = (halves.next()?, halves.next()?);
    if value.is_empty() {
        return None;
    }
    Some((Name::of(name)?, value))
}

impl Name {
    /// The credential parameter that `name` is, still encoded. Decoded before it is compared: the
    /// backend will read `access%5Ftoken` as the name it hides.
    fn of(name: &[u8]) -> Option<Self> {
        let is = |wanted: &[u8]| decoded(name).eq(wanted.iter().copied().map(Some));
        [
            (Self::AccessToken, b"access_token".as_slice()),
            (Self::ClientId, b"client_id"),
            (Self::ClientSecret, b"client_secret"),
        ]
        .into_iter()
        .find_map(|(name, wanted)| is(wanted).then_some(name))
    }
}

/// The decoded bytes; `None` in the place of a broken escape.
fn decoded(text: &[u8]) -> impl Iterator<Item = Option<u8>> {
    let mut bytes = text.iter().copied();
    std::iter::from_fn(move || {
        let byte = bytes.next()?;
        Some(match byte {
            b'+' => Some(b' '),
            b'%' => {
                let high = bytes.next().and_then(hex_digit);
                let low = bytes.next().and_then(hex_digit);
                high.zip(low).map(|(high, low)| (high << 4) | low)
            }
            _ => Some(byte),
        })
    })
}

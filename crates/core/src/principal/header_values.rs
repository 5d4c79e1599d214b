//! Identity headers out of claims: values that any backend can take apart again, and nobody can
//! forge. A comma always separates two values, a `%` always begins an escape.

use std::borrow::Cow;
use std::rc::Rc;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use usergrid_auth_config::json::Json;
use usergrid_auth_config::{Config, IdentitySource, Overflow, Server, StateName};

use super::{AnswerError, ClaimLimit, PrincipalKind, members, payload};

/// The longest value in bytes, encoded. Backends commonly refuse requests with more than 8 KiB of
/// headers altogether.
pub(super) const LONGEST: usize = 4096;

/// Everything but visible ASCII and blanks, and what has a meaning of its own in a value.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b',');
/// For text with a blank at an end, which a header would lose, and for entries that a reader splits
/// at blanks.
const ENCODED_WITH_BLANKS: &AsciiSet = &ENCODED.add(b' ');

/// Names and values, ready to be set.
type Headers = Vec<(Rc<str>, Rc<[u8]>)>;
/// What gives the value of a claim. Behind a pointer, since there are three, and what they are given
/// to would be in the module three times.
type Lookup<'a> = dyn Fn(&String) -> Result<Option<HeaderValue<'a>>, AnswerError> + 'a;
/// Names and values of filter state.
type State = Vec<(StateName, Rc<[u8]>)>;

/// The value of a header, or of a member of the payload.
pub(crate) struct HeaderValue<'a> {
    entries: Entries<'a>,
    form: Form,
}

/// One needs no list.
enum Entries<'a> {
    One(Entry<'a>),
    Many(Vec<Entry<'a>>),
}

/// One entry of a value.
pub(crate) enum Entry<'a> {
    /// A text, of whatever bytes.
    Text(Cow<'a, [u8]>),
    /// A whole number or a boolean, as JSON has it.
    Literal(String),
}

/// How entries are written into a header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// There is only one.
    One,
    /// There is only one, which a reader splits at its blanks.
    Scope,
    /// Commas separate them.
    List,
    /// The same, and blanks within them are encoded.
    Scopes,
}

/// The wanted headers, in their order, for a principal that `server` vouches for, and the wanted
/// filter state. `lookup` gives the value of a claim; without one, or with an
/// empty one, a header stays unset.
///
/// # Errors
/// [`AnswerError::Oversized`] for a value that is too long, unless it may be cut and one of its
/// entries fits.
pub(crate) fn headers<'a>(
    config: &Config,
    server: &'a Server,
    principal: PrincipalKind,
    lookup: &Lookup<'a>,
) -> Result<(Headers, State), AnswerError> {
    let form = &config.identity_form;
    let carried = |source: &IdentitySource| match source {
        IdentitySource::Principal => Ok(Some(HeaderValue::of_text(principal.word().as_bytes()))),
        IdentitySource::Server => {
            Ok(server.name.as_deref().map(|name| HeaderValue::of_text(name.as_bytes())))
        }
        IdentitySource::Claim(claim) => lookup(claim),
    };
    let mut headers = Vec::with_capacity(config.identity.len());
    for header in &config.identity {
        let Some(value) = header.source.as_ref().map(carried).transpose()?.flatten() else {
            continue;
        };
        let value = value.fitting(form.overflow)?;
        if !value.is_empty() {
            headers.push((Rc::clone(&header.name), Rc::from(value)));
        }
    }
    if let Some(payload) = &form.payload
        && let Some(value) = payload::of(payload, form.overflow, &carried)?
    {
        headers.push((Rc::clone(&payload.header), value));
    }
    Ok((headers, state(config, lookup)?))
}

/// The claims that `telemetry.filter_state` lists. One that is too long is left out: nothing hangs
/// on it.
fn state<'a>(config: &Config, lookup: &Lookup<'a>) -> Result<State, AnswerError> {
    let mut state = State::new();
    for name in &config.telemetry.filter_state {
        let claim = match name {
            StateName::Subject => &config.claims.sub,
            StateName::Username => &config.claims.username,
            StateName::ClientId => &config.claims.client_id,
            StateName::Outcome
            | StateName::Principal
            | StateName::Application
            | StateName::Fingerprint => continue,
        };
        let value = lookup(claim)?.and_then(|value| value.fitting(Overflow::Refuse).ok());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            state.push((*name, Rc::from(value)));
        }
    }
    Ok(state)
}

impl<'a> HeaderValue<'a> {
    /// One text.
    pub(crate) fn of_text(text: &'a [u8]) -> Self {
        Self::of_one(Entry::Text(Cow::Borrowed(text)))
    }

    /// A list of texts.
    pub(crate) fn of_texts(texts: impl Iterator<Item = &'a str>) -> Self {
        let entry = |text: &'a str| Entry::Text(Cow::Borrowed(text.as_bytes()));
        Self { entries: Entries::Many(texts.map(entry).collect()), form: Form::List }
    }

    fn of_one(entry: Entry<'a>) -> Self {
        Self { entries: Entries::One(entry), form: Form::One }
    }

    /// The value of a claim; `None` if it has none. A list is written whole or not at all.
    pub(crate) fn of_claim(claim: &'a Json) -> Option<Self> {
        match claim {
            Json::Array(items) => {
                let items = items.iter().filter(|item| **item != Json::Null);
                let entries = items.map(Entry::of).collect::<Option<_>>()?;
                Some(Self { entries: Entries::Many(entries), form: Form::List })
            }
            one => Some(Self::of_one(Entry::of(one)?)),
        }
    }

    /// The value of a claim of several entries; `None` for every shape that [`members::entries`]
    /// calls unusable. What grants nothing here must not grant anything behind us.
    pub(crate) fn of_words(claim: &'a Json) -> Option<Self> {
        match claim {
            Json::String(word) => Some(Self { form: Form::List, ..Self::of_text(word.as_bytes()) }),
            Json::Array(items) if items.iter().all(members::is_word) => Self::of_claim(claim),
            _ => None,
        }
    }

    /// The value of a claim that names somebody.
    pub(crate) fn of_name(claim: &'a Json) -> Option<Self> {
        let name = match members::name(claim)? {
            Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
            Cow::Owned(name) => Cow::Owned(name.into_bytes()),
        };
        Some(Self::of_one(Entry::Text(name)))
    }

    /// The value of a claim of tenants, which may be the keys of an object.
    pub(crate) fn of_tenants(claim: &'a Json) -> Option<Self> {
        match claim {
            Json::Object(tenants) => Some(Self::of_texts(tenants.iter().map(|(name, _)| name))),
            other => Self::of_words(other),
        }
    }

    /// The value of a claim whose entries, as a string, are separated by blanks (RFC 6749
    /// section 3.3). A blank within an entry of an array is encoded: one scope never becomes two.
    pub(crate) fn of_scope(claim: &'a Json) -> Option<Self> {
        let form = if matches!(claim, Json::String(_)) { Form::Scope } else { Form::Scopes };
        Some(Self { form, ..Self::of_words(claim)? })
    }

    /// Whether it is one value, and no list that happens to have one entry.
    pub(super) fn is_one(&self) -> bool {
        self.form == Form::One
    }

    /// Its entries, apart.
    pub(super) fn into_entries(self) -> Vec<Entry<'a>> {
        match (self.entries, self.form) {
            (Entries::One(Entry::Text(text)), Form::Scope) => payload::split(text),
            (Entries::One(entry), _) => vec![entry],
            (Entries::Many(entries), _) => entries,
        }
    }

    /// As header-safe bytes, if they are few enough or made so.
    fn fitting(&self, overflow: Overflow) -> Result<Vec<u8>, AnswerError> {
        let mut bytes = self.header_safe();
        if bytes.len() <= LONGEST {
            return Ok(bytes);
        }
        let separator = if self.form == Form::Scope { b' ' } else { b',' };
        let beginning = bytes.get(..=LONGEST).unwrap_or_default();
        let end = match overflow {
            Overflow::Refuse => None,
            Overflow::Cut => beginning.iter().rposition(|byte| *byte == separator),
        };
        bytes.truncate(end.unwrap_or_default());
        let whole = bytes.trim_ascii_end().len();
        bytes.truncate(whole);
        // Cut within an entry, a value would name somebody else; left out, it could mean a
        // backend's default.
        if bytes.is_empty() { Err(AnswerError::Oversized(ClaimLimit::Header)) } else { Ok(bytes) }
    }

    /// An empty entry beside others is left out: some readers of lists would lose it and others
    /// keep it.
    fn header_safe(&self) -> Vec<u8> {
        let encoded = if self.form == Form::Scopes { ENCODED_WITH_BLANKS } else { ENCODED };
        let mut bytes = Vec::new();
        let entries = match &self.entries {
            Entries::One(entry) => std::slice::from_ref(entry),
            Entries::Many(entries) => entries,
        };
        for entry in entries {
            if !bytes.is_empty() && !entry.is_empty() {
                bytes.push(b',');
            }
            match entry {
                Entry::Text(text) => encode(&mut bytes, text, encoded),
                Entry::Literal(literal) => bytes.extend_from_slice(literal.as_bytes()),
            }
        }
        bytes
    }
}

impl<'a> Entry<'a> {
    /// `None` for what is neither text nor a literal that a backend can rely on.
    fn of(claim: &'a Json) -> Option<Self> {
        match claim {
            Json::String(text) => Some(Self::Text(Cow::Borrowed(text.as_bytes()))),
            Json::Number(_) => members::whole_number(claim).map(Self::Literal),
            Json::Bool(flag) => Some(Self::Literal(flag.to_string())),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

/// Appends one value as header-safe bytes.
fn encode(bytes: &mut Vec<u8>, text: &[u8], encoded: &'static AsciiSet) {
    let blank_at_an_end = text.starts_with(b" ") || text.ends_with(b" ");
    let set = if blank_at_an_end { ENCODED_WITH_BLANKS } else { encoded };
    for part in percent_encode(text, set) {
        bytes.extend_from_slice(part.as_bytes());
    }
}

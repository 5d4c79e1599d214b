//! The head of a request as the host hands it over: names in lower case, values as bytes; and what
//! is to be changed about it.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use crate::pairs::{self, Pairs};

/// Request headers in their order, pseudo-headers included, repetitions kept.
///
/// They stay in the host's own form and are looked at where they are: what a request has of headers
/// costs one buffer, however many they are, and what it does not have costs no look at them.
#[derive(Clone, Default)]
pub struct HeaderMap {
    /// Wholly of the form that [`pairs`](crate::pairs) describes, or empty.
    bytes: Vec<u8>,
    names: Names,
    /// Where the first `:method` and the first `:path` stand: every request is looked at by them.
    method: Range<usize>,
    path: Range<usize>,
    /// Where the last `authorization` stands, and how many there are.
    authorization: Range<usize>,
    authorizations: usize,
}

/// Which names there may be: by length and last letter, a bit for each, which some others share.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Names([u64; 4]);

impl Names {
    /// Adds one.
    #[inline]
    pub(crate) fn add(&mut self, name: &[u8]) {
        let (word, bit) = Self::place(name);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    /// Adds all names that are the same to a backend.
    pub(crate) fn add_folded(&mut self, name: &[u8]) {
        self.add(name);
        if !name.last().is_some_and(u8::is_ascii_alphanumeric) {
            // Such an end may be written in ways that have other bits.
            *self = Self([u64::MAX; 4]);
        }
    }

    /// Whether it may be there.
    #[inline]
    pub(crate) fn may_have(&self, name: &[u8]) -> bool {
        let (word, bit) = Self::place(name);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Whether there may be any that is here and there.
    #[inline]
    pub(crate) fn may_share(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }

    /// The bit of a name; letter case does not count. By these factors hardly any header that
    /// browsers and proxies send shares one with what is looked for in every request.
    #[inline]
    fn place(name: &[u8]) -> (usize, u64) {
        let last = name.last().map_or(0, |last| usize::from(last & 0x1f));
        let bit = last.wrapping_add((name.len() >> 2).wrapping_mul(22)) & 63;
        (name.len() & 3, 1 << bit)
    }
}

impl HeaderMap {
    /// What the host handed over, as [`pairs`](crate::pairs) says; names are expected in lower case,
    /// which is how Envoy keeps them. Bytes that are not wholly of that form are no headers at all,
    /// and a request without a path is refused.
    #[must_use]
    pub fn from_host(bytes: Vec<u8>) -> Self {
        let mut names = Names::default();
        let (mut method, mut path, mut authorization) = (0..0, 0..0, 0..0);
        let mut authorizations: usize = 0;
        let are_whole = pairs::all(&bytes, |name, value| {
            names.add(name);
            match name {
                // No value begins where the bytes do.
                b":method" if method.start == 0 => method = value,
                b":path" if path.start == 0 => path = value,
                b"authorization" => {
                    authorization = value;
                    authorizations = authorizations.saturating_add(1);
                }
                _ => {}
            }
        });
        if are_whole {
            Self { bytes, names, method, path, authorization, authorizations }
        } else {
            Self::default()
        }
    }

    /// These headers.
    #[must_use]
    pub fn new(entries: Vec<(String, Vec<u8>)>) -> Self {
        let entries = entries.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
        Self::from_host(pairs::encode(entries))
    }

    /// Every value of `name` (lower case), in order.
    #[inline]
    pub fn values<'a, 'n>(&'a self, name: &'n str) -> Values<'a, 'n> {
        let name = name.as_bytes();
        let rest = if self.names.may_have(name) { Pairs::new(&self.bytes) } else { None };
        Values { rest, name }
    }

    /// The first value of `name` (lower case).
    #[inline]
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The value of `authorization`, where it is there just once.
    #[must_use]
    pub fn only_authorization(&self) -> Option<&[u8]> {
        if self.authorizations == 1 { self.bytes.get(self.authorization.clone()) } else { None }
    }

    /// Whether one of these names may be among those of the headers.
    pub(crate) fn may_have_any(&self, names: &Names) -> bool {
        self.names.may_share(names)
    }

    /// The first value of `:method`; empty without one.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        self.bytes.get(self.method.clone()).unwrap_or_default()
    }

    /// The first value of `:path`, query and all; empty without one.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.bytes.get(self.path.clone()).unwrap_or_default()
    }

    /// All headers in order. A name that is not UTF-8 is none that anybody looks for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.pairs().filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value)))
    }

    /// All headers in order, names as they are.
    pub(crate) fn pairs(&self) -> Pairs<'_> {
        Pairs::new(&self.bytes).unwrap_or_default()
    }
}

/// The values of one name.
pub struct Values<'a, 'n> {
    /// `None`: there are none.
    rest: Option<Pairs<'a>>,
    name: &'n [u8],
}

impl<'a> Iterator for Values<'a, '_> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        // Most requests do not have most headers.
        self.rest.as_mut()?.find(self.name)
    }
}

/// No value: it may be a credential.
impl fmt::Debug for HeaderMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// A change of a header or trailer.
#[derive(Clone, PartialEq, Eq)]
pub enum HeaderEdit {
    /// One of this name and value, in place of all there were.
    Set(Rc<str>, Rc<[u8]>),
    /// One more line of this name, after those there are.
    Add(Rc<str>, Rc<[u8]>),
    /// None of this name.
    Remove(Rc<str>),
}

impl HeaderEdit {
    pub(crate) fn set(name: &str, value: Vec<u8>) -> Self {
        Self::Set(Rc::from(name), Rc::from(value))
    }

    pub(crate) fn remove(name: &str) -> Self {
        Self::Remove(Rc::from(name))
    }

    /// What it holds in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Set(name, value) | Self::Add(name, value) => {
                name.len().saturating_add(value.len())
            }
            Self::Remove(name) => name.len(),
        }
    }

    /// The edits that leave these `lines` of `name` and no other.
    pub(crate) fn lines(name: &Rc<str>, lines: Vec<Vec<u8>>) -> Vec<Self> {
        if lines.is_empty() {
            return vec![Self::Remove(Rc::clone(name))];
        }
        let make = |(place, line)| match place {
            // The host keeps the first line in its place and drops the others.
            0 => Self::Set(Rc::clone(name), Rc::from(line)),
            _ => Self::Add(Rc::clone(name), Rc::from(line)),
        };
        lines.into_iter().map(Vec::into_boxed_slice).enumerate().map(make).collect()
    }
}

/// No value: it may hold a credential.
impl fmt::Debug for HeaderEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(name, _) => write!(f, "Set({name}, ..)"),
            Self::Add(name, _) => write!(f, "Add({name}, ..)"),
            Self::Remove(name) => write!(f, "Remove({name})"),
        }
    }
}

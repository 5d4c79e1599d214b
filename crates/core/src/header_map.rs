//! The head of a request as the host hands it over: names in lower case, values as bytes; and what
//! is to be changed about it.

use std::fmt;
use std::rc::Rc;

/// Request headers in their order, pseudo-headers included, repetitions kept.
#[derive(Clone, Debug, Default)]
pub struct HeaderMap(Vec<(String, Vec<u8>)>);

impl HeaderMap {
    /// Takes the list over; names are expected in lower case, which is how Envoy keeps them.
    #[must_use]
    pub fn new(entries: Vec<(String, Vec<u8>)>) -> Self {
        Self(entries)
    }

    /// Every value of `name` (lower case), in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The first value of `name` (lower case).
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
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

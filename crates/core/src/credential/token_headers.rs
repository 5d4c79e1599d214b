//! Headers of the configuration's choice whose whole value is a token.

use std::rc::Rc;

use usergrid_auth_config::same_to_a_backend;

use super::authorization_header::trim;
use crate::header_map::{HeaderEdit, HeaderMap};

/// The tokens of a request in such headers.
#[derive(Default)]
pub(super) struct TokenHeaders<'a> {
    /// The first one, with the name that the configuration has for its header.
    pub first: Option<(&'a Rc<str>, &'a [u8])>,
    /// How many there are.
    pub count: usize,
    /// The names of headers that hold some, as they are written in the request, each once.
    written: Vec<&'a str>,
}

impl<'a> TokenHeaders<'a> {
    /// Looks for headers with these `names`, in any spelling that a backend may take for them.
    pub(super) fn scan(headers: &'a HeaderMap, names: &'a [Rc<str>]) -> Self {
        let mut found = Self::default();
        if names.is_empty() {
            return found;
        }
        for (written, value) in headers.iter() {
            // A pseudo-header is none, whatever its colon folds into.
            let is_it = |name: &&Rc<str>| same_to_a_backend(name, written);
            let Some(name) = names.iter().find(is_it).filter(|_| !written.starts_with(':')) else {
                continue;
            };
            // A comma means what a second line means (RFC 9110 section 5.3).
            for token in value.split(|byte| *byte == b',').map(trim) {
                if !token.is_empty() {
                    found.count = found.count.saturating_add(1);
                    found.first.get_or_insert((name, token));
                    if !found.written.contains(&written) {
                        found.written.push(written);
                    }
                }
            }
        }
        found
    }

    /// The edits that take all of them out.
    pub(super) fn taken(&self) -> impl Iterator<Item = HeaderEdit> {
        self.written.iter().map(|name| HeaderEdit::remove(name))
    }

    /// The edit that puts the first one back.
    pub(super) fn put_back(&self) -> Option<HeaderEdit> {
        let (_, token) = self.first?;
        // The name under which it was found stands first, too.
        let written = self.written.first()?;
        Some(HeaderEdit::set(written, token.to_vec()))
    }
}

//! Ant path patterns as Spring 3.2 matches them (`docs/usergrid.md`, section "Permission rules").
//!
//! Iterative, and goes back to the last `**` or `*` only: its cost is bounded by the length of the
//! path times that of the pattern, and by the budget of steps.

use super::compiled::{ANY_DEPTH, ME, ONE, RUN, USER};
use super::matching::{Bindings, Case, after_name};
use crate::steps::Steps;

/// How a pattern is compared with a path in one try.
pub(super) struct Ant<'a> {
    pub(super) case: Case,
    pub(super) bindings: Bindings<'a>,
    /// How long what follows a [`USER`] is, for which a name stands.
    pub(super) length_of_user: usize,
    pub(super) parameters: Parameters,
    pub(super) steps: &'a Steps,
}

/// What the `;` parameters of a segment of the path are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameters {
    /// Text like any other.
    Text,
    /// Something that a backend may cut off, at any `;`: it is enough that one of these matches. A
    /// segment that is [`ANY_NAME`] matches too.
    MayBeCut,
    /// The same, and all of these have to match. A segment that is [`ANY_NAME`] matches a `*` only.
    MayBeCutEverywhere,
}

/// A segment of a path that may be any name at all. No accepted path holds a NUL.
pub(crate) const ANY_NAME: &str = "\0";

/// The rest of a pattern and of a path, of which the one has to match the other.
#[derive(Clone, Copy)]
struct Rest<'a> {
    pattern: &'a [u8],
    path: &'a [u8],
}

impl Ant<'_> {
    /// Whether the segments match, trailing and repeated slashes aside.
    pub(super) fn matches(&self, pattern: &[u8], path: &[u8]) -> bool {
        let mut rest = Rest { pattern, path };
        // Where to go on when something does not match: after the last `**`, one segment later.
        let mut retry: Option<Rest<'_>> = None;
        while self.steps.take(1) {
            let path = self.after_slashes(rest.path);
            let matched = match rest.pattern {
                [] if path.is_empty() => return true,
                [] => None,
                // Whatever is left.
                [_, ANY_DEPTH] => return true,
                [_, ANY_DEPTH, pattern @ ..] => {
                    rest = Rest { pattern, path };
                    retry = Some(rest);
                    continue;
                }
                // There are fewer segments than the pattern needs, and later there are fewer still.
                [_, ..] if path.is_empty() => return false,
                [_, pattern @ ..] if self.parameters == Parameters::Text => {
                    self.segment(Rest { pattern, path })
                }
                [_, pattern @ ..] => self.segment_with_parameters(Rest { pattern, path }),
            };
            rest = match (matched, &mut retry) {
                (Some(after), _) => after,
                (None, None) => return false,
                (None, Some(retry)) => {
                    retry.path = self.after_segment(self.after_slashes(retry.path));
                    *retry
                }
            };
        }
        false
    }

    /// What follows the first segment of both, if it matches.
    fn segment<'r>(&self, rest: Rest<'r>) -> Option<Rest<'r>> {
        let Rest { mut pattern, mut path } = rest;
        // Where to go on when something does not match: after the last `*`, one character later.
        let mut retry: Option<Rest<'r>> = None;
        // How much of the pattern was left when steps were last paid.
        let mut paid = pattern.len();
        loop {
            let next = match pattern {
                [] | [b'/', ..] => match path {
                    [] | [b'/', ..] => {
                        self.steps.take(paid.saturating_sub(pattern.len()));
                        return Some(Rest { pattern, path });
                    }
                    _ => None,
                },
                [RUN] | [RUN, b'/', ..] => {
                    let pattern = pattern.get(1..).unwrap_or_default();
                    return Some(Rest { pattern, path: self.after_segment(path) });
                }
                [RUN, after @ ..] => {
                    pattern = after;
                    retry = Some(Rest { pattern, path });
                    continue;
                }
                [USER, after @ ..] => {
                    self.place(self.bindings.user, self.length_of_user, after, path)
                }
                [ME, after @ ..] => self.place(self.bindings.me, 2, after, path),
                // The pattern needs more characters, and later there are fewer still.
                _ if matches!(path, [] | [b'/', ..]) => {
                    self.steps.take(paid.saturating_sub(pattern.len()));
                    return None;
                }
                [ONE, pattern @ ..] => Some(Rest { pattern, path: after_character(path) }),
                [byte, pattern @ ..] => match path {
                    [first, path @ ..] if self.case.same(*byte, *first) => {
                        Some(Rest { pattern, path })
                    }
                    _ => None,
                },
            };
            if let Some(next) = next {
                Rest { pattern, path } = next;
                continue;
            }
            let enough = self.steps.take(paid.saturating_sub(pattern.len()).saturating_add(1));
            let retry = retry.as_mut().filter(|_| enough)?;
            if matches!(retry.path, [] | [b'/', ..]) {
                return None;
            }
            retry.path = after_character(retry.path);
            Rest { pattern, path } = *retry;
            paid = pattern.len();
        }
    }

    /// The same where the parameters of a segment may be cut off.
    fn segment_with_parameters<'r>(&self, rest: Rest<'r>) -> Option<Rest<'r>> {
        let Rest { pattern, path } = rest;
        let every = self.parameters == Parameters::MayBeCutEverywhere;
        let after = self.after_segment(path);
        let segment = path.get(..path.len().saturating_sub(after.len())).unwrap_or_default();
        if segment == ANY_NAME.as_bytes() {
            let end = pattern.iter().position(|byte| *byte == b'/').unwrap_or(pattern.len());
            let (name, pattern) = pattern.split_at_checked(end)?;
            return (!every || name == [RUN]).then_some(Rest { pattern, path: after });
        }
        let semicolons = segment.iter().enumerate().filter(|(_, byte)| **byte == b';');
        let mut ends = semicolons.map(|(at, _)| at).chain([segment.len()]);
        let cut_at = |end: usize| {
            // Each costs a step at least, and each byte that is looked at another one.
            let path = segment.get(..end).filter(|_| self.steps.take(1))?;
            Some(self.segment(Rest { pattern, path })?.pattern)
        };
        let pattern = if every {
            let mut after = None;
            for end in ends {
                after = Some(cut_at(end)?);
            }
            after
        } else {
            ends.find_map(cut_at)
        };
        pattern.map(|pattern| Rest { pattern, path: after })
    }

    /// A place for names, of which `length` bytes in the pattern are what it is without a name.
    ///
    /// Usergrid puts the name as it is into a pattern and lowers the path: a name with capitals
    /// never matches there, and its owner needs the UUID.
    fn place<'r>(
        &self,
        name: Option<&str>,
        length: usize,
        pattern: &'r [u8],
        path: &'r [u8],
    ) -> Option<Rest<'r>> {
        let Some(name) = name else { return Some(Rest { pattern, path }) };
        let same_as_lowered = |path: &u8, name: &u8| path.to_ascii_lowercase() == *name;
        let path = after_name(path, name, same_as_lowered, self.steps)?;
        Some(Rest { pattern: pattern.get(length..).unwrap_or_default(), path })
    }

    /// What follows the slashes at the start.
    fn after_slashes<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        self.skip_until(path, |byte| byte != b'/')
    }

    /// What follows the segment at the start.
    fn after_segment<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        self.skip_until(path, |byte| byte == b'/')
    }

    fn skip_until<'p>(&self, path: &'p [u8], holds: impl Fn(u8) -> bool) -> &'p [u8] {
        let at = path.iter().position(|byte| holds(*byte)).unwrap_or(path.len());
        self.steps.take(at);
        path.get(at..).unwrap_or_default()
    }
}

/// What follows the character at the start, of whose UTF-8 bytes all but the first are
/// continuation bytes (RFC 3629 section 3).
fn after_character(path: &[u8]) -> &[u8] {
    let Some((_, mut rest)) = path.split_first() else { return path };
    while let [0x80..=0xbf, after @ ..] = rest {
        rest = after;
    }
    rest
}

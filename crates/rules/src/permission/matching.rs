//! Whether one compiled path of a rule matches a path, and what names of the user stand for.
//!
//! A user's name is compared as text, so that no name can act as a pattern.

use super::ant::{Ant, Parameters};
use super::checked_path::CheckedPath;
use super::compiled::{CompiledPath, ME, Traits, USER};
use crate::steps::Steps;

/// The longest path in bytes that wildcards are tried on, beyond `/**`. Tomcat by default takes no
/// longer head at all.
pub(crate) const LONGEST_PATH: usize = 8192;

/// Whether letter case counts where the rule's own text is compared with the path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// It does: byte by byte.
    Exact,
    /// It does not, in ASCII.
    Folded,
}

/// What the places for names stand for in one try: without a name, for themselves.
#[derive(Clone, Copy, Default)]
pub(super) struct Bindings<'a> {
    /// `${user}`.
    pub(super) user: Option<&'a str>,
    /// The `me` of `/me/`.
    pub(super) me: Option<&'a str>,
}

impl Case {
    #[inline]
    pub(super) fn same(self, rule: u8, path: u8) -> bool {
        rule == path || (self == Self::Folded && rule.eq_ignore_ascii_case(&path))
    }
}

impl CompiledPath<'_> {
    /// Whether it matches for a user of these names, letter case aside.
    pub(super) fn matches(
        &self,
        path: &CheckedPath<'_>,
        user_names: &[String],
        steps: &Steps,
    ) -> bool {
        let matches =
            |user, me| self.matches_once(path.text(), Case::Folded, Bindings { user, me }, steps);
        let names = || user_names.iter().map(String::as_str);
        // Each name for `${user}` and, as Usergrid does after that, each name for `/me/`.
        let names_me = self.traits.have(Traits::ME);
        matches(None, None)
            || if self.traits.have(Traits::USER) {
                names().any(|user| {
                    matches(Some(user), None)
                        || (names_me && names().any(|me| matches(Some(user), Some(me))))
                })
            } else {
                names_me && names().any(|me| matches(None, Some(me)))
            }
    }

    /// Whether it matches letter by letter, for nobody in particular.
    pub(super) fn matches_exactly(&self, path: &CheckedPath<'_>, steps: &Steps) -> bool {
        self.matches_once(path.text(), Case::Exact, Bindings::default(), steps)
    }

    /// Whether its last byte is text that no name stands for, and the last segment of `path` ends with
    /// another: most paths of most patterns, at the cost of a glance.
    fn ends_unlike(&self, path: &str, case: Case) -> bool {
        let last_of = |text: &[u8]| text.iter().rev().copied().find(|byte| *byte != b'/');
        let has_names = self.traits.have(Traits::USER) || self.traits.have(Traits::ME);
        match self.program.last() {
            // A pattern never ends with a slash, since empty segments are left out.
            Some(last) if last.is_ascii() && !has_names => {
                !last_of(path.as_bytes()).is_some_and(|byte| case.same(*last, byte))
            }
            _ => false,
        }
    }

    /// Whether it matches the whole path. The empty path matches no pattern.
    fn matches_once(&self, path: &str, case: Case, bindings: Bindings<'_>, steps: &Steps) -> bool {
        if !steps.take(1) {
            return false;
        }
        if self.program.is_empty() {
            return true;
        }
        if path.is_empty() {
            return false;
        }
        if !self.traits.have(Traits::ANT) {
            return self.matches_literally(path.as_bytes(), case, bindings, steps);
        }
        if self.ends_unlike(path, case) {
            return false;
        }
        if path.len() > LONGEST_PATH {
            return steps.take(self.program.len()) && self.matches_everything();
        }
        // Usergrid tries twice, the second time with a slash added to each side that ends with
        // neither `/` nor `*`. Only what follows differs between the two.
        let slash = path.ends_with('/');
        let slash_or_added = slash || !path.ends_with('*');
        let trailing_slash = self.traits.have(Traits::TRAILING_SLASH);
        let slashes_agree = self.traits.have(Traits::DEPTH)
            || trailing_slash == slash
            || (trailing_slash || !self.traits.have(Traits::TRAILING_STAR)) == slash_or_added;
        let length_of_user = self.length_of_user();
        let ant = Ant { case, bindings, length_of_user, parameters: Parameters::Text, steps };
        if slashes_agree && ant.matches(self.program, path.as_bytes()) {
            return true;
        }
        // A `*` that is left when the path has run out matches the slash at its end.
        self.traits.have(Traits::LAST_IS_STAR)
            && slash_or_added
            && self
                .program
                .split_last_chunk::<2>()
                .is_some_and(|(before, _slash_and_star)| ant.matches(before, path.as_bytes()))
    }

    /// Whether a rule that demands something matches a path, which is not longer than
    /// [`LONGEST_PATH`]: segment by segment, slashes at the end aside. It has to be compiled as a
    /// pattern.
    pub(super) fn demands(&self, path: &str, parameters: Parameters, steps: &Steps) -> bool {
        if !steps.take(1) {
            return false;
        }
        let (case, bindings) = (Case::Folded, Bindings::default());
        let ant = Ant { case, bindings, length_of_user: 0, parameters, steps };
        if self.program == b"/" {
            return path.bytes().all(|byte| byte == b'/');
        }
        self.program.is_empty()
            || ant.matches(self.program, path.as_bytes())
            // `/x/*` is about `/x` as well, as where it allows.
            || (self.traits.have(Traits::LAST_IS_STAR)
                && self
                    .program
                    .split_last_chunk::<2>()
                    .is_some_and(|(before, _)| ant.matches(before, path.as_bytes())))
    }

    /// Without wildcards: the whole path, slashes and all.
    fn matches_literally(
        &self,
        path: &[u8],
        case: Case,
        bindings: Bindings<'_>,
        steps: &Steps,
    ) -> bool {
        let (mut program, mut path) = (self.program, path);
        if !self.traits.have(Traits::USER) && !self.traits.have(Traits::ME) {
            return program.len() == path.len()
                && steps.take(path.len())
                && program.iter().zip(path).all(|(rule, path)| case.same(*rule, *path));
        }
        if !steps.take(program.len().min(path.len())) {
            return false;
        }
        while let Some((byte, after)) = program.split_first() {
            let (name, length) = match *byte {
                USER => (bindings.user, self.length_of_user()),
                ME => (bindings.me, 2),
                byte => {
                    let Some((first, rest)) = path.split_first() else { return false };
                    if !case.same(byte, *first) {
                        return false;
                    }
                    (program, path) = (after, rest);
                    continue;
                }
            };
            program = after;
            if let Some(name) = name {
                let Some(rest) = after_name(path, name, u8::eq_ignore_ascii_case, steps) else {
                    return false;
                };
                path = rest;
                program = program.get(length..).unwrap_or_default();
            }
        }
        path.is_empty()
    }
}

/// What follows `name` at the start of `path`; `same` compares a byte of the path with one of the
/// name.
///
/// An empty name would leave an empty segment, which Ant patterns pass over: `/users/**` for
/// everybody. A name with a slash would reach into another user's `/users/tom/likes`.
pub(super) fn after_name<'p>(
    path: &'p [u8],
    name: &str,
    same: fn(&u8, &u8) -> bool,
    steps: &Steps,
) -> Option<&'p [u8]> {
    let (head, rest) = path.split_at_checked(name.len())?;
    let agrees = !name.is_empty()
        && steps.take(name.len())
        && head.iter().zip(name.as_bytes()).all(|(path, name)| *name != b'/' && same(path, name));
    agrees.then_some(rest)
}

//! What the cursors of one document share: the environment, and the list of what is wrong so far.
//! Nothing here stops at a problem.

use std::cell::Cell;

use crate::problem::{Problem, Problems};
use crate::profile::Profile;
use crate::secret::Secret;

/// Looks an environment variable up.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// Proof that a problem was noted: what a reader returns in place of a value it cannot give.
///
/// INVARIANT: only [`Notes::problem`] makes one, so that no value is missing without a message.
#[derive(Clone, Copy, Debug)]
#[must_use = "whoever notes a problem has no value to give: return this"]
pub(crate) struct Reported(());

/// What all cursors of one document share.
pub(crate) struct Notes<'a> {
    env: Environment<'a>,
    problems: Cell<Vec<Problem>>,
    resolved: Cell<Vec<Secret>>,
    profile: Cell<Profile>,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(env: Environment<'a>) -> Self {
        let profile = Cell::new(Profile::Usergrid);
        Self { env, problems: Cell::default(), resolved: Cell::default(), profile }
    }

    /// Notes a problem with the value at `path`; `message` comes in pieces.
    #[cold]
    #[inline(never)]
    pub(crate) fn problem(&self, path: &Path<'_>, message: &[&str]) -> Reported {
        let mut written = String::new();
        path.write(&mut written);
        let mut problems = self.problems.take();
        let problem = Problem::new(&written, message);
        // What holds for several servers is read for each of them.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
        self.problems.set(problems);
        Reported(())
    }

    /// From now on keys that are left out mean what they mean in `profile`.
    pub(crate) fn set_profile(&self, profile: Profile) {
        self.profile.set(profile);
    }

    /// Whose defaults there are.
    pub(crate) fn profile(&self) -> Profile {
        self.profile.get()
    }

    /// The environment variable `name`.
    pub(crate) fn look_up(&self, name: &str) -> Option<Vec<u8>> {
        (self.env)(name)
    }

    /// Notes a value of the environment that the configuration now depends on.
    pub(crate) fn resolved(&self, value: Secret) {
        let mut resolved = self.resolved.take();
        resolved.push(value);
        self.resolved.set(resolved);
    }

    /// The values of the environment that were looked up, in the order they were read.
    pub(crate) fn take_resolved(&self) -> Vec<Secret> {
        self.resolved.take()
    }

    /// What was read, if nothing is wrong with the document.
    ///
    /// # Errors
    /// All problems noted. A complete value does not help where one was noted beside it.
    pub(crate) fn finish<T>(self, read: Result<T, Reported>) -> Result<T, Problems> {
        let problems = self.problems.into_inner();
        match read {
            Ok(value) if problems.is_empty() => Ok(value),
            Ok(_) | Err(Reported(())) => Err(Problems::all(problems)),
        }
    }
}

/// Unwraps every result, after all of them have been made: the iterator `collect` uses for a
/// `Result` stops at the first error, and what is wrong with the others would not be told.
pub(crate) fn all<T>(
    results: impl Iterator<Item = Result<T, Reported>>,
) -> Result<Vec<T>, Reported> {
    let mut values = Vec::new();
    let mut reported = None;
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(problem) => reported = Some(problem),
        }
    }
    reported.map_or(Ok(values), Err)
}

/// The parts of a pair, or the one problem for both.
pub(crate) fn both<A, B>(
    pair: Result<(A, B), Reported>,
) -> (Result<A, Reported>, Result<B, Reported>) {
    match pair {
        Ok((one, two)) => (Ok(one), Ok(two)),
        Err(reported) => (Err(reported), Err(reported)),
    }
}

/// Where a cursor stands; written out only for a message.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Document,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Document => {}
            Self::Member(parent, name) => {
                parent.write(out);
                if !out.is_empty() {
                    out.push('.');
                }
                // A name that is empty is shown as JSON shows it.
                out.push_str(if name.is_empty() { "\"\"" } else { name });
            }
            Self::Item(parent, index) => {
                parent.write(out);
                out.push('[');
                out.push_str(&index.to_string());
                out.push(']');
            }
        }
    }
}

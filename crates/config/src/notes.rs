//! What the cursors of one document share: the environment, and the list of what is wrong so far.
//! Nothing here stops at a problem.

use std::cell::Cell;

use super::problem::Problem;
use super::secret::Secret;

/// Looks an environment variable up.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// What all cursors of one document share.
pub(super) struct Notes<'a> {
    env: Environment<'a>,
    problems: Cell<Vec<Problem>>,
    resolved: Cell<Vec<Secret>>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(env: Environment<'a>) -> Self {
        Self { env, problems: Cell::default(), resolved: Cell::default() }
    }

    #[cold]
    pub(super) fn problem(&self, path: &Path<'_>, message: &[&str]) {
        let mut written = String::new();
        path.write(&mut written);
        let mut problems = self.problems.take();
        problems.push(Problem::new(&written, message));
        self.problems.set(problems);
    }

    /// The environment variable `name`.
    pub(super) fn look_up(&self, name: &str) -> Option<Vec<u8>> {
        (self.env)(name)
    }

    /// Notes a value of the environment that the configuration now depends on.
    pub(super) fn resolved(&self, value: Secret) {
        let mut resolved = self.resolved.take();
        resolved.push(value);
        self.resolved.set(resolved);
    }

    /// Everything noted: the problems, and the environment values in the order they were read.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Secret>) {
        (self.problems.into_inner(), self.resolved.into_inner())
    }
}

/// Where a cursor stands; written out only for a message.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
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

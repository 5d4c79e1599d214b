//! From a key path, as the reader's messages have it, to the line of that key.

use std::collections::HashMap;

use usergrid_auth_config::Problem;

use crate::found::Found;
use crate::node::{Kind, Node};

/// The lines of all keys of a configuration.
#[derive(Debug)]
pub struct Places<'f> {
    found: &'f Found,
    /// By key path, as messages show it: the first line, and the last where it repeats.
    lines: HashMap<String, (usize, usize)>,
}

impl<'f> Places<'f> {
    /// Those of `found`.
    #[must_use]
    pub fn of(found: &'f Found) -> Self {
        let mut lines = HashMap::new();
        if let Some(tree) = &found.tree {
            walk(tree, String::new(), &mut |path, line| {
                let known = lines.entry(Problem::shown_path(path)).or_insert((line, line));
                known.1 = line;
            });
        }
        Self { found, lines }
    }

    /// The line that a problem is about: that of its key, or, where the key is missing, of the
    /// object that it is missing in.
    #[must_use]
    pub fn line(&self, problem: &Problem) -> usize {
        if let Some(line) = line_of_syntax(self.found, &problem.message) {
            return line;
        }
        // Of keys that repeat the last one is meant, else the first.
        let is_repeated = problem.message.contains("more than once");
        let mut path = problem.path.as_str();
        loop {
            if let Some((first, last)) = self.lines.get(path) {
                return if is_repeated { *last } else { *first };
            }
            match path.rfind(['.', '[']).and_then(|end| path.get(..end)) {
                Some(around) => path = around,
                None => return self.found.line,
            }
        }
    }
}

fn walk(node: &Node, path: String, see: &mut impl FnMut(&str, usize)) {
    if !path.is_empty() {
        see(&path, node.line);
    }
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => {
            for (at, item) in items.iter().enumerate() {
                walk(item, format!("{path}[{at}]"), see);
            }
        }
        Kind::Map(members) => {
            for (name, node) in members {
                let name = if name.is_empty() { "\"\"" } else { name };
                let dot = if path.is_empty() { "" } else { "." };
                walk(node, format!("{path}{dot}{name}"), see);
            }
        }
    }
}

/// The parser of JSON names the line in its text.
fn line_of_syntax(found: &Found, message: &str) -> Option<usize> {
    let (_, after) =
        message.strip_prefix("the configuration is not JSON")?.split_once(" at line ")?;
    let digits = after.split(|character: char| !character.is_ascii_digit()).next()?;
    let line: usize = digits.parse().ok()?;
    Some(if found.is_literal { found.line + line.saturating_sub(1) } else { found.line })
}

/// The line of the key that names the environment variable `variable`.
#[must_use]
pub fn line_of_variable(found: &Found, variable: &str) -> usize {
    let mut line = None;
    if let Some(tree) = &found.tree {
        names_of_variables(tree, &mut |name, at| {
            if name == variable {
                line = Some(line.unwrap_or(at));
            }
        });
    }
    line.unwrap_or(found.line)
}

fn names_of_variables(node: &Node, see: &mut impl FnMut(&str, usize)) {
    for (key, value) in node.members() {
        match value.text() {
            Some(name) if key.ends_with("_env") => see(name, value.line),
            _ => names_of_variables(value, see),
        }
    }
    for item in node.items() {
        names_of_variables(item, see);
    }
}

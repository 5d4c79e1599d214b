//! Reads the text of a rule, and refuses what Usergrid would silently disable or widen.
//!
//! The grammar is that of `docs/usergrid.md`, section "Permission rules"; what is refused besides
//! is in its section "Where this filter departs".

use std::fmt;

use super::compiled::{compile, compile_anything, compile_pattern};
use super::{Operations, Rule};

/// Why a text is no rule; its `Display` names the offending part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Empty,
    UnknownOperation(String),
    Blank(String),
    OnlyCommas(String),
    EmptyItem(String),
    BracedExpression(String),
    NeverInAPath(String),
    UserInADemand(String),
}

impl RuleError {
    /// A rule that demands something holds what no path has, and would silently demand nothing.
    pub(crate) fn never_in_a_path(path: &str) -> Self {
        Self(Kind::NeverInAPath(path.to_owned()))
    }

    /// A rule that demands something holds a `${user}`, for which nobody stands there.
    pub(crate) fn user_in_a_demand(path: &str) -> Self {
        Self(Kind::UserInADemand(path.to_owned()))
    }
}

impl std::error::Error for RuleError {}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The part as it is: the configuration, which prints this, makes its messages printable and
        // cuts them.
        match &self.0 {
            Kind::Empty => {
                f.write_str("empty rule, which would allow everything; write `*:*` to mean that")
            }
            Kind::UnknownOperation(part) => write!(
                f,
                "unknown operation `{}`; the operations are `get`, `put`, `post`, `delete` and `*`",
                part
            ),
            Kind::Blank(part) => {
                write!(f, "blank beside a comma, a colon or an end in `{}`", part)
            }
            Kind::OnlyCommas(part) => write!(f, "nothing but commas in `{}`", part),
            Kind::EmptyItem(part) => {
                write!(f, "nothing before a comma in `{}`", part)
            }
            Kind::BracedExpression(part) => {
                write!(f, "regular expression in braces in `{}`; write `*` or `{{name}}`", part)
            }
            Kind::NeverInAPath(part) => write!(
                f,
                "`{}` holds a `;`, `#`, backslash, dot segment or percent escape, which this rule is never compared with; write what is decoded and without parameters",
                part
            ),
            Kind::UserInADemand(part) => {
                write!(f, "`${{user}}` in `{}` stands for nobody here; write `*`", part)
            }
        }
    }
}

/// See [`Rule::parse`].
pub(super) fn rule(text: &str) -> Result<Rule, RuleError> {
    // Usergrid cuts at every colon, but compares the parts with a path that it cuts as well: to us
    // a colon in a path is an ordinary character on both sides.
    let (operations, paths) = text.split_once(':').unwrap_or(("", text));
    if operations.is_empty() && paths.is_empty() {
        return Err(RuleError(Kind::Empty));
    }
    let operations = parse_operations(operations)?;
    let mut compiled = Vec::new();
    if paths.is_empty() {
        compile_anything(&mut compiled);
    } else {
        for path in items(paths)? {
            if path.contains(['*', '?']) && has_braced_expression(path) {
                return Err(RuleError(Kind::BracedExpression(path.to_owned())));
            }
            compile(path, &mut compiled);
        }
    }
    Ok(Rule { operations, paths: compiled.into() })
}

/// See [`Rule::parse_demand`].
pub(super) fn demand(
    text: &str,
    spell: fn(&str) -> Result<Vec<String>, RuleError>,
) -> Result<Rule, RuleError> {
    // Whatever is no rule where it allows is none where it demands.
    let Rule { operations, .. } = rule(text)?;
    let (_, paths) = text.split_once(':').unwrap_or(("", text));
    let mut compiled = Vec::new();
    for path in items(if paths.is_empty() { "*" } else { paths })? {
        if has_braced_expression(path) {
            return Err(RuleError(Kind::BracedExpression(path.to_owned())));
        }
        for spelling in spell(path)? {
            // As a pattern, the root would be a pattern of nothing, which is every path.
            let compile = if spelling == "/" { compile } else { compile_pattern };
            compile(&spelling, &mut compiled);
        }
    }
    Ok(Rule { operations, paths: compiled.into() })
}

fn parse_operations(part: &str) -> Result<Operations, RuleError> {
    let mut operations = Operations::default();
    if part.is_empty() {
        operations.any = true;
        return Ok(operations);
    }
    for name in items(part)? {
        match name.to_ascii_lowercase().as_str() {
            "*" => operations.any = true,
            "get" => operations.get = true,
            "put" => operations.put = true,
            "post" => operations.post = true,
            "delete" => operations.delete = true,
            _ => return Err(RuleError(Kind::UnknownOperation(name.to_owned()))),
        }
    }
    Ok(operations)
}

/// Splits a part at its commas; commas at its end do not count.
fn items(part: &str) -> Result<impl Iterator<Item = &str>, RuleError> {
    let trimmed = part.trim_end_matches(',');
    if trimmed.is_empty() {
        return Err(RuleError(Kind::OnlyCommas(part.to_owned())));
    }
    for item in trimmed.split(',') {
        if item.trim() != item {
            return Err(RuleError(Kind::Blank(part.to_owned())));
        }
        if item.is_empty() {
            return Err(RuleError(Kind::EmptyItem(part.to_owned())));
        }
    }
    Ok(trimmed.split(','))
}

/// Spring reads `{name:expression}` in a pattern as a regular expression; matched as any text, it
/// would allow more than its author meant.
fn has_braced_expression(text: &str) -> bool {
    text.split('{').skip(1).any(|after| {
        after.split('}').next().is_some_and(|inside| inside.contains(':') && inside != after)
    })
}

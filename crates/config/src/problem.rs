//! What is wrong with a configuration, in lines fit for Envoy's log.
//! A value is shown cut and printable, and only where the caller knows that it is no secret.

use std::fmt;

use serde_json::Number;

use crate::json::Json;

/// The longest piece of a user's text inside a message, in characters.
const SHOWN: usize = 64;

/// The longest key path, and the longest message of somebody else, in characters.
const SHOWN_LINE: usize = 200;

/// One mistake in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, such as `guest[0].permissions[1]`; empty for the document as a whole.
    pub path: String,
    /// What is wrong with it: lower case, no final stop.
    pub message: String,
}

impl Problem {
    /// A message, in pieces, about the key at `path`, which may hold anything a user wrote.
    ///
    /// Pieces, and not inlined: dozens of places build a message, and the module is to stay small.
    #[inline(never)]
    pub(super) fn new(path: &str, message: &[&str]) -> Self {
        Self { path: Self::shown_path(path), message: message.concat() }
    }

    /// A key path, which may hold anything a user wrote, as problems show it.
    #[must_use]
    pub fn shown_path(path: &str) -> String {
        printable(path, SHOWN_LINE, '\'')
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str("`")?;
            f.write_str(&self.path)?;
            f.write_str("`: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a configuration. INVARIANT: at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// A single problem, after which nothing else can be looked at.
    pub(super) fn one(first: Problem) -> Self {
        Self(vec![first])
    }

    /// All that was noted, which must be something.
    pub(super) fn all(list: Vec<Problem>) -> Self {
        Self(list)
    }

    /// The problems in the order of the parser's sections.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    /// One problem per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, problem) in self.iter().enumerate() {
            if count > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// `text` in backticks, cut, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    shown.push_str(&printable(text, SHOWN, '\''));
    shown.push('`');
    shown
}

/// `json` as a message names it: simple values in backticks, others by their kind.
pub(super) fn shown(json: &Json) -> String {
    match json {
        Json::String(text) if text.is_empty() => String::from("an empty string"),
        Json::String(text) => quoted(text),
        Json::Number(number) => shown_number(number),
        Json::Bool(true) => quoted("true"),
        Json::Bool(false) => quoted("false"),
        Json::Null => quoted("null"),
        Json::Array(_) | Json::Object(_) => json.kind().to_owned(),
    }
}

/// A whole number as it is, a fraction to three places: the tables that print every double exactly
/// would weigh as much as the rest of the parser.
fn shown_number(number: &Number) -> String {
    if let Some(whole) = number.as_u64() {
        return quoted(&whole.to_string());
    }
    if let Some(whole) = number.as_i64() {
        return quoted(&whole.to_string());
    }
    let float = number.as_f64().unwrap_or_default();
    let size = float.abs();
    if size >= 1e15 {
        return String::from("a number of more than 15 digits");
    }
    let sign = if float < 0.0 { "-" } else { "" };
    // A cast to an integer cuts the fraction off.
    let thousandths = (size * 1_000.0) as u64;
    let whole = (thousandths / 1_000).to_string();
    let places = (thousandths % 1_000).saturating_add(1_000).to_string();
    let places = places.strip_prefix('1').unwrap_or_default();
    if (size * 1_000.0).fract() == 0.0 {
        let number = [sign, &whole, ".", places].concat();
        return quoted(number.trim_end_matches('0').trim_end_matches('.'));
    }
    quoted(&[sign, &whole, ".", places, "..."].concat())
}

/// Each of `words` in backticks, separated by commas.
pub(super) fn listed(words: &[&str]) -> String {
    let mut list = String::new();
    for word in words {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&quoted(word));
    }
    list
}

/// Somebody else's message, cut and on one line.
pub(super) fn one_line(message: &str) -> String {
    printable(message, SHOWN_LINE, '`')
}

/// At most `most` characters of `text`: printable ASCII as it is, backticks as `tick`, the rest
/// escaped.
fn printable(text: &str, most: usize, tick: char) -> String {
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == most {
            out.push_str("...");
            break;
        }
        match character {
            '`' => out.push(tick),
            ' '..='~' => out.push(character),
            // Escaped without Unicode tables, which would weigh more than this module.
            _ => out.extend(character.escape_unicode()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{quoted, shown};
    use crate::json::Json;

    #[test]
    fn numbers_are_shown_as_far_as_they_tell() {
        let cases = [
            ("7", "`7`"),
            ("-7", "`-7`"),
            ("18446744073709551615", "`18446744073709551615`"),
            ("18446744073709551616", "a number of more than 15 digits"),
            ("-1e300", "a number of more than 15 digits"),
            ("1.5", "`1.5`"),
            ("2.3", "`2.3`"),
            ("-0.25", "`-0.25`"),
            ("100.0", "`100`"),
            ("0.0001", "`0.000...`"),
            ("1.00001", "`1.000...`"),
            ("0.05", "`0.05`"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(&Json::parse(text.as_bytes()).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn text_stays_on_one_line_and_short() {
        assert_eq!(quoted("a`b\nc\u{7f}é"), "`a'b\\u{a}c\\u{7f}\\u{e9}`");
        assert_eq!(quoted(&"x".repeat(65)), format!("`{}...`", "x".repeat(64)));
    }
}

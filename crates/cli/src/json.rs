//! JSON with the line of every member: the text has been checked by the filter's own reader, which
//! knows no lines, so whatever does not look like JSON ends the walk.

use crate::node::{DEEPEST, Kind, Node, Scalar, Style};

/// The tree of a JSON text whose first line is `line` of the file; `None` if it is not JSON.
///
/// `lines` says whether its lines are lines of the file; else all of it stands on the first.
#[must_use]
pub fn parse(text: &str, line: usize, lines: bool) -> Option<Node> {
    let mut walk = Walk { rest: text, line, lines };
    let node = walk.value(0)?;
    walk.blanks();
    walk.rest.is_empty().then_some(node)
}

struct Walk<'a> {
    rest: &'a str,
    line: usize,
    lines: bool,
}

impl<'a> Walk<'a> {
    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        self.blanks();
        let line = self.line;
        let kind = match self.rest.chars().next()? {
            '{' => Kind::Map(self.list('{', '}', |walk| {
                walk.blanks();
                let line = walk.line;
                let name = walk.string()?;
                walk.blanks();
                walk.take(':')?;
                let value = walk.value(depth + 1)?;
                Some((name, Node { line, ..value }))
            })?),
            '[' => Kind::List(self.list('[', ']', |walk| walk.value(depth + 1))?),
            '"' => Kind::Scalar(Scalar { text: self.string()?, style: Style::Quoted }),
            '-' | '0'..='9' | 't' | 'f' | 'n' => {
                let end = self.rest.find([',', '}', ']', ' ', '\t', '\r', '\n']);
                let text = self.cut(end.unwrap_or(self.rest.len()))?.to_owned();
                Kind::Scalar(Scalar { text, style: Style::Plain })
            }
            _ => return None,
        };
        Some(Node { line, kind })
    }

    /// What `item` reads, between commas.
    fn list<T>(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.take(open)?;
        let mut items = Vec::new();
        self.blanks();
        if self.take(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            self.blanks();
            if self.take(close).is_some() {
                return Some(items);
            }
            self.take(',')?;
        }
    }

    fn string(&mut self) -> Option<String> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, character)| {
            let ends = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            ends
        })?;
        let text = self.rest.starts_with('"').then(|| self.cut(end.0 + 1))??;
        serde_json::from_str(text).ok()
    }

    fn take(&mut self, character: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(character)?;
        Some(())
    }

    fn cut(&mut self, at: usize) -> Option<&'a str> {
        let (text, rest) = self.rest.split_at_checked(at)?;
        self.rest = rest;
        Some(text)
    }

    fn blanks(&mut self) {
        let rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let passed = self.rest.len() - rest.len();
        if self.lines {
            let blanks = self.rest.as_bytes().iter().take(passed);
            self.line += blanks.filter(|byte| **byte == b'\n').count();
        }
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn members_know_their_lines() {
        let text = "{ \"a\": 1,\n\t\"b\\\"\": [\n true, \"x\\\\\" ],\n\"c\": {} }\n";
        let node = parse(text, 10, true).unwrap();
        assert_eq!(node.to_json(), r#"{"a":1,"b\"":[true,"x\\"],"c":{}}"#);
        let lines: Vec<usize> = node.members().iter().map(|(_, node)| node.line).collect();
        assert_eq!(lines, [10, 11, 13]);
        assert_eq!(node.get("b\"").unwrap().items()[0].line, 12);
        assert_eq!(parse(text, 10, false).unwrap().get("c").unwrap().line, 10);
    }

    #[test]
    fn what_is_no_json_ends_the_walk() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "{\"a\"}", "[1,]", "{\"a\":}", "\"a", "\"\\", "1 2", "é", &deep] {
            assert!(parse(text, 1, true).is_none(), "{text:.20}");
        }
    }
}

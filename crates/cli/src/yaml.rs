//! YAML with the line of every member: anchors, aliases and merge keys resolved, repetitions kept.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use crate::node::{DEEPEST, Kind, Node, Scalar, Style};

/// The most values of a file, those that aliases repeat counted again: an alias of aliases can
/// stand for more than a memory holds.
const MOST_NODES: usize = 1_000_000;

/// Why a file is not read.
#[derive(Debug)]
pub struct YamlError {
    /// The line in the file.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// The documents of a file.
///
/// # Errors
/// It is not YAML, or holds more than anybody writes.
pub fn documents(text: &str) -> Result<Vec<Node>, YamlError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        builder.take(event, span)?;
    }
    Ok(builder.documents)
}

fn scan_error(error: &ScanError) -> YamlError {
    YamlError { line: error.marker().line(), message: error.info().to_owned() }
}

/// A list or map that is not complete yet.
struct Open {
    anchor: usize,
    line: usize,
    nodes: Vec<Node>,
    is_map: bool,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    /// What an anchor stands for, and how many values that is.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let line = span.start.line();
        let wrong = |message: &str| YamlError { line, message: message.to_owned() };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain if tag.is_none() => Style::Plain,
                    ScalarStyle::Literal => Style::Literal,
                    _ => Style::Quoted,
                };
                let scalar = Scalar { text: text.into_owned(), style };
                self.add(Node { line, kind: Kind::Scalar(scalar) }, anchor)?;
            }
            Event::SequenceStart(anchor, ..) | Event::MappingStart(anchor, ..) => {
                if self.open.len() >= DEEPEST {
                    return Err(wrong("it nests deeper than 128 levels"));
                }
                let is_map = matches!(event, Event::MappingStart(..));
                self.open.push(Open { anchor, line, nodes: Vec::new(), is_map });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { anchor, line, nodes, is_map }) = self.open.pop() {
                    let kind = if is_map { Kind::Map(members(nodes)) } else { Kind::List(nodes) };
                    self.add(Node { line, kind }, anchor)?;
                }
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (node, size) = known.ok_or_else(|| wrong("an alias of nothing"))?;
                self.nodes = self.nodes.saturating_add(size);
                self.add(node, 0)?;
            }
            Event::DocumentEnd => self.anchors.clear(),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MOST_NODES {
            let message = "it holds more than a million values".to_owned();
            return Err(YamlError { line: node.line, message });
        }
        if anchor > 0 {
            let size = size(&node);
            self.nodes = self.nodes.saturating_add(size);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None => self.documents.push(node),
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    let inside = node.items().iter().chain(node.members().iter().map(|(_, node)| node));
    inside.map(size).fold(1, usize::saturating_add)
}

/// Keys and values by turns, as members. What `<<` brings stands last, and only what there is not
/// (as YAML 1.1 has it, and Kubernetes reads it).
fn members(nodes: Vec<Node>) -> Vec<(String, Node)> {
    let mut members: Vec<(String, Node)> = Vec::new();
    let mut merged = Vec::new();
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        let is_merge = matches!(&key.kind, Kind::Scalar(scalar)
            if scalar.style == Style::Plain && scalar.text == "<<");
        if is_merge {
            merged.push(value);
        } else {
            let name = key.text().map_or_else(|| key.to_json(), str::to_owned);
            let value = Node { line: key.line, ..value };
            members.push((name, value));
        }
    }
    for node in merged {
        let maps = match node.kind {
            Kind::List(items) => items,
            _ => vec![node],
        };
        for (name, value) in maps.iter().flat_map(Node::members) {
            if !members.iter().any(|(known, _)| known == name) {
                members.push((name.clone(), value.clone()));
            }
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::documents;

    #[test]
    fn documents_know_their_lines() {
        let text = "a: 1\n---\n# one\nb:\n- c: [x,\n   'y']\n  <<: &m { d: 2, c: 3 }\ne: *m\n";
        let [first, second] = &documents(text).unwrap()[..] else { panic!("two documents") };
        assert_eq!(first.to_json(), r#"{"a":1}"#);
        assert_eq!(second.to_json(), r#"{"b":[{"c":["x","y"],"d":2}],"e":{"d":2,"c":3}}"#);
        assert_eq!((second.line, second.get("b").unwrap().line), (4, 4));
        assert_eq!(second.get("b").unwrap().items()[0].get("c").unwrap().items()[1].line, 6);
    }

    #[test]
    fn a_block_begins_where_its_mark_is() {
        let documents = documents("a:\n  value: |\n    {\n    }\n").unwrap();
        assert_eq!(documents[0].at(&["a", "value"]).unwrap().line, 2);
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            let list = vec![format!("*a{}", level - 1); 10].join(",");
            text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        }
        assert!(documents(&text).unwrap_err().message.contains("million"));
        assert!(documents(&"[".repeat(500)).is_err());
        assert!(documents("a: [").is_err());
        assert!(documents("a: *b").is_err());
    }
}

//! A document with the line of everything in it, whether it was JSON or YAML.

use serde_json::Value;

/// The deepest nesting that is read; the filter's own reader takes no deeper JSON either.
pub const DEEPEST: usize = 128;

/// A value, and where it begins.
#[derive(Clone, Debug)]
pub struct Node {
    /// The line in the file, from 1; of a member, the line of its key.
    pub line: usize,
    /// What stands there.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Neither a list nor a map.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// Members in their order, repetitions included.
    Map(Vec<(String, Node)>),
}

/// A text, and how it was written.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// What it says.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotation marks: it may be a number, a boolean or null.
    Plain,
    /// A string, on the line where it begins.
    Quoted,
    /// YAML's `|`: its text begins in the line after it, line by line.
    Literal,
}

impl Node {
    /// The member `name` of a map; of several, the last.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    /// The first of these members that there is: many names are spelt in two ways.
    #[must_use]
    pub fn either(&self, names: [&str; 2]) -> Option<&Self> {
        names.into_iter().find_map(|name| self.get(name))
    }

    /// What is found by going from member to member.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The entries of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Scalar(_) | Kind::Map(_) => &[],
        }
    }

    /// The members of a map; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[(String, Self)] {
        match &self.kind {
            Kind::Map(members) => members,
            Kind::Scalar(_) | Kind::List(_) => &[],
        }
    }

    /// The same as JSON text, repetitions included.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match &self.kind {
            Kind::Scalar(scalar) => out.push_str(&scalar.value().to_string()),
            Kind::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Kind::Map(members) => {
                out.push('{');
                for (at, (name, node)) in members.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    node.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl Scalar {
    /// By YAML's core schema (YAML 1.2.2 section 10.3.2), which JSON is a part of.
    fn value(&self) -> Value {
        if self.style != Style::Plain {
            return Value::from(self.text.as_str());
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            text => number(text).unwrap_or_else(|| Value::from(text)),
        }
    }
}

/// Decimal alone: a configuration has nothing else.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.ends_with(|last: char| last.is_ascii_digit() || last == '.')
        && digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_number {
        return None;
    }
    let whole = || text.parse::<u64>().map(Value::from).ok();
    let negative = || text.parse::<i64>().map(Value::from).ok();
    let float = || serde_json::Number::from_f64(text.parse().ok()?).map(Value::Number);
    whole().or_else(negative).or_else(float)
}

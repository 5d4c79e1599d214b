//! JSON whose members keep the order in which they were written, as a person reads a schema.
//! `serde_json` sorts them, or does not, by what else is compiled beside it.

use serde_json::Value;

/// A part of the schema.
pub(super) enum Tree {
    /// A text, a number, a boolean.
    Leaf(Value),
    /// An array.
    List(Vec<Tree>),
    /// An object, in order.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// An object without members.
    pub(super) const fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// An object with this one member.
    pub(super) fn of(name: &str, value: impl Into<Tree>) -> Self {
        Self::empty().with(name, value)
    }

    /// The same object with another member; anything else stays as it is.
    pub(super) fn with(mut self, name: &str, value: impl Into<Tree>) -> Self {
        if let Self::Object(members) = &mut self {
            members.push((name.to_owned(), value.into()));
        }
        self
    }

    /// A list of these.
    pub(super) fn list<T: Into<Tree>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// The text of a file: two blanks deeper with each level, lists of leaves on one line.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text.push('\n');
        text
    }

    fn write(&self, out: &mut String, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        };
        match self {
            Self::Leaf(value) => out.push_str(&value.to_string()),
            Self::List(items) if items.iter().all(|item| matches!(item, Self::Leaf(_))) => {
                let items: Vec<String> = items.iter().map(Self::leaf).collect();
                out.push_str(&format!("[{}]", items.join(", ")));
            }
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    line(out, depth + 1);
                    item.write(out, depth + 1);
                }
                line(out, depth);
                out.push(']');
            }
            Self::Object(members) if members.is_empty() => out.push_str("{}"),
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    line(out, depth + 1);
                    out.push_str(&format!("{}: ", Value::from(name.as_str())));
                    value.write(out, depth + 1);
                }
                line(out, depth);
                out.push('}');
            }
        }
    }

    fn leaf(&self) -> String {
        match self {
            Self::Leaf(value) => value.to_string(),
            Self::List(_) | Self::Object(_) => String::new(),
        }
    }
}

impl<T: Into<Value>> From<T> for Tree {
    fn from(value: T) -> Self {
        Self::Leaf(value.into())
    }
}

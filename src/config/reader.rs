//! Cursors over the document: each knows its key path and notes what is wrong instead of stopping.
//! After a problem a reader hands out a harmless placeholder, so that the next key is still looked at.

use std::cell::Cell;
use std::collections::HashSet;
use std::time::Duration;

use super::duration::{parse_millis, write_millis};
use super::keys::{Absent, KEYS, Key, Shape};
use super::problem::{Problem, listed, quoted, shown};
use super::secret::Secret;
use super::spelling::similar_key;
use crate::json::{Json, Object};

const REPEATED: &str = "is given more than once";

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

    fn problem(&self, path: &str, message: String) {
        let mut problems = self.problems.take();
        problems.push(Problem::new(path, message));
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

/// One value of the document and where it stands.
pub(super) struct Value<'a> {
    path: String,
    json: &'a Json,
    notes: &'a Notes<'a>,
}

impl<'a> Value<'a> {
    /// The document itself.
    pub(super) fn document(json: &'a Json, notes: &'a Notes<'a>) -> Self {
        Self { path: String::new(), json, notes }
    }

    /// Notes `message` about this value.
    pub(super) fn problem(&self, message: impl Into<String>) {
        self.notes.problem(&self.path, message.into());
    }

    /// Notes that this value, which is shown, is not `wanted`.
    pub(super) fn is_not(&self, wanted: &str) {
        self.problem(shown(self.json) + " is not " + wanted);
    }

    /// As [`Self::is_not`], where the same text without quotation marks would be right.
    fn is_not_literally(&self, wanted: &str) {
        let string = if matches!(self.json, Json::String(_)) { "the string " } else { "" };
        self.problem(String::from(string) + &shown(self.json) + " is not " + wanted);
    }

    pub(super) fn is_null(&self) -> bool {
        *self.json == Json::Null
    }

    /// The text of a non-empty string without control characters.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.json {
            Json::String(text) if text.is_empty() => self.problem("is empty"),
            Json::String(text) if text.chars().any(char::is_control) => {
                self.problem(quoted(text) + " holds a control character");
            }
            Json::String(text) => return Some(text),
            _ => self.is_not("a string"),
        }
        None
    }

    /// Any string, never shown.
    pub(super) fn hidden_text(&self) -> Option<&'a str> {
        match self.json {
            Json::String(text) => Some(text),
            _ => {
                self.problem(self.json.kind().to_owned() + " is not a string");
                None
            }
        }
    }

    /// The entries of an array.
    pub(super) fn items(&self) -> Vec<Value<'a>> {
        let Json::Array(items) = self.json else {
            self.is_not("an array");
            return Vec::new();
        };
        let entry = |(index, json)| Value {
            path: format!("{}[{index}]", self.path),
            json,
            notes: self.notes,
        };
        items.iter().enumerate().map(entry).collect()
    }

    /// The entries of an array, or a string as the only entry.
    pub(super) fn items_or_one(&self) -> Vec<Value<'a>> {
        match self.json {
            Json::String(_) => {
                vec![Value { path: self.path.clone(), json: self.json, notes: self.notes }]
            }
            Json::Array(_) => self.items(),
            _ => {
                self.is_not("a string or an array of strings");
                Vec::new()
            }
        }
    }

    /// The members of an object whose names are the user's choice.
    pub(super) fn members(&self) -> Vec<(&'a str, Value<'a>)> {
        let Some(object) = self.object() else { return Vec::new() };
        let mut seen = HashSet::new();
        let mut members = Vec::new();
        for (name, json) in object.iter() {
            let value = Value { path: member_path(&self.path, name), json, notes: self.notes };
            if !seen.insert(name) {
                value.problem(REPEATED);
            } else if name.is_empty() {
                self.problem("a name in it is empty");
            } else {
                members.push((name, value));
            }
        }
        members
    }

    /// An object of known keys: those of `section` in [`KEYS`].
    pub(super) fn section(&self, section: &'static str) -> Section<'a> {
        let object = self.object();
        if let Some(object) = object {
            self.check_names(object, section);
        }
        let broken = object.is_none();
        Section { section, path: self.path.clone(), object, broken, notes: self.notes }
    }

    fn object(&self) -> Option<&'a Object> {
        if let Json::Object(object) = self.json {
            return Some(object);
        }
        // Its text is not shown: what stands in place of `client_auth` may be a secret.
        self.problem(self.json.kind().to_owned() + " is not an object");
        None
    }

    fn check_names(&self, object: &'a Object, section: &str) {
        let mut seen = HashSet::new();
        for (name, json) in object.iter() {
            let value = Value { path: member_path(&self.path, name), json, notes: self.notes };
            let key = KEYS.iter().find(|key| key.section == section && key.name == name);
            match key.map(|key| &key.shape) {
                Some(_) if !seen.insert(name) => value.problem(REPEATED),
                Some(Shape::NotYet { off }) => value.not_yet(*off),
                Some(_) => {}
                None => match similar_key(section, name) {
                    Some(similar) => {
                        let similar = quoted(similar);
                        value.problem(
                            String::from("unknown key, perhaps ") + &similar + " is meant",
                        );
                    }
                    None => value.problem("unknown key"),
                },
            }
        }
    }

    /// Refuses what only a later version serves, so that nobody relies on it before.
    fn not_yet(&self, off: Option<&str>) {
        match (off, self.json) {
            (None, _) => self.problem("is not available in this version"),
            (Some(off), Json::String(text)) if off == text => {}
            (Some(off), _) => {
                let only = String::from("available in this version, only ") + &quoted(off) + " is";
                self.is_not(&only);
            }
        }
    }
}

/// An object of known keys. Absent, it reads as an empty one.
pub(super) struct Section<'a> {
    section: &'static str,
    path: String,
    object: Option<&'a Object>,
    /// Something else stands in its place, which is noted already.
    broken: bool,
    pub(super) notes: &'a Notes<'a>,
}

impl<'a> Section<'a> {
    /// The value of `name`, if there is one.
    pub(super) fn value(&self, name: &str) -> Option<Value<'a>> {
        let (_, json) = self.object?.iter().find(|(key, _)| *key == name)?;
        Some(Value { path: member_path(&self.path, name), json, notes: self.notes })
    }

    /// Notes `message` about the key `name`, present or not.
    pub(super) fn problem(&self, name: &str, message: impl Into<String>) {
        self.notes.problem(&member_path(&self.path, name), message.into());
    }

    /// The object `name`, whose keys are those of `section` in [`KEYS`].
    pub(super) fn section(&self, name: &str, section: &'static str) -> Section<'a> {
        match self.value(name) {
            Some(value) => value.section(section),
            None => Section {
                section,
                path: member_path(&self.path, name),
                object: None,
                broken: self.broken,
                notes: self.notes,
            },
        }
    }

    pub(super) fn duration(&self, name: &str) -> Duration {
        let Some(&Shape::Duration { default, least, most }) = self.shape(name) else {
            return Duration::ZERO;
        };
        let Some(value) = self.value(name) else { return Duration::from_millis(default) };
        let millis = match value.json {
            Json::String(text) => parse_millis(text),
            _ => None,
        };
        match millis {
            None => value.is_not("a duration such as `500ms`, `30s` or `5m`"),
            Some(millis) if millis < least || millis > most => {
                let (least, most) = (write_millis(least), write_millis(most));
                value.is_not(&format!("between `{least}` and `{most}`"));
            }
            Some(millis) => return Duration::from_millis(millis),
        }
        Duration::from_millis(default)
    }

    pub(super) fn count(&self, name: &str) -> u32 {
        let Some(&Shape::Count { default, least, most }) = self.shape(name) else { return 0 };
        let number = match self.value(name) {
            None => default,
            Some(value) => match whole_number(value.json) {
                Some(number) if number >= least && number <= most => number,
                _ => {
                    value.is_not_literally(&format!("a whole number between {least} and {most}"));
                    default
                }
            },
        };
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// A count of bytes, entries or requests.
    pub(super) fn size(&self, name: &str) -> usize {
        usize::try_from(self.count(name)).unwrap_or(usize::MAX)
    }

    pub(super) fn switch(&self, name: &str) -> bool {
        let Some(&Shape::Switch { default }) = self.shape(name) else { return false };
        let Some(value) = self.value(name) else { return default };
        if let Json::Bool(on) = value.json {
            return *on;
        }
        value.is_not_literally("`true` or `false`");
        default
    }

    /// One of the words of [`KEYS`]; `None` if something else was given.
    pub(super) fn word(&self, name: &str) -> Option<&'static str> {
        let Some(&Shape::Word(words)) = self.shape(name) else { return None };
        let Some(value) = self.value(name) else { return words.first().copied() };
        if let Json::String(text) = value.json
            && let Some(word) = words.iter().find(|word| *word == text)
        {
            return Some(word);
        }
        value.is_not(&(String::from("one of ") + &listed(words)));
        None
    }

    /// A non-empty string, or the default of [`KEYS`].
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let Some(Shape::Value { absent, .. }) = self.shape(name) else { return None };
        match (self.value(name), absent) {
            (Some(value), _) => value.text().map(str::to_owned),
            (None, Absent::Text(default)) => Some(String::from(*default)),
            (None, Absent::Required) => self.missing(name),
            (None, Absent::Means(_) | Absent::Json(_)) => None,
        }
    }

    /// The entries of a non-empty array.
    pub(super) fn required_items(&self, name: &str) -> Vec<Value<'a>> {
        let Some(value) = self.value(name) else { return self.missing(name).unwrap_or_default() };
        if *value.json == Json::Array(Vec::new()) {
            value.problem("is empty");
        }
        value.items()
    }

    fn missing<T>(&self, name: &str) -> Option<T> {
        if !self.broken {
            self.problem(name, "is required");
        }
        None
    }

    fn shape(&self, name: &str) -> Option<&'static Shape> {
        let is_it = |key: &&Key| key.section == self.section && key.name == name;
        let found = KEYS.iter().find(is_it).map(|key| &key.shape);
        if found.is_none() {
            // A key that is read but not listed makes every configuration fail, and so every test.
            self.problem(name, "is missing in the table of keys");
        }
        found
    }
}

/// Whether `text` is non-empty and nothing but `!` to `~`.
pub(super) fn is_visible_ascii(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn member_path(path: &str, name: &str) -> String {
    // A name that is empty is shown as JSON shows it.
    let name = if name.is_empty() { "\"\"" } else { name };
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Istio passes numbers through doubles: `10000` may arrive as `1e+04`.
fn whole_number(json: &Json) -> Option<u64> {
    let Json::Number(number) = json else { return None };
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        // The bounds of every count lie far below, and up to here a double is exact.
        (float.fract() == 0.0 && (0.0..=9e15).contains(&float)).then_some(float as u64)
    })
}

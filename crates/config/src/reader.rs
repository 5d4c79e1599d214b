//! Cursors over the document: each knows its key path and notes what is wrong instead of stopping.
//! After a problem a reader hands out a harmless placeholder, so that the next key is still looked at.

use std::time::Duration;

use super::duration::{parse_millis, write_millis};
use super::keys::{Absent, KEYS, Key, Shape};
use super::notes::{Notes, Path};
use super::problem::{listed, quoted, shown};
use super::spelling::similar_key;
use crate::json::{Json, Object};

const REPEATED: &str = "is given more than once";

/// One value of the document and where it stands.
pub(super) struct Value<'a> {
    path: Path<'a>,
    json: &'a Json,
    notes: &'a Notes<'a>,
}

impl<'a> Value<'a> {
    /// The document itself.
    pub(super) fn document(json: &'a Json, notes: &'a Notes<'a>) -> Self {
        Self { path: Path::Document, json, notes }
    }

    /// Notes `message` about this value.
    pub(super) fn problem(&self, message: &[&str]) {
        self.notes.problem(&self.path, message);
    }

    /// Notes that this value, which is shown, is not `wanted`.
    pub(super) fn is_not(&self, wanted: &str) {
        self.problem(&[&shown(self.json), " is not ", wanted]);
    }

    /// As [`Self::is_not`], where the same text without quotation marks would be right.
    fn is_not_literally(&self, wanted: &str) {
        let string = if matches!(self.json, Json::String(_)) { "the string " } else { "" };
        self.problem(&[string, &shown(self.json), " is not ", wanted]);
    }

    pub(super) fn is_null(&self) -> bool {
        *self.json == Json::Null
    }

    /// The text of a non-empty string without control characters.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.json {
            Json::String(text) if text.is_empty() => self.problem(&["is empty"]),
            Json::String(text) if text.chars().any(char::is_control) => {
                self.problem(&[&quoted(text), " holds a control character"]);
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
                self.problem(&[self.json.kind(), " is not a string"]);
                None
            }
        }
    }

    /// The entries of an array.
    pub(super) fn items(&self) -> Vec<Value<'_>> {
        let Json::Array(items) = self.json else {
            self.is_not("an array");
            return Vec::new();
        };
        let entry =
            |(index, json)| Value { path: Path::Item(&self.path, index), json, notes: self.notes };
        items.iter().enumerate().map(entry).collect()
    }

    /// The entries of an array, or a string as the only entry.
    pub(super) fn items_or_one(&self) -> Vec<Value<'_>> {
        match self.json {
            Json::String(_) => {
                vec![Value { path: self.path, json: self.json, notes: self.notes }]
            }
            Json::Array(_) => self.items(),
            _ => {
                self.is_not("a string or an array of strings");
                Vec::new()
            }
        }
    }

    /// The members of an object whose names are the user's choice.
    pub(super) fn members(&self) -> Vec<(&str, Value<'_>)> {
        let Some(object) = self.object() else { return Vec::new() };
        let mut seen: Vec<&str> = Vec::new();
        let mut members = Vec::new();
        for (name, json) in object.iter() {
            let value = Value { path: Path::Member(&self.path, name), json, notes: self.notes };
            if repeats(&mut seen, name) {
                value.problem(&[REPEATED]);
            } else if name.is_empty() {
                self.problem(&["a name in it is empty"]);
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
        Section { section, path: self.path, object, broken, notes: self.notes }
    }

    fn object(&self) -> Option<&'a Object> {
        if let Json::Object(object) = self.json {
            return Some(object);
        }
        // Its text is not shown: what stands in place of `client_auth` may be a secret.
        self.problem(&[self.json.kind(), " is not an object"]);
        None
    }

    fn check_names(&self, object: &'a Object, section: &str) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, json) in object.iter() {
            let value = Value { path: Path::Member(&self.path, name), json, notes: self.notes };
            let known = KEYS.iter().find(|key| key.section == section && key.name == name);
            match known {
                Some(_) if repeats(&mut seen, name) => value.problem(&[REPEATED]),
                Some(_) => {}
                None => match similar_key(section, name) {
                    Some(similar) => {
                        let similar = quoted(similar);
                        value.problem(&["unknown key, perhaps ", &similar, " is meant"]);
                    }
                    None => value.problem(&["unknown key"]),
                },
            }
        }
    }
}

/// Whether `name` was seen before; from now on it was.
fn repeats<'a>(seen: &mut Vec<&'a str>, name: &'a str) -> bool {
    let repeats = seen.contains(&name);
    seen.push(name);
    repeats
}

/// An object of known keys. Absent, it reads as an empty one.
pub(super) struct Section<'a> {
    section: &'static str,
    path: Path<'a>,
    object: Option<&'a Object>,
    /// Something else stands in its place, which is noted already.
    broken: bool,
    pub(super) notes: &'a Notes<'a>,
}

impl<'a> Section<'a> {
    /// The value of `name`, if there is one.
    #[inline(never)]
    pub(super) fn value(&self, name: &'static str) -> Option<Value<'_>> {
        let (_, json) = self.object?.iter().find(|(key, _)| *key == name)?;
        Some(Value { path: Path::Member(&self.path, name), json, notes: self.notes })
    }

    /// Notes `message` about the key `name`, present or not.
    pub(super) fn problem(&self, name: &str, message: &[&str]) {
        self.notes.problem(&Path::Member(&self.path, name), message);
    }

    /// The object `name`, whose keys are those of `section` in [`KEYS`].
    #[inline(never)]
    pub(super) fn section(&self, name: &'static str, section: &'static str) -> Section<'_> {
        match self.value(name) {
            Some(value) => value.section(section),
            None => Section {
                section,
                path: Path::Member(&self.path, name),
                object: None,
                broken: self.broken,
                notes: self.notes,
            },
        }
    }

    pub(super) fn duration(&self, name: &'static str) -> Duration {
        let Some(&Shape::Duration { default, least, most }) = self.shape(name) else {
            return Duration::ZERO;
        };
        let [default, least, most] = [default, least, most].map(u64::from);
        let Some(value) = self.value(name) else { return Duration::from_millis(default) };
        let millis = match value.json {
            Json::String(text) => parse_millis(text),
            _ => None,
        };
        match millis {
            None => value.is_not("a duration such as `500ms`, `30s` or `5m`"),
            Some(millis) if millis < least || millis > most => {
                let (least, most) = (write_millis(least), write_millis(most));
                value.problem(&[
                    &shown(value.json),
                    " is not between `",
                    &least,
                    "` and `",
                    &most,
                    "`",
                ]);
            }
            Some(millis) => return Duration::from_millis(millis),
        }
        Duration::from_millis(default)
    }

    pub(super) fn count(&self, name: &'static str) -> u32 {
        let Some(&Shape::Count { default, least, most }) = self.shape(name) else { return 0 };
        match self.value(name) {
            None => default,
            Some(value) => match whole_number(value.json) {
                Some(number) if (u64::from(least)..=u64::from(most)).contains(&number) => {
                    u32::try_from(number).unwrap_or(most)
                }
                _ => {
                    let (least, most) = (least.to_string(), most.to_string());
                    let wanted = ["a whole number between ", &least, " and ", &most];
                    value.is_not_literally(&wanted.concat());
                    default
                }
            },
        }
    }

    /// A count of bytes, entries or requests.
    pub(super) fn size(&self, name: &'static str) -> usize {
        usize::try_from(self.count(name)).unwrap_or(usize::MAX)
    }

    pub(super) fn switch(&self, name: &'static str) -> bool {
        let Some(&Shape::Switch { default }) = self.shape(name) else { return false };
        let Some(value) = self.value(name) else { return default };
        if let Json::Bool(on) = value.json {
            return *on;
        }
        value.is_not_literally("`true` or `false`");
        default
    }

    /// One of the words of [`KEYS`]; `None` if something else was given.
    pub(super) fn word(&self, name: &'static str) -> Option<&'static str> {
        let Some(&Shape::Word(words)) = self.shape(name) else { return None };
        let Some(value) = self.value(name) else { return words.first().copied() };
        if let Json::String(text) = value.json
            && let Some(word) = words.iter().find(|word| *word == text)
        {
            return Some(word);
        }
        value.problem(&[&shown(value.json), " is not one of ", &listed(words)]);
        None
    }

    /// A non-empty string, or the default of [`KEYS`].
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        let Some(Shape::Value { absent, .. }) = self.shape(name) else { return None };
        match (self.value(name), absent) {
            (Some(value), _) => value.text().map(str::to_owned),
            (None, Absent::Text(default)) => Some(String::from(*default)),
            (None, Absent::Required) => self.missing(name),
            (None, Absent::Means(_) | Absent::Json(_)) => None,
        }
    }

    /// An array with at least one entry.
    pub(super) fn required_array(&self, name: &'static str) -> Option<Value<'_>> {
        let Some(value) = self.value(name) else { return self.missing(name) };
        match value.json {
            Json::Array(items) if items.is_empty() => value.problem(&["is empty"]),
            Json::Array(_) => return Some(value),
            _ => value.is_not("an array"),
        }
        None
    }

    fn missing<T>(&self, name: &'static str) -> Option<T> {
        if !self.broken {
            self.problem(name, &["is required"]);
        }
        None
    }

    fn shape(&self, name: &'static str) -> Option<&'static Shape> {
        let is_it = |key: &&Key| key.section == self.section && key.name == name;
        let found = KEYS.iter().find(is_it).map(|key| &key.shape);
        if found.is_none() {
            // A key that is read but not listed makes every configuration fail, and so every test.
            self.problem(name, &["is missing in the table of keys"]);
        }
        found
    }
}

/// Whether `text` is non-empty and nothing but `!` to `~`.
pub(super) fn is_visible_ascii(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
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

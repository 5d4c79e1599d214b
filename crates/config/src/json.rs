//! JSON as it was written: members keep their order, and a repeated member stays visible.
//!
//! `serde_json::Value` lets the last of two equal members win. In a configuration that hides a
//! mistake, in an introspection answer it lets two parties read two verdicts out of one document.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// One JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// The literal `null`.
    Null,
    /// The literal `true` or `false`.
    Bool(bool),
    /// A number, with as much of it as `serde_json` keeps: 64 bits.
    Number(Number),
    /// A string with its escapes resolved.
    String(String),
    /// An array, entries in the order of the text.
    Array(Vec<Json>),
    /// An object, members in the order of the text.
    Object(Object),
}

/// The members of a JSON object, in the order of the text, repetitions included.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Object(Vec<(String, Json)>);

/// A member stands more than once in its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated;

impl Json {
    /// Parses a whole document.
    ///
    /// # Errors
    /// The text is not JSON, nests deeper than 128 levels, or something follows the value.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// What kind of value this is, in the words of an error message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl Object {
    /// The member `name`, if there is one.
    ///
    /// # Errors
    /// [`Repeated`] if there is more than one.
    pub fn get(&self, name: &str) -> Result<Option<&Json>, Repeated> {
        let mut found = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let first = found.next();
        if found.next().is_some() { Err(Repeated) } else { Ok(first) }
    }

    /// All members, repetitions included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(Object(members)))
    }
}

//! A cursor over an object of known keys. What a key takes and what leaving it out means comes from
//! [`KEYS`]; a reading that disagrees with its row is a problem of every configuration, and so a
//! test finds it.

use std::time::Duration;

use crate::json::Object;
use crate::key_spec::{Absent, KeySpec};
use crate::keys::KEYS;
use crate::notes::{Notes, Path, Reported, all};
use crate::protocol::Protocol;
use crate::reader::Value;
use crate::shape::Shape;
use crate::words::Word;

/// An object of known keys; left out, it reads as an empty one.
#[derive(Clone, Copy)]
pub(crate) struct Section<'a> {
    section: &'static str,
    path: Path<'a>,
    object: Option<&'a Object>,
    names: Result<(), Reported>,
    protocol: Protocol,
    pub(crate) notes: &'a Notes<'a>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(
        section: &'static str,
        path: Path<'a>,
        object: Option<&'a Object>,
        names: Result<(), Reported>,
        notes: &'a Notes<'a>,
    ) -> Self {
        Self { section, path, object, names, protocol: Protocol::Rfc7662, notes }
    }

    /// The same, with the defaults of `protocol`.
    pub(crate) fn under(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// Whether every key is known and stands there once. Whoever has read the section asks this
    /// last.
    pub(crate) fn names(&self) -> Result<(), Reported> {
        self.names
    }

    /// Notes `message` about the key `name`, present or not.
    #[inline(never)]
    pub(crate) fn problem(&self, name: &str, message: &[&str]) -> Reported {
        self.notes.problem(&Path::Member(&self.path, name), message)
    }

    /// Notes `message` about the object itself.
    pub(crate) fn here(&self, message: &[&str]) -> Reported {
        self.notes.problem(&self.path, message)
    }

    /// Whether no other keys are given than `own`. Each other is a mistake, since who wrote it may
    /// believe that it is used; the message says that it does not go with `what`.
    pub(crate) fn only(&self, own: &[&str], what: &[&str]) -> Result<(), Reported> {
        let others = self.keys().filter(|key| !own.contains(&key.name));
        let checked = all(others.map(|key| match self.given(key.name)? {
            Some(value) => Err(value.problem(&["does not go with ", &what.concat()])),
            None => Ok(()),
        }));
        checked.map(|_| ())
    }

    /// The rows of [`KEYS`] for this section.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static KeySpec> {
        KEYS.iter().filter(|key| key.section == self.section)
    }

    /// The value of `name`, if it is given.
    #[inline(never)]
    pub(crate) fn given(&self, name: &'static str) -> Result<Option<Value<'_>>, Reported> {
        Ok(self.value(self.key(name)?))
    }

    #[inline(never)]
    fn key(&self, name: &'static str) -> Result<&'static KeySpec, Reported> {
        let row = self.keys().find(|key| key.name == name);
        row.ok_or_else(|| self.problem(name, &["is missing in the table of keys"]))
    }

    fn absent(&self, key: &KeySpec) -> Absent {
        key.absent.under(self.protocol, self.notes.profile())
    }

    #[inline(never)]
    fn value(&self, key: &'static KeySpec) -> Option<Value<'_>> {
        let (_, json) = self.object?.iter().find(|(name, _)| *name == key.name)?;
        Some(Value::member(&self.path, key.name, json, &key.shape, self.notes))
    }

    /// Notes that `key` is not given, although its row has no default of the kind that is read.
    #[cold]
    fn missing(&self, key: &KeySpec) -> Reported {
        let message = match self.absent(key) {
            Absent::Required => "is required",
            _ => "has another default in the table of keys than is read",
        };
        self.problem(key.name, &[message])
    }

    #[inline(never)]
    pub(crate) fn duration(&self, name: &'static str) -> Result<Duration, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.duration(),
            (None, Absent::Millis(default)) => Ok(Duration::from_millis(default.into())),
            (None, _) => Err(self.missing(key)),
        }
    }

    #[inline(never)]
    pub(crate) fn whole_number(&self, name: &'static str) -> Result<u32, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.whole_number(),
            (None, Absent::Number(default)) => Ok(default),
            (None, _) => Err(self.missing(key)),
        }
    }

    /// A number of bytes, entries or requests.
    pub(crate) fn size(&self, name: &'static str) -> Result<usize, Reported> {
        let number = self.whole_number(name)?;
        usize::try_from(number).map_err(|_| self.problem(name, &["is too large for this machine"]))
    }

    #[inline(never)]
    pub(crate) fn boolean(&self, name: &'static str) -> Result<bool, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.boolean(),
            (None, Absent::Boolean(default)) => Ok(default),
            (None, _) => Err(self.missing(key)),
        }
    }

    pub(crate) fn word<T: Word>(&self, name: &'static str) -> Result<T, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.word(),
            (None, Absent::Text(default)) => T::from_word(default).ok_or_else(|| self.missing(key)),
            (None, _) => Err(self.missing(key)),
        }
    }

    /// A string that is given or has a default.
    #[inline(never)]
    pub(crate) fn text(&self, name: &'static str) -> Result<String, Reported> {
        let key = self.key(name)?;
        self.optional_text(name)?.ok_or_else(|| self.missing(key))
    }

    /// A string, its default, or nothing where `null` is given or leaving it out means nothing.
    #[inline(never)]
    pub(crate) fn optional_text(&self, name: &'static str) -> Result<Option<String>, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => match value.or_null() {
                Some(value) => Ok(Some(value.text()?.to_owned())),
                None => Ok(None),
            },
            (None, Absent::Text(default)) => Ok(Some(default.to_owned())),
            (None, Absent::Means(_)) => Ok(None),
            (None, _) => Err(self.missing(key)),
        }
    }

    /// The default of a string, if it has one.
    pub(crate) fn default_text(&self, name: &'static str) -> Option<&'static str> {
        match self.key(name).map(|key| self.absent(key)) {
            Ok(Absent::Text(default)) => Some(default),
            _ => None,
        }
    }

    /// What `read` makes of each entry of an array.
    pub(crate) fn items<T>(
        &self,
        name: &'static str,
        read: impl FnMut(Value<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.items(read),
            (None, Absent::EmptyArray | Absent::Means(_)) => Ok(Vec::new()),
            (None, _) => Err(self.missing(key)),
        }
    }

    /// The words that an array stands for that is left out.
    pub(crate) fn default_words<T: Word>(&self, name: &'static str) -> Result<Vec<T>, Reported> {
        let key = self.key(name)?;
        match self.absent(key) {
            Absent::EveryWord => Ok(T::TABLE.iter().map(|(_, variant)| *variant).collect()),
            Absent::OneWord(word) => {
                T::from_word(word).map(|word| vec![word]).ok_or_else(|| self.missing(key))
            }
            _ => Err(self.missing(key)),
        }
    }

    /// What `read` makes of each member of an object whose keys are the user's choice.
    pub(crate) fn members<T>(
        &self,
        name: &'static str,
        read: impl FnMut(&str, Value<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.members(read),
            (None, Absent::EmptyObject) => Ok(Vec::new()),
            (None, _) => Err(self.missing(key)),
        }
    }

    /// The object `name`. One that is required reads as an empty one when it is left out: what it
    /// must hold is then noted, which says more.
    #[inline(never)]
    pub(crate) fn section(&self, name: &'static str) -> Result<Section<'_>, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.section(),
            (None, Absent::EmptyObject | Absent::Required) => self.empty(key),
            (None, _) => Err(self.missing(key)),
        }
    }

    /// What `read` makes of each object of an array, or of the one that stands there without one.
    /// Left out, it reads as one with nothing in it.
    pub(crate) fn sections<T>(
        &self,
        name: &'static str,
        mut read: impl FnMut(Section<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let key = self.key(name)?;
        match self.value(key) {
            Some(value) => value.items(|entry| read(entry.section()?)),
            None => Ok(vec![read(self.empty(key)?)?]),
        }
    }

    /// The object of `key` as if it were there with nothing in it.
    fn empty(&self, key: &'static KeySpec) -> Result<Section<'_>, Reported> {
        match &key.shape {
            Shape::Object(section)
            | Shape::OneOrMore(Shape::Object(section))
            | Shape::Nullable(Shape::Object(section)) => {
                let path = Path::Member(&self.path, key.name);
                Ok(Section::new(section, path, None, Ok(()), self.notes))
            }
            _ => Err(self.missing(key)),
        }
    }

    /// The object `name`, where `null`, or leaving it out, means that there is none.
    pub(crate) fn optional_section(
        &self,
        name: &'static str,
    ) -> Result<Option<Section<'_>>, Reported> {
        let key = self.key(name)?;
        match (self.value(key), self.absent(key)) {
            (Some(value), _) => value.or_null().map(|value| value.section()).transpose(),
            (None, Absent::Means(_)) => Ok(None),
            (None, Absent::EmptyObject) => self.empty(key).map(Some),
            (None, _) => Err(self.missing(key)),
        }
    }
}

//! A cursor over one value of the document: it knows its key path and its shape, and notes what is
//! wrong with the value. It gives a value or a [`Reported`], never something to stand in for one.

use std::time::Duration;

use crate::duration::{parse_millis, write_millis};
use crate::json::{Json, Object};
use crate::keys::KEYS;
use crate::notes::{Notes, Path, Reported, all};
use crate::problem::{listed, quoted, shown};
use crate::profile::Profile;
use crate::section::Section;
use crate::shape::{Format, Shape};
use crate::spelling::similar_key;
use crate::words::Word;

const REPEATED: &str = "is given more than once";

/// A member of an object whose keys are the user's choice.
type Member<'a> = (&'a str, Value<'a>);

/// One value of the document, where it stands and what it should be.
pub(crate) struct Value<'a> {
    path: Path<'a>,
    json: &'a Json,
    shape: &'static Shape,
    notes: &'a Notes<'a>,
}

impl<'a> Value<'a> {
    pub(crate) fn document(json: &'a Json, notes: &'a Notes<'a>) -> Self {
        Self { path: Path::Document, json, shape: &Shape::Object(""), notes }
    }

    pub(crate) fn member(
        parent: &'a Path<'a>,
        name: &'a str,
        json: &'a Json,
        shape: &'static Shape,
        notes: &'a Notes<'a>,
    ) -> Self {
        Self { path: Path::Member(parent, name), json, shape, notes }
    }

    /// Whose defaults there are.
    pub(crate) fn profile(&self) -> Profile {
        self.notes.profile()
    }

    /// Notes `message` about this value.
    #[inline(never)]
    pub(crate) fn problem(&self, message: &[&str]) -> Reported {
        self.notes.problem(&self.path, message)
    }

    /// Notes that this value, which is shown, is not `wanted`.
    #[inline(never)]
    pub(crate) fn is_not(&self, wanted: &str) -> Reported {
        self.problem(&[&shown(self.json), " is not ", wanted])
    }

    /// Notes that this value, which is shown, `is_wrong`.
    pub(crate) fn is_wrong(&self, is_wrong: &str) -> Reported {
        self.problem(&[&shown(self.json), " ", is_wrong])
    }

    /// As [`Self::is_not`], where the same text without quotation marks would be right.
    fn is_not_literally(&self, wanted: &str) -> Reported {
        let string = if matches!(self.json, Json::String(_)) { "the string " } else { "" };
        self.problem(&[string, &shown(self.json), " is not ", wanted])
    }

    /// Notes that the code reads something else than the table of keys says. Every configuration
    /// with this key then fails, and so a test does.
    #[cold]
    fn not_in_the_table(&self) -> Reported {
        self.problem(&["is read as something else than the table of keys says"])
    }

    /// `None` if this is the `null` of a [`Shape::Nullable`], else what stands there instead.
    pub(crate) fn or_null(&self) -> Option<Value<'a>> {
        let Value { path, json, notes, .. } = *self;
        match self.shape {
            Shape::Nullable(_) if *json == Json::Null => None,
            Shape::Nullable(shape) => Some(Value { path, json, shape, notes }),
            shape => Some(Value { path, json, shape, notes }),
        }
    }

    /// The text of a non-empty string without control characters, which messages may show.
    #[inline(never)]
    pub(crate) fn text(&self) -> Result<&'a str, Reported> {
        match (self.shape, self.json) {
            (Shape::String(format), _) if !format.may_be_shown() => Err(self.not_in_the_table()),
            (Shape::String(_) | Shape::Word(_), Json::String(text)) => {
                if text.is_empty() {
                    Err(self.problem(&["is empty"]))
                } else if text.chars().any(char::is_control) {
                    Err(self.problem(&[&quoted(text), " holds a control character"]))
                } else if *self.shape == Shape::String(Format::Claim) && !is_claim(text) {
                    Err(self.is_not("a JSON pointer (RFC 6901) of at most 16 steps"))
                } else {
                    Ok(text)
                }
            }
            (Shape::String(_) | Shape::Word(_), _) => Err(self.is_not("a string")),
            _ => Err(self.not_in_the_table()),
        }
    }

    /// Any string of a format that no message shows.
    #[inline(never)]
    pub(crate) fn hidden_text(&self) -> Result<&'a str, Reported> {
        match (self.shape, self.json) {
            (
                Shape::String(Format::Secret | Format::Any | Format::Variable),
                Json::String(text),
            ) => Ok(text),
            (Shape::String(Format::Secret | Format::Any | Format::Variable), other) => {
                Err(self.problem(&[other.kind(), " is not a string"]))
            }
            _ => Err(self.not_in_the_table()),
        }
    }

    #[inline(never)]
    pub(crate) fn boolean(&self) -> Result<bool, Reported> {
        match (self.shape, self.json) {
            (Shape::Boolean, Json::Bool(on)) => Ok(*on),
            (Shape::Boolean, _) => Err(self.is_not_literally("`true` or `false`")),
            _ => Err(self.not_in_the_table()),
        }
    }

    #[inline(never)]
    pub(crate) fn whole_number(&self) -> Result<u32, Reported> {
        let Shape::WholeNumber { least, most } = self.shape else {
            return Err(self.not_in_the_table());
        };
        match whole_number(self.json) {
            Some(number) if (least..=most).contains(&&number) => Ok(number),
            _ => {
                let (least, most) = (least.to_string(), most.to_string());
                let wanted = ["a whole number between ", &least, " and ", &most];
                Err(self.is_not_literally(&wanted.concat()))
            }
        }
    }

    #[inline(never)]
    pub(crate) fn duration(&self) -> Result<Duration, Reported> {
        let &Shape::Duration { least, most } = self.shape else {
            return Err(self.not_in_the_table());
        };
        let [least, most] = [least, most].map(u64::from);
        let millis = match self.json {
            Json::String(text) => parse_millis(text),
            _ => None,
        };
        match millis {
            None => Err(self.is_not("a duration such as `500ms`, `30s` or `5m`")),
            Some(millis) if millis < least || millis > most => {
                let (text, least, most) =
                    (shown(self.json), write_millis(least), write_millis(most));
                let message = [&text, " is not between `", &least, "` and `", &most, "`"];
                Err(self.problem(&message))
            }
            Some(millis) => Ok(Duration::from_millis(millis)),
        }
    }

    pub(crate) fn word<T: Word>(&self) -> Result<T, Reported> {
        let text = self.one_of(T::WORDS)?;
        T::from_word(text).ok_or_else(|| self.not_in_the_table())
    }

    /// Apart from [`Self::word`], and not inlined, so that it is in the module once.
    #[inline(never)]
    fn one_of(&self, words: &'static [&'static str]) -> Result<&'a str, Reported> {
        match (self.shape, self.json) {
            (Shape::Word(known) | Shape::WordOrMember { words: known, .. }, _)
                if *known != words =>
            {
                Err(self.not_in_the_table())
            }
            (Shape::Word(_) | Shape::WordOrMember { .. }, Json::String(text))
                if words.contains(&text.as_str()) =>
            {
                Ok(text)
            }
            (Shape::Word(_) | Shape::WordOrMember { .. }, _) => {
                Err(self.is_not(&["one of ", &listed(words)].concat()))
            }
            _ => Err(self.not_in_the_table()),
        }
    }

    /// The name and the value of the one member of an object that stands in place of a word; `None`
    /// if no object stands there.
    #[inline(never)]
    pub(crate) fn only_member(&self) -> Result<Option<(&'static str, Value<'_>)>, Reported> {
        let Shape::WordOrMember { members, .. } = self.shape else {
            return Err(self.not_in_the_table());
        };
        let Json::Object(object) = self.json else { return Ok(None) };
        let mut given = object.iter();
        let only = match (given.next(), given.next()) {
            (Some((name, json)), None) => {
                let member = members.iter().find(|(known, _)| *known == name);
                member.map(|(name, shape)| {
                    (*name, Value::member(&self.path, name, json, shape, self.notes))
                })
            }
            _ => None,
        };
        let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
        let wanted = ["is not an object with one member, one of ", &listed(&names)].concat();
        only.map(Some).ok_or_else(|| self.problem(&[&wanted]))
    }

    /// What `read` makes of the entries of an array, all of which it sees.
    pub(crate) fn items<T>(
        &self,
        read: impl FnMut(Value<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        all(self.entries()?.into_iter().map(read))
    }

    /// Apart from [`Self::items`], and not inlined, so that it is in the module once.
    #[inline(never)]
    fn entries(&self) -> Result<Vec<Value<'_>>, Reported> {
        let (shape, items) = match (self.shape, self.json) {
            (Shape::OneOrMany(shape), Json::String(_)) => return Ok(vec![self.alone(shape)]),
            (Shape::OneOrMore(_) | Shape::NonEmptyArray(_), Json::Array(items))
                if items.is_empty() =>
            {
                return Err(self.problem(&["is empty"]));
            }
            (
                Shape::Array(shape)
                | Shape::NonEmptyArray(shape)
                | Shape::OneOrMany(shape)
                | Shape::OneOrMore(shape),
                Json::Array(items),
            ) => (shape, items),
            (Shape::OneOrMore(shape), _) => return Ok(vec![self.alone(shape)]),
            (Shape::Array(_) | Shape::NonEmptyArray(_), _) => return Err(self.is_not("an array")),
            (Shape::OneOrMany(_), _) => return Err(self.is_not("a string or an array of strings")),
            _ => return Err(self.not_in_the_table()),
        };
        let entry = |(index, json)| {
            let path = Path::Item(&self.path, index);
            Value { path, json, shape, notes: self.notes }
        };
        Ok(items.iter().enumerate().map(entry).collect())
    }

    /// The same without the array that may stand around it.
    fn alone(&self, shape: &'static Shape) -> Value<'a> {
        Value { path: self.path, json: self.json, shape, notes: self.notes }
    }

    /// Whether this is an array.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.json, Json::Array(_))
    }

    /// What `read` makes of the members of an object whose keys are the user's choice. It sees all
    /// that stand there once, after the others were noted.
    pub(crate) fn members<T>(
        &self,
        mut read: impl FnMut(&str, Value<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let (members, others) = self.named_entries()?;
        let read = all(members.into_iter().map(|(name, value)| read(name, value)));
        others?;
        read
    }

    /// The members with a name of their own, and whether these are all.
    #[inline(never)]
    fn named_entries(&self) -> Result<(Vec<Member<'_>>, Result<(), Reported>), Reported> {
        let Shape::Map { values, .. } = self.shape else { return Err(self.not_in_the_table()) };
        let mut seen: Vec<&str> = Vec::new();
        let mut members = Vec::new();
        let mut others = Ok(());
        for (name, json) in self.object()?.iter() {
            let value = Value::member(&self.path, name, json, values, self.notes);
            if repeats(&mut seen, name) {
                others = Err(value.problem(&[REPEATED]));
            } else if name.is_empty() {
                others = Err(self.problem(&["a name in it is empty"]));
            } else {
                members.push((name, value));
            }
        }
        Ok((members, others))
    }

    /// An object of known keys.
    pub(crate) fn section(&self) -> Result<Section<'a>, Reported> {
        let &Shape::Object(section) = self.shape else { return Err(self.not_in_the_table()) };
        let object = self.object()?;
        let names = self.check_names(object, section);
        Ok(Section::new(section, self.path, Some(object), names, self.notes))
    }

    fn object(&self) -> Result<&'a Object, Reported> {
        match self.json {
            Json::Object(object) => Ok(object),
            // Its text is not shown: what stands in place of `client_auth` may be a secret.
            other => Err(self.problem(&[other.kind(), " is not an object"])),
        }
    }

    fn check_names(&self, object: &'a Object, section: &str) -> Result<(), Reported> {
        let mut seen: Vec<&str> = Vec::new();
        let checked = all(object.iter().map(|(name, _)| {
            let path = Path::Member(&self.path, name);
            if !KEYS.iter().any(|key| key.section == section && key.name == name) {
                Err(match similar_key(section, name).map(quoted) {
                    Some(key) => {
                        self.notes.problem(&path, &["unknown key, perhaps ", &key, " is meant"])
                    }
                    None => self.notes.problem(&path, &["unknown key"]),
                })
            } else if repeats(&mut seen, name) {
                Err(self.notes.problem(&path, &[REPEATED]))
            } else {
                Ok(())
            }
        }));
        checked.map(|_| ())
    }
}

/// Whether `name` was seen before; from now on it was.
fn repeats<'a>(seen: &mut Vec<&'a str>, name: &'a str) -> bool {
    let repeats = seen.contains(&name);
    seen.push(name);
    repeats
}

/// The most steps of a JSON pointer.
const MOST_STEPS: usize = 16;

/// Whether `text` names a claim. What begins with `/` is a JSON pointer (RFC 6901), in which `~`
/// begins an escape.
fn is_claim(text: &str) -> bool {
    let Some(pointer) = text.strip_prefix('/') else { return true };
    pointer.split('/').count() <= MOST_STEPS
        && pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}

/// Whether `text` is non-empty and nothing but `!` to `~`.
pub(crate) fn is_visible_ascii(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Istio passes numbers through doubles: `10000` may arrive as `1e+04`.
fn whole_number(json: &Json) -> Option<u32> {
    let Json::Number(number) = json else { return None };
    let whole = number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        // The bounds of every count lie far below, and up to here a double is exact.
        (float.fract() == 0.0 && (0.0..=9e15).contains(&float)).then_some(float as u64)
    })?;
    u32::try_from(whole).ok()
}

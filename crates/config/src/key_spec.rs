//! One key of the configuration as data: where it stands, what it takes, what leaving it out means.

use crate::duration::write_millis;
use crate::profile::Profile;
use crate::protocol::Protocol;
use crate::shape::Shape;

/// A key: a row of [`KEYS`](crate::KEYS).
#[derive(Debug)]
pub struct KeySpec {
    /// The object it stands in: `""` for the document, `guest[]` for each entry of an array.
    pub section: &'static str,
    /// Its name in that object.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// What leaving it out means.
    pub absent: Absent,
}

/// What leaving a key out means: a mistake, a value, or something in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// A mistake. An object is then read as an empty one, so that it is told what belongs into it.
    Required,
    /// No value; what that means, in the words of the documentation.
    Means(&'static str),
    /// The same as this boolean.
    Boolean(bool),
    /// The same as this number.
    Number(u32),
    /// The same as a duration of so many milliseconds.
    Millis(u32),
    /// The same as this string or word.
    Text(&'static str),
    /// The same as an array of all words of its shape.
    EveryWord,
    /// The same as an array of this word.
    OneWord(&'static str),
    /// The same as `[]`.
    EmptyArray,
    /// The same as `{}`.
    EmptyObject,
    /// It depends on `introspection.protocol`. Neither of the two is again one of these.
    ByProtocol {
        /// With [`Protocol::Rfc7662`].
        rfc7662: &'static Absent,
        /// With [`Protocol::Usergrid`].
        usergrid: &'static Absent,
    },
    /// It depends on `profile`. Neither of the two is again one of these.
    ByProfile {
        /// With [`Profile::Usergrid`].
        usergrid: &'static Absent,
        /// With [`Profile::Oauth`].
        oauth: &'static Absent,
    },
}

impl Absent {
    /// What it means where `introspection.protocol` is `protocol` and `profile` is `profile`.
    #[must_use]
    pub fn under(self, protocol: Protocol, profile: Profile) -> Self {
        match (self, protocol, profile) {
            (Self::ByProtocol { rfc7662, .. }, Protocol::Rfc7662, _) => *rfc7662,
            (Self::ByProtocol { usergrid, .. }, Protocol::Usergrid, _) => *usergrid,
            (Self::ByProfile { usergrid, .. }, _, Profile::Usergrid) => *usergrid,
            (Self::ByProfile { oauth, .. }, _, Profile::Oauth) => *oauth,
            (absent, _, _) => absent,
        }
    }
}

impl KeySpec {
    /// The whole key path, such as `introspection.timeout` or `guest[].permissions`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::from(self.section);
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(self.name);
        path
    }

    /// What it takes, bounds included, in the words of the documentation.
    #[must_use]
    pub fn kind(&self) -> String {
        self.shape.described()
    }

    /// The default with `protocol` and `profile` as JSON text; `None` if leaving the key out is not
    /// the same as some value.
    #[must_use]
    pub fn default_json(&self, protocol: Protocol, profile: Profile) -> Option<String> {
        Some(match (self.absent.under(protocol, profile), &self.shape) {
            (Absent::Required | Absent::Means(_), _)
            | (Absent::ByProtocol { .. } | Absent::ByProfile { .. }, _) => return None,
            (Absent::Boolean(on), _) => on.to_string(),
            (Absent::Number(number), _) => number.to_string(),
            (Absent::Millis(millis), _) => format!("\"{}\"", write_millis(millis.into())),
            (Absent::Text(text), _) => format!("\"{text}\""),
            (Absent::OneWord(word), _) => format!("[\"{word}\"]"),
            (Absent::EveryWord, Shape::Array(words) | Shape::NonEmptyArray(words)) => match words {
                Shape::Word(words) | Shape::WordOrMember { words, .. } => {
                    format!("[\"{}\"]", words.join("\", \""))
                }
                _ => return None,
            },
            // The documentation would call it required, and a test finds that it is not.
            (Absent::EveryWord, _) => return None,
            (Absent::EmptyArray, _) => String::from("[]"),
            (Absent::EmptyObject, _) => String::from("{}"),
        })
    }

    /// What leaving it out means, in the words of the documentation.
    #[must_use]
    pub fn when_left_out(&self) -> String {
        let under = |protocol, profile| match (
            self.absent.under(protocol, profile),
            self.default_json(protocol, profile),
        ) {
            (Absent::Means(meaning), _) => String::from(meaning),
            (_, Some(json)) => format!("`{json}`"),
            (_, None) => String::from("required"),
        };
        let mut said = under(Protocol::Rfc7662, Profile::Usergrid);
        let others = [
            ("protocol `usergrid`", under(Protocol::Usergrid, Profile::Usergrid)),
            ("profile `oauth`", under(Protocol::Rfc7662, Profile::Oauth)),
        ];
        let standard = said.clone();
        for (choice, default) in others.into_iter().filter(|(_, default)| *default != standard) {
            said.push_str(&format!("; with {choice} {default}"));
        }
        said
    }
}

//! What a value of the configuration may be, as data: the reader is driven by it, the tables of the
//! documentation and the JSON Schema are written from it.

use crate::duration::write_millis;
use crate::problem::listed;

/// What a value may be. A value that fits can still be refused for what it says.
#[derive(Debug, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Boolean,
    /// A whole number; also as a double without a fraction, since Istio makes doubles of all
    /// numbers.
    WholeNumber {
        /// The smallest accepted number.
        least: u32,
        /// The largest accepted number.
        most: u32,
    },
    /// A string of a whole number and a unit, such as `500ms`.
    Duration {
        /// The shortest accepted time in milliseconds.
        least: u32,
        /// The longest accepted time in milliseconds.
        most: u32,
    },
    /// One of these strings.
    Word(&'static [&'static str]),
    /// One of these words, or an object with one of these members and no other.
    WordOrMember {
        /// The words.
        words: &'static [&'static str],
        /// The members by name, each with what stands there.
        members: &'static [(&'static str, Shape)],
    },
    /// A string.
    String(Format),
    /// This, or `null`.
    Nullable(&'static Shape),
    /// An array of these, or one of these without an array around it.
    OneOrMany(&'static Shape),
    /// One of these, or an array with at least one of them.
    OneOrMore(&'static Shape),
    /// An array of these, which may be empty.
    Array(&'static Shape),
    /// An array of these with at least one entry.
    NonEmptyArray(&'static Shape),
    /// An object whose keys are those of this section of [`KEYS`](crate::KEYS).
    Object(&'static str),
    /// An object whose keys are the user's choice.
    Map {
        /// What the keys are.
        keys: Format,
        /// What stands under each of them.
        values: &'static Shape,
    },
}

/// What a string stands for. None but [`Format::Any`] may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text without control characters.
    Text,
    /// Text that no message may show.
    Secret,
    /// Any text at all, the empty one included; no message shows it, since it may be a secret.
    Any,
    /// Something that begins with `/`.
    Path,
    /// The name of an environment variable. No message shows it before it is known to be one: who
    /// mistakes the key may have written the secret itself.
    Variable,
    /// The name of a member of an introspection answer.
    Claim,
    /// The name of an HTTP header.
    Header,
    /// The name of a cookie.
    Cookie,
    /// The beginning of names of HTTP headers.
    HeaderPrefix,
    /// A name of the user's choice.
    Name,
    /// 1 to 64 letters, digits, `_` and `-`: what metrics can carry.
    Label,
    /// A host, or a part of one with a `*` at one end.
    HostPattern,
    /// The name `org/app` of an application.
    Application,
    /// `org/app`, each part a name or `*`.
    ApplicationPattern,
    /// The origin of a web page.
    ExactOrigin,
    /// The origin of a web page, or `*`.
    Origin,
    /// An absolute URL of HTTP.
    Url,
    /// A UUID in its text form (RFC 9562 section 4).
    Uuid,
    /// A permission rule of Usergrid.
    Rule,
}

impl Shape {
    /// What a key takes, in the words of the documentation.
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            Self::Boolean => String::from("boolean"),
            Self::WholeNumber { least, most } => format!("whole number, {least} to {most}"),
            Self::Duration { least, most } => {
                let [least, most] = [*least, *most].map(|millis| write_millis(millis.into()));
                format!("duration, `{least}` to `{most}`")
            }
            Self::Word(words) => listed(words),
            Self::WordOrMember { words, members } => {
                let member = |(name, shape): &(&str, Shape)| {
                    format!(", `{{\"{name}\": …}}` with {}", shape.one())
                };
                members.iter().map(member).fold(listed(words), |all, member| all + &member)
            }
            Self::String(format) => String::from(format.described()),
            // A map may hold `null` as well.
            Self::Nullable(shape @ Self::Map { .. }) => format!("`null` or {}", shape.described()),
            Self::Nullable(shape) => format!("{} or `null`", shape.described()),
            Self::OneOrMany(shape) | Self::OneOrMore(shape) => {
                format!("{} or array of {}", shape.described(), shape.many())
            }
            Self::Array(shape) | Self::NonEmptyArray(shape) => format!("array of {}", shape.many()),
            Self::Object(_) => String::from("object"),
            Self::Map { keys, values } => format!("object: {} to {}", keys.one(), values.one()),
        }
    }

    /// One such value, in the middle of a sentence.
    fn one(&self) -> String {
        match self {
            Self::String(format) => String::from(format.one()),
            Self::Word(_) | Self::WordOrMember { .. } => format!("one of {}", self.described()),
            Self::Nullable(shape) => format!("{} or `null`", shape.one()),
            Self::OneOrMany(shape) | Self::OneOrMore(shape) => {
                format!("{} or an array of {}", shape.one(), shape.many())
            }
            Self::Array(_) | Self::NonEmptyArray(_) | Self::Object(_) | Self::Map { .. } => {
                format!("an {}", self.described())
            }
            Self::Boolean | Self::WholeNumber { .. } | Self::Duration { .. } => {
                format!("a {}", self.described())
            }
        }
    }

    /// Several such values, in the middle of a sentence.
    fn many(&self) -> String {
        match self {
            Self::String(format) => String::from(format.many()),
            Self::Object(_) => String::from("objects"),
            Self::Word(_) | Self::WordOrMember { .. } => self.described(),
            _ => format!("values, each {}", self.one()),
        }
    }
}

impl Format {
    /// Whether a message may show such a string.
    pub(crate) fn may_be_shown(self) -> bool {
        !matches!(self, Self::Secret | Self::Any | Self::Variable)
    }

    fn described(self) -> &'static str {
        match self {
            Self::Text | Self::Secret | Self::Any => "string",
            Self::Path => "string that begins with `/`",
            Self::Variable => "name of an environment variable",
            Self::Claim => "name of a claim",
            Self::Header => "name of a header",
            Self::Cookie => "name of a cookie",
            Self::HeaderPrefix => "beginning of a header's name",
            Self::Name => "name",
            Self::Label => "1 to 64 letters, digits, `_`, `-`",
            Self::HostPattern => "host, with a `*` at one end",
            Self::Application => "`org/app`",
            Self::ApplicationPattern => "`org/app` pattern",
            Self::Origin | Self::ExactOrigin => "origin",
            Self::Url => "URL",
            Self::Uuid => "UUID",
            Self::Rule => "rule",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Self::Text | Self::Secret | Self::Any => "a string",
            Self::Path => "a string that begins with `/`",
            Self::Variable => "an environment variable",
            Self::Claim => "a claim",
            Self::Header => "a header",
            Self::Cookie => "a cookie",
            Self::HeaderPrefix => "the beginning of a header's name",
            Self::Name => "a name",
            Self::Label => "1 to 64 letters, digits, `_`, `-`",
            Self::HostPattern => "a host, with a `*` at one end",
            Self::Application => "`org/app`",
            Self::ApplicationPattern => "an `org/app` pattern",
            Self::Origin | Self::ExactOrigin => "an origin",
            Self::Url => "a URL",
            Self::Uuid => "a UUID",
            Self::Rule => "a rule",
        }
    }

    fn many(self) -> &'static str {
        match self {
            Self::Text | Self::Secret | Self::Any => "strings",
            Self::Path => "strings that begin with `/`",
            Self::Variable => "environment variables",
            Self::Claim => "claims",
            Self::Header => "headers",
            Self::Cookie => "cookies",
            Self::HeaderPrefix => "beginnings of headers' names",
            Self::Name => "names",
            Self::Label => "names of letters, digits, `_`, `-`",
            Self::HostPattern => "hosts, also with a `*` at one end",
            Self::Application => "`org/app` names",
            Self::ApplicationPattern => "`org/app` patterns",
            Self::ExactOrigin => "origins",
            Self::Origin => "origins or `*`",
            Self::Url => "URLs",
            Self::Uuid => "UUIDs",
            Self::Rule => "rules",
        }
    }
}

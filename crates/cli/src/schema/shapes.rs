//! What a key takes, in JSON Schema. A new [`Shape`] or [`Format`] does not compile without its
//! line here.

use usergrid_auth_config::{Format, Shape};

use super::tree::Tree;

/// The schema of values of this shape.
pub(super) fn of(shape: &Shape) -> Tree {
    match shape {
        Shape::Boolean => Tree::of("type", "boolean"),
        Shape::WholeNumber { least, most } => {
            Tree::of("type", "integer").with("minimum", *least).with("maximum", *most)
        }
        // The bounds of a duration are in its description: a pattern cannot compare.
        Shape::Duration { .. } => {
            Tree::of("type", "string").with("pattern", "^[0-9]{1,16}(ms|s|m|h)$")
        }
        Shape::Word(words) => Tree::of("enum", Tree::list(words.iter().copied())),
        Shape::WordOrMember { words, members } => {
            let word = Tree::of("enum", Tree::list(words.iter().copied()));
            let member = |(name, shape): &(&str, Shape)| {
                Tree::of("type", "object")
                    .with("properties", Tree::of(name, of(shape)))
                    .with("required", Tree::list([*name]))
                    .with("additionalProperties", false)
            };
            let all = std::iter::once(word).chain(members.iter().map(member));
            Tree::of("anyOf", Tree::List(all.collect()))
        }
        Shape::String(format) => string(*format),
        Shape::Nullable(inner) => either([of(inner), Tree::of("type", "null")]),
        Shape::OneOrMany(inner) => either([of(inner), array(inner)]),
        // Not "any of": an error is then told where it is, not for the whole.
        Shape::OneOrMore(inner) => Tree::of("if", Tree::of("type", "array"))
            .with("then", array(inner).with("minItems", 1))
            .with("else", of(inner)),
        Shape::Array(inner) => array(inner),
        Shape::NonEmptyArray(inner) => array(inner).with("minItems", 1),
        Shape::Object(section) => Tree::of("$ref", reference(section)),
        Shape::Map { keys, values } => Tree::of("type", "object")
            .with("propertyNames", string(*keys))
            .with("additionalProperties", of(values)),
    }
}

/// Where the schema of a section stands.
pub(super) fn reference(section: &str) -> String {
    format!("#/$defs/{}", definition(section))
}

/// The name of that schema, which is part of a URI: it has no brackets.
pub(super) fn definition(section: &str) -> String {
    section.replace("[]", ".entry")
}

fn either<const N: usize>(schemas: [Tree; N]) -> Tree {
    Tree::of("anyOf", Tree::List(schemas.into()))
}

fn array(of_these: &Shape) -> Tree {
    let array = Tree::of("type", "array").with("items", of(of_these));
    // The reader refuses a word that is listed twice.
    if matches!(of_these, Shape::Word(_) | Shape::WordOrMember { .. }) {
        array.with("uniqueItems", true)
    } else {
        array
    }
}

/// A string that stands for something. Patterns are those of ECMA-262, as JSON Schema has them.
fn string(format: Format) -> Tree {
    let pattern = match format {
        Format::Any => return Tree::of("type", "string"),
        Format::Text | Format::Name => TEXT,
        Format::Label => "^[A-Za-z0-9_-]{1,64}$",
        Format::HostPattern => {
            "^(\\*|\\*?[A-Za-z0-9._-]+|[A-Za-z0-9._-]+\\*|\\[[0-9A-Fa-f:.]+\\])$"
        }
        Format::Claim => CLAIM,
        Format::Secret => "^[^\\u0000-\\u001f\\u007f]+$",
        Format::Path => "^/[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        Format::Variable => "^[A-Za-z_][A-Za-z0-9_]*$",
        Format::Header | Format::HeaderPrefix | Format::Cookie => "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
        Format::Application => {
            "^[^\\t\\n\\f\\r */]([^*/]*[^\\t\\n\\f\\r */])?/[^\\t\\n\\f\\r */]([^*/]*[^\\t\\n\\f\\r */])?$"
        }
        Format::ApplicationPattern => PATTERN,
        Format::Origin => {
            "^(\\*|https://(?!.*:443$)[0-9a-z.:\\[\\]-]+|http://(?!.*:80$)[0-9a-z.:\\[\\]-]+)$"
        }
        Format::ExactOrigin => {
            "^(https://(?!.*:443$)[0-9a-z.:\\[\\]-]+|http://(?!.*:80$)[0-9a-z.:\\[\\]-]+)$"
        }
        Format::Url => "^https?://(?!/)[!$-\\[\\]-~]+$",
        Format::Uuid => "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
        Format::Rule => RULE,
    };
    Tree::of("type", "string").with("pattern", pattern)
}

/// As [`TEXT`]; what begins with a slash is a JSON pointer of at most 16 steps.
const CLAIM: &str = concat!(
    "^(?!/)[^\\u0000-\\u001f\\u007f-\\u009f]+$",
    "|^(/([^~/\\u0000-\\u001f\\u007f-\\u009f]|~[01])*){1,16}$"
);

/// At least one character, and no control characters.
const TEXT: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$";

/// `*` or a name, twice. A name is neither `.` nor `..`, and has no blanks at its ends.
const PATTERN: &str = concat!(
    "^(\\*|(?!\\.{1,2}/)[^\\s*/?;#%\\\\]([^*/?;#%\\\\\\u0000-\\u001f]*[^\\s*/?;#%\\\\])?)",
    "/(\\*|(?!\\.{1,2}$)[^\\s*/?;#%\\\\]([^*/?;#%\\\\\\u0000-\\u001f]*[^\\s*/?;#%\\\\])?)$"
);

/// Operations before the first colon, if there is one; then anything that is not blank at an end.
const RULE: &str = concat!(
    "^(([Gg][Ee][Tt]|[Pp][Uu][Tt]|[Pp][Oo][Ss][Tt]|[Dd][Ee][Ll][Ee][Tt][Ee]|\\*)",
    "(,([Gg][Ee][Tt]|[Pp][Uu][Tt]|[Pp][Oo][Ss][Tt]|[Dd][Ee][Ll][Ee][Tt][Ee]|\\*))*,*:",
    "([^\\s,](.*\\S)?)?|:?[^\\s,:]([^:]*[^\\s:])?|:[^\\s,](.*\\S)?)$"
);

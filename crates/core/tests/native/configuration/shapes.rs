//! The shape of every key in the table against what the parser accepts under it: values made from
//! the shape are read, values of another type are refused with the key's path. So neither can
//! drift.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usergrid_auth_config::{Absent, Config, Format, KEYS, KeySpec, Profile, Protocol, Shape};

use crate::configuration::{environment, with};

/// A string of a format that its key accepts.
fn string(format: Format, key: &KeySpec) -> &'static str {
    match format {
        Format::Text | Format::Secret | Format::Any => "text",
        Format::Path => "/path",
        Format::Variable => "INTROSPECTION_SECRET",
        Format::Claim => "claim",
        Format::Header => "x-header",
        Format::HeaderPrefix => "x-id-",
        Format::Name if key.name == "parameters" => "resource",
        Format::Name | Format::Label => "name",
        Format::HostPattern => "*.example.com",
        Format::Application => "acme/sandbox",
        Format::ApplicationPattern => "*/sandbox",
        Format::Cookie => "cookie",
        Format::Origin | Format::ExactOrigin => "https://app.example.com",
        Format::Url => "https://api.example.com/.well-known/oauth-protected-resource",
        Format::Uuid => "3b2a0c5e-0000-11e3-a495-11ddb1de66c8",
        Format::Rule => "get:/books/*",
    }
}

/// Values that fit a shape: each alternative, each word, both bounds, the empty list and one entry.
fn fitting(shape: &Shape, key: &KeySpec) -> Vec<Value> {
    match shape {
        Shape::Boolean => vec![json!(true), json!(false)],
        Shape::WholeNumber { least, most } => vec![json!(least), json!(most)],
        Shape::Duration { least, most } => {
            vec![json!(format!("{least}ms")), json!(format!("{most}ms"))]
        }
        Shape::Word(words) => words.iter().map(|word| json!(word)).collect(),
        Shape::WordOrMember { words, members } => {
            let words = words.iter().map(|word| json!(word));
            let member = |(name, shape): &(&str, Shape)| {
                fitting(shape, key).into_iter().map(|value| json!({ *name: value })).collect()
            };
            let members: Vec<Vec<Value>> = members.iter().map(member).collect();
            words.chain(members.concat()).collect()
        }
        Shape::String(Format::Any) => vec![json!("text"), json!("")],
        Shape::String(format) => vec![json!(string(*format, key))],
        Shape::Nullable(inner) => fitting(inner, key).into_iter().chain([Value::Null]).collect(),
        Shape::OneOrMany(inner) => {
            let mut values = fitting(inner, key);
            values.extend([json!([]), json!(values)]);
            values
        }
        Shape::OneOrMore(inner) => {
            let mut values = fitting(inner, key);
            let listed = values.iter().cloned().map(|mut value| {
                value["name"] = json!("name");
                value
            });
            values.push(listed.collect());
            values
        }
        Shape::Array(inner) => vec![json!([]), json!(fitting(inner, key))],
        Shape::NonEmptyArray(inner) => vec![json!(fitting(inner, key))],
        Shape::Object(section) => vec![section_with_what_is_required(section)],
        Shape::Map { keys, values } => {
            let name = string(*keys, key);
            let entries = fitting(values, key).into_iter().map(|value| json!({ name: value }));
            // `null` is only for headers that there are by default.
            let entries = entries.filter(|entry| !entry[name].is_null());
            entries.chain([json!({})]).collect()
        }
    }
}

fn section_with_what_is_required(section: &str) -> Value {
    let mut object = json!({});
    let inside = KEYS.iter().filter(|key| key.section == section);
    let plain = |absent: Absent| absent.under(Protocol::Rfc7662, Profile::Usergrid);
    for key in inside.filter(|key| plain(key.absent) == Absent::Required) {
        object[key.name] = fitting(&key.shape, key).remove(0);
    }
    if section == "authorization.require_scope[]" {
        object["all_of"] = json!(["x"]);
    }
    object
}

/// Values of another type than the shape's, deeper inside it, too.
fn misfitting(shape: &Shape, key: &KeySpec) -> Vec<Value> {
    let scalars = || vec![json!(true), json!(7), json!("text"), Value::Null];
    match shape {
        Shape::Boolean => vec![json!("true"), json!(1), json!([]), json!({}), Value::Null],
        Shape::WholeNumber { .. } => {
            vec![json!("16"), json!(true), json!([]), json!({}), json!(16.5), Value::Null]
        }
        Shape::Duration { .. } => vec![json!(1000), json!("1"), json!([]), json!({}), Value::Null],
        Shape::Word(_) => vec![json!(true), json!(7), json!([]), json!({}), Value::Null],
        Shape::WordOrMember { members, .. } => {
            let mut values = scalars();
            values.extend([json!([]), json!({}), json!({ "no such key": "text" })]);
            let both = members.iter().map(|(name, _)| (String::from(*name), json!("text")));
            values.push(Value::Object(both.collect()));
            for (name, shape) in *members {
                let inside = misfitting(shape, key).into_iter();
                values.extend(inside.map(|value| json!({ *name: value })));
            }
            values
        }
        Shape::String(Format::Any) => {
            vec![json!(true), json!(7), json!([]), json!({}), Value::Null]
        }
        Shape::String(_) => {
            vec![json!(true), json!(7), json!(""), json!([]), json!({}), Value::Null]
        }
        Shape::Nullable(inner) => {
            misfitting(inner, key).into_iter().filter(|value| !value.is_null()).collect()
        }
        Shape::OneOrMany(inner) => {
            let inside = misfitting(inner, key);
            let alone = inside.iter().filter(|value| !value.is_array()).cloned();
            alone.chain(inside.iter().map(|value| json!([value]))).collect()
        }
        Shape::OneOrMore(inner) => {
            let alone = misfitting(inner, key);
            alone.iter().cloned().chain(alone.iter().map(|value| json!([value]))).collect()
        }
        Shape::Array(inner) | Shape::NonEmptyArray(inner) => {
            let mut values = scalars();
            values.push(json!({}));
            values.extend(misfitting(inner, key).into_iter().map(|value| json!([value])));
            if matches!(shape, Shape::NonEmptyArray(_)) {
                values.push(json!([]));
            }
            values
        }
        Shape::Object(_) => {
            let unknown = json!({ "no such key": 1 });
            scalars().into_iter().chain([json!([]), unknown]).collect()
        }
        Shape::Map { keys, values: inner } => {
            let mut values = scalars();
            values.extend([json!([]), json!({ "": "text" })]);
            let inside = misfitting(inner, key).into_iter();
            values.extend(inside.map(|value| json!({ string(*keys, key): value })));
            values
        }
    }
}

/// A document with `value` under `key`, and with what goes along with the key or the value.
fn document(key: &KeySpec, value: &Value) -> String {
    let path = key.path();
    let value = value.to_string();
    let method = |method| ("introspection.client_auth.method", method);
    let id = ("introspection.client_auth.client_id", "\"gateway\"");
    let secret = ("introspection.client_auth.client_secret", "\"secret\"");
    let token = ("introspection.client_auth.token", "\"token\"");
    let basic = method("\"client_secret_basic\"");
    let company: &[(&str, &str)] = match (path.as_str(), value.as_str()) {
        ("introspection.client_auth.method", "\"bearer\"") => &[token],
        ("introspection.client_auth.method", "\"tls_client_auth\"") => &[id],
        ("introspection.client_auth.method", word) if word.contains("client_") => &[id, secret],
        ("introspection.client_auth.client_id", _) => &[basic, secret],
        ("introspection.client_auth.client_secret", _)
        | ("introspection.client_auth.client_secret_env", _) => &[basic, id],
        ("introspection.client_auth.token", _) | ("introspection.client_auth.token_env", _) => {
            &[method("\"bearer\"")]
        }
        ("introspection.client_credentials" | "introspection.match.token_prefixes", _) => {
            &[("client_credentials", "null")]
        }
        ("credentials.cookie_origins", _) => {
            &[("credentials.sources", r#"[{"cookie":"session"}]"#)]
        }
        ("introspection.offline_if_error", "true") => {
            &[("token.salt_env", "\"USERGRID_TOKEN_SALT\"")]
        }
        _ => &[],
    };
    with(&[company, &[(&path, &value)]].concat())
}

/// The outermost kind of a shape; of a string, its format as well.
fn kind(shape: &Shape) -> String {
    let debug = format!("{shape:?}");
    match shape {
        Shape::String(_) => debug,
        _ => debug.split([' ', '(']).next().unwrap().to_owned(),
    }
}

#[test]
fn what_fits_the_shape_of_a_key_is_read() {
    for key in KEYS {
        let values = fitting(&key.shape, key);
        assert!(!values.is_empty(), "{}", key.path());
        for value in values {
            let document = document(key, &value);
            if let Err(problems) = Config::parse(document.as_bytes(), &environment) {
                panic!("{} = {value}: {problems}", key.path());
            }
        }
    }
}

#[test]
fn what_is_of_another_type_is_refused_at_its_key() {
    for key in KEYS {
        let values = misfitting(&key.shape, key);
        assert!(!values.is_empty(), "{}", key.path());
        for value in values {
            let place = format!("`{}", key.path().replace("[]", "[0]"));
            let told = match Config::parse(document(key, &value).as_bytes(), &environment) {
                Ok(_) => panic!("{} = {value} is accepted", key.path()),
                Err(problems) => problems.to_string(),
            };
            assert!(told.lines().all(|line| line.starts_with(&place)), "{value}: {told}");
            assert!(!told.contains("table of keys"), "{value}: {told}");
        }
    }
}

/// Otherwise a kind would be described and never tried.
#[test]
fn every_kind_of_shape_is_tried() {
    fn collect(shape: &Shape, kinds: &mut BTreeSet<String>) {
        kinds.insert(kind(shape));
        match shape {
            Shape::Nullable(inner)
            | Shape::OneOrMany(inner)
            | Shape::OneOrMore(inner)
            | Shape::Array(inner)
            | Shape::NonEmptyArray(inner) => collect(inner, kinds),
            Shape::Map { keys, values } => {
                kinds.insert(kind(&Shape::String(*keys)));
                collect(values, kinds);
            }
            Shape::WordOrMember { members, .. } => {
                members.iter().for_each(|(_, shape)| collect(shape, kinds));
            }
            _ => {}
        }
    }
    let mut kinds = BTreeSet::new();
    for key in KEYS {
        collect(&key.shape, &mut kinds);
    }
    let formats = ["Text", "Secret", "Any", "Path", "Variable", "Claim", "Header", "HeaderPrefix"];
    let formats =
        formats.into_iter().chain(["Name", "Application", "ApplicationPattern", "Uuid", "Rule"]);
    let formats = formats.chain(["Cookie", "ExactOrigin", "Origin", "Url", "Label", "HostPattern"]);
    let shapes = ["Boolean", "WholeNumber", "Duration", "Word", "Nullable", "OneOrMany", "Array"];
    let shapes = shapes
        .into_iter()
        .chain(["OneOrMore", "NonEmptyArray", "Object", "Map", "WordOrMember"])
        .map(str::to_owned);
    let expected = shapes.chain(formats.map(|format| format!("String({format})")));
    assert_eq!(kinds, expected.collect());
}

/// The reader takes the default of a word from the table; it must be one of the words.
#[test]
fn the_default_of_a_word_is_one_of_the_words() {
    for key in KEYS {
        if let Shape::Word(words) = key.shape {
            for (protocol, profile) in [
                (Protocol::Rfc7662, Profile::Usergrid),
                (Protocol::Usergrid, Profile::Usergrid),
                (Protocol::Rfc7662, Profile::Oauth),
            ] {
                let absent = key.absent.under(protocol, profile);
                match absent {
                    Absent::Text(default) => {
                        assert!(words.contains(&default), "{}: {default}", key.path());
                    }
                    // Another key says which.
                    Absent::Means(_) => {}
                    _ => panic!("{}", key.path()),
                }
            }
        }
    }
}

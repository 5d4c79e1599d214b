//! What one key of a section says about the others: which of them go with a protocol or a method,
//! which are required then, and which exclude each other.

use usergrid_auth_config::{Absent, KeySpec, Profile, Protocol, client_auth_methods, protocols};

use super::tree::Tree;

/// The conditions of the section `name`, whose keys are `keys`.
pub(super) fn of(name: &str, keys: &[&KeySpec]) -> Vec<Tree> {
    let mut conditions = pairs(keys);
    match name {
        "introspection" => conditions.extend(protocols().map(|(word, protocol, known)| {
            let mut required = required(keys, protocol);
            required.retain(|key| known.contains(key));
            when("protocol", word, protocol == Protocol::Rfc7662, only(known, &required))
        })),
        "introspection.client_auth" => {
            conditions.extend(
                client_auth_methods().enumerate().map(|(at, (word, known))| {
                    when("method", word, at == 0, with_its_secret(known))
                }),
            );
        }
        "authorization.require_scope[]" => {
            let one = ["all_of", "any_of"].map(|key| Tree::of("required", Tree::list([key])));
            conditions.push(Tree::of("oneOf", Tree::List(one.into())));
        }
        "" => {
            conditions.extend(protocols().map(|(word, protocol, _)| {
                let is_protocol = when_inside(word, protocol == Protocol::Rfc7662);
                is_protocol.with("then", elsewhere(protocol))
            }));
            conditions.push(names_in_a_list());
        }
        _ => {}
    }
    conditions
}

/// A value and the variable that holds it: not both.
fn pairs(keys: &[&KeySpec]) -> Vec<Tree> {
    let has = |name: &str| keys.iter().any(|key| key.name == name);
    let with_variable = keys.iter().map(|key| (key.name, format!("{}_env", key.name)));
    with_variable
        .filter(|(_, variable)| has(variable))
        .map(|(value, variable)| {
            Tree::of("not", Tree::of("required", Tree::list([value, &variable])))
        })
        .collect()
}

/// What is required with `protocol`, and not with every one.
fn required(keys: &[&KeySpec], protocol: Protocol) -> Vec<&'static str> {
    // No profile asks for a key that another does not.
    let is_required =
        |key: &KeySpec| key.absent.under(protocol, Profile::Usergrid) == Absent::Required;
    let of_protocol = keys.iter().filter(|key| !always_required(key) && is_required(key));
    of_protocol.map(|key| key.name).collect()
}

/// Whether a key is required whatever the protocol is. One of `introspection` may be unknown to the
/// other protocol.
pub(super) fn always_required(key: &KeySpec) -> bool {
    let is_known = |known: &[&str]| key.section != "introspection" || known.contains(&key.name);
    key.absent == Absent::Required && protocols().all(|(_, _, known)| is_known(known))
}

/// `then`, where the key is the word, or is left out and the word is the default.
fn when(key: &str, word: &str, is_default: bool, then: Tree) -> Tree {
    let is_word = Tree::of("properties", Tree::of(key, Tree::of("const", word)));
    let condition = if is_default { is_word } else { is_word.with("required", Tree::list([key])) };
    Tree::of("if", condition).with("then", then)
}

/// The keys `known` and no others, the `required` ones among them.
fn only(known: &[&str], required: &[&str]) -> Tree {
    let names = Tree::of("enum", Tree::list(known.iter().copied()));
    let then = Tree::of("propertyNames", names);
    if required.is_empty() {
        then
    } else {
        then.with("required", Tree::list(required.iter().copied()))
    }
}

/// As [`only`], with the client id where there is one, and a secret or the variable that holds it.
fn with_its_secret(known: &[&str]) -> Tree {
    let required: &[&str] = if known.contains(&"client_id") { &["client_id"] } else { &[] };
    let then = only(known, required);
    let secrets: Vec<&str> =
        known.iter().copied().filter(|key| known.contains(&&*format!("{key}_env"))).collect();
    let one_of = |secret: &str| {
        [secret.to_owned(), format!("{secret}_env")]
            .map(|key| Tree::of("required", Tree::list([key])))
    };
    match secrets.first() {
        Some(secret) => then.with("anyOf", Tree::List(one_of(secret).into())),
        None => then,
    }
}

/// Servers in a list have names.
fn names_in_a_list() -> Tree {
    let named = Tree::of("required", Tree::list(["name"]));
    let is_list = Tree::of("if", Tree::of("type", "array")).with("then", Tree::of("items", named));
    Tree::of("properties", Tree::of("introspection", is_list))
}

/// Where the document's only protocol is this. Of several servers, nothing is said here.
fn when_inside(word: &str, is_default: bool) -> Tree {
    let is_word = Tree::of("type", "object")
        .with("properties", Tree::of("protocol", Tree::of("const", word)));
    let condition =
        if is_default { is_word } else { is_word.with("required", Tree::list(["protocol"])) };
    let inside = Tree::of("properties", Tree::of("introspection", condition));
    Tree::of(
        "if",
        if is_default { inside } else { inside.with("required", Tree::list(["introspection"])) },
    )
}

/// What a protocol says about sections other than `introspection`.
fn elsewhere(protocol: Protocol) -> Tree {
    let keys: Vec<&KeySpec> = usergrid_auth_config::KEYS
        .iter()
        .filter(|key| key.section == "client_credentials")
        .collect();
    let required = required(&keys, protocol);
    let mut sections = Tree::empty();
    if !required.is_empty() {
        sections = sections.with("client_credentials", Tree::of("required", Tree::list(required)));
    }
    if protocol == Protocol::Usergrid {
        let none = Tree::of("roles", false).with("scopes", false).with("require_scope", false);
        sections =
            sections.with("claims", false).with("authorization", Tree::of("properties", none));
    }
    Tree::of("properties", sections)
}

//! `guest`, `public` and `authorization`: the rules that let somebody in.
//! A rule that cannot be read is an error here, never a rule that matches nothing or too much.

use std::collections::HashMap;

use super::problem::quoted;
use super::reader::{Section, Value};
use super::{Authorization, Tenancy};
use crate::guest::GuestRules;
use crate::permission::Rule;

pub(super) fn guest(root: &Section<'_>) -> GuestRules {
    let Some(list) = root.value("guest") else { return GuestRules::default() };
    for entry in list.items() {
        let entry = entry.section("guest[]");
        if let Some(applications) = entry.required_array("applications") {
            for item in applications.items() {
                let Some(pattern) = item.text() else { continue };
                if application(pattern).is_none() {
                    item.is_not("a pattern `org/app`, each part a name or `*`");
                }
            }
        }
        entry.required_array("permissions").map(|value| rule_list(&value));
    }
    GuestRules::default()
}

pub(super) fn public(root: &Section<'_>) -> Vec<Rule> {
    root.value("public").map(|value| rule_list(&value)).unwrap_or_default()
}

pub(super) fn authorization(root: &Section<'_>) -> Authorization {
    let section = root.section("authorization", "authorization");
    Authorization {
        tenancy: match section.word("tenancy") {
            Some("require") => Tenancy::Require,
            Some("ignore") => Tenancy::Ignore,
            _ => Tenancy::IfPresent,
        },
        application_ids: application_ids(&section),
        roles: rules_by_name(&section, "roles"),
        scopes: rules_by_name(&section, "scopes"),
    }
}

/// `None` for an empty object, which is the default: no mapping is configured.
fn rules_by_name(section: &Section<'_>, name: &'static str) -> Option<HashMap<String, Vec<Rule>>> {
    let mut mapping = HashMap::new();
    for (name, rules) in section.value(name)?.members() {
        mapping.insert(name.to_owned(), rule_list(&rules));
    }
    (!mapping.is_empty()).then_some(mapping)
}

fn rule_list(list: &Value<'_>) -> Vec<Rule> {
    list.items().iter().filter_map(rule).collect()
}

fn rule(item: &Value<'_>) -> Option<Rule> {
    let text = item.text()?;
    match Rule::parse(text) {
        Ok(rule) => Some(rule),
        Err(error) => {
            item.problem(&[&quoted(text), &format!(": {error:?}")]);
            None
        }
    }
}

/// Names compare without letter case, so two keys may be one application.
fn application_ids(section: &Section<'_>) -> HashMap<String, String> {
    let mut ids = HashMap::new();
    let mut named: HashMap<String, String> = HashMap::new();
    let Some(value) = section.value("application_ids") else { return ids };
    for (name, value) in value.members() {
        let Some(id) = value.text() else { continue };
        let (name, id) = (name.to_ascii_lowercase(), id.to_ascii_lowercase());
        if application(&name).is_none_or(|(org, app)| org == "*" || app == "*") {
            value.problem(&["the key is not the name `org/app` of an application"]);
        } else if !is_uuid(&id) {
            value.is_not("a UUID");
        } else if let Some(other) = ids.get(&name) {
            value.problem(&["the application has the UUID ", &quoted(other), " already"]);
        } else if let Some(other) = named.insert(id.clone(), name.clone()) {
            value.problem(&["this is the UUID of ", &quoted(&other), " already"]);
        } else {
            ids.insert(name, id);
        }
    }
    ids
}

/// The two parts of `org/app`, each a name or `*`.
fn application(pattern: &str) -> Option<(&str, &str)> {
    let (organization, application) = pattern.split_once('/')?;
    (is_part(organization) && is_part(application)).then_some((organization, application))
}

/// Blanks at an end are a slip, and `*` within a name would suggest a wildcard that there is not.
fn is_part(part: &str) -> bool {
    part == "*" || !(part.is_empty() || part != part.trim_ascii() || part.contains(['*', '/']))
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

//! `guest`, `public` and `authorization`: the rules that let somebody in.
//! A rule that cannot be read is an error here, never a rule that matches nothing or too much.

use std::collections::HashMap;
use std::rc::Rc;

use super::problem::{one_line, quoted};
use super::reader::{Section, Value};
use super::{ApplicationIds, Authorization, Tenancy};
use usergrid_auth_rules::guest::{ApplicationPattern, GuestRule, GuestRules};
use usergrid_auth_rules::path::is_uuid;
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::public::PublicRules;

pub(super) fn guest(root: &Section<'_>) -> GuestRules {
    let Some(list) = root.value("guest") else { return GuestRules::default() };
    GuestRules::new(list.items().iter().map(guest_rule).collect())
}

fn guest_rule(entry: &Value<'_>) -> GuestRule {
    let section = entry.section("guest[]");
    let mut rule = GuestRule { applications: Vec::new(), permissions: Vec::new() };
    if let Some(list) = section.required_array("applications") {
        for item in list.items() {
            let Some(text) = item.text() else { continue };
            match ApplicationPattern::parse(text) {
                Ok(pattern) => rule.applications.push(pattern),
                Err(error) => item.problem(&[&one_line(&error.to_string())]),
            }
        }
    }
    if let Some(list) = section.required_array("permissions") {
        rule.permissions = rule_list(&list);
    }
    rule
}

pub(super) fn public(root: &Section<'_>) -> PublicRules {
    PublicRules::new(root.value("public").map(|list| rule_list(&list)).unwrap_or_default())
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
fn rules_by_name(section: &Section<'_>, name: &'static str) -> Option<HashMap<String, Rc<[Rule]>>> {
    let mut mapping = HashMap::new();
    for (name, rules) in section.value(name)?.members() {
        mapping.insert(name.to_owned(), rule_list(&rules).into());
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
            item.problem(&[&one_line(&error.to_string())]);
            None
        }
    }
}

/// Names compare without letter case, so two keys may be one application.
fn application_ids(section: &Section<'_>) -> ApplicationIds {
    let mut ids = ApplicationIds::default();
    let Some(value) = section.value("application_ids") else { return ids };
    for (name, value) in value.members() {
        let Some(id) = value.text() else { continue };
        let (name, id) = (name.to_ascii_lowercase(), id.to_ascii_lowercase());
        if !is_application(&name) {
            value.problem(&["the key is not the name `org/app` of an application"]);
        } else if !is_uuid(&id) {
            value.is_not("a UUID");
        } else if let Some(other) = ids.uuid(&name) {
            value.problem(&["the application has the UUID ", &quoted(other), " already"]);
        } else if let Some(other) = ids.name(&id) {
            value.problem(&["this is the UUID of ", &quoted(other), " already"]);
        } else {
            ids.insert(name, id);
        }
    }
    ids
}

/// Whether `name` is `org/app`. Blanks at an end are a slip, and there are no wildcards here.
fn is_application(name: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part == part.trim_ascii() && !part.contains(['*', '/']);
    name.split_once('/').is_some_and(|(org, app)| is_part(org) && is_part(app))
}

//! Many rules admit what any one of them admits: looking them up changes nothing but the cost.

use std::cell::Cell;

use proptest::prelude::*;
use usergrid_auth_rules::guest::{ApplicationPattern, GuestRule, GuestRules};
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::permission::{CheckedPath, Rule, RuleSet};
use usergrid_auth_rules::public::PublicRules;
use usergrid_auth_rules::steps::Steps;

use crate::support::rule;

/// Few words, so that rules and paths meet often; letter case differs.
fn path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec![
        "acme", "Acme", "shop", "users", "me", "tom", "token", "a", "*", "",
    ]);
    prop::collection::vec(segment, 0..6).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    let segment = prop::sample::select(vec![
        "acme", "ACME", "shop", "users", "me", "tom", "token", "*", "**", "t*", "?", "${user}", "",
    ]);
    let item = prop::collection::vec(segment, 1..5).prop_map(|segments| segments.join("/"));
    let items = prop::collection::vec(item, 1..3).prop_map(|items| {
        let items: Vec<String> = items.into_iter().map(|item| format!("/{item}")).collect();
        items.join(",")
    });
    let operations = prop::sample::select(vec!["get", "get,post", "*", "put"]);
    let rule = (operations, items).prop_map(|(operations, items)| format!("{operations}:{items}"));
    prop::collection::vec(rule, 9..40)
}

fn applications() -> impl Strategy<Value = Vec<String>> {
    let name = || prop::sample::select(vec!["acme", "ACME", "shop", "tom", "*"]);
    let pattern = (name(), name()).prop_map(|(organization, app)| format!("{organization}/{app}"));
    prop::collection::vec(pattern, 1..4)
}

proptest! {
    #[test]
    fn a_rule_set_is_its_rules(rules in rules(), path in path()) {
        let rules: Vec<Rule> = rules.iter().map(|text| rule(text)).collect();
        let set = RuleSet::new(rules.clone());
        let path = CheckedPath::new(&path);
        let steps = Steps::of_a_request();
        let allows = |rule: &Rule| rule.allows(b"GET", &path, &[], &steps);
        prop_assert_eq!(set.any(&path, &steps, allows), rules.iter().any(allows));
    }

    #[test]
    fn public_rules_are_each_of_them(rules in rules(), path in path()) {
        let rules: Vec<Rule> = rules.iter().map(|text| rule(text)).collect();
        let Ok(path) = RequestPath::parse(path.as_bytes(), &[]) else { return Ok(()) };
        let each = rules.iter().any(|rule| PublicRules::new(vec![rule.clone()]).admits(b"GET", &path, &Steps::of_a_request()));
        prop_assert_eq!(PublicRules::new(rules).admits(b"GET", &path, &Steps::of_a_request()), each);
    }

    #[test]
    fn guest_rules_are_each_of_them(
        rules in prop::collection::vec((applications(), rules()), 1..20),
        path in path(),
    ) {
        let rules: Vec<GuestRule> = rules
            .iter()
            .map(|(applications, permissions)| GuestRule {
                applications: applications
                    .iter()
                    .map(|text| ApplicationPattern::parse(text).unwrap())
                    .collect(),
                permissions: permissions.iter().map(|text| rule(text)).collect(),
            })
            .collect();
        let Ok(path) = RequestPath::parse(path.as_bytes(), &[]) else { return Ok(()) };
        let each = rules.iter().any(|rule| GuestRules::new(vec![rule.clone()]).admits(b"GET", &path, &Steps::of_a_request()));
        prop_assert_eq!(GuestRules::new(rules).admits(b"GET", &path, &Steps::of_a_request()), each);
    }
}

#[test]
fn many_guest_rules_for_one_application_add_up() {
    let only = |application: &str, permission: &str| GuestRule {
        applications: vec![ApplicationPattern::parse(application).unwrap()],
        permissions: vec![rule(permission)],
    };
    let mut rules: Vec<GuestRule> =
        (0..100).map(|n| only("acme/sandbox", &format!("get:/item{n}"))).collect();
    rules.extend((0..100).map(|n| only(&format!("org{n}/*"), "post:/**")));
    let rules = GuestRules::new(rules);
    let admits = |method: &[u8], path: &str| {
        let path = RequestPath::parse(path.as_bytes(), &[]).unwrap();
        rules.admits(method, &path, &Steps::of_a_request())
    };
    assert!(admits(b"GET", "/ACME/Sandbox/Item99"));
    assert!(!admits(b"POST", "/acme/sandbox/item99"));
    assert!(!admits(b"GET", "/acme/sandbox/item100"));
    assert!(!admits(b"GET", "/acme/shop/item9"));
    assert!(admits(b"POST", "/org7/anything/at/all"));
    assert!(!admits(b"POST", "/org100/anything/at/all"));
    // Where a `;` makes two readings, one rule may allow the one and another the other.
    assert!(admits(b"POST", "/org7/app/x;y"));
}

/// How many tests a request on `path` costs, where one rule lists `items`.
fn tests_made(items: &[String], path: &str) -> usize {
    let mut rules = vec![rule(&format!("get:{}", items.join(",")))];
    rules.extend((0..8).map(|n| rule(&format!("post:/other{n}"))));
    let made = Cell::new(0_usize);
    let found = RuleSet::new(rules).any(&CheckedPath::new(path), &Steps::of_a_request(), |_| {
        made.update(|count| count.saturating_add(1));
        false
    });
    assert!(!found);
    made.get()
}

#[test]
fn each_path_of_a_rule_is_tested_once_at_most() {
    let alike: Vec<String> = (0..50).map(|n| format!("/*/public{n}")).collect();
    assert_eq!(tests_made(&alike, "/users/tom"), 50);
    let nested: Vec<String> = (0..50).map(|n| format!("{}/z*", "/a".repeat(n))).collect();
    assert_eq!(tests_made(&nested, &"/a".repeat(60)), 50);
    let written_out: Vec<String> = (0..50).map(|n| format!("/users/public{n}")).collect();
    assert_eq!(tests_made(&written_out, "/users/public7"), 1);
}

#[test]
fn rules_that_differ_only_deep_down_are_told_apart() {
    let deep = "/a".repeat(100);
    let mut rules: Vec<Rule> = (0..20).map(|n| rule(&format!("get:{deep}/{n}"))).collect();
    rules.push(rule(&format!("post:{deep}")));
    let rules = PublicRules::new(rules);
    let admits = |method: &[u8], path: &str| {
        let path = RequestPath::parse(path.as_bytes(), &[]).unwrap();
        rules.admits(method, &path, &Steps::of_a_request())
    };
    assert!(admits(b"GET", &format!("{deep}/7")));
    assert!(!admits(b"GET", &format!("{deep}/20")));
    assert!(!admits(b"GET", &deep));
    assert!(admits(b"POST", &deep));
}

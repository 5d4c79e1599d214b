//! What matching one request costs, in steps: ordinary rules take little of the budget, hostile
//! ones use it up and are refused.

use std::rc::Rc;

use usergrid_auth_core::authorization::{PermissionFinding, permission};
use usergrid_auth_core::decision::{Finding, explain};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::principal::Principal;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::verification::verdict::Verdict;
use usergrid_auth_rules::guest::{ApplicationPattern, GuestRule, GuestRules};
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::permission::{CheckedPath, Rule};
use usergrid_auth_rules::public::PublicRules;
use usergrid_auth_rules::steps::Steps;

use crate::support::{NOW, config, introspected, rule};

const UUID: &str = "aaaaaaaa-b5d5-11e3-a495-11ddb1de66c8";

fn used(steps: &Steps) -> usize {
    Steps::OF_A_REQUEST - steps.left()
}

fn path(text: &str) -> RequestPath {
    RequestPath::parse(text.as_bytes(), &[]).unwrap_or_else(|_| panic!("{text} is broken"))
}

/// A user with two names and these rules.
fn user(rules: &[String]) -> Principal {
    let members = format!(r#""username":"tom","sub":"{UUID}""#);
    Principal {
        rules: Some(vec![rules.iter().map(|text| rule(text)).collect()]),
        ..introspected(&config(""), &members)
    }
}

/// So many texts, each made of its number.
fn texts(count: usize, text: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(text).collect()
}

/// None of the rules allows, so that all are tried.
#[test]
fn ordinary_rules_of_a_user_take_a_tenth_of_the_budget_at_most() {
    for (rules, on) in [
        (texts(256, |n| format!("get,post:/collection{n}/**")), "/collection/9f0c/likes"),
        (texts(256, |n| format!("get:/users/${{user}}/list{n}/*")), "/users/tom/list/likes"),
        (texts(256, |n| format!("get:/users/me/**/list{n}")), "/users/tom/devices/likes/list"),
        (texts(256, |n| format!("get:/*/*/list{n}")), "/users/tom/list"),
        (texts(256, |n| format!("get:/**/list{n}")), "/users/tom/devices/likes/list"),
        (texts(256, |n| format!("get:/files/*.{n}.png")), "/files/holiday.2019.summer.jpg"),
    ] {
        for prefix in ["/acme/shop", "/orgs/acme/apps/shop"] {
            // The `;` makes it two readings of each place where the application's path may begin.
            for parameters in ["", ";v=1"] {
                let path = path(&[prefix, on, parameters].concat());
                let steps = Steps::of_a_request();
                let finding = permission(&user(&rules), b"GET", &path, &steps);
                assert_eq!(finding, PermissionFinding::NotAllowed, "{}", rules[0]);
                assert!(used(&steps) < Steps::OF_A_REQUEST / 10, "{}: {}", rules[0], used(&steps));
            }
        }
    }
}

#[test]
fn ten_thousand_rules_of_the_configuration_take_half_of_the_budget_at_most() {
    let application = |text: &str| vec![ApplicationPattern::parse(text).unwrap()];
    for (rules, on, most) in [
        (texts(10_000, |n| format!("get:/acme/shop{n}/list")), "/acme/shop/list", 100),
        // These differ behind a wildcard, and all are tried.
        (texts(10_000, |n| format!("get:/*/*/list{n}")), "/acme/shop/list", 350_000),
        (texts(10_000, |n| format!("get:/**/list{n}")), "/acme/shop/books/list", 524_288),
    ] {
        let rules: Vec<Rule> = rules.iter().map(|text| rule(text)).collect();
        let (public, path) = (PublicRules::new(rules.clone()), path(on));
        let steps = Steps::of_a_request();
        assert!(!public.admits(b"GET", &path, &steps));
        assert!(used(&steps) <= most, "{on}: {}", used(&steps));
        let guest = GuestRules::new(vec![GuestRule {
            applications: application("*/*"),
            permissions: rules,
        }]);
        let steps = Steps::of_a_request();
        assert!(!guest.admits(b"GET", &path, &steps));
        assert!(used(&steps) <= most, "{on}: {}", used(&steps));
    }
    let rules = (0..10_000).map(|n| GuestRule {
        applications: application(&format!("org{n}/sandbox")),
        permissions: vec![rule("get:/**")],
    });
    let steps = Steps::of_a_request();
    assert!(GuestRules::new(rules.collect()).admits(b"GET", &path("/org7/sandbox/x"), &steps));
    assert!(used(&steps) < 100, "{}", used(&steps));
}

/// The longest rules and paths there are, 8 KB each, so that they nearly match in very many ways. They end in
/// a wildcard: by its last letter, a rule that ends in one is told from most paths at a glance.
#[test]
fn hostile_rules_use_the_budget_up_and_are_refused() {
    let one_segment = format!("/{}", "a".repeat(8000));
    let short_segments = "/a".repeat(240);
    let long_segments = format!("/{}", "a".repeat(31)).repeat(240);
    for (rules, on) in [
        (texts(8, |n| format!("get:/*{}b{n}*", "a".repeat(1000))), &one_segment),
        (texts(256, |n| format!("get:/*a{}b{n}*", "?".repeat(20))), &one_segment),
        (texts(256, |n| format!("get:/**/*a*a?aa*b{n}*")), &long_segments),
        (texts(8, |n| format!("get:/**{}/b{n}*", "/*".repeat(125))), &long_segments),
        (texts(64, |n| format!("get:/**{}/b{n}*", "/a".repeat(50))), &short_segments),
        (texts(128, |n| format!("get:/**/${{user}}*{}b{n}*", "a".repeat(40))), &one_segment),
    ] {
        // `tom` stands for nothing here; this one does.
        let mut user = user(&rules);
        user.user_names.push("a".to_owned());
        let path = path(&format!("/orgs/acme/apps/shop{on}"));
        let steps = Steps::of_a_request();
        assert_eq!(permission(&user, b"GET", &path, &steps), PermissionFinding::TooCostly);
        assert!(steps.are_used_up(), "{}", rules[0]);
        // Neither does a rule that would allow help whoever brought them along.
        let more = ["get:/**".to_owned()];
        let all: Vec<String> = rules.iter().chain(&more).cloned().collect();
        user.rules = Some(vec![all.iter().map(|text| rule(text)).collect()]);
        let finding = permission(&user, b"GET", &path, &Steps::of_a_request());
        assert_eq!(finding, PermissionFinding::TooCostly);
    }
}

/// Whatever is tried on a path, going back costs no more than the two lengths multiplied; longer
/// paths than any backend takes are not tried at all.
#[test]
fn going_back_is_bounded() {
    for (text, on) in [
        ("/**/a/**/a/**/a/**/a/**/b", "/a".repeat(4_000)),
        ("/**/a/a/a/a/**/a/a/a/b/**/c", "/a".repeat(4_000)),
        ("/*a*a*a*a*a*a*a*a*b", format!("/{}", "a".repeat(8_000))),
        ("/**/*a*a*b/**/*a*a*b", "/aaaaaaaaaaaaaaa".repeat(500)),
        ("/*aaaaaaaaaaaaaaab", format!("/{}", "a".repeat(8_000))),
        ("/{x}{x}{x}{x}{x}*b", format!("/{}", "a".repeat(8_000))),
        ("/**/x", "/".repeat(8_000)),
    ] {
        let names = ["a".to_owned(), "b".to_owned()];
        let cost = |on: &str| {
            let steps = Steps::of_a_request();
            let rule = rule(&format!("get:{text}"));
            assert!(!rule.allows(b"GET", &CheckedPath::new(on), &names, &steps), "{text}");
            used(&steps)
        };
        assert!(cost(&on) <= text.len() * on.len(), "{text}: {}", cost(&on));
        assert!(cost(&on.repeat(8)) <= text.len() + 2, "{text}");
    }
}

/// Each of the rules takes more than the budget, so this ends today only if all but the first few
/// are left alone.
#[test]
fn nothing_more_is_tried_once_the_budget_is_used_up() {
    let costly = rule(&format!("get:/**/*{}b*", "a".repeat(1_000)));
    let public = PublicRules::new(vec![costly; 100_000]);
    let steps = Steps::of_a_request();
    assert!(!public.admits(b"GET", &path(&format!("/{}", "a".repeat(8_000))), &steps));
    assert!(steps.are_used_up());
}

/// What the steps find that decide about `line`, by these settings.
fn explained(settings: &str, line: &str, verdict: Option<&Verdict>) -> Vec<String> {
    let (method, path) = line.split_once(' ').expect("METHOD /path");
    let mut headers =
        vec![(":method".to_owned(), method.into()), (":path".to_owned(), path.into())];
    if verdict.is_some() {
        headers.push(("authorization".to_owned(), b"Bearer abc".to_vec()));
    }
    let (headers, route) = (HeaderMap::new(headers), RouteSettings::default());
    let findings = explain(&config(settings), &headers, &route, verdict, NOW);
    findings.iter().map(Finding::to_string).collect()
}

#[test]
fn a_decision_says_that_its_budget_is_used_up() {
    let hostile = format!("get:/**/*{}b*", "a".repeat(1000));
    let line = format!("GET /acme/sandbox/{}", "a".repeat(8000));
    let public = format!(r#""public":["{hostile}"]"#);
    let guest = |permissions: &str| {
        format!(r#""guest":[{{"applications":["*/sandbox"],"permissions":["{permissions}"]}}]"#)
    };
    let no_public = "public: no rule of `public` matches";
    let too_costly_public = "public: the rules of `public` cost more to match than one request may";
    let too_costly_guest =
        "guest: the rules of `public` and `guest` cost more to match than one request may";
    assert_eq!(
        explained(&guest(&hostile), &line, None)[3..],
        [no_public, "credential: none", too_costly_guest]
    );
    // One budget for both: where `public` has used it up, nobody is a guest.
    assert_eq!(
        explained(&[public.as_str(), &guest("get:/**")].join(","), &line, None)[3..],
        [too_costly_public, "credential: none", too_costly_guest]
    );
    let verdict = Verdict::Verified(Rc::new(user(&[hostile])));
    assert_eq!(
        explained("", &line, Some(&verdict)).last().map(String::as_str),
        Some("permission: the principal's rules cost more to match than one request may")
    );
}

//! Whom guest rules and public rules let in without a credential, and above all whom not.
//!
//! The rows R1 to R7, R23 and R30 are those of `docs/usergrid.md`, "Errors".

use usergrid_auth_rules::guest::{ApplicationPattern, GuestRule, GuestRules};
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::public::PublicRules;
use usergrid_auth_rules::steps::Steps;

use crate::support::rule;

const UUID: &str = "b6768a08-b5d5-11e3-a495-11ddb1de66c8";

fn rules(texts: &[&str]) -> Vec<Rule> {
    texts.iter().map(|text| rule(text)).collect()
}

fn guest(parts: &[(&[&str], &[&str])]) -> GuestRules {
    GuestRules::new(
        parts
            .iter()
            .map(|(applications, permissions)| GuestRule {
                applications: applications
                    .iter()
                    .map(|text| ApplicationPattern::parse(text).unwrap())
                    .collect(),
                permissions: rules(permissions),
            })
            .collect(),
    )
}

/// A broken path admits nobody: it is refused before any rule is asked.
fn admits(rules: &GuestRules, method: &str, path: &str) -> bool {
    RequestPath::parse(path.as_bytes(), &[])
        .is_ok_and(|path| rules.admits(method.as_bytes(), &path, &Steps::of_a_request()))
}

fn is_public(rules: &PublicRules, method: &str, path: &str) -> bool {
    RequestPath::parse(path.as_bytes(), &[])
        .is_ok_and(|path| rules.admits(method.as_bytes(), &path, &Steps::of_a_request()))
}

/// The roles that Usergrid gives to guests by default (`docs/usergrid.md`, "Permission rules").
fn usergrid() -> GuestRules {
    guest(&[
        (&["*/sandbox"], &["get,post,put,delete:/**"]),
        (&["*/*"], &["post:/users", "post:/devices", "put:/devices/*"]),
    ])
}

#[test]
fn requests_without_a_credential_as_in_usergrid() {
    for (row, method, path, expected) in [
        ("R1", "GET", "/org/sandbox/books", true),
        ("R2", "POST", "/org/sandbox/books", true),
        ("R2", "PUT", "/org/sandbox/books/1", true),
        ("R2", "DELETE", "/org/sandbox/books/1", true),
        ("R3", "GET", "/org/app/books", false),
        ("R4", "POST", "/org/app/users", true),
        ("R5", "GET", "/org/app/roles/guest", false),
        ("R6", "GET", "/org/sandbox", false),
        ("R7", "GET", "/org/sandbox/", true),
        ("R23, left to the backend", "GET", "/org/sandbox/credentials", true),
        ("R30", "PUT", "/system/database/setup", false),
        ("HEAD is GET", "HEAD", "/org/sandbox/books", true),
        ("PATCH is in no rule", "PATCH", "/org/sandbox/books", false),
        ("not sign-up", "POST", "/org/app/users/", false),
    ] {
        assert_eq!(admits(&usergrid(), method, path), expected, "{row}: {method} {path}");
    }
}

#[test]
fn the_sandbox_by_any_clear_spelling_and_no_other() {
    for (path, expected) in [
        ("/acme/sandbox/x", true),
        ("/ACME/SandBox/x", true),
        ("/acme/%73andbox/x", true),
        ("/acme/sandbox/caf%C3%A9", true),
        ("/acme/sandbox/x;limit=3", true),
        ("/acme/sandboxes/x", false),
        ("/acme/xsandbox/x", false),
        ("/sandbox/acme/x", false),
        ("/sandbox/x", false),
        ("/acme/sandbox%20/x", false),
        ("/acme/sandbox;x/x", false),
        ("/acme/sandbox%3bx/x", false),
        ("/acme;x/sandbox/x", false),
        ("/acme/sandbox%2fx", false),
        ("/acme/sandbox/a%2fb", false),
        ("/acme/sandbox//x", false),
        ("//acme/sandbox/x", false),
        ("/acme//sandbox/x", false),
        ("/acme/sandbox/%e9", false),
        ("/acme/sandbox/%252e%252e/app/x", false),
        ("/acme/sandbox/../app/x", false),
        ("/acme/sandbox/..;/app/x", false),
        ("/acme/sandbox/x%2f..%2f..%2f..%2fapp/x", false),
        ("/acme/sandbox/..%5capp/x", false),
        ("/acme/sandbo%2578/x", false),
        ("/\u{17f}ystem/sandbox/x", false),
        ("/acme/\u{17f}andbox/x", false),
    ] {
        assert_eq!(admits(&usergrid(), "GET", path), expected, "{path}");
    }
}

#[test]
fn no_other_shape_than_the_plain_one() {
    let everything = guest(&[(&["*/*"], &["*:*"])]);
    assert!(admits(&everything, "GET", "/acme/app/x"));
    assert!(admits(&everything, "GET", "/acme/app"));
    for path in [
        "/",
        "/acme",
        "/acme/",
        "/@UUID",
        "/@UUID/users",
        "/@UUID/@UUID/users",
        "/acme/@UUID/users",
        "/applications/@UUID/x",
        "/apps/@UUID/x",
        "/apps/app/x",
        "/orgs/acme/app/x",
        "/organizations/acme/app/x",
        "/o/acme/app/x",
        "/o/acme/apps/app/x",
        "/acme/apps/app/x",
        "/acme/applications/app/x",
        "/acme/a/app/x",
        "/acme/A/app/x",
        "/acme/apps",
        "/management/token",
        "/management/organizations/acme",
        "/MANAGEMENT/organizations/acme",
        "/%6danagement/organizations/acme",
        "/management;x/organizations/acme",
        "/system/database/setup",
        "/System/database/setup",
        "/status/heap",
        "/lb-status/x",
        "/images/a/b",
    ] {
        let path = path.replace("@UUID", UUID);
        assert!(!admits(&everything, "GET", &path), "{path}");
    }
}

#[test]
fn parameters_cannot_widen_a_pattern() {
    let images = guest(&[(&["acme/app"], &["get:/files/*.png", "get:/**/public"])]);
    for (path, expected) in [
        ("/acme/app/files/a.png", true),
        ("/acme/app/files/a.png;v=2", false),
        ("/acme/app/files/secret.txt;.png", false),
        ("/acme/app/files/secret.txt%3b.png", false),
        ("/acme/app/users/;/public", false),
        ("/acme/app/x;y/public", true),
        ("/acme/app/secret/public;/x", false),
    ] {
        assert_eq!(admits(&images, "GET", path), expected, "{path}");
    }
}

#[test]
fn a_permission_counts_only_in_its_own_applications() {
    let rules = guest(&[
        (&["acme/app", "globex/*"], &["get:/books/**"]),
        (&["acme/shop"], &["post:/orders"]),
        (&[], &["*:*"]),
        (&["*/*"], &[]),
    ]);
    for (method, path, expected) in [
        ("GET", "/acme/app/books", true),
        ("GET", "/globex/any/books/1", true),
        ("GET", "/acme/shop/books", false),
        ("POST", "/acme/shop/orders", true),
        ("POST", "/acme/app/orders", false),
        ("GET", "/initech/app/books", false),
        ("GET", "/acme/app/users", false),
    ] {
        assert_eq!(admits(&rules, method, path), expected, "{method} {path}");
    }
    assert!(!admits(&GuestRules::default(), "GET", "/acme/sandbox/x"));
}

#[test]
fn user_placeholders_mean_nothing_to_a_guest() {
    let rules = guest(&[(&["*/*"], &["get:/users/${user}", "get:/users/me/**"])]);
    assert!(!admits(&rules, "GET", "/acme/app/users/tom"));
    assert!(!admits(&rules, "GET", "/acme/app/users/tom/likes"));
    assert!(admits(&rules, "GET", "/acme/app/users/me/likes"));
}

#[test]
fn guests_below_a_base_path() {
    let base = ["api".to_owned()];
    let admits = |path: &str| {
        RequestPath::parse(path.as_bytes(), &base)
            .is_ok_and(|path| usergrid().admits(b"GET", &path, &Steps::of_a_request()))
    };
    assert!(admits("/api/acme/sandbox/x"));
    for path in
        ["/acme/sandbox/x", "/acme/api/sandbox/x", "/API/acme/sandbox/x", "/api;/acme/sandbox/x"]
    {
        assert!(!admits(path), "{path}");
    }
}

#[test]
fn application_patterns_that_are_none() {
    for (text, message) in [
        ("sandbox", "`sandbox` is not of the form `organization/application`"),
        ("", "`` is not of the form `organization/application`"),
        ("a/b/c", "`a/b/c` is not of the form `organization/application`"),
        ("/a/b", "`/a/b` is not of the form `organization/application`"),
        ("management/*", "`management` is never an organization for guests"),
        ("ORGS/*", "`ORGS` is never an organization for guests"),
        ("*/apps", "`apps` is never an application for guests"),
    ] {
        assert_eq!(ApplicationPattern::parse(text).unwrap_err().to_string(), message);
    }
    for (text, part) in [
        ("/sandbox", ""),
        ("acme/", ""),
        ("acme/sand*", "sand*"),
        ("acme/**", "**"),
        ("ac?e/x", "ac?e"),
        ("acme/ x", " x"),
        ("acme/x;y", "x;y"),
        ("acme/%73andbox", "%73andbox"),
        ("../x", ".."),
        ("a/b\n", "b\n"),
    ] {
        let message = ApplicationPattern::parse(text).unwrap_err().to_string();
        assert!(message.starts_with(&format!("`{part}` is neither `*` nor a name")), "{message}");
    }
    assert!(ApplicationPattern::parse(&format!("*/{UUID}")).is_err());
    assert!(ApplicationPattern::parse(&format!("{UUID}/*")).is_err());
}

#[test]
fn public_endpoints() {
    let rules = PublicRules::new(rules(&["get,post:/management/token", "get,post:/*/*/token"]));
    for (method, path, expected) in [
        ("POST", "/management/token", true),
        ("GET", "/management/token", true),
        ("HEAD", "/management/token", true),
        ("PUT", "/management/token", false),
        ("POST", "/management/token/", false),
        ("POST", "/Management/token", false),
        ("POST", "/management/Token", false),
        ("POST", "/management/me", false),
        ("POST", "/acme/app/token", true),
        ("POST", "/ACME/App/token", true),
        ("POST", "/acme/app/TOKEN", false),
        ("POST", "/acme/app/%74oken", true),
        ("POST", "/acme/app/users/token", false),
        ("POST", "/orgs/acme/token", false),
        ("POST", "/o/acme/token", false),
        ("POST", "/apps/acme/token", false),
        ("POST", "/MANAGEMENT/x/token", false),
        ("POST", "/management/x/token", false),
        ("POST", "/system/x/token", false),
        ("POST", "/acme/apps/token", false),
        ("POST", "/acme/a/token", false),
        ("POST", "/acme/APPS/token", false),
        ("POST", "/b6768a08-b5d5-11e3-a495-11ddb1de66c8/users/token", false),
        ("POST", "/acme/b6768a08-b5d5-11e3-a495-11ddb1de66c8/token", true),
        ("POST", "/acme//token", false),
        ("POST", "//management/token", false),
        ("POST", "/management/token;x", false),
        ("POST", "/management;x/token", false),
        ("POST", "/acme;x/app/token", false),
        ("POST", "/acme/app/token;x", false),
        ("POST", "/acme/app%2fx/token", false),
        ("POST", "/management/x/../token", false),
        ("POST", "/%6danagement/token", true),
        ("POST", "/%256danagement/x/token", false),
    ] {
        assert_eq!(is_public(&rules, method, path), expected, "{method} {path}");
    }
}

#[test]
fn a_public_wildcard_never_stands_for_a_reserved_segment() {
    for rule in [
        "get:*",
        "get:/**",
        "get:/**/setup",
        "get:/*/database/setup",
        "get:/s?stem/**",
        "get:/sys*/**",
    ] {
        let rules = PublicRules::new(rules(&[rule]));
        assert!(!is_public(&rules, "GET", "/system/database/setup"), "{rule}");
    }
    for rule in ["get:/system/**", "get:/system/database/setup", "get:/system/*/setup"] {
        let rules = PublicRules::new(rules(&[rule]));
        assert!(is_public(&rules, "GET", "/system/database/setup"), "{rule}");
    }
    let written_out = PublicRules::new(rules(&["get:/orgs/acme/token", "get:/acme/apps/token/*"]));
    assert!(is_public(&written_out, "GET", "/orgs/acme/token"));
    assert!(is_public(&written_out, "GET", "/acme/apps/token/x"));
    assert!(is_public(&PublicRules::new(rules(&["get:/"])), "GET", "/"));
    assert!(!is_public(&PublicRules::default(), "GET", "/"));
}

#[test]
fn public_below_a_base_path() {
    let rules = PublicRules::new(rules(&["get:/management/token", "get:*"]));
    let base = ["api".to_owned()];
    let is_public = |path: &str| {
        RequestPath::parse(path.as_bytes(), &base)
            .is_ok_and(|path| rules.admits(b"GET", &path, &Steps::of_a_request()))
    };
    assert!(is_public("/api/management/token"));
    assert!(is_public("/api/acme/app"));
    for path in ["/management/token", "/apis/x", "/API/management/token", "/api;x/management/token"]
    {
        assert!(!is_public(path), "{path}");
    }
}

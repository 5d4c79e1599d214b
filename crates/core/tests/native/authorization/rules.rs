//! Which requests the rules of an application user allow, on paths of every shape and clarity.
//!
//! What is matched is never laxer than what some backend could read.

use usergrid_auth_config::Tenancy;
use usergrid_auth_core::authorization::{PermissionFinding, permission};
use usergrid_auth_core::principal::{Principal, PrincipalKind};

use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::steps::Steps;

use super::{APP, application, permits, principal};
use crate::support::rule;

use PrincipalKind::{AdminUser, Application, ApplicationUser, Organization};

fn with_rules(kind: PrincipalKind, rules: &[&str]) -> Principal {
    Principal {
        user_names: vec!["tom".to_owned(), APP.to_owned()],
        rules: Some(rules.iter().map(|text| [rule(text)].into()).collect()),
        ..principal(kind, &[], &[])
    }
}

fn may(rules: &[&str], method: &str, path: &str) -> bool {
    permits(Tenancy::IfPresent, &with_rules(ApplicationUser, rules), method, path)
}

#[test]
fn rules_bind_application_users_only() {
    let path = "/acme/app/books";
    assert!(!permits(Tenancy::IfPresent, &with_rules(ApplicationUser, &[]), "GET", path));
    assert!(!permits(Tenancy::IfPresent, &with_rules(ApplicationUser, &["post:/**"]), "GET", path));
    for kind in [AdminUser, Application, Organization] {
        assert!(permits(Tenancy::IfPresent, &with_rules(kind, &[]), "GET", path), "{kind:?}");
    }
    let request = RequestPath::parse(path.as_bytes(), &[]).unwrap();
    for (principal, expected) in [
        (principal(ApplicationUser, &[], &[]), PermissionFinding::NotEnforced),
        (with_rules(ApplicationUser, &[]), PermissionFinding::NotAllowed),
        (principal(AdminUser, &[], &[]), PermissionFinding::WholeApplication),
        (with_rules(Application, &[]), PermissionFinding::WholeApplication),
    ] {
        let found = permission(&principal, b"GET", &request, &Steps::of_a_request());
        assert_eq!(found, expected, "{:?}", principal.kind);
    }
    // Not enforced: the backend decides.
    assert!(permits(Tenancy::IfPresent, &principal(ApplicationUser, &[], &[]), "GET", path));
}

#[test]
fn rules_see_what_follows_the_application() {
    let rules = ["get:/books/**", "post:/orders", "get,put:/users/${user}", "get:/users/me/**"];
    for (method, path, expected) in [
        ("GET", "/acme/app/books", true),
        ("GET", "/acme/app/BOOKS/1/pages", true),
        ("HEAD", "/acme/app/books/1", true),
        ("POST", "/acme/app/orders", true),
        ("POST", "/acme/app/orders/", false),
        ("PUT", "/acme/app/users/tom", true),
        ("PUT", "/acme/app/users/Tom", true),
        ("PUT", "/acme/app/users/@APP", true),
        ("PUT", "/acme/app/users/tim", false),
        ("GET", "/acme/app/users/tom/likes", true),
        ("GET", "/acme/app/users/tim/likes", false),
        ("DELETE", "/acme/app/books/1", false),
        ("GET", "/acme/app", false),
        ("GET", "/acme/app/", false),
        ("GET", "/books/acme/app", false),
    ] {
        assert_eq!(may(&rules, method, path), expected, "{method} {path}");
    }
}

#[test]
fn other_shapes_need_every_reading_allowed() {
    for (rule, path, expected) in [
        ("get:/**", "/@APP/users", true),
        ("get:/users", "/@APP/users", false),
        ("get:/*/users", "/@APP/users", false),
        ("get:/users,/*/users", "/@APP/users", true),
        ("get:/**", "/orgs/acme/app/users", true),
        ("get:/users", "/orgs/acme/app/users", false),
        ("get:/orgs/**", "/orgs/acme/app/users", false),
        ("get:/**", "/acme/apps/books/users", true),
        ("get:/users/**", "/acme/apps/books/users", false),
        ("get:/books/**", "/acme/apps/books/users", false),
        ("get:/**", "/management/me", true),
        ("get:/me", "/management/me", false),
        ("get:/management/me", "/management/me", true),
    ] {
        assert_eq!(may(&[rule], "GET", path), expected, "{rule} on {path}");
    }
}

#[test]
fn an_unclear_path_needs_a_rule_for_everything() {
    for path in [
        "/acme/app/books/a%2fb",
        "/acme/app/books%2fa",
        "/acme/app/books//a",
        "/acme/app//books",
        "/acme/app/books/%e9",
        "/acme/app/books/%2541",
        "/acme/app/books/a%0ab",
        "/acme/app;x/books/a",
        "/acme/app/;/books/a",
        "/ORGS/acme/app/books/a",
    ] {
        assert!(may(&["get:/**"], "GET", path), "{path}");
        assert!(may(&["get:"], "GET", path), "{path}");
        assert!(!may(&["get:/**"], "POST", path), "{path}");
        let partial = ["get:/books/**", "get:/*/**/*", "get:/**/books/**", "get:/*", "post:/**"];
        assert!(!may(&partial, "GET", path), "{path}");
    }
}

#[test]
fn parameters_must_be_allowed_and_harmless() {
    for (rules, path, expected) in [
        (&["get:/books/*"] as &[&str], "/acme/app/books/1;v=2", true),
        (&["get:/books"], "/acme/app/books;ql=select", false),
        (&["get:/*.png"], "/acme/app/secret;.png", false),
        (&["get:/users/${user}"], "/acme/app/users/tom;x", false),
        (&["get:/*/public"], "/acme/app/users;x/public", true),
        // Each reading may have a rule of its own.
        (&["get:/secret", "get:/*.png"], "/acme/app/secret;.png", true),
    ] {
        assert_eq!(may(rules, "GET", path), expected, "{rules:?} on {path}");
    }
}

#[test]
fn tenancy_and_rules_must_both_agree() {
    let mut user = with_rules(ApplicationUser, &["get:/**"]);
    user.applications = Some(vec![application("acme/app")]);
    assert!(permits(Tenancy::IfPresent, &user, "GET", "/acme/app/x"));
    assert!(!permits(Tenancy::IfPresent, &user, "POST", "/acme/app/x"));
    assert!(!permits(Tenancy::IfPresent, &user, "GET", "/acme/app2/x"));
    assert!(permits(Tenancy::Ignore, &user, "GET", "/acme/app2/x"));
    assert!(!permits(Tenancy::Ignore, &user, "POST", "/acme/app2/x"));
}

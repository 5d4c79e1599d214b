//! Which claims make rules, whom they bind, and that a claim without any still does.

use std::collections::HashMap;
use std::rc::Rc;

use super::enforced;
use crate::support::{config, introspected as principal, server_of};
use usergrid_auth_rules::permission::Rule;

#[test]
fn a_claim_that_grants_nothing_still_enforces() {
    let config = config("");
    assert_eq!(enforced(&config, r#""sub":"u""#), None);
    assert_eq!(enforced(&config, r#""permissions":[]"#), Some(0));
    assert_eq!(enforced(&config, r#""permissions":null"#), Some(0));
    // Unreadable: a blank beside a comma, an unknown operation.
    assert_eq!(enforced(&config, r#""permissions":["get, post:/a","fetch:/a"]"#), Some(0));
    // Without a mapping of their own, roles and scopes are the backend's matter.
    assert_eq!(enforced(&config, r#""roles":["r"],"scope":"s""#), None);
}

#[test]
fn roles_and_scopes_enforce_once_a_mapping_is_configured() {
    let mut config = config("");
    server_of(&mut config).authorization.roles =
        Some(HashMap::from([("empty".to_owned(), [].into())]));
    assert_eq!(enforced(&config, r#""roles":["empty","unknown"]"#), Some(0));
    assert_eq!(enforced(&config, r#""roles":[]"#), Some(0));
    assert_eq!(enforced(&config, r#""roles":null"#), Some(0));
    assert_eq!(enforced(&config, r#""scope":"s""#), None);
    server_of(&mut config).authorization.scopes = Some(HashMap::new());
    assert_eq!(enforced(&config, r#""scope":"s""#), Some(0));
    assert_eq!(enforced(&config, r#""scope":"""#), Some(0));
    assert_eq!(enforced(&config, r#""sub":"u""#), None);
}

#[test]
fn readable_rules_are_kept_and_others_skipped() {
    // Independent of the grammar: a rule counts exactly if it can be read.
    let readable = |text: &str| usize::from(Rule::parse(text).is_ok());
    let mut config = config("");
    assert_eq!(
        enforced(&config, r#""permissions":["get:/**","fetch:/a","post:/books"]"#),
        Some(readable("get:/**") + readable("fetch:/a") + readable("post:/books"))
    );
    let rules: Rc<[Rule]> = Rule::parse("get:/books").into_iter().collect();
    let one = rules.len();
    server_of(&mut config).authorization.roles =
        Some(HashMap::from([("reader".to_owned(), rules.clone())]));
    server_of(&mut config).authorization.scopes = Some(HashMap::from([("read".to_owned(), rules)]));
    assert_eq!(
        enforced(&config, r#""permissions":["get:/**"],"roles":["reader","x"],"scope":"read y""#),
        Some(readable("get:/**") + 2 * one)
    );
    assert_eq!(enforced(&config, r#""roles":["Reader"]"#), Some(0));
}

#[test]
fn rules_of_roles_and_scopes_are_shared_and_never_repeated() {
    let rules: Rc<[Rule]> = (0..21).map(|n| Rule::parse(&format!("get:/{n}")).unwrap()).collect();
    let mut config = config("");
    server_of(&mut config).authorization.scopes =
        Some(HashMap::from([("r".to_owned(), Rc::clone(&rules))]));
    server_of(&mut config).authorization.roles =
        Some(HashMap::from([("r".to_owned(), Rc::clone(&rules))]));
    let words = |count| vec!["r"; count].join(" ");
    let list = |count| vec![r#""r""#; count].join(",");
    for (members, groups) in [
        (format!(r#""scope":"{}""#, words(2048)), 1),
        (format!(r#""scope":[{}]"#, list(2048)), 1),
        (format!(r#""roles":[{}]"#, list(2048)), 1),
        (format!(r#""scope":"{}","roles":[{}]"#, words(2048), list(2048)), 2),
    ] {
        let principal = principal(&config, &members);
        assert!(principal.scopes.len() <= 1);
        let verified = principal.rules.unwrap();
        assert_eq!(verified.len(), groups);
        assert!(verified.iter().all(|group| Rc::ptr_eq(group, &rules)));
    }
}

#[test]
fn permissions_do_not_bind_administrators_and_clients() {
    let config = config("");
    for principal in ["admin_user", "application", "organization"] {
        let members = format!(r#""permissions":[],"principal":"{principal}""#);
        assert_eq!(enforced(&config, &members), None, "{principal}");
    }
    assert_eq!(enforced(&config, r#""permissions":[],"principal":"other""#), Some(0));
}

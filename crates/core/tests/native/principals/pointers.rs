//! Claims that stand deeper in the answer, by JSON pointers.

use super::{enforced, unusable};
use crate::support::{config, introspected as principal};
use usergrid_auth_config::Config;
use usergrid_auth_core::principal::PrincipalKind;

#[test]
fn a_claim_may_stand_anywhere_in_the_answer() {
    let config = config(
        r#""claims":{"sub":"/user/id","roles":"/realm_access/roles","organization":"/a~1b/~0/1"},
           "authorization":{"roles":{"editor":["get:/a"]}},
           "identity":{"headers":{"x-team":"/team/0/name"}}"#,
    );
    let found = principal(
        &config,
        r#""user":{"id":42},"realm_access":{"roles":["editor"]},"a/b":{"~":["x",["Acme"]]},
           "team":[{"name":"blue"}]"#,
    );
    assert_eq!(found.user_names, ["42"]);
    assert_eq!(found.rules.unwrap().len(), 1);
    assert_eq!(found.organizations.unwrap(), ["acme"]);
    assert_eq!(found.identity.iter().filter(|(name, _)| &**name == "x-team").count(), 1);
    // A name of a member is no pointer, and the other way round.
    let found = principal(&config, r#""/user/id":"x","user":{"id":null}"#);
    assert!(found.user_names.is_empty());
}

/// How the roles at `/a/b/0` are read.
fn roles_at_a_pointer() -> Config {
    config(r#""claims":{"roles":"/a/b/0"},"authorization":{"roles":{"r":["get:/**"]}}"#)
}

#[test]
fn a_pointer_into_hostile_json_grants_nothing() {
    let config = roles_at_a_pointer();
    let long = format!(r#""a":{{"b":[{}]}}"#, vec!["7"; 100_000].join(","));
    let deep = format!(r#""a":{}1{}"#, "[".repeat(100), "]".repeat(100));
    for members in [
        r#""a":{"b":["r"]},"a":{"b":["r"]}"#,
        r#""a":{"b":["r"],"b":["r"]}"#,
        r#""a":7"#,
        r#""a":"b""#,
        r#""a":"""#,
        r#""a":false"#,
        r#""a":[]"#,
        r#""a":["r"]"#,
        r#""a":[{"b":["r"]}]"#,
        r#""a":{"b":"r"}"#,
        r#""a":{"b":0}"#,
        &long,
        &deep,
    ] {
        assert_eq!(enforced(&config, members), Some(0), "{members:.40}");
        assert_eq!(unusable(&config, members), ["claims.roles"], "{members:.40}");
    }
}

#[test]
fn a_pointer_to_a_member_that_is_not_there_finds_silence() {
    let config = roles_at_a_pointer();
    for members in [r#""x":1"#, r#""a":{}"#, r#""a":{"b":{"00":["r"]}}"#] {
        assert_eq!(enforced(&config, members), None, "{members}");
        assert!(unusable(&config, members).is_empty(), "{members}");
    }
}

#[test]
fn a_null_on_the_way_and_the_end_of_an_array_are_no_silence() {
    let config = roles_at_a_pointer();
    for members in [
        r#""a":null"#,
        r#""a":{"b":null}"#,
        r#""a":{"b":[]}"#,
        r#""a":{"b":[null]}"#,
        r#""a":{"b":{"0":null}}"#,
    ] {
        assert_eq!(enforced(&config, members), Some(0), "{members}");
        assert!(unusable(&config, members).is_empty(), "{members}");
    }
}

#[test]
fn a_step_into_an_array_is_a_number_in_digits() {
    let organizations = |step: &str| {
        let config = config(&format!(r#""claims":{{"organization":"/t/{step}"}}"#));
        principal(&config, r#""t":["a","b"]"#).organizations
    };
    assert_eq!(organizations("1"), Some(vec!["b".to_owned()]));
    for past in ["2", "4294967296", "4294967297", "99999999999999999999999"] {
        assert_eq!(organizations(past), Some(Vec::new()), "{past}");
    }
    for none in ["", "00", "01", "-", "-1", "+1", "1 ", "1.0", "x", "\u{661}"] {
        assert_eq!(organizations(none), Some(Vec::new()), "{none:?}");
    }
}

#[test]
fn what_is_on_the_way_to_a_name_names_nobody() {
    let config = config(
        r#""claims":{"sub":"/user/id","principal":"/user/kind","scope":"/user/scope"},
           "identity":{"headers":{"x-team":"/user/team"}}"#,
    );
    for user in ["7", "true", r#""admin_user""#, r#"["admin_user"]"#] {
        let found = principal(&config, &format!(r#""user":{user}"#));
        assert_eq!(found.kind, PrincipalKind::ApplicationUser, "{user}");
        assert!(found.user_names.is_empty() && found.scopes.is_empty(), "{user}");
        let keys: Vec<_> = found.unusable.iter().map(|claim| claim.key()).collect();
        assert_eq!(keys, ["claims.principal", "claims.scope"], "{user}");
        assert_eq!(found.identity.len(), 1, "only the kind of principal: {user}");
    }
}

//! What the claims make of a principal, and what shapes of JSON they may have.

use std::collections::HashMap;
use std::rc::Rc;

use super::{enforced, unusable};
use crate::support::{config, identity, introspected as principal, introspection_of};
use usergrid_auth_core::principal::{ApplicationName, PrincipalKind};
use usergrid_auth_rules::permission::Rule;

#[test]
fn unknown_principals_have_the_least_rights() {
    use PrincipalKind::{AdminUser, Application, ApplicationUser, Organization};
    let config = config("");
    for (word, kind) in [
        (r#""application_user""#, ApplicationUser),
        (r#""admin_user""#, AdminUser),
        (r#""application""#, Application),
        (r#""organization""#, Organization),
        (r#""Admin_User""#, ApplicationUser),
        (r#""root""#, ApplicationUser),
        ("null", ApplicationUser),
        (r#"["admin_user"]"#, ApplicationUser),
    ] {
        let principal = principal(&config, &format!(r#""principal":{word}"#));
        assert_eq!(principal.kind, kind, "{word}");
    }
    assert_eq!(principal(&config, r#""sub":"u""#).kind, ApplicationUser);
}

#[test]
fn user_names_are_username_then_subject() {
    let config = config("");
    let names = |members: &str| principal(&config, members).user_names;
    assert_eq!(names(r#""sub":"id","username":"Fred""#), ["Fred", "id"]);
    assert_eq!(names(r#""sub":"fred","username":"fred""#), ["fred"]);
    assert_eq!(names(r#""sub":"","username":"fred""#), ["fred"]);
    assert_eq!(names(r#""sub":7,"username":null"#), ["7"]);
    assert_eq!(
        names(r#""sub":18446744073709551615,"username":-7"#),
        ["-7", "18446744073709551615"]
    );
    assert_eq!(names(r#""sub":1.5,"username":true"#), Vec::<String>::new());
    assert_eq!(names(r#""sub":["a"],"username":{"a":1}"#), Vec::<String>::new());
}

#[test]
fn tenants_are_names_and_uuids_in_lower_case() {
    let path = |organization: &str, application: &str| ApplicationName::Path {
        organization: organization.into(),
        application: application.into(),
    };
    let uuid = |text: &str| ApplicationName::Uuid(text.into());
    let config = config("");

    let principal = principal(
        &config,
        r#""organization":"ACME","application":["Acme/Shop","52CE9183-46f4-11e2-ae44-02e81ac5a17b"]"#,
    );
    assert_eq!(principal.organizations.unwrap(), ["acme"]);
    assert_eq!(
        principal.applications.unwrap(),
        [path("acme", "shop"), uuid("52ce9183-46f4-11e2-ae44-02e81ac5a17b")]
    );

    let principal = self::principal(&config, r#""organization":["a","","B"],"application":"a/b""#);
    assert_eq!(principal.organizations.unwrap(), ["a", "b"]);
    assert_eq!(principal.applications.unwrap(), [path("a", "b")]);
}

#[test]
fn naming_no_tenant_is_not_the_same_as_silence() {
    let config = config("");
    let silent = principal(&config, r#""x":1"#);
    assert_eq!((silent.organizations, silent.applications), (None, None));
    for none in ["null", "[]", r#""""#, r#"[""]"#] {
        let of_none = principal(&config, &format!(r#""application":{none},"organization":{none}"#));
        assert_eq!(of_none.applications, Some(Vec::new()), "{none}");
        assert_eq!(of_none.organizations, Some(Vec::new()), "{none}");
    }
}

#[test]
fn an_application_that_no_path_can_be_is_still_named() {
    let config = config("");
    for name in ["shop", "/shop", "acme/", "acme/shop/more", "acme//shop", "52ce9183-46f4"] {
        let principal = principal(&config, &format!(r#""application":"{name}""#));
        let [ApplicationName::Path { organization, .. }] =
            principal.applications.as_deref().unwrap()
        else {
            panic!("{name}: {:?}", principal.applications);
        };
        assert_eq!(organization, "", "{name}");
    }
}

#[test]
fn scopes_are_split_at_blanks_only_in_a_string() {
    let config = config("");
    let scopes = |members: &str| principal(&config, members).scopes;
    assert_eq!(scopes(r#""scope":" read  write""#), ["read", "write"]);
    assert_eq!(scopes(r#""scope":["read","a b"]"#), ["read", "a b"]);
    assert_eq!(scopes(r#""scope":"""#), Vec::<String>::new());
    assert_eq!(scopes(r#""scope":null"#), Vec::<String>::new());
}

#[test]
fn claims_go_by_their_configured_names() {
    let mut config = config("");
    config.claims.sub = "user_id".into();
    config.claims.scope = "scp".into();
    config.claims.organization = Some("tenant".into());
    introspection_of(&mut config).scope = vec!["read".into()];
    let principal = principal(
        &config,
        r#""user_id":"u","sub":"other","scp":["read"],"scope":7,"tenant":"Acme","organization":{}"#,
    );
    assert_eq!(principal.user_names, ["u"]);
    assert_eq!(principal.scopes, ["read"]);
    assert_eq!(principal.organizations.unwrap(), ["acme"]);
}

#[test]
fn what_cannot_be_used_grants_nothing_and_is_named() {
    let mut config = config("");
    let settings = &mut Rc::get_mut(&mut config.servers[0]).unwrap().authorization;
    settings.roles = Some(HashMap::from([("r".to_owned(), [].into())]));
    let shapes = ["7", "true", "1.5", r#"[["get:/**"]]"#, r#"["r",7]"#, r#"[{"r":1}]"#];
    for shape in shapes {
        for (claim, key) in [("permissions", "claims.permissions"), ("roles", "claims.roles")] {
            let members = format!(r#""{claim}":{shape}"#);
            assert_eq!(enforced(&config, &members), Some(0), "{members}");
            assert_eq!(unusable(&config, &members), [key], "{members}");
        }
        let members = format!(r#""organization":{shape}"#);
        assert_eq!(principal(&config, &members).organizations, Some(Vec::new()), "{members}");
        assert_eq!(unusable(&config, &members), ["claims.organization"]);
        let members = format!(r#""application":{shape}"#);
        assert_eq!(principal(&config, &members).applications, Some(Vec::new()), "{members}");
        assert_eq!(unusable(&config, &members), ["claims.application"]);
        let members = format!(r#""scope":{shape}"#);
        assert!(principal(&config, &members).scopes.is_empty(), "{members}");
        assert_eq!(unusable(&config, &members), ["claims.scope"]);
    }
    // An object is no list of rules or roles, whatever its keys are.
    for claim in ["permissions", "roles", "scope"] {
        let members = format!(r#""{claim}":{{"r":1,"get:/**":1}}"#);
        assert_eq!(unusable(&config, &members), [format!("claims.{claim}")]);
    }
    assert!(unusable(&config, r#""permissions":null,"roles":[null],"scope":null"#).is_empty());
}

#[test]
fn two_readers_never_find_two_rights() {
    let mut config = config("");
    let settings = &mut Rc::get_mut(&mut config.servers[0]).unwrap().authorization;
    settings.roles = Some(HashMap::from([("r".to_owned(), [].into())]));
    for (members, keys) in [
        (r#""permissions":[],"permissions":["get:/**"]"#, "claims.permissions"),
        (r#""roles":["r"],"roles":["r"]"#, "claims.roles"),
        (r#""organization":"acme","organization":"evil""#, "claims.organization"),
        (r#""application":"a/b","application":"c/d""#, "claims.application"),
        (r#""principal":"admin_user","principal":"admin_user""#, "claims.principal"),
    ] {
        let found = principal(&config, members);
        assert_eq!(found.kind, PrincipalKind::ApplicationUser, "{members}");
        assert!(found.organizations.is_none_or(|names| names.is_empty()), "{members}");
        assert!(found.applications.is_none_or(|names| names.is_empty()), "{members}");
        assert!(found.rules.is_none_or(|rules| rules.iter().all(|group| group.is_empty())));
        assert_eq!(unusable(&config, members), [keys]);
        assert_eq!(identity(&principal(&config, members), "x-usergrid-organization"), None);
    }
}

#[test]
fn one_string_is_a_list_of_one_and_keys_are_tenants() {
    let mut config = config("");
    assert_eq!(enforced(&config, r#""permissions":"get:/**""#), Some(1));
    assert_eq!(enforced(&config, r#""permissions":[null,"get:/**",null]"#), Some(1));
    let found = principal(&config, r#""organization":{"Acme":{"id":1},"b":null}"#);
    assert_eq!(found.organizations.as_deref(), Some(&["acme".to_owned(), "b".to_owned()][..]));
    assert_eq!(identity(&found, "x-usergrid-organization"), Some("Acme,b"));
    let found = principal(&config, r#""application":{"Acme/Shop":[]}"#);
    assert_eq!(found.applications.unwrap().len(), 1);
    assert_eq!(principal(&config, r#""organization":{}"#).organizations, Some(Vec::new()));
    let settings = &mut Rc::get_mut(&mut config.servers[0]).unwrap().authorization;
    settings.roles =
        Some(HashMap::from([("r".to_owned(), [Rule::parse("get:/a").unwrap()].into())]));
    assert_eq!(enforced(&config, r#""roles":"r""#), Some(1));
    assert_eq!(enforced(&config, r#""roles":"r x""#), Some(0));
}

#[test]
fn what_nothing_needs_is_not_read() {
    // No mapping of roles, no tenancy, and no permissions of an administrator: neither shape nor
    // size of these matters.
    let config = config(r#""authorization":{"tenancy":"ignore"},"identity":{"headers":null}"#);
    let long = format!("[{}]", vec![r#""a""#; 20_000].join(","));
    for value in ["7", r#"{"admin":{"1":"x"}}"#, &long] {
        let members = format!(
            r#""principal":"admin_user","roles":{value},"organization":{value},
               "application":{value},"permissions":{value}"#
        );
        assert!(unusable(&config, &members).is_empty(), "{value:.20}");
    }
    let oauth = crate::support::config(r#""profile":"oauth""#);
    for value in [r#"[{"resource_id":"r1"}]"#, r#"["read:orders"]"#, "[]", "7", &long] {
        let members = format!(
            r#""sub":"u","principal":{value},"roles":{value},"organization":{value},
               "application":{value},"permissions":{value}"#
        );
        assert_eq!(enforced(&oauth, &members), None, "{value:.20}");
        assert!(unusable(&oauth, &members).is_empty(), "{value:.20}");
    }
}

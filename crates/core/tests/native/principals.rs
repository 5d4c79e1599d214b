//! What the claims of an active token principal: tenants, scopes, rules and identity headers.
//! Looked at through the introspection answer that carries them.

use std::collections::HashMap;
use std::rc::Rc;

use crate::support::{config, identity, introspected as principal, introspection_of, server_of};
use proptest::prelude::*;
use usergrid_auth_config::{Config, IdentityHeader, IdentitySource};
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

/// How many rules are enforced; `None`: the backend decides.
fn enforced(config: &Config, members: &str) -> Option<usize> {
    principal(config, members).rules.map(|rules| rules.iter().map(|group| group.len()).sum())
}

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

#[test]
fn identity_headers_carry_the_claims() {
    let config = config("");
    let principal = principal(
        &config,
        r#""sub":"7f","username":"Fred","client_id":"app","scope":"read write",
           "organization":["Acme","b"],"application":"Acme/Shop","principal":"admin_user""#,
    );
    for (name, value) in [
        ("x-usergrid-principal", "admin_user"),
        ("x-usergrid-subject", "7f"),
        ("x-usergrid-username", "Fred"),
        ("x-usergrid-client-id", "app"),
        ("x-usergrid-scope", "read write"),
        ("x-usergrid-organization", "Acme,b"),
        ("x-usergrid-application", "Acme/Shop"),
    ] {
        assert_eq!(identity(&principal, name), Some(value), "{name}");
    }
    let principal = self::principal(&config, r#""sub":"""#);
    assert_eq!(identity(&principal, "x-usergrid-principal"), Some("application_user"));
    assert_eq!(principal.identity.len(), 1, "headers without a value stay unset");
}

/// The header of a claim named `c`.
fn header_of(claim: &str) -> Option<String> {
    let mut config = config("");
    config.identity = vec![
        IdentityHeader { name: "x-c".into(), source: Some(IdentitySource::Claim("c".into())) },
        IdentityHeader { name: "x-dropped".into(), source: None },
    ];
    let principal = principal(&config, &format!(r#""c":{claim}"#));
    assert_eq!(identity(&principal, "x-dropped"), None);
    identity(&principal, "x-c").map(str::to_owned)
}

#[test]
fn identity_values_are_header_safe_and_unambiguous() {
    for (claim, value) in [
        (r#""plain""#, Some("plain")),
        (r#""Fred Smith""#, Some("Fred Smith")),
        (r#"" padded ""#, Some("%20padded%20")),
        (r#""a,b""#, Some("a%2Cb")),
        (r#"["a","b"]"#, Some("a,b")),
        (r#"["a,b"]"#, Some("a%2Cb")),
        (r#"["a"," b"]"#, Some("a,%20b")),
        (r#"["","a",""]"#, Some("a")),
        (r#""100%""#, Some("100%25")),
        (r#""a\r\nx-admin: 1""#, Some("a%0D%0Ax-admin: 1")),
        (r#""\u0000\t\u007f""#, Some("%00%09%7F")),
        (r#""Jürgen""#, Some("J%C3%BCrgen")),
        ("7", Some("7")),
        ("-1", Some("-1")),
        ("1.5", None),
        ("true", Some("true")),
        (r#"[1,false,"x"]"#, Some("1,false,x")),
        (r#""""#, None),
        ("[]", None),
        ("null", None),
        ("{}", None),
        (r#"["a",{}]"#, None),
        (r#"["a",["b"]]"#, None),
        (r#"["a",null,"b"]"#, Some("a,b")),
        ("[null]", None),
    ] {
        assert_eq!(header_of(claim).as_deref(), value, "{claim}");
    }
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

proptest! {
    #[test]
    fn any_claim_gives_a_safe_header(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        if let Some(value) = header_of(&json) {
            prop_assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)), "{value:?}");
            prop_assert_eq!(value.trim(), &value);
            prop_assert!(!value.contains(','));
            let decoded = percent_encoding::percent_decode_str(&value).decode_utf8().unwrap();
            prop_assert_eq!(decoded, text);
        } else {
            prop_assert!(text.is_empty());
        }
    }
}

/// The keys of the claims of which nothing could be made.
fn unusable(config: &Config, members: &str) -> Vec<&'static str> {
    principal(config, members).unusable.iter().map(|claim| claim.key()).collect()
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

#[test]
fn what_is_unusable_here_is_no_identity_behind_us() {
    let config = config("");
    for claim in ["scope", "organization", "application"] {
        let header = format!("x-usergrid-{claim}");
        for (shape, value) in [
            ("7", None),
            ("true", None),
            (r#"["acme",7]"#, None),
            (r#"["acme",true]"#, None),
            (r#"["acme",["b"]]"#, None),
            (r#"["acme",{}]"#, None),
            ("[]", None),
            ("null", None),
            (r#""acme""#, Some("acme")),
            (r#"["acme",null,"b,c"]"#, Some("acme,b%2Cc")),
        ] {
            let found = principal(&config, &format!(r#""{claim}":{shape}"#));
            assert_eq!(identity(&found, &header), value, "{claim} {shape}");
        }
    }
    // One scope never becomes two.
    for (shape, value) in [
        (r#""a b""#, "a b"),
        (r#"["a b"]"#, "a%20b"),
        (r#"["a b","c"," "]"#, "a%20b,c,%20"),
        (r#"["a\tb"]"#, "a%09b"),
        (r#"["a%20b"]"#, "a%2520b"),
    ] {
        let found = principal(&config, &format!(r#""scope":{shape}"#));
        assert_eq!(identity(&found, "x-usergrid-scope"), Some(value), "{shape}");
    }
}

//! Claims of which nothing can be made: they refuse, and never count as silence.

use crate::decision::worker::Worker;

/// How `GET path` ends for a token whose answer has these members, and what is logged about it.
fn ends(settings: &str, path: &str, members: &str) -> (String, String) {
    let mut worker = Worker::new(settings);
    let stream = worker.with_token(&format!("GET {path}"), "abc", members);
    let log: Vec<_> = worker.log.iter().map(ToString::to_string).collect();
    (worker.verdict(stream), log.join("\n"))
}

#[test]
fn a_pointer_through_something_else_is_not_silence() {
    let organization = r#""claims":{"organization":"/tenant/orgs"}"#;
    let application = r#""claims":{"application":"/tenant/apps"}"#;
    let permissions = r#""claims":{"permissions":"/access/rules"}"#;
    let roles = r#""claims":{"roles":"/realm_access/roles"},
        "authorization":{"roles":{"r":["get:/**"]}}"#;
    for (settings, member, key) in [
        (organization, "tenant", "claims.organization"),
        (application, "tenant", "claims.application"),
        (permissions, "access", "claims.permissions"),
        (roles, "realm_access", "claims.roles"),
    ] {
        for shape in ["7", "true", r#""acme""#, r#"["acme"]"#, r#"["get:/a"]"#, "[]"] {
            let members = format!(r#""{member}":{shape}"#);
            let (verdict, log) = ends(settings, "/globex/app/x", &members);
            assert_eq!(verdict, "401 unauthorized", "{key} {members}");
            assert!(log.contains(key), "{key} {members}: {log}");
        }
        for (shape, expected) in [("null", "401 unauthorized"), ("{}", "forwarded")] {
            let members = format!(r#""{member}":{shape}"#);
            let (verdict, log) = ends(settings, "/globex/app/x", &members);
            assert_eq!(verdict, expected, "{key} {members}");
            assert!(!log.contains(key), "{key} {members}: {log}");
        }
    }
}

#[test]
fn a_null_on_the_way_to_a_claim_is_one_at_its_end() {
    for (settings, members) in [
        (r#""claims":{"organization":"/a/b/orgs"}"#, r#""a":null"#),
        (r#""claims":{"organization":"/a/b/orgs"}"#, r#""a":{"b":null}"#),
        (r#""claims":{"organization":"/a/b/orgs"}"#, r#""a":{"b":{"orgs":null}}"#),
        (r#""claims":{"organization":"/a/0"}"#, r#""a":[null]"#),
        (r#""claims":{"organization":"/a/0/name"}"#, r#""a":[null]"#),
        // The list of organisations is there, and empty.
        (r#""claims":{"organization":"/a/0/name"}"#, r#""a":[]"#),
        (r#""claims":{"organization":"/a/1"}"#, r#""a":["acme"]"#),
        (r#""claims":{"permissions":"/a/rules"}"#, r#""a":null"#),
        (r#""claims":{"permissions":"/a/0"}"#, r#""a":[]"#),
    ] {
        let (verdict, _) = ends(settings, "/acme/app/x", members);
        assert_eq!(verdict, "401 unauthorized", "{settings} {members}");
    }
}

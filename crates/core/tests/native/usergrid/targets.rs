//! Which application Usergrid is asked about, by the path of the request, and when nobody is asked.

use usergrid_auth_core::verification::verifiers::usergrid::{
    Application, Destination, NoTarget, destination,
};
use usergrid_auth_rules::path::RequestPath;

use super::{APPLICATION, usergrid};
use crate::support::server;

const IDS: &str =
    r#","authorization":{"application_ids":{"acme/shop":"7d1f2c11-833a-11ee-8b11-0242ac120001"}}"#;

fn found(path: &str, members: &str, rest: &str) -> String {
    let config = usergrid(members, rest);
    let path = RequestPath::parse(path.as_bytes(), &config.base_path).expect("a path");
    let server = server(&config);
    let settings = server.verifier.usergrid().expect("the protocol is configured");
    match destination(&path, settings, &server.authorization.application_ids) {
        Destination::Ask(target) => target.key(),
        Destination::Pass => "pass".to_owned(),
        Destination::Refuse(why) => format!("{why:?}"),
    }
}

#[test]
fn a_plain_path_names_its_application() {
    for (path, expected) in [
        ("/acme/shop/users/kim", "acme/shop"),
        ("/acme/shop", "acme/shop"),
        ("/ACME/%53hop/x", "acme/shop"),
        // Only later segments are unclear.
        ("/acme/shop//users", "acme/shop"),
        ("/acme/shop/a%2fb", "acme/shop"),
        ("/acme/sh%6fp/x;y=z", "acme/shop"),
        ("/acme/sh%2566p/x", "Unclear"),
        ("/acme;a=b/shop/x", "Unclear"),
        ("/acme/shop;a=b/x", "Unclear"),
        ("//acme/shop/x", "Unclear"),
        ("/acme%2fshop/x", "Unclear"),
        ("/MANAGEMENT/me", "Unclear"),
        ("/", "NoApplication"),
        ("/acme", "NoApplication"),
        ("/acme/", "NoApplication"),
        ("/status", "NoApplication"),
        ("/orgs/acme", "NoApplication"),
        ("/system/database", "NoApplication"),
    ] {
        for ids in ["", IDS] {
            assert_eq!(found(path, "", ids), expected, "{path}");
        }
    }
}

#[test]
fn other_shapes_go_by_application_ids() {
    let org_id = "9d1f2c11-833a-11ee-8b11-0242ac120001";
    let upper = APPLICATION.to_ascii_uppercase();
    for path in [
        format!("/acme/{APPLICATION}/users"),
        format!("/ACME/{upper}/users"),
        format!("/{org_id}/{APPLICATION}/users"),
        format!("/{APPLICATION}/users"),
        format!("/apps/{APPLICATION}/users"),
        "/orgs/acme/shop/users".to_owned(),
        "/o/Acme/apps/Shop/users".to_owned(),
        "/acme/apps/shop/users".to_owned(),
    ] {
        assert_eq!(found(&path, "", ""), "NotInApplicationIds", "{path}");
        assert_eq!(found(&path, "", IDS), "acme/shop", "{path}");
    }
    let evil = format!("/evil/{APPLICATION}/users");
    assert_eq!(found(&evil, "", ""), "NotInApplicationIds");
    assert_eq!(found(&evil, "", IDS), format!("{:?}", NoTarget::AnotherOwner));
    assert_eq!(found(&format!("/acme/{org_id}/users"), "", IDS), "NotInApplicationIds");
    assert_eq!(found("/orgs/acme/other/users", "", IDS), "NotInApplicationIds");
    let hostile = IDS.replace("acme/shop", "acme/..");
    assert_eq!(found(&format!("/acme/{APPLICATION}/users"), "", &hostile), "Unclear");
}

#[test]
fn names_that_take_more_than_1024_bytes_encoded_are_no_names() {
    let (longest, encoded) = ("a".repeat(1_020), "!".repeat(340));
    for (path, expected) in [
        (format!("/acme/{longest}/x"), format!("acme/{longest}")),
        (format!("/acme/{longest}a/x"), "Unclear".to_owned()),
        (format!("/{longest}a/shop/x"), "Unclear".to_owned()),
        (format!("/acme/{encoded}/x"), format!("acme/{encoded}")),
        (format!("/acme/{encoded}a/x"), "Unclear".to_owned()),
        (format!("/acme/{}/x", "%21".repeat(341)), "Unclear".to_owned()),
    ] {
        assert_eq!(found(&path, "", ""), expected, "{path}");
    }
    let me = r#","management":"me""#;
    assert_eq!(found(&format!("/management/orgs/{longest}aaaaa/apps"), me, ""), "/management");
}

#[test]
fn management_goes_by_its_setting() {
    let me = r#","management":"me""#;
    let pass = r#","management":"pass""#;
    for (path, by_me, by_pass) in [
        ("/management/me", "/management", "pass"),
        ("/management", "/management", "pass"),
        ("/management/users/ada", "/management", "pass"),
        ("/management/organizations", "/management", "pass"),
        ("/management/organizations/", "/management", "pass"),
        ("/management/organizations/Acme", "/management/acme", "pass"),
        ("/management/orgs/acme/apps", "/management/acme", "pass"),
        ("/management/orgs/acme;x=y/apps", "/management", "pass"),
        ("/management/organizations//acme", "/management", "Unclear"),
        ("/management/orgs/acme%2fb", "/management", "Unclear"),
        ("/management/users/a%2fb", "/management", "Unclear"),
    ] {
        assert_eq!(found(path, "", ""), "Management", "{path}");
        assert_eq!(found(path, me, ""), by_me, "{path}");
        assert_eq!(found(path, pass, ""), by_pass, "{path}");
    }
    assert_eq!(found("/acme/shop/management", pass, ""), "acme/shop");
}

#[test]
fn nothing_outside_the_base_path_is_management() {
    let base = r#","base_path":"/api""#;
    let pass = r#","management":"pass""#;
    assert_eq!(found("/api/management/me", pass, base), "pass");
    assert_eq!(found("/management/me", pass, base), "NoApplication");
    assert_eq!(found("/acme/shop/users", "", base), "NoApplication");
    assert_eq!(found("/api/acme/shop/users", "", base), "acme/shop");
    assert_eq!(found("/API/acme/shop/users", "", base), "Unclear");
}

#[test]
fn names_that_servers_could_read_differently_are_no_names() {
    for (name, is_one) in [
        ("shop", true),
        ("Shop 1!", true),
        ("büro", true),
        ("", false),
        (".", false),
        ("..", false),
        ("...", true),
        ("a/b", false),
        ("a\\b", false),
        ("a;b", false),
        ("a?b", false),
        ("a#b", false),
        ("a\nb", false),
        ("a\u{7f}", false),
        ("ü/b", false),
        ("ü\\b", false),
        ("ü;b", false),
        ("ü?b", false),
        ("ü#b", false),
        ("ü\n", false),
        ("a\u{85}b", false),
    ] {
        assert_eq!(Application::named("acme", name).is_some(), is_one, "{name:?}");
        assert_eq!(Application::named(name, "app").is_some(), is_one, "{name:?}");
    }
}

//! Which application each shape of a path addresses, what permissions see of it, and what a log
//! does.

use usergrid_auth_rules::path::{Addressed, ApplicationId, RequestPath};
use usergrid_auth_rules::permission::CheckedPath;

use super::{UUID, parse};

const OTHER: &str = "c6768a08-b5d5-11e3-a495-11ddb1de66c8";

fn below(base: &[&str], path: &str) -> RequestPath {
    let base: Vec<String> = base.iter().map(|segment| (*segment).to_owned()).collect();
    RequestPath::parse(path.as_bytes(), &base).unwrap_or_else(|_| panic!("{path} is broken"))
}

/// `org/app` or a UUID, `!` in front unless plain, joined by ` & `; `nothing` or `unclear`.
fn addressed(path: &RequestPath) -> String {
    let applications = match path.application() {
        Addressed::Nothing => return "nothing".to_owned(),
        Addressed::Unclear => return "unclear".to_owned(),
        Addressed::Applications(applications) => applications,
    };
    let shown: Vec<String> = applications
        .iter()
        .map(|application| {
            let (kind, id) = match &application.application {
                ApplicationId::Name(id) => ("", id),
                ApplicationId::Uuid(id) => ("uuid ", id),
            };
            let plain = if application.plain { "" } else { "!" };
            let organization = application.organization.as_deref().unwrap_or("-");
            format!("{plain}{kind}{organization}/{id}")
        })
        .collect();
    shown.join(" & ")
}

#[test]
fn shapes() {
    for (path, expected) in [
        ("/", "nothing"),
        ("/acme", "nothing"),
        ("/acme/", "nothing"),
        ("/acme/sandbox", "acme/sandbox"),
        ("/ACME/SandBox/", "acme/sandbox"),
        ("/%61cme/%73andbox/x", "acme/sandbox"),
        ("/acme/sandbox/a%2fb", "acme/sandbox"),
        ("/acme/sandbox//x", "acme/sandbox"),
        ("/acme/status/x", "acme/status"),
        ("/@UUID", "!uuid -/@UUID"),
        ("/@UUID/users", "!uuid -/@UUID"),
        ("/@UUID/@OTHER/users", "!uuid @UUID/@OTHER"),
        ("/acme/@UUID/users", "!uuid acme/@UUID"),
        ("/applications/@UUID/users", "!uuid -/@UUID"),
        ("/apps/@UUID/users", "!uuid -/@UUID"),
        ("/apps/acme/users", "nothing"),
        ("/organizations/acme/app/users", "!acme/app"),
        ("/orgs/acme/app", "!acme/app"),
        ("/o/acme/app/users", "!acme/app"),
        ("/o/acme", "nothing"),
        ("/orgs/acme/apps/app/users", "!acme/app"),
        ("/orgs/acme/applications/app", "!acme/app"),
        ("/o/acme/a/app/users", "!acme/app"),
        ("/o/acme/a/@UUID/users", "!uuid acme/@UUID"),
        ("/o/acme/a", "!acme/a"),
        ("/o/@UUID/app/x", "!@UUID/app"),
        // Usergrid's router reads the alias, another one the application `apps`.
        ("/acme/apps/app/users", "!acme/app & !acme/apps"),
        ("/acme/A/app/users", "!acme/app & !acme/a"),
        ("/acme/apps", "!acme/apps"),
        ("/management/organizations/acme/applications/app", "nothing"),
        ("/system/database/setup", "nothing"),
        ("/status/heap/x", "nothing"),
        ("/lb-status", "nothing"),
        ("/favicon.ico/x/y", "nothing"),
        ("/css/x/y", "nothing"),
        ("/Management/x/y", "unclear"),
        ("/STATUS/x/y", "unclear"),
        ("/ORGS/acme/app", "unclear"),
        ("//acme/app/x", "unclear"),
        ("/acme//app/x", "unclear"),
        ("/acme%2fapp", "unclear"),
        ("/acme%2fapp/x", "unclear"),
        ("/acme/app;x/y", "unclear"),
        ("/acme;x/app/y", "unclear"),
        ("/orgs;x/acme/app/y", "unclear"),
        ("/orgs//acme/app", "unclear"),
        ("/orgs/acme//app", "unclear"),
        ("/orgs/acme/apps//app", "unclear"),
        ("/acme/apps//app", "unclear"),
        ("/@UUID//@OTHER/users", "unclear"),
        ("/@UUID/@OTHER;x/users", "unclear"),
        ("/apps//@UUID/users", "unclear"),
    ] {
        let fill = |text: &str| text.replace("@UUID", UUID).replace("@OTHER", OTHER);
        assert_eq!(addressed(&parse(&fill(path)).unwrap()), fill(expected), "{path}");
    }
    let upper = format!("/{}/users", UUID.to_uppercase());
    assert_eq!(addressed(&parse(&upper).unwrap()), format!("!uuid -/{UUID}"));
}

#[test]
fn the_base_path_comes_off_first() {
    for (path, expected, is_public) in [
        ("/api/v1/acme/app/x", "acme/app", true),
        ("/%61pi/v1/acme/app/x", "acme/app", true),
        ("/api/v1", "nothing", true),
        ("/api/v1/", "nothing", true),
        ("/api/v2/acme/app", "nothing", false),
        ("/api", "nothing", false),
        ("/acme/app/x", "nothing", false),
        ("/apis/v1/acme/app", "nothing", false),
        // What another router may take for the base path.
        ("/API/v1/acme/app/x", "unclear", false),
        ("/api;x/v1/acme/app/x", "unclear", false),
        ("//api/v1/acme/app/x", "unclear", false),
        ("/api//v1/acme/app/x", "unclear", false),
        ("/api%2fv1/acme/app/x", "unclear", false),
        ("/api%2fv1%2facme%2fapp", "unclear", false),
        ("/api/v1//acme/app/x", "unclear", true),
    ] {
        let parsed = below(&["api", "v1"], path);
        assert_eq!(addressed(&parsed), expected, "{path}");
        assert_eq!(parsed.whole().is_some(), is_public, "{path}");
    }
    let token_endpoint = below(&["api"], "/api/management/token");
    assert_eq!(token_endpoint.whole(), Some(vec![CheckedPath::new("/management/token")]));
}

#[test]
fn what_permissions_are_checked_against() {
    for (path, expected) in [
        ("/acme/app", &[""] as &[&str]),
        ("/acme/app/", &["/"]),
        ("/acme/app/Users/Tom", &["/Users/Tom"]),
        ("/acme/app/users/", &["/users/"]),
        ("/acme/app/%75sers", &["/users"]),
        ("/acme/app/a/app/x", &["/a/app/x"]),
        ("/acme/app/users;a=b/tom;c", &["/users;a=b/tom;c", "/users/tom"]),
        ("/acme", &["/acme"]),
        ("/management/me", &["/management/me"]),
        ("/", &["/"]),
        ("/o/acme/app/users", &["/users", "/o/acme/app/users"]),
        ("/acme/apps/app/users", &["/users", "/app/users", "/acme/apps/app/users"]),
        ("/o/acme/app", &["", "/o/acme/app"]),
    ] {
        let expected: Vec<CheckedPath<'_>> =
            expected.iter().map(|text| CheckedPath::new(text)).collect();
        assert_eq!(parse(path).unwrap().checked(), expected, "{path}");
    }
    let whole = format!("/{UUID}/users");
    let by_uuid = parse(&whole).unwrap();
    assert_eq!(by_uuid.checked(), [CheckedPath::new("/users"), CheckedPath::new(&whole)]);
}

#[test]
fn labels_are_safe_to_log() {
    let long = "x".repeat(100);
    for (path, expected) in [
        ("/", "-".to_owned()),
        ("/acme", "-".to_owned()),
        ("/management/token", "-".to_owned()),
        ("/acme;x/app", "-".to_owned()),
        ("/Acme/App_1.x-y/books", "acme/app_1.x-y".to_owned()),
        ("/a%22b/c%7Bd/x", "a-b/c-d".to_owned()),
        ("/caf%C3%A9/%E2%82%AC", "caf-/-".to_owned()),
        (&format!("/{UUID}/x"), UUID.to_owned()),
        (&format!("/{long}/{long}y/x"), format!("{0}/{0}", "x".repeat(64))),
    ] {
        assert_eq!(parse(path).unwrap().application_label(), expected, "{path}");
    }
}

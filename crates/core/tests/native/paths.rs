//! Which paths are broken, which unclear, and which application each shape addresses.
//!
//! The shapes of `docs/usergrid.md`, "Paths and applications", and what an attacker makes of them.

use usergrid_auth_rules::path::{Addressed, ApplicationId, BrokenPath, RequestPath};
use usergrid_auth_rules::permission::CheckedPath;

const UUID: &str = "b6768a08-b5d5-11e3-a495-11ddb1de66c8";
const OTHER: &str = "c6768a08-b5d5-11e3-a495-11ddb1de66c8";

fn parse(path: &str) -> Result<RequestPath, BrokenPath> {
    RequestPath::parse(path.as_bytes(), &[])
}

fn below(base: &[&str], path: &str) -> RequestPath {
    let base: Vec<String> = base.iter().map(|segment| (*segment).to_owned()).collect();
    RequestPath::parse(path.as_bytes(), &base).unwrap_or_else(|_| panic!("{path} is broken"))
}

#[test]
fn broken_paths() {
    for path in [
        // Dot segments, plain, encoded, in any letter case, wherever they stand.
        "/.",
        "/..",
        "/a/.",
        "/a/..",
        "/a/./b",
        "/a/../b",
        "/acme/sandbox/../app/x",
        "/acme/app1/x/../../app2",
        "/%2e",
        "/%2E%2e",
        "/.%2e/a",
        "/%2e./a",
        "/a/%2e%2E/b",
        "/./acme/app",
        "/../acme/app",
        // With parameters, or what a second parser cuts off.
        "/..;",
        "/..;a=b",
        "/..;a=b/x",
        "/%2e%2e;",
        "/%2e%2e;x/y",
        "/..%3b",
        "/..%3Ba=b",
        "/.;/a",
        "/..%3f",
        "/..%23",
        "/..#x",
        "/..;;",
        // Behind an encoded slash.
        "/x%2f..%2fy",
        "/x%2F..",
        "/..%2fy",
        "/%2f..",
        "/x%2f.%2fy",
        "/x%2f..;a%2fy",
        "/x%2f%2e%2e%2fy",
        "/a/x%2f..%3b/b",
        // Backslash and NUL.
        "/a\\b",
        "/a%5cb",
        "/a%5Cb",
        "/x%5c..%5cy",
        "/..%5c",
        "/..\\",
        "/%5c",
        "/a%00",
        "/%00",
        "/..%00",
        "/%00..",
        // Blanks and control bytes that a backend may drop around the dots.
        "/..%20",
        "/%20..",
        "/..%09",
        "/%0a..",
        "/.%20.",
        "/..%7f",
        "/x%2f..%20%2fy",
        // Encoded twice and more.
        "/%252e%252e",
        "/%252e%252e/x",
        "/.%252e",
        "/%25252e.",
        "/x%252f..",
        "/x%252f%252e%252e%252f",
        "/a%255cb",
        "/a%2500",
        "/%25252525252e",
        "/..%253b",
        "/%2%35e",
        "/%25%32%65",
        // Broken escapes.
        "/%",
        "/%2",
        "/%zz",
        "/a%2",
        "/a%",
        "/%2g",
        "/%u002e",
        "/a%%20",
        "/acme/app/100%",
        // Bytes that are in no request target.
        "/a b",
        "/a\tb",
        "/a\r\nb",
        "/a\u{7f}",
        "/\0",
        // Not a path.
        "",
        "*",
        "acme/app",
        "http://host/acme/app",
        "%2facme/app",
        "\\acme",
        "?",
        "#",
    ] {
        assert!(parse(path).is_err(), "{path:?}");
    }
}

#[test]
fn unclear_paths() {
    for path in [
        "/acme/sandbox/a%2fb",
        "/acme/sandbox/a%2Fb",
        "/acme%2fsandbox/x",
        "/acme/sandbox%2fx",
        "//",
        "//acme/sandbox/x",
        "/acme//sandbox/x",
        "/acme/sandbox//x",
        "/acme/sandbox/x//",
        "/acme;a=b/sandbox/x",
        "/acme/sandbox;a/x",
        "/acme/sandbox;",
        "/;/sandbox/x",
        "/acme%3b/sandbox/x",
        "/acme/sandbox%3Bx/y",
        "/acme%3f/sandbox/x",
        "/acme%23x/sandbox/x",
        // Not UTF-8: Latin-1, overlong dots and slashes, a lone surrogate, a cut sequence.
        "/acme/sandbox/%e9",
        "/acme/sandbox/%c0%ae%c0%ae/x",
        "/acme/sandbox/a%c0%afb",
        "/acme/sandbox/%ed%a0%80",
        "/acme/sandbox/%e2%82",
        "/acme/%ff/x",
        // Another escape is left once decoded.
        "/acme/sandbo%2578/x",
        "/acme/sandbox/%2541",
        "/acme/sandbox/a%252fb",
        "/%256danagement/x/y",
        "/acme/sandbox/x%253by",
        // Control characters and blanks around.
        "/acme/sandbox/a%0ab",
        "/acme/sandbox/a%0d",
        "/acme/sandbox/a%c2%85b",
        "/acme/sandbox/%20a",
        "/acme/sandbox/a%20",
        "/%20management/sandbox/x",
        "/acme/%c2%a0sandbox/x",
        // Nothing but parameters; an unencoded fragment.
        "/acme/sandbox/;x/y",
        "/acme/sandbox/;x",
        "/acme/sandbox/x#y",
        "/acme#/sandbox",
        // Reserved words in a letter case that routers judge differently.
        "/MANAGEMENT/x/token",
        "/Orgs/acme/app",
        "/O/acme/app",
        "/\u{17f}ystem/sandbox/x",
        "/orgs/acme/APPS/app",
    ] {
        let parsed = parse(path).unwrap_or_else(|_| panic!("{path:?} is broken"));
        assert!(!parsed.is_clear(), "{path:?}");
        assert_eq!(parsed.guest_application(), None, "{path:?}");
    }
}

#[test]
fn clear_paths() {
    for path in [
        "/",
        "/acme",
        "/acme/",
        "/acme/sandbox",
        "/acme/sandbox/",
        "/acme/sandbox/books/1",
        "/acme/%73andbox/x",
        "/acme/sandbox/books;limit=3",
        "/acme/sandbox/a%3bb",
        "/acme/sandbox/a%20b",
        "/acme/sandbox/caf%C3%A9",
        "/acme/sandbox/caf\u{e9}",
        "/acme/sandbox/100%25",
        "/acme/sandbox/a%25zz",
        "/acme/sandbox/a:b,c",
        "/acme/sandbox/...",
        "/acme/sandbox/..a",
        "/acme/sandbox/a..",
        "/acme/sandbox/.a",
        "/acme/sandbox/a%3fb%23c",
        "/acme/sandbox/a+b",
        "/management/token",
        "/status",
        "/acme/sandbox/users/me@example.com",
        "/acme/sandbox/{x}/*",
    ] {
        assert!(parse(path).unwrap().is_clear(), "{path:?}");
    }
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

#[test]
fn escapes_nested_thousands_of_times_cost_little() {
    let started = std::time::Instant::now();
    assert!(parse(&format!("/%{}2e.", "25".repeat(30_000))).is_err());
    assert!(!parse(&format!("/%{}41", "25".repeat(30_000))).unwrap().is_clear());
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn paths_of_too_many_segments_are_broken() {
    assert!(parse(&"/a".repeat(256)).unwrap().is_clear());
    assert!(parse(&("/a".repeat(255) + "/")).unwrap().is_clear());
    assert!(!parse(&format!("/a{}", "%2fa".repeat(255))).unwrap().is_clear());
    for path in [
        "/a".repeat(257),
        "/a".repeat(256) + "/",
        "/".repeat(257),
        "/a".repeat(30_000),
        format!("/a{}", "%2fa".repeat(256)),
        format!("{}{}", "/a".repeat(128), "/a%2Fa".repeat(65)),
    ] {
        assert_eq!(parse(&path).err(), Some(BrokenPath), "{} bytes", path.len());
    }
    // The base path's count as well.
    let base = ["a".to_owned()];
    assert!(RequestPath::parse("/a".repeat(256).as_bytes(), &base).is_ok());
    assert!(RequestPath::parse("/a".repeat(257).as_bytes(), &base).is_err());
}

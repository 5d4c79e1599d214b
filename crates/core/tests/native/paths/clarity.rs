//! Which paths are broken, which unclear, and which neither.
//!
//! The shapes of `docs/usergrid.md`, "Paths and applications", and what an attacker makes of them.

use usergrid_auth_rules::path::{BrokenPath, RequestPath};

use super::parse;

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
        // What a second parser takes for a query or a fragment, wherever it stands.
        "/acme/sandbox/a%3fb",
        "/acme/sandbox/a%3Fb/c",
        "/acme/sandbox/%23",
        "/acme/sandbox/a%23b/",
        "/acme/sandbox/a%253fb",
        "/acme/sandbox/a%252523b",
        "/management/token%3f",
        "/management/token%23/x",
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
        "/acme/sandbox/a%20;x",
        "/acme/sandbox/a;x%09%3By",
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
        "/acme/sandbox/a=b&c",
        "/acme/sandbox/a+b",
        "/management/token",
        "/status",
        "/acme/sandbox/users/me@example.com",
        "/acme/sandbox/{x}/*",
    ] {
        assert!(parse(path).unwrap().is_clear(), "{path:?}");
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

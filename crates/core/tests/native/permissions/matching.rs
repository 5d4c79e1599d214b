//! Methods, names, wildcards and the words of errors, each by a table.

use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::steps::Steps;

use super::Outcome::{Allow, Deny};
use super::{allows, outcome};

#[test]
fn errors_name_the_offending_part() {
    for (rule, message) in [
        ("", "empty rule, which would allow everything; write `*:*` to mean that"),
        (":", "empty rule, which would allow everything; write `*:*` to mean that"),
        (
            "patch:/a",
            "unknown operation `patch`; the operations are `get`, `put`, `post`, `delete` and `*`",
        ),
        (
            "head:/a",
            "unknown operation `head`; the operations are `get`, `put`, `post`, `delete` and `*`",
        ),
        (
            "/a:b",
            "unknown operation `/a`; the operations are `get`, `put`, `post`, `delete` and `*`",
        ),
        ("get, post:/a", "blank beside a comma, a colon or an end in `get, post`"),
        ("get :/a", "blank beside a comma, a colon or an end in `get `"),
        (" get:/a", "blank beside a comma, a colon or an end in ` get`"),
        ("get: /a", "blank beside a comma, a colon or an end in ` /a`"),
        ("get:/a ", "blank beside a comma, a colon or an end in `/a `"),
        ("get:/a\n", "blank beside a comma, a colon or an end in `/a\n`"),
        ("get:/a, /b", "blank beside a comma, a colon or an end in `/a, /b`"),
        (" :/a", "blank beside a comma, a colon or an end in ` `"),
        ("get:,", "nothing but commas in `,`"),
        (",,:/a", "nothing but commas in `,,`"),
        ("get:/a,,/b", "nothing before a comma in `/a,,/b`"),
        ("get:,/a", "nothing before a comma in `,/a`"),
        (",get:/a", "nothing before a comma in `,get`"),
        (
            "get:/{id:[0-9]+}/*",
            "regular expression in braces in `/{id:[0-9]+}/*`; write `*` or `{name}`",
        ),
    ] {
        assert_eq!(Rule::parse(rule).unwrap_err().to_string(), message, "{rule:?}");
    }
}

#[test]
fn methods_are_exact() {
    for (rule, method, expected) in [
        ("get:/a", "GET", Allow),
        ("get:/a", "HEAD", Allow),
        ("get:/a", "get", Deny),
        ("get:/a", "OPTIONS", Deny),
        ("get:/a", "", Deny),
        ("post:/a", "HEAD", Deny),
        ("*:/a", "PATCH", Allow),
        ("get,*:/a", "DELETE", Allow),
        ("DELETE,Put,:/a", "PUT", Allow),
    ] {
        assert_eq!(outcome(rule, method, "/a", &[]), expected, "{rule} {method}");
    }
}

#[test]
fn names_are_text_and_never_patterns() {
    for (rule, name, path, expected) in [
        ("get:/users/${user}/*", "*", "/users/tom/likes", false),
        ("get:/users/${user}/*", "*", "/users/*/likes", true),
        ("get:/users/${user}/*", "**", "/users/a/b/likes", false),
        ("get:/users/${user}/*", "t?m", "/users/tom/likes", false),
        ("get:/users/${user}", "*", "/users/tom", false),
        ("get:/users/${user}/*", "{x}", "/users/tom/likes", false),
        ("get:/users/me/*", "*", "/users/tom/likes", false),
        ("get:/users/me/*", "me", "/users/me/likes", true),
        ("get:/users/me/*", "me", "/users/tom/likes", false),
        ("get:/users/${user}/*", "${user}", "/users/tom/likes", false),
        // An empty name, or one that spans segments, would open what belongs to others.
        ("get:/users/${user}/**", "", "/users/tom/likes", false),
        ("get:/users/${user}", "", "/users/", false),
        ("get:/users/me/**", "", "/users/tom/likes", false),
        ("get:/users/${user}", "tom/likes", "/users/tom/likes", false),
        ("get:/users/${user}/*", "tom/likes", "/users/tom/likes/x", false),
        // Inside a segment, and more than once.
        ("get:/x-${user}-y/*", "tom", "/x-tom-y/z", true),
        ("get:/${user}/${user}", "tom", "/tom/tom", true),
        ("get:/${user}/${user}", "tom", "/tom/tim", false),
        ("get:/${user}/me/*", "tom", "/tom/tom/z", true),
        // Its last segment is the name's, however the pattern itself ends.
        ("get:/*/me/", "tom", "/x/tom/", true),
        ("get:/**/me/", "tom", "/x/y/tom/", true),
        ("get:/*/me/", "tom", "/x/tim/", false),
        ("get:/*/${user}", "tom", "/x/tom", true),
        ("get:/${user}/me/*", "tom", "/tom/me/z", true),
        ("get:/${user}/me/*", "tom", "/tom/tim/z", false),
        ("get:/${user}/me/*", "tom", "/tim/tom/z", false),
        ("get:/me/me/z", "tom", "/tom/tom/z", true),
        ("get:/me/me/z", "tom", "/tim/tom/z", false),
        ("get:/some/z", "tom", "/sotom/z", false),
        ("get:/users/me", "tom", "/users/tom", false),
        ("get:/users/me*/x", "tom", "/users/tom/x", false),
    ] {
        assert_eq!(allows(rule, path, &[name]), expected, "{rule} for {name:?} on {path}");
    }
}

#[test]
fn matching_folds_ascii_only_and_counts_characters() {
    for (rule, path, expected) in [
        ("get:/caf\u{e9}/*", "/CAF\u{e9}/x", true),
        ("get:/caf\u{e9}/*", "/caf\u{c9}/x", false),
        ("get:/k/*", "/\u{212a}/x", false),
        ("get:/caf?", "/caf\u{e9}", true),
        ("get:/caf?", "/cafee", false),
        ("get:/*\u{e9}*", "/caf\u{e9}s", true),
        ("get:/a b/*", "/a b/c", true),
        // Segments are never trimmed.
        ("get:/a/*", "/ a/b", false),
        ("get:/a:b", "/a:b", true),
        ("get:/a:*", "/a:b", true),
        ("get:/a:*", "/a", false),
        ("get:*", "", true),
        ("get:", "", true),
        ("get:/a,*", "", true),
        ("get:/**", "", false),
        ("get:**/*", "/", false),
        ("get:/{x}", "/{x}", true),
        ("get:/{}/*", "/a/b", false),
        ("get:/{x/*", "/a/b", false),
        ("get:/{x}/?", "/a/b", true),
        ("get:/b/{x}/", "/b/", false),
        ("get:/a*/{x}", "/ab/", false),
        ("get:/a*/*", "/ab/", true),
        ("get:/a*c", "/abc/", true),
    ] {
        assert_eq!(allows(rule, path, &[]), expected, "{rule} on {path}");
    }
}

/// As to Usergrid. That a path must be allowed without its parameters as well, its readings see to.
#[test]
fn parameters_of_a_segment_are_text_to_a_rule_that_allows() {
    for (rule, path, expected) in [
        ("get:/files/*.png", "/files/a.png;.pdf", false),
        ("get:/files/*.png", "/files/a;.png", true),
        ("get:/*/likes", "/users/likes;x", false),
        ("get:/*/likes;x", "/users/likes;x", true),
        ("get:/**/likes/*", "/users/likes;x/y", false),
        ("get:/**/likes?x/*", "/users/likes;x/y", true),
        ("get:/*/*", "/users;x/tom;y", true),
    ] {
        assert_eq!(allows(rule, path, &[]), expected, "{rule} on {path}");
    }
}

/// Wildcards are not tried on what no backend takes, whatever they would say; nothing needs trying
/// to allow everything.
#[test]
fn paths_beyond_any_backend_match_no_wildcard_but_all_of_them() {
    let (fits, over) = ("/a".repeat(4096), "/a".repeat(4096) + "b");
    assert_eq!((fits.len(), over.len()), (8192, 8193));
    for (rule, on_fitting, on_over) in [
        ("get:/a/**", true, false),
        ("get:/**/a*", true, false),
        ("get:/**/*", true, false),
        ("get:/**", true, true),
        ("get:/**/**", true, true),
        ("get:*", true, true),
        ("get:", true, true),
    ] {
        assert_eq!(allows(rule, &fits, &[]), on_fitting, "{rule}");
        assert_eq!(allows(rule, &over, &[]), on_over, "{rule}");
    }
    // Without a wildcard nothing is tried.
    assert!(allows(&format!("get:{over}"), &over, &[]));
}

#[test]
fn only_rules_for_everything_allow_everything() {
    for rule in ["get:/", "get:/*", "get:/**/x", "get:/x/**", "get:/***", "get:/**/*", "get:/**/?*"]
    {
        let rule = Rule::parse(rule).unwrap();
        assert!(!rule.allows_everything(b"GET", &Steps::of_a_request()), "{rule:?}");
    }
}

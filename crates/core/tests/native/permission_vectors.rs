//! The 139 vectors of Usergrid's own permission class, and every deliberate difference from it.
//!
//! `tests/data/permission-vectors.tsv` holds Usergrid's verdicts; a difference that is none any more fails.

use proptest::prelude::*;
use usergrid_auth_rules::permission::{CheckedPath, Rule};

const VECTORS: &str = include_str!("../data/permission-vectors.tsv");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Allow,
    Deny,
    ConfigError,
}

use Outcome::{Allow, ConfigError, Deny};

/// Where we differ from Usergrid: the vector, our outcome, the reason.
const DIFFERENCES: &[(&str, Outcome, &str)] = &[
    ("P054", ConfigError, "a blank after a comma silently disables the operation behind it"),
    ("P055", ConfigError, "the same rule: whoever wrote it meant POST to be allowed"),
    ("P056", ConfigError, "a blank after the colon silently breaks a literal path"),
    ("P057", ConfigError, "the same blank is ignored beside a wildcard; one answer for both"),
    ("P067", ConfigError, "a part of nothing but commas makes Usergrid fail every check"),
    ("P079", Allow, "HEAD is checked as GET, as Usergrid's HTTP layer does before the matcher"),
    ("P103", Deny, "a comma in the request's path is an ordinary character"),
    ("P104", Deny, "a colon in the request's path is an ordinary character"),
];

struct Vector<'a> {
    id: &'a str,
    rule: &'a str,
    method: &'a str,
    path: &'a str,
    user: &'a str,
    usergrid: Outcome,
}

fn vectors() -> Vec<Vector<'static>> {
    VECTORS
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [id, rule, method, path, user, verdict, _origin] = fields[..] else {
                panic!("{line:?} has {} fields", fields.len());
            };
            let usergrid = match verdict {
                "allow" => Allow,
                "deny" => Deny,
                other => panic!("{id}: verdict {other:?}"),
            };
            Vector { id, rule, method, path, user, usergrid }
        })
        .collect()
}

fn names(user: &str) -> Vec<String> {
    let names: &[&str] = match user {
        "-" => &[],
        "u1" => &["edanuff", "bd397ea1-a71c-3249-8a4c-62fd53c78ce7"],
        "U1" => &["EdAnuff", "bd397ea1-a71c-3249-8a4c-62fd53c78ce7"],
        "u2" => &["examplepatient", "7c8a3ee9-aaaa-11e3-a0e5-9953085ea376"],
        other => panic!("unknown user {other:?}"),
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn outcome(rule: &str, method: &str, path: &str, user_names: &[String]) -> Outcome {
    match Rule::parse(rule) {
        Err(_) => ConfigError,
        Ok(rule) if rule.allows(method.as_bytes(), &CheckedPath::new(path), user_names) => Allow,
        Ok(_) => Deny,
    }
}

fn allows(rule: &str, path: &str, user_names: &[&str]) -> bool {
    let user_names: Vec<String> = user_names.iter().map(|name| (*name).to_owned()).collect();
    outcome(rule, "GET", path, &user_names) == Allow
}

#[test]
fn all_vectors_are_here() {
    let ids: Vec<String> = vectors().iter().map(|vector| vector.id.to_owned()).collect();
    let expected: Vec<String> = (1..=139).map(|number| format!("P{number:03}")).collect();
    assert_eq!(ids, expected);
}

#[test]
fn vectors_come_out_as_in_usergrid_or_as_listed() {
    let mut failures = Vec::new();
    for vector in vectors() {
        let ours = outcome(vector.rule, vector.method, vector.path, &names(vector.user));
        let listed = DIFFERENCES.iter().find(|(id, _, _)| *id == vector.id);
        let expected = listed.map_or(vector.usergrid, |(_, outcome, _)| *outcome);
        if ours != expected {
            failures.push(format!("{}: {ours:?} instead of {expected:?}", vector.id));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_listed_difference_is_one() {
    for (id, ours, reason) in DIFFERENCES {
        let vector = vectors().into_iter().find(|vector| vector.id == *id);
        let vector = vector.unwrap_or_else(|| panic!("{id} is no vector"));
        assert_ne!(vector.usergrid, *ours, "{id} is no difference: {reason}");
    }
}

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
        ("get:/${user}/me/*", "tom", "/tom/me/z", true),
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

/// Wildcards are not tried on what no backend takes, whatever they would say; nothing needs trying to allow everything.
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

/// Deep backtracking would take longer than the universe has: 30,000 segments against nested wildcards.
#[test]
fn hostile_paths_cost_little() {
    let started = std::time::Instant::now();
    for (rule, path) in [
        ("get:/**/a/**/a/**/a/**/a/**/b", "/a".repeat(30_000)),
        ("get:/**/a/a/a/a/**/a/a/a/b/**/c", "/a".repeat(30_000)),
        ("get:/*a*a*a*a*a*a*a*a*b", format!("/{}", "a".repeat(60_000))),
        ("get:/**/*a*a*b/**/*a*a*b", "/aaaaaaaaaaaaaaa".repeat(4_000)),
        ("get:/*aaaaaaaaaaaaaaab", format!("/{}", "a".repeat(60_000))),
        ("get:/{x}{x}{x}{x}{x}*b", format!("/{}", "a".repeat(60_000))),
        ("get:/**/x", "/".repeat(60_000)),
    ] {
        assert!(!allows(rule, &path, &["a", "b"]), "{rule}");
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// Spring's Ant matching, as plainly as it can be written: recursion, no care for cost.
mod model {
    fn segment(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some(b'*'), _) => {
                segment(&pattern[1..], text) || (!text.is_empty() && segment(pattern, &text[1..]))
            }
            (Some(b'?'), Some(_)) => segment(&pattern[1..], &text[1..]),
            (Some(p), Some(t)) if p.eq_ignore_ascii_case(t) => segment(&pattern[1..], &text[1..]),
            _ => false,
        }
    }

    fn segments(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern.first(), path.first()) {
            (None, None) => true,
            (Some(&"**"), _) => {
                segments(&pattern[1..], path) || (!path.is_empty() && segments(pattern, &path[1..]))
            }
            (Some(p), Some(t)) => {
                segment(p.as_bytes(), t.as_bytes()) && segments(&pattern[1..], &path[1..])
            }
            _ => false,
        }
    }

    fn ant(pattern: &str, path: &str) -> bool {
        let cut = |text: &str| -> Vec<String> {
            text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let (pattern_parts, path_parts) = (cut(pattern), cut(path));
        let pattern_parts: Vec<&str> = pattern_parts.iter().map(String::as_str).collect();
        let path_parts: Vec<&str> = path_parts.iter().map(String::as_str).collect();
        if pattern_parts.contains(&"**") {
            return segments(&pattern_parts, &path_parts);
        }
        if pattern.ends_with('/') == path.ends_with('/') && segments(&pattern_parts, &path_parts) {
            return true;
        }
        let Some((last, before)) = pattern_parts.split_last() else { return false };
        *last == "*" && path.ends_with('/') && segments(before, &path_parts)
    }

    /// The item and path of one rule, both beginning with a slash.
    pub fn matches(pattern: &str, path: &str) -> bool {
        let slashed = |text: &str| {
            if text.ends_with(['/', '*']) { text.to_owned() } else { format!("{text}/") }
        };
        if pattern.contains(['*', '?']) {
            ant(pattern, path) || ant(&slashed(pattern), &slashed(path))
        } else {
            pattern.eq_ignore_ascii_case(path)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn matching_agrees_with_the_model(
        pattern in "(/(\\*\\*|\\*|[abA?*]{0,4})){1,5}/?",
        path in "(/[abB*]{0,3}){1,6}/?",
    ) {
        prop_assert_eq!(allows(&format!("get:{pattern}"), &path, &[]), model::matches(&pattern, &path));
    }

    #[test]
    fn parsing_any_text_returns(text in any::<String>(), path in any::<String>()) {
        let _ = outcome(&text, "GET", &path, &["tom".to_owned()]);
    }

    #[test]
    fn parsing_rule_like_text_returns(text in "[getpos*,: /{}$usermME?\u{e9}]{0,24}", path in "[/usermeME\u{e9}*]{0,24}") {
        let _ = outcome(&text, "GET", &path, &["me".to_owned(), "\u{e9}".to_owned()]);
    }

    #[test]
    fn a_rule_for_everything_allows_every_path(path in "/\\PC{0,40}") {
        for rule in ["get:", "get:*", "get:**", "get:/**", "get:/x,/**/**"] {
            let rule = Rule::parse(rule).unwrap();
            prop_assert!(rule.allows_everything(b"GET"));
            prop_assert!(!rule.allows_everything(b"POST"));
            prop_assert!(rule.allows(b"GET", &CheckedPath::new(&path), &[]));
        }
    }
}

#[test]
fn only_rules_for_everything_allow_everything() {
    for rule in ["get:/", "get:/*", "get:/**/x", "get:/x/**", "get:/***", "get:/**/*", "get:/**/?*"]
    {
        assert!(!Rule::parse(rule).unwrap().allows_everything(b"GET"), "{rule}");
    }
}

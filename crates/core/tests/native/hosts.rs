//! Patterns of hosts, and the host in what a client sends as one.

use proptest::prelude::*;
use usergrid_auth_rules::host::{HostError, HostPattern, host};

fn matches(pattern: &str, authority: &str) -> Option<bool> {
    let pattern = HostPattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    host(authority.as_bytes()).map(|host| pattern.matches(host))
}

/// As Envoy's `domains` are matched (`config.route.v3.VirtualHost`).
#[test]
fn patterns_match_as_envoys_domains_do() {
    for (pattern, authority, expected) in [
        ("api.example.com", "api.example.com", true),
        ("api.example.com", "API.Example.COM", true),
        ("API.example.com", "api.example.com", true),
        ("api.example.com", "api.example.com:8443", true),
        ("api.example.com", "api.example.com:", true),
        ("api.example.com", "api.example.com.", false),
        ("api.example.com", "xapi.example.com", false),
        ("api.example.com", "api.example.comx", false),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "a.b.example.com:80", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", ".example.com", false),
        ("*-api.example.com", "x-api.example.com", true),
        ("*-api.example.com", "-api.example.com", false),
        ("api.*", "api.example.com", true),
        ("api.*", "api.", false),
        ("api-*", "api-1", true),
        ("api.*", "xapi.example.com", false),
        ("*", "anything", true),
        ("*", "[::1]:80", true),
        ("[::1]", "[::1]", true),
        ("[::1]", "[::1]:8080", true),
        ("[2001:DB8::1]", "[2001:db8::1]:80", true),
        ("[::1]", "[::2]", false),
        ("127.0.0.1", "127.0.0.1:80", true),
    ] {
        assert_eq!(matches(pattern, authority), Some(expected), "{pattern} {authority}");
    }
}

#[test]
fn what_can_be_read_in_several_ways_is_no_host() {
    for authority in [
        "",
        ":80",
        "a,b",
        "user@a",
        "user:secret@a",
        "a:80@b",
        "a:80:90",
        "a:port",
        "a b",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a%2eb",
        "::1",
        "[::1",
        "[]",
        "[::1]x",
        "[::1]x:80",
        "[a]b]:80",
        "[fe80::1%25eth0]",
        "b\u{fc}cher.example",
        "a\u{0}",
    ] {
        assert_eq!(host(authority.as_bytes()), None, "{authority:?}");
    }
    assert_eq!(host(b"a\xff"), None);
}

#[test]
fn a_pattern_says_what_is_wrong_with_it() {
    for (text, error) in [
        ("a:80", HostError::Port),
        ("[::1]:80", HostError::Port),
        ("a*b", HostError::Wildcard),
        ("**", HostError::Wildcard),
        ("*a*", HostError::Wildcard),
        ("", HostError::Character),
        ("a b", HostError::Character),
        ("user@a", HostError::Character),
        ("*[::1]", HostError::Character),
    ] {
        assert_eq!(HostPattern::parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_pattern_covers_those_of_which_it_matches_every_host() {
    for (one, other, expected) in [
        ("api.example.com", "API.example.com", true),
        ("api.example.com", "www.example.com", false),
        ("api.example.com", "*.example.com", false),
        ("*.example.com", "api.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "*.example.com", true),
        ("*.example.com", "*.api.example.com", true),
        ("*.api.example.com", "*.example.com", false),
        ("*.example.com", "api.*", false),
        ("api.*", "api.example.com", true),
        ("api.*", "api.*", true),
        ("api.*", "api.example.*", true),
        ("api.example.*", "api.*", false),
        ("api.*", "*.example.com", false),
        ("*", "api.example.com", true),
        ("*", "*.example.com", true),
        ("*", "api.*", true),
        ("*", "*", true),
        ("*.com", "*", false),
        ("api.*", "*", false),
    ] {
        let [ours, theirs] = [one, other].map(|text| HostPattern::parse(text).unwrap());
        assert_eq!(ours.covers(&theirs), expected, "{one} {other}");
    }
}

proptest! {
    /// Whatever bytes come, and a pattern that covers another matches all that it does.
    #[test]
    fn covering_is_matching_more(
        one in "(\\*?[ab.]{1,4}|[ab.]{1,4}\\*|\\*)",
        other in "(\\*?[ab.]{1,4}|[ab.]{1,4}\\*|\\*)",
        authority in "[aAbB.]{1,8}(:[0-9]{0,3})?",
    ) {
        let [one, other] = [one, other].map(|text| HostPattern::parse(&text).unwrap());
        let host = host(authority.as_bytes()).unwrap();
        if one.covers(&other) && other.matches(host) {
            prop_assert!(one.matches(host));
        }
    }

    #[test]
    fn no_bytes_trap(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
        let pattern = HostPattern::parse("*.example.com").unwrap();
        if let Some(host) = host(&bytes) {
            prop_assert!(bytes.starts_with(host));
            let _ = pattern.matches(host);
        }
    }
}

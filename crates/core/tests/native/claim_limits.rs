//! What an answer may hold about one principal: `limits.claims`, `identity.overflow`, and which of
//! them a refusal names.

use usergrid_auth_config::Config;

use crate::decision::worker::{BEARER, Worker};
use crate::support::{
    NOW, answered, config, identity, introspected as principal, summary, verdict,
};

/// What becomes of an active token with these further members.
fn judged(config: &Config, members: &str) -> String {
    let body = format!(r#"{{"active":true,{members}}}"#);
    summary(&verdict(&answered(200, body), config, NOW))
}

/// With a mapping, without which roles are not read.
const ROLES: &str = r#""authorization":{"roles":{"r":["get:/**"]}}"#;

/// Different entries of so many bytes.
fn entries(count: usize, length: usize) -> String {
    (0..count).map(|n| format!(r#""{n:0length$}""#)).collect::<Vec<_>>().join(",")
}

/// The same as a string, separated by blanks.
fn words(count: usize, length: usize) -> String {
    format!(r#""{}""#, entries(count, length).replace(',', " ").replace('"', ""))
}

/// A rule of so many bytes.
fn rule(length: usize) -> String {
    "?,".repeat(length / 2) + "?"
}

#[test]
fn an_answer_that_would_fill_the_memory_is_refused() {
    let mut config = config(ROLES);
    // Identity headers have a limit of their own.
    config.identity = Vec::new();
    for name in ["scope", "roles", "organization", "application", "permissions"] {
        for (list, expected) in [
            (entries(256, 8), "verified"),
            (entries(257, 8), "denied Claims(Entries)"),
            (entries(8, 1000), "verified"),
            (entries(20, 1000), "denied Claims(Bytes)"),
            (entries(1, 20_000), "denied Claims(Bytes)"),
        ] {
            // Not the server's fault: one principal must not open the breaker for all.
            assert_eq!(judged(&config, &format!(r#""{name}":[{list}]"#)), expected, "{name}");
        }
    }
    for (members, expected) in [
        (format!(r#""scope":{}"#, words(256, 8)), "verified"),
        (format!(r#""scope":{}"#, words(257, 8)), "denied Claims(Entries)"),
        (format!(r#""scope":"{}""#, "r ".repeat(20_000)), "denied Claims(Bytes)"),
        (format!(r#""application":"{}""#, "a".repeat(20_000)), "denied Claims(Bytes)"),
        (format!(r#""permissions":["{}"]"#, rule(1023)), "verified"),
        (format!(r#""permissions":["/{}"]"#, "a".repeat(1023)), "verified"),
        (format!(r#""permissions":["{}"]"#, rule(1024)), "denied Claims(Rule)"),
        // With one byte for every entry: 16,384 and 16,385.
        (format!(r#""permissions":[{},{}]"#, entries(15, 1023), entries(1, 1022)), "verified"),
        (format!(r#""permissions":[{},"/"]"#, entries(16, 1023)), "denied Claims(Bytes)"),
        (format!(r#""sub":"{}""#, "a".repeat(4096)), "verified"),
        (format!(r#""sub":"{}""#, "a".repeat(4097)), "denied Claims(Header)"),
    ] {
        assert_eq!(judged(&config, &members), expected, "{} bytes", members.len());
    }
}

#[test]
fn what_nobody_reads_has_no_limit() {
    let roles = format!(r#""roles":[{}]"#, entries(257, 8));
    let administrator = format!(r#""principal":"admin_user",{roles}"#);
    for (overrides, members, expected) in [
        (ROLES, &roles, "denied Claims(Entries)"),
        ("", &roles, "verified"),
        (ROLES, &administrator, "verified"),
    ] {
        assert_eq!(judged(&config(overrides), members), expected, "{overrides}");
    }
}

#[test]
fn repeated_words_are_one_however_many_there_are() {
    let mut config = config("");
    config.identity = Vec::new();
    for count in 1..40 {
        let once: Vec<String> = (0..count).map(|number| format!("s{number}")).collect();
        let twice: Vec<&str> = once.iter().flat_map(|word| [&**word, &**word]).collect();
        let scope = twice.join(" ");
        let found = principal(&config, &format!(r#""scope":"{scope} {scope}""#));
        assert_eq!(found.scopes, once);
    }
}

#[test]
fn limits_follow_the_configuration() {
    let mut small =
        config(&format!(r#"{ROLES},"limits":{{"claims":{{"bytes":256,"entries":2}}}}"#));
    small.identity = Vec::new();
    let mut large =
        config(&format!(r#"{ROLES},"limits":{{"claims":{{"bytes":262144,"entries":4096}}}}"#));
    large.identity = Vec::new();
    for name in ["scope", "roles", "organization", "application", "permissions"] {
        let of = |config: &Config, list: String| judged(config, &format!(r#""{name}":[{list}]"#));
        assert_eq!(of(&small, entries(2, 127)), "verified", "{name}");
        assert_eq!(of(&small, entries(2, 128)), "denied Claims(Bytes)", "{name}");
        assert_eq!(of(&small, entries(3, 1)), "denied Claims(Entries)", "{name}");
        assert_eq!(of(&large, entries(4096, 63)), "verified", "{name}");
        assert_eq!(of(&large, entries(4097, 8)), "denied Claims(Entries)", "{name}");
        assert_eq!(of(&large, entries(257, 1023)), "denied Claims(Bytes)", "{name}");
    }
}

#[test]
fn as_many_repetitions_as_there_is_room_for_are_one_entry() {
    let config = config(r#""limits":{"claims":{"bytes":262144,"entries":1}}"#);
    let scope = ["r"; 131_072].join(" ");
    let mut without_headers = config;
    without_headers.identity = Vec::new();
    let principal = principal(&without_headers, &format!(r#""scope":"{scope}""#));
    assert_eq!(principal.scopes, ["r"]);
}

#[test]
fn a_user_with_many_roles_is_let_in_once_the_limit_is_raised() {
    let roles = format!(r#""roles":[{}]"#, entries(257, 8));
    for (overrides, expected) in [
        (r#""limits":{}"#, "401 auth_invalid"),
        (r#""limits":{"claims":{"entries":257}}"#, "forwarded"),
        (r#""limits":{"claims":{"entries":256}}"#, "401 auth_invalid"),
    ] {
        let roles_of_nobody = r#""authorization":{"roles":{"00000000":["get:/**"]}}"#;
        let mut worker = Worker::new(&format!("{roles_of_nobody},{overrides}"));
        let stream = worker.request("GET /acme/app/x", &BEARER);
        worker.active(&roles);
        assert_eq!(worker.verdict(stream), expected, "{overrides}");
    }
}

#[test]
fn a_refusal_names_the_key_and_no_value() {
    let long = |claim: &str| format!(r#""{claim}":"{}""#, "v4lu3".repeat(1000));
    for (claims, key) in [
        (format!(r#""roles":[{}]"#, entries(257, 8)), "limits.claims.entries"),
        (format!(r#""application":[{}]"#, entries(20, 1000)), "limits.claims.bytes"),
        (format!(r#""permissions":["{}"]"#, rule(1024)), "claims.permissions"),
        (long("username"), "identity.overflow"),
        (long("client_id"), "identity.overflow"),
    ] {
        // A second worker learns of it from the first, and the first asks its own memory.
        let (_, mut one, mut two) = Worker::two(ROLES);
        one.with_token("GET /acme/app/x", "abc", &claims);
        one.with_token("GET /acme/app/x", "abc", "");
        two.with_token("GET /acme/app/x", "abc", "");
        let log: Vec<_> = one.log.iter().chain(&two.log).collect();
        assert_eq!(log.len(), 3, "{log:?}");
        for event in log {
            let line = event.to_string();
            let (beginning, end) = line.split_once("credential=").unwrap();
            assert_eq!(beginning, "refused: reason=claims application=acme/app ");
            assert_eq!(end.split_once(' ').unwrap().1, format!("limit={key}"));
            assert_eq!(event.level(), log::Level::Warn);
        }
    }
}

#[test]
fn an_identity_that_is_too_long_is_refused_and_not_cut() {
    let longest = "a".repeat(4096);
    for overflow in ["refuse", "cut"] {
        let config = config(&format!(r#""identity":{{"overflow":"{overflow}"}}"#));
        let fits = principal(&config, &format!(r#""sub":"{longest}""#));
        assert_eq!(identity(&fits, "x-usergrid-subject"), Some(longest.as_str()));
        // Not the server's fault: a user with a long name must not open the breaker for everybody.
        // One value has no whole entry that would fit.
        for value in ["a".repeat(4097), "ü".repeat(700), "b ".repeat(3000), "a,".repeat(2000)] {
            for claim in ["sub", "username", "client_id", "organization"] {
                let members = format!(r#""{claim}":"{value}""#);
                assert_eq!(judged(&config, &members), "denied Claims(Header)", "{claim}");
            }
        }
        let one = format!(r#""organization":["{}","b"]"#, "a".repeat(4097));
        assert_eq!(judged(&config, &one), "denied Claims(Header)");
    }
}

#[test]
fn a_list_too_long_for_its_header_is_refused_or_cut_at_a_whole_entry() {
    let (refuse, cut) = (config(""), config(r#""identity":{"overflow":"cut"}"#));
    let list = |claim: &str, count: usize| format!(r#""{claim}":[{}]"#, entries(count, 31));
    let header = |claim: &str, members: &str| {
        identity(&principal(&cut, members), &format!("x-usergrid-{claim}")).map(str::to_owned)
    };
    for claim in ["organization", "application", "scope"] {
        // 128 entries of 31 bytes and a comma after each but the last: 4,095 bytes.
        let fits = entries(128, 31).replace('"', "");
        assert_eq!(judged(&refuse, &list(claim, 128)), "verified");
        assert_eq!(judged(&refuse, &list(claim, 129)), "denied Claims(Header)");
        for count in [128, 129, 256] {
            assert_eq!(header(claim, &list(claim, count)).as_ref(), Some(&fits), "{claim} {count}");
        }
    }
    // A scope that is a string is a list as well; a blank within an entry of an array is none.
    let fits = words(128, 31).replace('"', "");
    for count in [128, 129, 256] {
        let scope = format!(r#""scope":{}"#, words(count, 31));
        assert_eq!(header("scope", &scope).as_ref(), Some(&fits), "{count}");
    }
    let blanks = |length: usize| format!(r#""scope":["first","{}"]"#, "a ".repeat(length) + "a");
    assert_eq!(header("scope", &blanks(3000)).as_deref(), Some("first"));
    // An entry that ends where the header does is whole; so is one before several blanks.
    let scope = |first: usize, gap: &str| format!(r#""scope":"{}{gap}b""#, "a".repeat(first));
    for (first, gap) in [(4096, " "), (4096, "   "), (4094, "   "), (4095, "  ")] {
        assert_eq!(header("scope", &scope(first, gap)), Some("a".repeat(first)), "{first} {gap:?}");
    }
    assert_eq!(judged(&cut, &scope(4097, " ")), "denied Claims(Header)");
    // What is checked is the whole list, whatever the header holds.
    let whole = principal(&cut, &list("scope", 256));
    assert_eq!(whole.scopes.len(), 256);
}

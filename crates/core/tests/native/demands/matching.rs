//! What a rule that demands matches, by examples.

use super::*;

#[test]
fn a_rule_matches_every_spelling() {
    for (rule, path) in [
        // As it stands, and where a rule that allows would be silent.
        ("get:/acme/*/reports/**", "/acme/shop/reports/1"),
        ("get:/acme/*/reports/**", "/acme/shop/reports"),
        ("get:/acme/*/reports/**", "/acme/shop/reports/"),
        ("get:/acme/*/reports", "/acme/shop/reports/"),
        ("get:/acme/*/reports/", "/acme/shop/reports"),
        ("get:/acme/shop/reports/*", "/acme/shop/reports/1/"),
        ("get:/acme/shop/reports/*", "/acme/shop/reports"),
        ("get:/acme/shop//reports", "/acme/shop/reports"),
        ("get:/Acme/SHOP/reports", "/aCME/shop/REPORTS"),
        ("get:/acme/shop/{any}", "/acme/shop/reports"),
        ("get:", "/acme"),
        ("get:*", "/"),
        ("get:/**", "/"),
        ("get:/", "/"),
        ("*:/a,/b", "/b"),
        // Escapes.
        ("get:/acme/shop/reports", "/acme/%73hop/%72eports"),
        // Parameters: kept, cut, cut where they are not encoded.
        ("get:/acme/shop/reports/x", "/acme/shop/reports;a=b/x"),
        ("get:/acme/shop/reports/x", "/acme/shop/reports;/x;y;z"),
        ("get:/acme/shop/reports/x", "/acme/shop/reports%3b/x%3By"),
        ("get:/acme/shop/files/*.pdf", "/acme/shop/files;x/secret%3b.pdf"),
        ("get:/acme/shop/files/*.pdf", "/acme/shop/files/a;.pdf"),
        ("get:/acme/shop/files/*.pdf", "/acme/shop/files/a.pdf;.png"),
        // Characters that fold into ASCII, and those that backends compose in their own ways.
        ("get:/acme/shop/reports", "/acme/shop/report%C5%BF"),
        ("get:/acme/shop/kinds", "/acme/shop/%E2%84%AAinds"),
        ("get:/acme/shop/v?/x", "/acme/shop/v\u{17f}/x"),
        ("get:/acme/shop/café/x", "/acme/shop/CAFE\u{301}/x"),
        ("get:/acme/shop/a*bé", "/acme/shop/axbE\u{301}"),
        // Usergrid's aliases, of the path and of the rule.
        ("get:/acme/shop/reports/**", "/orgs/acme/apps/shop/reports/1"),
        ("get:/acme/shop/reports/**", "/organizations/acme/shop/reports/1"),
        ("get:/acme/shop/reports/**", "/o/acme/a/shop/reports"),
        ("get:/acme/shop/reports/**", "/acme/applications/shop/reports"),
        ("get:/orgs/acme/apps/shop/reports", "/acme/shop/reports"),
        ("get:/o/acme/shop/reports", "/acme/apps/shop/reports"),
        ("get:/acme/a/shop/reports", "/organizations/acme/shop/reports"),
        ("get:/acme", "/orgs/acme"),
        ("get:/acme", "/o/acme/"),
        ("get:/orgs/acme", "/acme"),
        ("get:/acme/apps", "/acme/apps"),
        // UUIDs may belong to any name, and names to any UUID.
        ("get:/acme/shop/reports", "/acme/UUID/reports"),
        ("get:/acme/shop/reports", "/UUID/reports"),
        ("get:/acme/shop/reports", "/UUID/UUID/reports"),
        ("get:/acme/shop/reports", "/UUID/shop/reports"),
        ("get:/acme/shop/reports", "/apps/UUID/reports"),
        ("get:/acme/shop/reports", "/orgs/UUID/apps/UUID/reports"),
        ("get:/acme/shop/reports", "/applications/UUID/reports/"),
        ("get:/acme/UUID/reports", "/acme/shop/reports"),
        ("get:/UUID/reports", "/acme/shop/reports"),
        ("get:/apps/UUID/reports", "/acme/shop/reports"),
        ("get:/acme/UUID/reports", "/acme/c6768a08-b5d5-11e3-a495-11ddb1de66c8/reports"),
        // A collection in the singular is the same collection.
        ("get:/*/*/users/*/likes", "/acme/shop/user/tom/likes"),
        ("get:/*/*/users/*/likes", "/acme/shop/User;x/tom/likes"),
        ("get:/*/*/user/*", "/acme/shop/users/tom"),
        ("get:/*/*/activities", "/orgs/acme/shop/activity"),
        ("get:/*/*/boxes", "/acme/shop/box"),
        ("get:/*/*/people/*", "/acme/shop/Person/tom"),
        ("get:/*/*/person/*", "/acme/shop/people/tom"),
        ("get:/**/user/*/x", "/acme/shop/users/t/x"),
        ("get:/acme/**/user/*", "/acme/shop/users/t"),
        ("get:/**/shop/user/*", "/acme/shop/users/t"),
        ("get:/*/**/user", "/orgs/acme/apps/shop/users"),
        ("get:/orgs/**/person/*", "/acme/shop/people/t"),
        ("get:/*/*/*ser/*", "/acme/shop/users/t"),
        // A type is no other collection, and may be one.
        ("get:/*/*/users/*", "/acme/shop/users:x/tom"),
        ("get:/*/*/users/*", "/acme/shop/user:x/tom"),
        ("get:/*/*/users/*", "/acme/shop/users%3Ax/tom"),
        ("get:/*/*/users/*", "/acme/shop/users%3ax:y;z/tom/"),
        ("get:/*/*/users/*", "/orgs/acme/apps/shop/user%3Ax/tom"),
        ("get:/*/*/users/*", "/UUID/user:x/tom"),
        ("get:/*/*/users/*", "/UUID/shop/user:x/tom"),
        ("get:/*/*/users/*", "/acme/shop/entities:user/tom"),
        ("get:/*/*/users/a:b", "/acme/shop/user:x/a:b"),
        ("get:/*/*/users/*/likes", "/acme/shop/users/tom/likes:x"),
        ("get:/*/*/users/tom/likes", "/acme/shop/users:x/tom/likes:x"),
        ("get:/*/*/users/tom/x/likes/*", "/acme/shop/users:x/tom/x/likes:x/y"),
        ("get:/*/*/users/*/likes", "/acme/shop/users/tom:x/likes"),
        // Between collections stand names, and a `:` in these is no type.
        ("get:/*/*/users/*:b", "/acme/shop/user:x/a:b"),
        ("get:/*/*/users/*:b/likes/*:d", "/acme/shop/users:x/a:b/likes:y/c:d"),
        ("get:/*/*/users/*:b/likes", "/acme/shop/entities:user/a:b/likes:y"),
        ("get:/*/*/user:x/*", "/acme/shop/users/tom"),
        ("get:/acme/shop/reports", "/UUID/apps/shop/reports"),
        ("get:/acme/shop/reports", "/UUID/a/shop/report:x"),
        // Management.
        ("get:/management/organizations/*/apps/**", "/management/orgs/acme/applications/x"),
        ("get:/management/orgs/*/applications", "/management/organizations/acme/apps"),
        ("get:/management/orgs", "/management/organizations"),
        ("get:/management/users/*", "/management/users/tom/"),
    ] {
        let (rule, path) = (rule.replace("UUID", UUID), path.replace("UUID", UUID));
        let matched = demand(&rules(&[&rule]), &format!("GET {path}"));
        assert_eq!(matched, Demand::Matched, "`{rule}` on {path}");
    }
}

#[test]
fn a_rule_leaves_alone_what_nobody_reads_so() {
    for (rule, path) in [
        ("get:/acme/*/reports/**", "/acme/shop/books"),
        ("get:/acme/*/reports/**", "/globex/shop/reports"),
        ("get:/acme/*/reports/**", "/acme/reports"),
        ("get:/acme/shop/reports", "/acme/shop/reports/1"),
        ("get:/acme/shop/reports/*", "/acme/shop/reports/1/2"),
        ("get:/acme/shop/reports", "/acme/shop/books;/reports"),
        ("get:/acme/shop/reports", "/acme/shop/xreports"),
        ("get:/", "/acme"),
        ("get:/acme/shop/café", "/acme/shop/books"),
        ("get:/acme/shop/é*", "/acme/shop/books/1"),
        ("get:/*/*/s", "/acme/shop/"),
        ("get:/management/users/*", "/acme/users/tom"),
        ("get:/orgs/system/database/*", "/system/database/setup"),
        ("get:/*/*/users/*/revoketokens", "/management/users/tom/revoketokens"),
        ("get:/orgs/acme/**", "/globex/shop/x"),
        ("get:/acme/shop/reports", "/globex/UUID/reports"),
        ("get:/acme/shop/reports", "/acme/shops/reports"),
        ("get:/*/*/users/*", "/acme/shop/userss:x/tom"),
        ("get:/*/*/users/*", "/acme/shop/books/user:x"),
        ("get:/*/*/*:secret", "/acme/shop/books"),
    ] {
        let path = path.replace("UUID", UUID);
        assert_eq!(demand(&rules(&[rule]), &format!("GET {path}")), Demand::None, "{rule} {path}");
    }
}

#[test]
fn without_usergrid_its_words_mean_nothing() {
    for (rule, path) in [
        ("get:/orgs/**", "/repos/acme/shop"),
        ("get:/apps/*", "/users/tom"),
        ("get:/users/me", "/users/UUID"),
        ("get:/v1/users/reports", "/v1/users/report"),
        ("get:/v1/shop/users", "/v1/shop/users:x"),
        ("get:/acme/shop/x", "/orgs/acme/apps/shop/x"),
        ("get:/v1/UUID", "/v1/users"),
    ] {
        let (rule, path) = (rule.replace("UUID", UUID), path.replace("UUID", UUID));
        let request = readings_at(&format!("GET {path}"), false);
        let matched = rules(&[&rule]).demand(&request, &Steps::of_a_request());
        assert_eq!(matched, Demand::None, "`{rule}` on {path}");
    }
    let request = readings_at("GET /orgs/acme;x/", false);
    // Unclear to a Usergrid, and told so by the path itself.
    assert_eq!(rules(&["get:/**"]).demand(&request, &Steps::of_a_request()), Demand::Unclear);
}

#[test]
fn an_unclear_path_meets_every_rule_for_its_method() {
    let rules = rules(&["get:/acme/shop/reports", "delete:/x"]);
    for path in [
        "//",
        "/globex//x",
        "/globex/a%2fb",
        "/globex/shop/a%252fb",
        "/a;b/c",
        "/MANAGEMENT/x",
        "/x/y/%ff",
        "/x/y/z%3fa",
        "/x/y/%23",
        "/x/y/%253f",
        "/x/y/z#a",
        "/x/y/z%20",
        "/x/y/%0a",
    ] {
        for (method, expected) in [
            ("GET", Demand::Unclear),
            ("HEAD", Demand::Unclear),
            ("DELETE", Demand::Unclear),
            ("PATCH", Demand::Unclear),
            ("PUT", Demand::None),
        ] {
            assert_eq!(demand(&rules, &format!("{method} {path}")), expected, "{method} {path}");
        }
    }
}

#[test]
fn a_method_that_rules_cannot_name_is_every_one() {
    let path = "/acme/shop/books";
    for (method, operation, matches) in [
        ("GET", "get", true),
        ("HEAD", "get", true),
        ("POST", "get", false),
        ("POST", "put,post", true),
        ("PATCH", "delete", true),
        ("OPTIONS", "get", true),
        ("get", "delete", true),
        ("QUERY", "put", true),
        ("", "post", true),
        ("DELETE", "*", true),
    ] {
        let expected = if matches { Demand::Matched } else { Demand::None };
        let rules = rules(&[&format!("{operation}:{path}")]);
        assert_eq!(demand(&rules, &format!("{method} {path}")), expected, "{method} {operation}");
    }
}

#[test]
fn a_method_override_adds_its_methods() {
    let path = RequestPath::parse(b"/acme/shop/books", &[]).unwrap();
    for (method, value, operation, matches) in [
        ("POST", "DELETE", "delete", true),
        ("POST", "DELETE", "post", true),
        ("POST", " delete ", "delete", true),
        ("POST", "PUT, Delete", "delete", true),
        ("POST", "PATCH", "get", true),
        ("POST", "\u{fe}", "get", true),
        ("POST", "", "get", false),
        ("POST", " , ", "get", false),
        ("GET", "GET", "post", false),
    ] {
        let methods = Methods::of(method.as_bytes()).or_override(value.as_bytes());
        let rules = rules(&[&format!("{operation}:/acme/shop/books")]);
        let demand = rules.demand(&Readings::new(methods, &path, true), &Steps::of_a_request());
        let expected = if matches { Demand::Matched } else { Demand::None };
        assert_eq!(demand, expected, "{method} {value:?} {operation}");
    }
}

#[test]
fn a_path_is_too_long_beyond_8192_bytes() {
    let path = |length: usize| {
        let start = "GET /orgs/acme/shop/";
        format!("{start}{}", "x".repeat(length + "GET ".len() - start.len()))
    };
    for (rule, at_most, beyond) in [
        ("get:/acme/shop/*", Demand::Matched, Demand::TooCostly),
        ("get:/globex/shop/*", Demand::None, Demand::TooCostly),
    ] {
        assert_eq!(demand(&rules(&[rule]), &path(8192)), at_most, "{rule}");
        assert_eq!(demand(&rules(&[rule]), &path(8193)), beyond, "{rule}");
    }
}

#[test]
fn what_is_too_long_or_too_costly_counts_as_matched() {
    let long = format!("GET /acme/shop/{}", "a".repeat(9_000));
    assert_eq!(demand(&rules(&["get:/globex/x"]), &long), Demand::TooCostly);
    assert_eq!(demand(&rules(&["put:/globex/x"]), &long), Demand::None);
    assert_eq!(demand(&DemandRules::default(), &long), Demand::None);
    // Nearly matches in very many ways.
    let pattern = format!("get:/*/*/*{}b", "a".repeat(1_000));
    let path = format!("GET /acme/shop/{}", "a".repeat(8_000));
    assert_eq!(demand(&rules(&[pattern.as_str(); 8]), &path), Demand::TooCostly);
    let semicolons = format!("GET /acme/shop/{}", "a;".repeat(4_000));
    assert_eq!(demand(&rules(&["get:/*/*/*a*a*a*b"; 8]), &semicolons), Demand::TooCostly);
    // Ordinary ones are far from that.
    let many: Vec<String> = (0..10_000).map(|n| format!("get:/org{n}/*/reports{n}/**")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many = rules(&many);
    let steps = Steps::of_a_request();
    let request = readings("GET /org77/shop/reports77/x;v=1");
    assert_eq!(many.demand(&request, &steps), Demand::Matched);
    assert!(Steps::OF_A_REQUEST - steps.left() < 500, "{}", steps.left());
    // A UUID in front may be anybody's, so that all are tried, in each reading and by
    // their aliases.
    let many: Vec<String> = (0..3_000).map(|n| format!("get:/org{n}/*/reports{n}/**")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many = rules(&many);
    let steps = Steps::of_a_request();
    let request = readings(&format!("GET /{UUID}/books/x"));
    assert_eq!(many.demand(&request, &steps), Demand::None);
    assert!(Steps::OF_A_REQUEST - steps.left() < Steps::OF_A_REQUEST / 2, "{}", steps.left());
}

/// Nothing is compared with a path that is too long, so it is not copied for each reading either.
#[test]
fn a_path_that_is_too_long_has_no_readings_but_its_own() {
    let line = format!("GET /{UUID}/apps/\u{e9}:{}", "x".repeat(57_000));
    let request = readings(&line);
    assert_eq!(rules(&["get:/*/*/y"]).demand(&request, &Steps::of_a_request()), Demand::TooCostly);
    let shown = format!("{request:?}").len();
    assert!(shown < 3 * line.len(), "{shown} bytes of readings for a path of {}", line.len());
    // As many as it may have, of one that is not.
    let line = format!("GET /{UUID}/apps/\u{e9}:{}", "x".repeat(7_000));
    let request = readings(&line);
    assert_eq!(rules(&["get:/*/*/y"]).demand(&request, &Steps::of_a_request()), Demand::None);
    let shown = format!("{request:?}").len();
    assert!(shown > 10 * line.len(), "{shown} bytes of readings for a path of {}", line.len());
}

#[test]
fn a_rule_that_could_never_match_is_none() {
    for text in [
        "get:/acme/shop;x/y",
        "get:/acme/a#b",
        "get:/acme/a%2fb",
        "get:/a\\b",
        "get:/acme/../x",
        "get:/acme/./x",
        "get:/users/${user}",
        "get:/users/${USER}/*",
        "get:/a/{x:[0-9]+}",
        "",
        "patch:/x",
        "get: /x",
        "get:,",
    ] {
        assert!(DemandRule::parse(text).is_err(), "{text}");
    }
    for text in ["get:/a/100%", "get:/a/%zz", "get:/users/me/**", "get:a/b", "*:*", "/x"] {
        assert!(DemandRule::parse(text).is_ok(), "{text}");
    }
}

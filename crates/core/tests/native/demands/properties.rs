//! No spelling loses a demand, on random spellings of random paths.

use proptest::prelude::*;
use usergrid_auth_rules::permission::{CheckedPath, Rule};

use super::*;

#[allow(clippy::string_slice, reason = "these paths are ASCII")]
/// One step away from the plain spelling of a path. `at` chooses where.
fn respell(path: &str, how: u8, at: usize) -> String {
    let slashes: Vec<usize> = path.match_indices('/').map(|(place, _)| place).collect();
    let slash = slashes[at % slashes.len()];
    let end = path[slash + 1..].find('/').map_or(path.len(), |length| slash + 1 + length);
    let letter = path
        .char_indices()
        .filter(|(place, c)| {
            c.is_ascii_alphabetic() && (*place < 2 || !path[place - 2..*place].contains('%'))
        })
        .map(|(place, _)| place);
    let letters: Vec<usize> = letter.collect();
    let letter = letters.get(at % letters.len().max(1)).copied();
    let with = |place: usize, insert: &str| [&path[..place], insert, &path[place..]].concat();
    let instead = |place: usize, length: usize, text: &str| {
        [&path[..place], text, &path[place + length..]].concat()
    };
    match how {
        0 => with(path.len(), "/"),
        1 => with(slash, "/"),
        2 => instead(slash, usize::from(slash > 0), if slash > 0 { "%2f" } else { "" }),
        3 => with(end, ";x=1"),
        4 => with(end, "%3Bx"),
        5 => match letter {
            Some(place) => instead(place, 1, &format!("%{:02x}", path.as_bytes()[place])),
            None => path.to_owned(),
        },
        6 => match letter {
            Some(place) => instead(place, 1, &format!("%25{:02X}", path.as_bytes()[place])),
            None => path.to_owned(),
        },
        7 => match letter {
            Some(place) => instead(place, 1, &path[place..=place].to_ascii_uppercase()),
            None => path.to_owned(),
        },
        8 => with(end, "%3fx"),
        9 => with(end, "%20"),
        10 => with(end, "%23"),
        _ => with(end, "%00"),
    }
}

/// `/{org}/{app}` as Usergrid's router knows it.
fn prefix(which: u8) -> String {
    let text = match which {
        0 => "/acme/shop",
        1 => "/orgs/acme/shop",
        2 => "/organizations/acme/apps/shop",
        3 => "/o/acme/a/shop",
        4 => "/acme/applications/shop",
        5 => "/acme/UUID",
        6 => "/UUID",
        7 => "/apps/UUID",
        8 => "/OTHER/UUID",
        _ => "/orgs/OTHER/apps/UUID",
    };
    text.replace("UUID", UUID).replace("OTHER", OTHER_UUID)
}

fn segment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["users", "tom", "reports", "_clear", "a.b", "revoketokens", "1"])
}

fn rest() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(segment(), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_spelling_loses_a_demand(
        segments in rest(),
        stars in prop::collection::vec(any::<bool>(), 6),
        ending in prop::sample::select(vec!["", "/", "/*", "/**"]),
        rule_prefix in 0_u8..10,
        path_prefix in 0_u8..10,
        respellings in prop::collection::vec((0_u8..12, any::<usize>()), 0..5),
    ) {
        let starred = |(segment, star): (&&str, &bool)| {
            format!("/{}", if *star { "*" } else { *segment })
        };
        let pattern: String = segments.iter().zip(&stars).map(starred).collect();
        let rules = rules(&[&format!("get:{}{pattern}{ending}", prefix(rule_prefix))]);
        let mut path = format!("{}/{}", prefix(path_prefix), segments.join("/"));
        for (how, at) in respellings {
            path = respell(&path, how, at);
        }
        if let Ok(parsed) = RequestPath::parse(path.as_bytes(), &[]) {
            for method in ["GET", "HEAD", "PATCH"] {
                let request = Readings::new(Methods::of(method.as_bytes()), &parsed, true);
                let demand = rules.demand(&request, &Steps::of_a_request());
                prop_assert_ne!(demand, Demand::None, "{} {}", method, path);
            }
        }
    }

    #[test]
    fn what_a_rule_would_allow_it_demands(
        segments in prop::collection::vec(
            prop::sample::select(vec!["", "*", "**", "users", "u*", "?", "acme", "apps", "a;b", "é"]),
            0..5,
        ),
        path in prop::collection::vec(
            prop::sample::select(vec!["/", "users", "acme", "apps", ";", "%3b", "x", "é", "UUID"]),
            0..8,
        ),
    ) {
        let text = format!("get:/{}", segments.join("/"));
        let path = format!("/{}", path.concat().replace("UUID", UUID));
        if let (Ok(demand), Ok(allow), Ok(parsed)) = (
            DemandRule::parse(&text),
            Rule::parse(&text),
            RequestPath::parse(path.as_bytes(), &[]),
        ) {
            let steps = Steps::of_a_request();
            let whole = parsed.whole().unwrap();
            let allows = |path: &CheckedPath<'_>| allow.allows(b"GET", path, &[], &steps);
            if whole.iter().any(allows) {
                for usergrid in [true, false] {
                    let request = Readings::new(Methods::of(b"GET"), &parsed, usergrid);
                    let found = DemandRules::new(vec![demand.clone()]).demand(&request, &steps);
                    prop_assert_ne!(found, Demand::None, "`{}` {}", text, path);
                }
            }
        }
    }

    /// What agrees matches, and what matches no reading agrees about that.
    #[test]
    fn agreement_and_demand_tell_the_same(
        path in prop::collection::vec(
            prop::sample::select(vec!["/", "users", "acme", "apps", ";", "%3b", "x", "UUID", "%2f"]),
            0..8,
        ),
        rule in prop::sample::select(vec![
            "get:/acme/**", "*:/*/*/x", "get:/*/apps/*", "get:/acme/users/x*", "put:/**", "get:/",
        ]),
    ) {
        let path = format!("/{}", path.concat().replace("UUID", UUID));
        if let Ok(parsed) = RequestPath::parse(path.as_bytes(), &[]) {
            let (rules, steps) = (rules(&[rule]), Steps::of_a_request());
            let request = Readings::new(Methods::of(b"GET"), &parsed, true);
            let demand = rules.demand(&request, &steps);
            match rules.agreement(&request, &steps) {
                Agreement::Every => prop_assert_eq!(demand, Demand::Matched),
                Agreement::None => prop_assert_eq!(demand, Demand::None),
                Agreement::Disagree => prop_assert!(demand != Demand::None || !parsed.is_clear()),
            }
        }
    }
}

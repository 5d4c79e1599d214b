//! The plural by which Usergrid knows a collection, and by which a rule that demands finds it.

use super::*;

#[test]
fn a_collection_has_the_plural_that_usergrid_gives_it() {
    for (singular, plural) in [
        ("user", "users"),
        ("v2", "v2s"),
        ("address", "addresses"),
        ("status", "statuses"),
        ("alias", "aliases"),
        ("bus", "buses"),
        ("octopus", "octopi"),
        ("virus", "viri"),
        ("axis", "axes"),
        ("analysis", "analyses"),
        ("person", "people"),
        ("child", "children"),
        ("woman", "women"),
        ("sex", "sexes"),
        ("move", "moves"),
        ("stadium", "stadiums"),
        ("knife", "knives"),
        ("giraffe", "giraffes"),
        ("shelf", "shelves"),
        ("scarf", "scarves"),
        ("roof", "roofs"),
        ("hive", "hives"),
        ("index", "indices"),
        ("vertex", "vertices"),
        ("matrix", "matrices"),
        ("box", "boxes"),
        ("match", "matches"),
        ("dish", "dishes"),
        ("quiz", "quizzes"),
        ("colloquy", "colloquies"),
        ("activity", "activities"),
        ("day", "days"),
        ("tomato", "tomatoes"),
        ("buffalo", "buffaloes"),
        ("photo", "photos"),
        ("datum", "data"),
        ("medium", "media"),
        ("ox", "oxen"),
        ("fox", "foxes"),
        ("mouse", "mice"),
    ] {
        for word in [singular.to_owned(), singular.to_uppercase(), format!("{singular};x")] {
            let path = format!("GET /acme/shop/{word}/x");
            let matched = demand(&rules(&[&format!("get:/*/*/{plural}/*")]), &path);
            assert_eq!(matched, Demand::Matched, "{path}");
        }
        let matched = demand(
            &rules(&[&format!("get:/**/{singular}/*")]),
            &format!("GET /acme/shop/{plural}/x"),
        );
        assert_eq!(matched, Demand::Matched, "{plural}");
    }
    for word in [
        "users",
        "news",
        "equipment",
        "information",
        "rice",
        "money",
        "species",
        "series",
        "fish",
        "sheep",
        "people",
        "children",
        "mice",
        "media",
        "oxen",
        "data",
    ] {
        for other in [format!("{word}s"), format!("{word}es")] {
            let path = format!("GET /acme/shop/{word}/x");
            let matched = demand(&rules(&[&format!("get:/*/*/{other}/*")]), &path);
            assert_eq!(matched, Demand::None, "{path} {other}");
        }
    }
}

/// Usergrid gives a plural to whatever a path has for a collection; in a rule these are wildcards.
#[test]
fn what_is_a_wildcard_in_a_rule_is_a_letter_of_a_collection_in_a_path() {
    for (rule, path, expected) in [
        ("get:/*/*/draft*s/*", "/acme/shop/draft*/x", Demand::Matched),
        ("get:/*/*/{any}}s/*", "/acme/shop/draft%7D/x", Demand::Matched),
        ("get:/*/*/draft?s", "/acme/shop/draft*", Demand::Matched),
        ("get:/*/*/draft*", "/acme/shop/drafts", Demand::Matched),
        ("get:/*/*/draft?", "/acme/shop/draft1s", Demand::None),
        ("get:/*/*/draft*s/*", "/acme/shop/draft/y/x", Demand::None),
    ] {
        let matched = demand(&rules(&[rule]), &format!("GET {path}"));
        assert_eq!(matched, expected, "`{rule}` on {path}");
    }
}

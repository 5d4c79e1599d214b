//! The 139 vectors of Usergrid's own permission class, and every deliberate difference from it.
//!
//! `tests/data/permission-vectors.tsv` holds Usergrid's verdicts; a difference that is none any
//! more fails.

use super::Outcome::{self, Allow, ConfigError, Deny};
use super::outcome;

const VECTORS: &str = include_str!("../../data/permission-vectors.tsv");

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

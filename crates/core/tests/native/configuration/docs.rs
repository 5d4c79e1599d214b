//! `docs/configuration.md` says what the code does: every key with its type and default, and
//! examples that are accepted. The table of keys that the parser itself uses is the measure.

use std::collections::BTreeSet;

use usergrid_auth_config::{Config, KEYS};

const PAGE: &str = include_str!("../../../../../docs/configuration.md");

/// Rows of the page's tables of keys: key path, type, default.
fn documented() -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    let mut in_keys = false;
    for line in PAGE.lines() {
        if line.starts_with("| key |") {
            in_keys = true;
        } else if !line.starts_with('|') {
            in_keys = false;
        } else if in_keys && !line.starts_with("| ---") {
            let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
            let path = cells.next().unwrap().trim_matches('`').to_owned();
            rows.push([path, cells.next().unwrap(), cells.next().unwrap()]);
            assert!(cells.next().is_some_and(|meaning| !meaning.is_empty()), "{line}");
            assert!(cells.next().is_none(), "{line}");
        }
    }
    rows
}

#[test]
fn the_tables_hold_every_key_with_its_type_and_default() {
    let documented = documented();
    let known: BTreeSet<[String; 3]> =
        KEYS.iter().map(|key| [key.path(), key.kind(), key.when_left_out()]).collect();
    for row in &documented {
        assert!(known.contains(row), "the page says {row:?}, the code does not");
    }
    for row in &known {
        assert!(documented.contains(row), "the code says {row:?}, the page does not");
    }
    assert_eq!(documented.len(), known.len(), "a key is described twice");
}

#[test]
fn the_examples_are_accepted() {
    let mut count = 0;
    for block in PAGE.split("```json\n").skip(1) {
        let (example, _) = block.split_once("```").unwrap();
        let mut document: serde_json::Value = serde_json::from_str(example).unwrap();
        // A fragment shows one section only.
        document.as_object_mut().unwrap().entry("introspection").or_insert_with(
            || serde_json::json!({ "cluster": "introspection", "path": "/introspect" }),
        );
        let env = |name: &str| PAGE.contains(name).then(|| b"value".to_vec());
        if let Err(problems) = Config::parse(document.to_string().as_bytes(), &env) {
            panic!("{example}\n{problems}");
        }
        count += 1;
    }
    assert!(count >= 5, "{count} examples found");
}

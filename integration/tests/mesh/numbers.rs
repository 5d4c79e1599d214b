//! What the way through a `google.protobuf.Struct` does to a configuration, and that the filter
//! reads it all the same.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use usergrid_auth_config::{Config, KEYS};

use crate::control_plane::{double, go_json};

#[test]
fn numbers_look_as_go_prints_them() {
    let numbers = [
        (0.0, "0"),
        (65536.0, "65536"),
        (1_000_000.0, "1000000"),
        (0.5, "0.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (2.5e22, "2.5e+22"),
        (1e-7, "1e-7"),
    ];
    for (number, text) in numbers {
        assert_eq!(double(number), text);
    }
}

fn parsed(text: &str) -> Result<String> {
    match Config::parse(text.as_bytes(), &|_| None) {
        Ok(mut config) => {
            // It is over the text.
            config.digest = [0; 32];
            Ok(format!("{config:?}"))
        }
        Err(problems) => anyhow::bail!("{text}: {problems}"),
    }
}

/// Sets what a key path names in a document.
fn set(document: &mut Value, path: &str, to: Value) -> Result<()> {
    let mut place = document;
    for name in path.split('.') {
        let members = place.as_object_mut().context("no object")?;
        place = members.entry(name).or_insert_with(|| json!({}));
    }
    *place = to;
    Ok(())
}

/// Both bounds of every key that is a whole number.
#[test]
fn every_whole_number_survives() -> Result<()> {
    let mut count = 0;
    for key in KEYS {
        let kind = key.kind();
        let Some((low, high)) =
            kind.strip_prefix("whole number, ").and_then(|bounds| bounds.split_once(" to "))
        else {
            continue;
        };
        for bound in [low, high] {
            let mut document = json!({
                "introspection": { "cluster": "c", "path": "/p" },
                "client_credentials": { "cluster": "c", "path": "/p" },
            });
            set(&mut document, &key.path(), serde_json::from_str(bound)?)?;
            let direct = parsed(&document.to_string())?;
            let travelled = parsed(&go_json(document.as_object().context("no object")?))?;
            ensure!(direct == travelled, "{}: {direct} became {travelled}", key.path());
            // Other ways to print a double.
            for text in [format!("{bound}.0"), format!("{:e}", bound.parse::<f64>()?)] {
                let other = document.to_string().replace(&format!(":{bound}"), &format!(":{text}"));
                ensure!(parsed(&other)? == direct, "{}: {text}", key.path());
            }
        }
        count += 1;
    }
    ensure!(count >= 7, "only {count} keys are whole numbers");
    Ok(())
}

#[test]
fn texts_and_order_survive() -> Result<()> {
    let document = json!({
        "introspection": { "path": "/p?a=1&b=<2>", "cluster": "outbound|80||auth.example.com" },
        "errors": { "realm": "a&b <c>", "format": "oauth" },
    });
    let travelled = go_json(document.as_object().context("no object")?);
    let sorted = concat!(
        r#"{"errors":{"format":"oauth","realm":"a\u0026b \u003cc\u003e"},"#,
        r#""introspection":{"cluster":"outbound|80||auth.example.com","path":"/p?a=1\u0026b=\u003c2\u003e"}}"#
    );
    ensure!(travelled == sorted, "{travelled}");
    ensure!(parsed(&travelled)? == parsed(&document.to_string())?);
    Ok(())
}

/// An empty `pluginConfig` reaches the filter as no bytes at all.
#[test]
fn no_configuration_is_a_clear_error() -> Result<()> {
    let Err(problems) = Config::parse(b"", &|_| None) else { anyhow::bail!("accepted") };
    let said = problems.to_string();
    ensure!(said.contains("empty"), "{said}");
    Ok(())
}

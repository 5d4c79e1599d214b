//! `usergrid-auth check`, as its users run it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot do ends it")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the command at the top of the checkout, without any variable of ours.
fn auth(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_usergrid-auth"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env_clear()
        .output()
        .unwrap()
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// Every file that is shipped, and what carries its configuration.
const SHIPPED: [(&str, &str); 6] = [
    ("envoy/envoy.yaml", "wasm filter usergrid-auth"),
    ("envoy/stock-usergrid.yaml", "wasm filter usergrid-auth"),
    ("envoy/istio/usergrid/plugin.yaml", "WasmPlugin usergrid-auth"),
    ("envoy/istio/oauth/plugin.yaml", "WasmPlugin usergrid-auth"),
    ("envoy/gateway/usergrid/policy.yaml", "EnvoyExtensionPolicy usergrid-auth"),
    ("envoy/gateway/oauth/policy.yaml", "EnvoyExtensionPolicy usergrid-auth"),
];

#[test]
fn every_file_that_is_shipped_is_good() {
    for (file, carrier) in SHIPPED {
        let output = auth(&["check", file]);
        let told = text(&output);
        assert!(told.ends_with(&format!(": {carrier}: good\n")), "{file}: {told}");
        assert!(!told.contains('\u{1b}'), "colours where there is no terminal");
        assert_eq!(output.status.code(), Some(0), "{file}: {told}");
    }
}

/// One broken file for each carrier, beside the lines and keys that are wrong in it.
#[test]
fn what_is_wrong_is_told_with_file_line_and_key() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it == "expected") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let file = format!("crates/cli/tests/broken/{name}");
        let output = auth(&["check", &file]);
        let told = text(&output).replace(&format!("{file}:"), "");
        let expected = std::fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        assert_eq!(told, expected, "{name}");
        assert_eq!(output.status.code(), Some(1), "{name}");
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn the_environment_is_looked_at_where_that_is_asked_for() {
    let file = "envoy/envoy.yaml";
    let stands_in = "`INTROSPECTION_SECRET` has to be set where Envoy runs";
    assert!(text(&auth(&["check", file])).contains(stands_in));
    for arguments in
        [&["check", "--strict-env", file][..], &["check", "--env", "INTROSPECTION_SECRET", file]]
    {
        let output = auth(arguments);
        assert!(text(&output).contains("`INTROSPECTION_SECRET` is not set"), "{}", text(&output));
        assert_eq!(output.status.code(), Some(1));
        let set = Command::new(env!("CARGO_BIN_EXE_usergrid-auth"))
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .env("INTROSPECTION_SECRET", "TOPSECRET")
            .output()
            .unwrap();
        assert_eq!(set.status.code(), Some(0), "{}", text(&set));
        assert!(!text(&set).contains("INTROSPECTION_SECRET") && !text(&set).contains("TOPSECRET"));
    }
}

#[test]
fn it_says_when_it_cannot_look() {
    for arguments in [
        &["check", "no/such/file.yaml"][..],
        &["check", "envoy/istio/oauth/introspection.yaml"],
        &["check", "envoy"],
        &["check"],
        &["chekc", "envoy/envoy.yaml"],
    ] {
        let output = auth(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    let both = ["check", "envoy/istio/oauth/introspection.yaml", "envoy/istio/oauth/plugin.yaml"];
    assert_eq!(auth(&both).status.code(), Some(0));
}

#[test]
fn programs_get_json() {
    let output =
        auth(&["check", "--json", "envoy/envoy.yaml", "crates/cli/tests/broken/bare.json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["files"][0]["good"], true);
    assert_eq!(told["files"][1]["good"], false);
    let remark = &told["files"][1]["configurations"][0]["remarks"][1];
    assert_eq!(remark["key"], "introspection.pat");
    assert_eq!(remark["line"], 4);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn shells_and_manuals_are_served() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(text(&auth(&["completions", shell])).contains("usergrid-auth"), "{shell}");
    }
    let manual = auth(&["man"]);
    assert!(
        text(&manual).contains(".TH usergrid-auth")
            && text(&manual).contains("usergrid-auth-check")
    );
}

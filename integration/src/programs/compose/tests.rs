//! What can be said of the container files without Docker.

use std::collections::BTreeMap;

use serde_yaml_ng::Value;

use super::scale;
use crate::harness::{envoy, workspace};

const COMPOSE_FILES: [&str; 6] = [
    "docker-compose.yml",
    "envoy/fleet.yml",
    "envoy/prebuilt.yml",
    "envoy/stock-usergrid.yml",
    "integration/compose.yml",
    "integration/compose-envoy.yml",
];

fn read(file: &str) -> String {
    std::fs::read_to_string(workspace::root().join(file)).unwrap()
}

/// `ARG NAME=IMAGE` of the Dockerfile.
fn arguments() -> BTreeMap<String, String> {
    let text = read("Dockerfile");
    let lines = text.lines().filter_map(|line| line.strip_prefix("ARG ")?.split_once('='));
    lines.map(|(name, image)| (name.into(), image.into())).collect()
}

/// A name with a tag that says a version or a day.
fn is_pinned(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split_once(':').is_some_and(|(_, tag)| {
        !tag.contains("latest") && tag.chars().filter(char::is_ascii_digit).count() >= 3
    })
}

#[test]
fn the_lines_of_the_fleets_page_name_what_is_there() {
    let page = read("docs/fleet.md");
    let command = page.lines().find(|line| line.contains("docker compose")).unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let after = |option: &str| {
        let pairs = words.windows(2).filter(move |pair| pair[0] == option);
        pairs.map(|pair| pair[1]).collect::<Vec<_>>()
    };
    let files = after("-f");
    assert!(files.contains(&"envoy/fleet.yml") && files.len() == 2, "{files:?}");
    assert!(files.iter().all(|file| COMPOSE_FILES.contains(file)), "{files:?}");
    let (service, _) = after("--scale")[0].split_once('=').unwrap();
    let compose: Value = serde_yaml_ng::from_str(&read("docker-compose.yml")).unwrap();
    assert!(compose["services"].get(service).is_some(), "{service}");
    // `cargo compose-test scale` sends this request.
    let curl = page.lines().find(|line| line.starts_with("curl ")).unwrap();
    let url = curl.split(' ').next_back().unwrap();
    let (port, path) = url.strip_prefix("http://127.0.0.1:").unwrap().split_once('/').unwrap();
    assert_eq!(format!("/{path}"), scale::SHOWN);
    assert!(read("envoy/fleet.yml").contains(&format!("${{FLEET_PORT:-{port}}}:")), "{port}");
}

#[test]
fn what_sources_include_is_sent_to_docker() {
    let root = workspace::root().canonicalize().unwrap();
    let sent = read(".dockerignore");
    let sent: Vec<&str> = sent.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut found = 0;
    let mut left: Vec<_> = ["src", "crates", "integration/src"].map(|name| root.join(name)).into();
    while let Some(path) = left.pop() {
        // What is built there are libraries and programs.
        if path.is_dir() && !path.ends_with("tests") {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let included = ["include_str!(\"", "include_bytes!(\""];
            for rest in included.iter().flat_map(|begin| text.split(begin).skip(1)) {
                let (name, _) = rest.split_once('"').unwrap();
                let file = path.with_file_name(name).canonicalize().unwrap();
                let file = file.strip_prefix(&root).unwrap();
                assert!(sent.iter().any(|sent| file.starts_with(sent)), "{}", file.display());
                found += 1;
            }
        }
    }
    assert!(found >= 3, "{found}");
}

#[test]
fn an_image_without_a_version_is_not_pinned() {
    for loose in ["envoy", "envoy:latest", "a.example:5000/envoy", "debian:bookworm-slim", "rust:1"]
    {
        assert!(!is_pinned(loose), "{loose}");
    }
    assert!(is_pinned("a.example:5000/envoy:v1.40.0"));
}

#[test]
fn every_base_image_is_an_argument_and_pinned() {
    let arguments = arguments();
    assert_eq!(arguments.len(), 3);
    for image in arguments.values() {
        assert!(is_pinned(image), "{image}");
    }
    let mut stages = vec!["scratch".to_owned()];
    stages.extend(arguments.keys().map(|name| format!("${{{name}}}")));
    for line in read("Dockerfile").lines().filter(|line| line.starts_with("FROM ")) {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(stages.contains(&words[1].to_owned()), "{line}");
        stages.extend(words.get(3).map(|stage| (*stage).to_owned()));
    }
}

#[test]
fn the_versions_are_those_of_the_project() {
    let arguments = arguments();
    assert!(arguments["ENVOY_IMAGE"].ends_with(&format!(":v{}", envoy::VERSION)));
    let toolchain = read("rust-toolchain.toml");
    let version = arguments["RUST_IMAGE"].trim_start_matches("rust:").split('-').next().unwrap();
    assert!(toolchain.contains(&format!("channel = \"{version}\"")), "{version}");
}

#[test]
fn compose_files_name_pinned_images_and_publish_on_loopback() {
    for file in COMPOSE_FILES {
        let compose: Value = serde_yaml_ng::from_str(&read(file)).unwrap();
        for (name, service) in compose["services"].as_mapping().unwrap() {
            if file == "docker-compose.yml" {
                let defaults = service["build"]["args"].as_mapping().unwrap();
                for (argument, image) in arguments() {
                    let expected = format!("${{{argument}:-{image}}}");
                    assert_eq!(defaults[argument.as_str()], Value::from(expected), "{file}");
                }
                assert!(service["healthcheck"]["test"].is_sequence(), "{name:?} has no check");
                assert!(service["image"].is_string(), "{name:?} has no image");
            }
            if let Some(image) = service["image"].as_str() {
                assert!(is_pinned(image), "{file}: {image}");
            }
            for port in service["ports"].as_sequence().into_iter().flatten() {
                let port = port.as_str().unwrap();
                assert!(port.starts_with("127.0.0.1:"), "{file}: {port}");
            }
        }
    }
}

/// Envoy's configuration without what a verifying server of another kind changes.
fn common(file: &str) -> Value {
    let mut bootstrap: Value = serde_yaml_ng::from_str(&read(file)).unwrap();
    let resources = &mut bootstrap["static_resources"];
    resources["clusters"] = Value::Null;
    let filters = &mut resources["listeners"][0]["filter_chains"][0]["filters"];
    let manager = &mut filters[0]["typed_config"];
    let route = &mut manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"];
    assert!(route["cluster"].is_string(), "{file}");
    route["cluster"] = Value::Null;
    let plugin = &mut manager["http_filters"][0]["typed_config"]["config"];
    assert!(plugin["configuration"]["value"].is_string(), "{file}");
    plugin["configuration"]["value"] = Value::Null;
    plugin["vm_config"]["environment_variables"] = Value::Null;
    bootstrap
}

#[test]
fn envoy_is_configured_alike_before_a_stock_usergrid() {
    assert_eq!(common("envoy/stock-usergrid.yaml"), common("envoy/envoy.yaml"));
}

#[test]
fn the_salt_is_the_stand_ins() {
    let compose: Value = serde_yaml_ng::from_str(&read("envoy/stock-usergrid.yml")).unwrap();
    let salt = &compose["services"]["envoy"]["environment"]["USERGRID_TOKEN_SALT"];
    assert_eq!(*salt, Value::from(crate::servers::usergrid::SALT));
}

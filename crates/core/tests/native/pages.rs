//! What README shows is what the code accepts, and every file it names exists.

use std::path::Path;

use usergrid_auth_config::Config;

const PAGES: &[(&str, &str)] = &[
    ("README.md", include_str!("../../../../README.md")),
    ("DESIGN.md", include_str!("../../../../DESIGN.md")),
    ("HOST.md", include_str!("../../../../HOST.md")),
    ("SECURITY.md", include_str!("../../../../SECURITY.md")),
    ("CONTRIBUTING.md", include_str!("../../../../CONTRIBUTING.md")),
    ("docs/configuration.md", include_str!("../../../../docs/configuration.md")),
    ("docs/benchmarks.md", include_str!("../../../../docs/benchmarks.md")),
    ("docs/performance.md", include_str!("../../../../docs/performance.md")),
    ("docs/limits.md", include_str!("../../../../docs/limits.md")),
    ("docs/metrics.md", include_str!("../../../../docs/metrics.md")),
    ("docs/migrating.md", include_str!("../../../../docs/migrating.md")),
    ("docs/observability.md", include_str!("../../../../docs/observability.md")),
    ("docs/operations.md", include_str!("../../../../docs/operations.md")),
    ("docs/servers.md", include_str!("../../../../docs/servers.md")),
    ("docs/mesh.md", include_str!("../../../../docs/mesh.md")),
    ("docs/fleet.md", include_str!("../../../../docs/fleet.md")),
    ("docs/releases.md", include_str!("../../../../docs/releases.md")),
    ("docs/tool.md", include_str!("../../../../docs/tool.md")),
    ("docs/usergrid.md", include_str!("../../../../docs/usergrid.md")),
];

/// The blocks of JSON on a page.
fn blocks(name: &str) -> Vec<&'static str> {
    let (_, page) = PAGES.iter().find(|(page, _)| *page == name).unwrap();
    page.split("```json\n").skip(1).map(|block| block.split_once("```").unwrap().0).collect()
}

fn accept_all(blocks: &[&str]) {
    for block in blocks {
        let env = |name: &str| block.contains(name).then(|| b"value".to_vec());
        if let Err(problems) = Config::parse(block.as_bytes(), &env) {
            panic!("{block}\n{problems}");
        }
    }
}

#[test]
fn the_configurations_of_the_readme_are_accepted() {
    let examples = blocks("README.md");
    assert_eq!(examples.len(), 2);
    accept_all(&examples);
}

#[test]
fn the_configurations_for_usergrid_are_accepted() {
    let examples = blocks("docs/usergrid.md");
    assert_eq!(examples.len(), 2);
    accept_all(&examples);
    assert_eq!(examples[0], blocks("README.md")[1]);
}

/// Those under the servers that are run are those that run, see `integration/tests/envoy`.
#[test]
fn the_configurations_for_servers_are_accepted() {
    let examples = blocks("docs/servers.md");
    assert!(examples.len() >= 17, "{}", examples.len());
    accept_all(&examples);
}

#[test]
fn the_page_about_servers_names_all_that_were_tried_in_the_version_that_runs() {
    let (_, page) = PAGES.iter().find(|(page, _)| *page == "docs/servers.md").unwrap();
    let shapes = include_str!("../data/server-shapes.jsonl");
    let package =
        include_str!("../../../../integration/servers/oidc-provider/package.json").replace(' ', "");
    let django =
        include_str!("../../../../integration/servers/django-oauth-toolkit/requirements.in");
    let authlib = include_str!("../../../../integration/servers/authlib/requirements.in");
    let version = |text: &str, before: &str| {
        let (_, after) = text.split_once(before).unwrap();
        after.split(['"', '\n']).next().unwrap().to_owned()
    };
    for wanted in [
        format!("| [oidc-provider](#oidc-provider) | {} ", version(&package, "oidc-provider\":\"")),
        format!("(#django-oauth-toolkit) | {} ", version(django, "django-oauth-toolkit==")),
        format!(
            "(#authlib) | {} | run, in Flask {} ",
            version(authlib, "Authlib=="),
            version(authlib, "Flask==")
        ),
    ] {
        assert!(page.contains(&wanted), "no `{wanted}`");
    }
    for line in shapes.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(server) = row.get("server") {
            let entry = format!("[{}](#", server.as_str().unwrap());
            assert!(page.contains(&entry), "no {entry}");
        }
    }
}

#[test]
fn every_file_a_page_links_to_exists() {
    for (name, page) in PAGES {
        for link in page.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let folder = Path::new(name).parent().unwrap();
            let file =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder).join(target);
            assert!(file.exists(), "{name} links to {target}, which does not exist");
        }
    }
}

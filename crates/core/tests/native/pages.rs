//! What README shows is what the code accepts, and every file it names exists.

use std::path::Path;

use usergrid_auth_config::Config;

const PAGES: [(&str, &str); 12] = [
    ("README.md", include_str!("../../../../README.md")),
    ("DESIGN.md", include_str!("../../../../DESIGN.md")),
    ("HOST.md", include_str!("../../../../HOST.md")),
    ("SECURITY.md", include_str!("../../../../SECURITY.md")),
    ("CONTRIBUTING.md", include_str!("../../../../CONTRIBUTING.md")),
    ("docs/configuration.md", include_str!("../../../../docs/configuration.md")),
    ("docs/benchmarks.md", include_str!("../../../../docs/benchmarks.md")),
    ("docs/performance.md", include_str!("../../../../docs/performance.md")),
    ("docs/limits.md", include_str!("../../../../docs/limits.md")),
    ("docs/mesh.md", include_str!("../../../../docs/mesh.md")),
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

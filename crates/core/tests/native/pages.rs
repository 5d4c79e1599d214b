//! What README shows is what the code accepts, and every file it names exists.

use std::path::Path;

use usergrid_auth_config::Config;

const PAGES: [(&str, &str); 11] = [
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
    ("docs/usergrid.md", include_str!("../../../../docs/usergrid.md")),
];

#[test]
fn the_configurations_of_the_readme_are_accepted() {
    let readme = PAGES[0].1;
    let examples: Vec<&str> =
        readme.split("```json\n").skip(1).map(|block| block.split_once("```").unwrap().0).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let env = |name: &str| readme.contains(name).then(|| b"value".to_vec());
        if let Err(problems) = Config::parse(example.as_bytes(), &env) {
            panic!("{example}\n{problems}");
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

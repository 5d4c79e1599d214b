//! What another test checks.

use std::collections::BTreeSet;

use crate::{Block, read};

/// Blocks of a page, and the file that reads them from it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Elsewhere {
    page: &'static str,
    language: &'static str,
    /// A text in the block.
    has: &'static str,
    by: &'static str,
}

const fn row(
    page: &'static str,
    language: &'static str,
    has: &'static str,
    by: &'static str,
) -> Elsewhere {
    Elsewhere { page, language, has, by }
}

/// What the page says itself that nobody has run.
const NOBODY: &str = "Not run here";
const OBSERVED: &str = "integration/tests/envoy/observability.rs";
const MIGRATED: &str = "integration/tests/envoy/migrating.rs";
const MONITORED: &str = "integration/src/programs/monitoring/checks.rs";
const SHOWN: &str = "integration/tests/envoy/stock_usergrid/shown.rs";
const SECRETS: &str = "integration/tests/envoy/secrets.rs";
const CERTIFICATES: &str = "integration/tests/envoy/certificates.rs";
const OVERLAYS: &str = "integration/tests/mesh/overlays.rs";

const ALL: [Elsewhere; 18] = [
    row("README.md", "sh", "docker compose up", "integration/src/programs/compose/usergrid.rs"),
    row("docs/mesh.md", "yaml", "kind: Kustomization", OVERLAYS),
    row("docs/mesh.md", "sh", "kubectl kustomize", OVERLAYS),
    row("docs/metrics.md", "yaml", "name: metrics", "integration/src/programs/monitoring/place.rs"),
    row("docs/metrics.md", "promql", "", MONITORED),
    row("docs/operations.md", "promql", "", MONITORED),
    row("docs/migrating.md", "yaml", "ext_authz", MIGRATED),
    row("docs/migrating.md", "yaml", "envoy_on_request", MIGRATED),
    row("docs/migrating.md", "yaml", "# oathkeeper.yaml", NOBODY),
    row("docs/migrating.md", "yaml", "mechanisms:", NOBODY),
    row("docs/observability.md", "yaml", "", OBSERVED),
    row("docs/observability.md", "json", "via_upstream", OBSERVED),
    row("docs/configuration.md", "yaml", "credential_injector", SECRETS),
    row("docs/configuration.md", "yaml", "UpstreamTlsContext", CERTIFICATES),
    row("docs/fleet.md", "sh", "envoy/fleet.yml", "integration/src/programs/compose/tests.rs"),
    row("docs/tool.md", "console", "cargo auth", "crates/cli/tests/page.rs"),
    row("docs/usergrid.md", "sh", "usergrid.internal", SHOWN),
    row("docs/usergrid.md", "sh", "envoy.internal", SHOWN),
];

/// The first row that fits.
pub fn find(block: &Block) -> Option<&'static Elsewhere> {
    ALL.iter().find(|row| {
        let fits = row.page == block.page && row.language == block.language;
        fits && block.text.contains(row.has)
    })
}

/// Every row has a block, and its file names the page, or else what the block is about.
pub fn hold(used: &BTreeSet<&'static Elsewhere>) {
    for row in &ALL {
        assert!(used.contains(row), "no block for {row:?}");
        if row.by == NOBODY {
            assert!(read(row.page).contains(NOBODY), "{row:?}");
            continue;
        }
        let name = row.page.rsplit('/').next().unwrap();
        let by = read(row.by);
        let about = !row.has.is_empty() && by.contains(row.has);
        assert!(by.contains(name) || about, "{} has nothing to do with {}", row.by, row.page);
    }
}

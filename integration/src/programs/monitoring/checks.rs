//! What has to hold for every query, every label and every name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};

use super::prometheus::Prometheus;
use super::queries::{Alert, Dashboard, selectors};
use crate::harness::{wait, workspace};

/// What `$__rate_interval` stands for.
const WINDOW: &str = "1m";
/// Labels that Prometheus and Envoy add.
const PLACE: [&str; 2] = ["instance", "job"];

/// Every alert has its heading in the runbook, and the runbook has no other.
///
/// # Errors
/// If one is missing.
pub fn runbook(alerts: &[Alert]) -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("docs/operations.md"))?;
    let headings = text.lines().filter_map(|line| line.strip_prefix("### UsergridAuth"));
    let headings: BTreeSet<String> = headings.map(|rest| format!("UsergridAuth{rest}")).collect();
    let names = alerts.iter().map(|alert| alert.alert.clone()).collect();
    ensure!(headings == names, "docs/operations.md has {headings:?}, alerts.yml has {names:?}");
    for Alert { alert, annotations, .. } in alerts {
        let link = format!("docs/operations.md#{}", alert.to_lowercase());
        ensure!(annotations.runbook_url == link, "{alert} links to {}", annotations.runbook_url);
    }
    Ok(())
}

/// Every query of the dashboard finds something, and every metric and label that it or an alert
/// names is there.
///
/// # Errors
/// If one does not.
pub fn queries(prometheus: &Prometheus, dashboard: &Dashboard, alerts: &[Alert]) -> Result<()> {
    let targets = dashboard.panels.iter().flat_map(|panel| &panel.targets);
    let drawn: Vec<String> = targets.map(|target| target.query(WINDOW)).collect();
    for query in &drawn {
        wait::until("the query to find something", || {
            Ok((!prometheus.query(query, None)?.is_empty()).then_some(()))
        })
        .with_context(|| query.clone())?;
    }
    println!("  each of {} queries of the dashboard finds something", drawn.len());
    let shown = shown()?;
    let expressions = alerts.iter().map(|alert| alert.expr.clone());
    let mut count = 0;
    for selector in drawn.into_iter().chain(expressions).chain(shown).flat_map(|q| selectors(&q)) {
        let found = prometheus.query(&selector.text, None)?;
        ensure!(!found.is_empty(), "there is no `{}`", selector.text);
        for (label, values) in &selector.labels {
            let known = prometheus.label_values(label)?;
            for value in values.iter().filter(|value| !value.is_empty() && *value != ".*") {
                let any = known.contains(value);
                ensure!(any, "`{label}` is never `{value}`: {}", selector.text);
            }
        }
        count += 1;
    }
    println!("  each of {count} metrics that a query names is there, with its labels");
    Ok(())
}

/// The queries on the pages.
fn shown() -> Result<Vec<String>> {
    let mut shown = Vec::new();
    for page in ["docs/metrics.md", "docs/operations.md"] {
        let text = fs::read_to_string(workspace::root().join(page))?;
        let blocks = text.split("```promql\n").skip(1).filter_map(|rest| rest.split_once("```"));
        shown.extend(blocks.map(|(block, _)| block.to_owned()));
    }
    Ok(shown)
}

/// An Envoy without `stats_tags` has the same series as one that has them, but for the name of its
/// server.
///
/// # Errors
/// If they differ.
pub fn same_series(prometheus: &Prometheus, [tagged, untagged]: [SocketAddr; 2]) -> Result<()> {
    let of = |instance: SocketAddr| -> Result<BTreeSet<BTreeMap<String, String>>> {
        let query = format!("{{__name__=~\"usergrid_auth_.+\", instance=\"{instance}\"}}");
        let found = prometheus.query(&query, None)?.into_iter().map(|mut series| {
            series.labels.retain(|label, _| !PLACE.contains(&label.as_str()));
            series.labels
        });
        Ok(found.collect())
    };
    let of_a_server = ["introspection", "cache_total", "coalesced", "breaker"];
    wait::until("both to have the same series", || {
        let mut wanted = of(tagged)?;
        wanted = wanted
            .into_iter()
            .map(|mut labels| {
                let name = labels.get("__name__").cloned().unwrap_or_default();
                if of_a_server.iter().any(|part| name.contains(part)) {
                    labels.insert("server".into(), "partner_idp".into());
                }
                labels
            })
            .collect();
        let found = of(untagged)?;
        Ok((wanted == found && !found.is_empty()).then_some(()))
    })
    .with_context(|| {
        let [wanted, found] = [tagged, untagged].map(|one| of(one).unwrap_or_default());
        format!("with labels: {wanted:#?}\nwithout: {found:#?}")
    })?;
    println!("  an Envoy without stats_tags has the same series");
    Ok(())
}

/// The table of `docs/metrics.md` has every metric that there is, and no other.
///
/// # Errors
/// If not.
pub fn documented(prometheus: &Prometheus) -> Result<()> {
    let page = fs::read_to_string(workspace::root().join("docs/metrics.md"))?;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `usergrid_auth_"));
    let listed: BTreeSet<String> = rows
        .filter_map(|row| row.split_once('`'))
        .map(|(name, _)| format!("usergrid_auth_{name}"))
        .collect();
    let names = prometheus.label_values("__name__")?.into_iter();
    let names = names.filter(|name| name.starts_with("usergrid_auth_"));
    let base = |name: String| {
        let ends = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        ends.map_or_else(|| name.clone(), str::to_owned)
    };
    let found: BTreeSet<String> = names.map(base).collect();
    ensure!(listed == found, "docs/metrics.md lists {listed:?}, Envoy has {found:?}");
    println!("  docs/metrics.md lists all {} metrics", listed.len());
    Ok(())
}

/// The alert that goes off where nothing is scraped, as before this Prometheus was there.
///
/// # Errors
/// If it does not.
pub fn missing(prometheus: &Prometheus, alerts: &[Alert], before: f64) -> Result<String> {
    let alert = alerts.iter().find(|alert| alert.expr.contains("absent("));
    let alert = alert.context("no alert is for metrics that are gone")?;
    let found = prometheus.query(&alert.expr, Some(before))?;
    ensure!(!found.is_empty(), "{} does not go off where there is nothing", alert.alert);
    println!("  nothing scraped: {}", alert.alert);
    Ok(alert.alert.clone())
}

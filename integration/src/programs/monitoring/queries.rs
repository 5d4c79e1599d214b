//! The queries of the dashboard and of the alerts, and what each of them selects.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::prometheus::shipped;

/// The dashboard, as far as it says what is drawn.
#[derive(Debug, Deserialize)]
pub struct Dashboard {
    pub panels: Vec<Panel>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    pub id: u32,
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub grid_pos: Place,
    #[serde(default)]
    pub field_config: FieldConfig,
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// In columns of 24, and rows.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Place {
    pub x: u32,
    pub y: u32,
    pub w: u32,
    pub h: u32,
}

#[derive(Debug, Default, Deserialize)]
pub struct FieldConfig {
    pub defaults: Defaults,
}

#[derive(Debug, Default, Deserialize)]
pub struct Defaults {
    pub unit: String,
    #[serde(default)]
    thresholds: Value,
    #[serde(default)]
    custom: Value,
}

impl Defaults {
    /// From where on a value is bad.
    pub fn bound(&self) -> Option<f64> {
        self.thresholds.pointer("/steps/1/value")?.as_f64()
    }

    /// Whether lines stand on each other.
    pub fn is_stacked(&self) -> bool {
        self.custom.pointer("/stacking/mode").is_some_and(|mode| mode == "normal")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub expr: String,
    pub legend_format: String,
}

#[derive(Debug, Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    rules: Vec<Alert>,
}

#[derive(Debug, Deserialize)]
pub struct Alert {
    pub alert: String,
    pub expr: String,
    pub annotations: Annotations,
}

#[derive(Debug, Deserialize)]
pub struct Annotations {
    pub runbook_url: String,
}

/// What is in `envoy/monitoring/dashboard.json`, its layout checked.
///
/// # Errors
/// If it has another shape, panels overlap or share an id.
pub fn dashboard() -> Result<Dashboard> {
    let text = fs::read_to_string(shipped("dashboard.json"))?;
    let dashboard: Dashboard = serde_json::from_str(&text).context("dashboard.json")?;
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for Panel { id, kind, title, grid_pos: Place { x, y, w, h }, targets, .. } in &dashboard.panels
    {
        ensure!(ids.insert(*id), "two panels have the id {id}");
        ensure!((kind == "row") == targets.is_empty(), "`{title}` has no query, or one too many");
        for (x, y) in (*x..x + w).flat_map(|x| (*y..y + h).map(move |y| (x, y))) {
            ensure!(x < 24 && taken.insert((x, y)), "`{title}` has no room at {x}, {y}");
        }
    }
    Ok(dashboard)
}

impl Target {
    /// The query as Grafana sends it, with everything chosen and this window.
    pub fn query(&self, window: &str) -> String {
        self.expr
            .replace("$__rate_interval", window)
            .replace("$job", ".*")
            .replace("$instance", ".*")
    }
}

/// What is in `envoy/monitoring/alerts.yml`.
///
/// # Errors
/// If it has another shape.
pub fn alerts() -> Result<Vec<Alert>> {
    let text = fs::read_to_string(shipped("alerts.yml"))?;
    let rules: Rules = serde_yaml_ng::from_str(&text).context("alerts.yml")?;
    Ok(rules.groups.into_iter().flat_map(|group| group.rules).collect())
}

/// A metric as a query names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub metric: String,
    /// The label, and the values of an alternation; of `=~`, `!~`, `=` and `!=` alike.
    pub labels: Vec<(String, Vec<String>)>,
    /// As it stands.
    pub text: String,
}

/// Every metric that a query names: a name that is no function, no operator and no label.
pub fn selectors(query: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(is_start) {
        let (skipped, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        let number = skipped.ends_with(|c: char| c.is_ascii_digit());
        rest = after;
        match name {
            _ if number => (),
            // What follows in parentheses are labels.
            "by" | "without" | "on" | "ignoring" | "group_left" | "group_right" => {
                rest = after.split_once(')').map_or("", |(_, rest)| rest);
            }
            "and" | "or" | "unless" | "bool" | "offset" => (),
            _ if is_function(after) => (),
            _ => {
                let matchers = match after.strip_prefix('{').and_then(|s| s.split_once('}')) {
                    Some((matchers, behind)) => {
                        rest = behind;
                        matchers
                    }
                    None => "",
                };
                let text = match matchers {
                    "" => name.to_owned(),
                    _ => format!("{name}{{{matchers}}}"),
                };
                let labels = matchers.split(", ").filter_map(label).collect();
                found.push(Selector { metric: name.to_owned(), labels, text });
            }
        }
        // A range, such as `[5m]`.
        if let Some(range) = rest.strip_prefix('[') {
            rest = range.split_once(']').map_or("", |(_, rest)| rest);
        }
    }
    found
}

/// Whether what follows a name makes it that of a function or an aggregation.
fn is_function(after: &str) -> bool {
    let after = after.trim_start();
    ["(", "by ", "without "].iter().any(|next| after.starts_with(next))
}

fn label(matcher: &str) -> Option<(String, Vec<String>)> {
    let (label, value) = matcher.split_once(['=', '!'])?;
    let value = value.trim_start_matches(['=', '~']).trim_matches('"');
    Some((label.trim().to_owned(), value.split('|').map(str::to_owned).collect()))
}

fn is_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || character == ':'
}

fn is_part(character: char) -> bool {
    is_start(character) || character.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_told_from_functions_labels_and_operators() {
        let query = "sum by (job, le) (rate(a_total{x=\"1|2\", y!~\"3\"}[5m])) / 1e3 * on (job) \
            group_left (z) max_over_time(b[2m]) and c > 2";
        let found = selectors(query);
        let texts: Vec<&str> = found.iter().map(|selector| selector.text.as_str()).collect();
        assert_eq!(texts, ["a_total{x=\"1|2\", y!~\"3\"}", "b", "c"]);
        let labels = &found[0].labels;
        assert_eq!(labels[0], ("x".into(), vec!["1".into(), "2".into()]));
        assert_eq!(labels[1], ("y".into(), vec!["3".into()]));
    }

    /// By the names alone, without a Prometheus: `cargo monitoring` asks one.
    #[test]
    fn every_query_is_about_a_metric_of_the_filter_or_of_its_vm() {
        let dashboard = dashboard().unwrap();
        let targets = dashboard.panels.iter().flat_map(|panel| &panel.targets);
        let queries = targets.map(|target| target.query("1m"));
        let queries = queries.chain(alerts().unwrap().into_iter().map(|alert| alert.expr));
        let mut count = 0;
        for selector in queries.flat_map(|query| selectors(&query)) {
            let name = &selector.metric;
            let ours = name.starts_with("usergrid_auth_") || name.starts_with("envoy_wasm_");
            assert!(ours, "{selector:?}");
            count += 1;
        }
        assert!(count > 30, "{count}");
    }
}

//! A Prometheus with the shipped configuration and rules, and what it says.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::free_port;
use crate::harness::client::{self, Request};
use crate::harness::process::GUARD;
use crate::harness::workspace::{self, Scratch};
use crate::harness::{packages, wait};

/// How often it scrapes and evaluates here; a run takes seconds.
const INTERVAL: &str = "250ms";

/// Stops when it is dropped.
pub struct Prometheus {
    guard: Child,
    directory: Scratch,
    address: SocketAddr,
}

/// What a query returned for one set of labels: times in seconds, and values.
#[derive(Clone, Debug)]
pub struct Series {
    pub labels: BTreeMap<String, String>,
    pub points: Vec<(f64, f64)>,
}

/// Where the shipped files are.
pub fn shipped(name: &str) -> PathBuf {
    workspace::root().join("envoy/monitoring").join(name)
}

/// Seconds since 1970.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A program of Debian's package, which is unpacked if it is not installed.
fn program(name: &str) -> Result<PathBuf> {
    let root = packages::debian(&workspace::root().join("integration/monitoring"), "prometheus")?;
    Ok(root.join("usr/bin").join(name))
}

/// What `promtool` says about the shipped files.
///
/// # Errors
/// If one is wrong, or an alert does not say what `alerts.test.yml` expects.
pub fn promtool() -> Result<()> {
    let checks = [
        ["check", "rules", "alerts.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts.test.yml"],
    ];
    for arguments in checks {
        let output = Command::new(program("promtool")?)
            .args(arguments)
            .current_dir(shipped(""))
            .stdin(Stdio::null())
            .output()
            .context("cannot run promtool")?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        ensure!(output.status.success(), "promtool {}:\n{said}", arguments.join(" "));
        println!("  promtool {}", arguments.join(" "));
    }
    Ok(())
}

impl Prometheus {
    /// Starts one that scrapes `targets` by the shipped job and evaluates the shipped alerts.
    ///
    /// # Errors
    /// If it cannot be had or does not start.
    pub fn start(targets: &[SocketAddr]) -> Result<Self> {
        let directory = Scratch::new("prometheus")?;
        let text = fs::read_to_string(shipped("prometheus.yml"))?;
        let mut config: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text)?;
        let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
        config["global"]["scrape_interval"] = INTERVAL.into();
        config["global"]["evaluation_interval"] = INTERVAL.into();
        config["rule_files"][0] = shipped("alerts.yml").to_string_lossy().into_owned().into();
        config["scrape_configs"][0]["static_configs"][0]["targets"] = targets.into();
        let file = directory.path().join("prometheus.yml");
        fs::write(&file, serde_yaml_ng::to_string(&config)?)?;
        let address = free_port()?;
        let log = File::create(directory.path().join("prometheus.log"))?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(program("prometheus")?)
            .arg(flag("config.file", &file))
            .arg(flag("storage.tsdb.path", &directory.path().join("data")))
            .arg(format!("--web.listen-address={address}"))
            .env("PID_FILE", directory.path().join("pid"))
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot run sh")?;
        let mut started = Self { guard, directory, address };
        started.wait_until_ready()?;
        Ok(started)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let log = self.directory.path().join("prometheus.log");
        let said = || fs::read_to_string(&log).unwrap_or_default();
        wait::until("Prometheus is ready", || {
            if let Some(status) = self.guard.try_wait()? {
                bail!("Prometheus stopped ({status}):\n{}", said());
            }
            let answer = client::send(self.address, &Request::get("/-/ready"));
            Ok(answer.is_ok_and(|answer| answer.status == 200).then_some(()))
        })
        .with_context(said)
    }

    /// What `expression` is now, or was at `time`.
    ///
    /// # Errors
    /// If it is no query.
    pub fn query(&self, expression: &str, time: Option<f64>) -> Result<Vec<Series>> {
        let time = time.map_or_else(String::new, |time| format!("&time={time}"));
        let data = self.get(&format!("/api/v1/query?query={}{time}", escaped(expression)))?;
        series(&data)
    }

    /// What `expression` was from `from` to `to`, every `step` seconds.
    ///
    /// # Errors
    /// If it is no query.
    pub fn range(&self, expression: &str, from: f64, to: f64, step: f64) -> Result<Vec<Series>> {
        let query = escaped(expression);
        let range = format!("query={query}&start={from}&end={to}&step={step}");
        series(&self.get(&format!("/api/v1/query_range?{range}"))?)
    }

    /// All values of a label.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn label_values(&self, label: &str) -> Result<Vec<String>> {
        let data = self.get(&format!("/api/v1/label/{label}/values"))?;
        Ok(serde_json::from_value(data)?)
    }

    /// The state of every alert: `inactive`, `pending` or `firing`.
    ///
    /// # Errors
    /// If one cannot be evaluated.
    pub fn alerts(&self) -> Result<BTreeMap<String, String>> {
        let data = self.get("/api/v1/rules")?;
        let rules = data.pointer("/groups/0/rules").and_then(Value::as_array);
        let mut states = BTreeMap::new();
        for rule in rules.context("Prometheus has no rules")? {
            let [name, state, health] = ["name", "state", "health"].map(|key| &rule[key]);
            ensure!(health != "err", "{name} cannot be evaluated: {}", rule["lastError"]);
            let text = |value: &Value| value.as_str().map(str::to_owned).context("no text");
            states.insert(text(name)?, text(state)?);
        }
        Ok(states)
    }

    fn get(&self, path: &str) -> Result<Value> {
        let mut answer = client::send(self.address, &Request::get(path))?.json()?;
        ensure!(answer["status"] == "success", "Prometheus answers {path} with {answer}");
        Ok(answer["data"].take())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Closes the pipe; the guard ends Prometheus and then itself.
        drop(self.guard.stdin.take());
        let _ended = self.guard.wait();
    }
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A vector, or a matrix; values that are no numbers are left out.
fn series(data: &Value) -> Result<Vec<Series>> {
    let mut found = Vec::new();
    for one in data["result"].as_array().context("no result")? {
        let labels = serde_json::from_value(one["metric"].clone())?;
        let single = one.get("value").into_iter();
        let points = single.chain(one["values"].as_array().into_iter().flatten());
        let points = points.filter_map(|pair| {
            let value: f64 = pair.get(1)?.as_str()?.parse().ok()?;
            value.is_finite().then_some((pair.get(0)?.as_f64()?, value))
        });
        let points: Vec<(f64, f64)> = points.collect();
        if !points.is_empty() {
            found.push(Series { labels, points });
        }
    }
    Ok(found)
}

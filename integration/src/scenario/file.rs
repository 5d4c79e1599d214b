//! The form of a scenario file. `integration/README.md` explains it with an example.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::harness::bootstrap::Knobs;
use crate::harness::client::Request;
use crate::harness::version::Version;
use crate::harness::workspace;
use crate::site::Setup;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in one sentence.
    pub about: String,
    /// Merged into the plugin's configuration.
    #[serde(default)]
    pub config: Option<Value>,
    /// What differs in Envoy.
    #[serde(default)]
    pub envoy: Knobs,
    /// In order, on the same Envoy.
    pub cases: Vec<Case>,
    /// Metrics of the filter once all cases are through, `requests_total` aside.
    #[serde(default)]
    pub metrics: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// Method and path, with one blank in between.
    pub request: String,
    /// `name: value`, repetitions as they stand.
    #[serde(default)]
    pub headers: Vec<String>,
    #[serde(default)]
    pub body: String,
    /// The status that the client gets.
    pub status: u16,
    /// The filter's word for what became of it; `none` where Envoy answers before the filter.
    pub outcome: String,
    /// Response headers: a text, `~text` for a part of it, null for absent.
    #[serde(default)]
    pub reply_headers: BTreeMap<String, Option<String>>,
    /// Members of the response body: a value, `$number`, `$string`, or null for absent.
    #[serde(default)]
    pub reply: BTreeMap<String, Value>,
    #[serde(default)]
    pub backend: Backend,
    /// Calls to the verifying server meanwhile.
    #[serde(default)]
    pub calls: Option<usize>,
    /// The credential in the query may go on: the request passes untouched.
    #[serde(default)]
    pub untouched: bool,
    /// What is different with Envoys before a change.
    #[serde(default)]
    pub older: Option<Older>,
}

/// A case as it goes with Envoys before a change. `README.md` lists it for every version it applies
/// to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Older {
    /// The releases that brought the change, one for each minor version.
    pub changed_in: Vec<Version>,
    /// What an older Envoy does, and what follows, in one sentence.
    pub difference: String,
    /// See [`Case::status`].
    pub status: u16,
    /// See [`Case::outcome`].
    pub outcome: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backend {
    /// Path and query.
    pub path: Option<String>,
    /// As [`Case::reply_headers`].
    pub headers: BTreeMap<String, Option<String>>,
    /// Length of the body.
    pub body_bytes: Option<u64>,
}

impl Scenario {
    /// Reads the file `name` (without `.yaml`).
    ///
    /// # Errors
    /// If it is missing or wrong.
    pub fn load(name: &str) -> Result<Self> {
        let path = directory().join(format!("{name}.yaml"));
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let parse = || -> Result<Self> {
            let mut document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text)?;
            document.apply_merge()?;
            Ok(serde_yaml_ng::from_value(document)?)
        };
        parse().with_context(|| path.display().to_string())
    }

    /// The names of all files.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn names() -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let stem = path.file_stem().unwrap_or_default();
                names.push(stem.to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether it needs nothing but `envoy/envoy.yaml` as it is.
    #[must_use]
    pub fn runs_anywhere(&self) -> bool {
        self.config.is_none() && self.envoy == Knobs::default()
    }

    /// As it goes with this version of Envoy.
    #[must_use]
    pub fn at(&self, version: Version) -> Self {
        let mut scenario = self.clone();
        for case in &mut scenario.cases {
            if let Some(older) = case.older.take()
                && version.lacks(&older.changed_in)
            {
                case.become_older(&older);
            }
        }
        scenario
    }

    /// What it needs to run on its own Envoy.
    #[must_use]
    pub fn setup(&self, name: &str) -> Setup {
        let mut setup = Setup::test(name).knobs(self.envoy.clone());
        setup.patches.extend(self.config.clone());
        setup
    }
}

impl Case {
    /// Takes the expectations of an older Envoy.
    pub fn become_older(&mut self, older: &Older) {
        self.status = older.status;
        self.outcome.clone_from(&older.outcome);
    }

    /// The request as it goes out.
    ///
    /// # Errors
    /// If the file spells it wrongly.
    pub fn to_request(&self) -> Result<Request> {
        let Some((method, path)) = self.request.split_once(' ') else {
            bail!("`{}` is not a method and a path", self.request);
        };
        let mut request = Request::new(method, path).body(&self.body);
        for line in &self.headers {
            let (name, value) =
                line.split_once(':').with_context(|| format!("`{line}` is not a header"))?;
            request = request.header(name, value.trim_start());
        }
        Ok(request)
    }

    /// Whether the backend must see it.
    #[must_use]
    pub fn passes(&self) -> bool {
        const PASSING: [&str; 6] = ["token", "client", "guest", "public", "preflight", "bypassed"];
        PASSING.contains(&self.outcome.as_str())
    }

    /// Values of the credential parameters in the query, as sent.
    #[must_use]
    pub fn query_secrets(&self) -> Vec<&str> {
        let query = self.request.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(name, value)| {
                ["access_token", "client_secret"].contains(name) && !value.is_empty()
            })
            .map(|(_, value)| value)
            .collect()
    }
}

fn directory() -> PathBuf {
    workspace::root().join(Path::new("integration/scenarios"))
}

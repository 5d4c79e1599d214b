//! `check`: everything that is wrong with the configurations in a file, with the line of the key.
//!
//! Secrets come from the environment of the VM, which is not here. Unless the caller says that a
//! variable of his own stands for it, a text stands in, and the check says so.

use std::cell::RefCell;
use std::collections::BTreeSet;

use usergrid_auth_config::Config;

use crate::found::{self, Found};
use crate::place::{self, Places};

/// What stands for a variable of Envoy's environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Variables of our own environment that stand for those of the same name.
    pub named: BTreeSet<String>,
    /// All of them do, and must be set.
    pub strict: bool,
}

/// What a file holds, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Report {
    /// As it was given.
    pub file: String,
    /// Every configuration of this filter in it.
    pub configurations: Vec<Checked>,
    /// What concerns the file as a whole.
    pub remarks: Vec<Remark>,
}

/// One configuration, and what is to say about it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What carries it.
    pub carrier: String,
    /// Where it begins.
    pub line: usize,
    /// Everything about it, in the order of lines.
    pub remarks: Vec<Remark>,
}

/// Something to say about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Whether the filter, or what makes it run, fails by it.
    pub is_problem: bool,
    /// The line in the file.
    pub line: usize,
    /// The key path; empty for the whole.
    pub key: String,
    /// What.
    pub message: String,
}

impl Report {
    /// Whether something is wrong.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        let inside = self.configurations.iter().flat_map(|it| &it.remarks);
        self.remarks.iter().chain(inside).any(|remark| remark.is_problem)
    }
}

/// Checks the text of a file.
#[must_use]
pub fn file(name: &str, text: &str, environment: &Environment) -> Report {
    let mut report =
        Report { file: name.to_owned(), configurations: Vec::new(), remarks: Vec::new() };
    let contents = match found::find(text) {
        Ok(contents) => contents,
        Err(error) => {
            let message = format!("neither JSON nor YAML: {}", error.message);
            report.remarks.push(problem(error.line, "", message));
            return report;
        }
    };
    report.configurations =
        contents.found.iter().map(|it| configuration(it, environment)).collect();
    for (line, name) in &contents.others {
        report.remarks.push(note(*line, "", format!("{name} is another filter, not looked at")));
    }
    if contents.found.is_empty() && contents.others.is_empty() {
        report.remarks.push(note(1, "", "no configuration of this filter in it".to_owned()));
    }
    report
}

/// Checks one configuration.
#[must_use]
pub fn configuration(found: &Found, environment: &Environment) -> Checked {
    let mut remarks = Vec::new();
    if let Some((line, message)) = &found.misplaced {
        remarks.push(problem(*line, "", message.clone()));
    } else {
        let (parsed, asked) = parse(found, environment);
        for (variable, source) in asked {
            let line = place::line_of_variable(found, &variable);
            remarks.extend(source.remark(line, &variable));
        }
        match parsed {
            Ok(config) => {
                let warnings = config.warnings().into_iter();
                remarks.extend(warnings.map(|it| note(found.line, "", it)));
            }
            Err(problems) => {
                let places = Places::of(found);
                remarks.extend(
                    problems
                        .iter()
                        .map(|it| problem(places.line(it), &it.path, it.message.clone())),
                );
            }
        }
    }
    remarks.sort_by_key(|remark| remark.line);
    Checked { carrier: found.carrier.clone(), line: found.line, remarks }
}

/// Where the value of a variable came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The file itself holds it.
    File,
    /// Our own environment.
    Ours,
    /// Nowhere: something stands in.
    StandIn,
    /// The VM does not get it.
    NotPassed,
}

impl Source {
    fn remark(self, line: usize, variable: &str) -> Option<Remark> {
        match self {
            Self::Ours => None,
            Self::File => Some(note(
                line,
                "",
                format!("`{variable}` is written into this file, where a secret should not be"),
            )),
            Self::StandIn => Some(note(
                line,
                "",
                format!(
                    "`{variable}` has to be set where Envoy runs; not checked here without \
                     `--env {variable}` or `--strict-env`"
                ),
            )),
            Self::NotPassed => Some(problem(
                line,
                "",
                format!(
                    "`{variable}` does not reach the filter: it is not among the environment \
                     variables that the plugin passes to its VM"
                ),
            )),
        }
    }
}

/// The configuration, and which variables it asked for.
pub fn parse(
    found: &Found,
    environment: &Environment,
) -> (Result<Config, usergrid_auth_config::Problems>, Vec<(String, Source)>) {
    let asked: RefCell<Vec<(String, Source)>> = RefCell::default();
    let look_up = |name: &str| {
        let (source, value) = value(name, found, environment);
        let mut asked = asked.borrow_mut();
        if !asked.iter().any(|(known, _)| known == name) {
            asked.push((name.to_owned(), source));
        }
        value
    };
    let parsed = Config::parse(found.text.as_bytes(), &look_up);
    (parsed, asked.into_inner())
}

/// Good for a secret, a salt and a token.
const STAND_IN: &[u8] = b"stand-in";

fn value(name: &str, found: &Found, environment: &Environment) -> (Source, Option<Vec<u8>>) {
    match found.variables.as_ref().map(|passed| passed.get(name)) {
        // That the filter would not find it is said once, by the remark.
        Some(None) => (Source::NotPassed, Some(STAND_IN.to_vec())),
        Some(Some(Some(value))) => (Source::File, Some(value.clone().into_bytes())),
        Some(Some(None)) | None if environment.strict || environment.named.contains(name) => {
            let value = std::env::var_os(name).map(std::ffi::OsString::into_encoded_bytes);
            (Source::Ours, value)
        }
        Some(Some(None)) | None => (Source::StandIn, Some(STAND_IN.to_vec())),
    }
}

fn problem(line: usize, key: &str, message: String) -> Remark {
    Remark { is_problem: true, line, key: key.to_owned(), message }
}

fn note(line: usize, key: &str, message: String) -> Remark {
    Remark { is_problem: false, line, key: key.to_owned(), message }
}

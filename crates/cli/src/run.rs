//! The commands: what they read, what they print, and how they end.

use std::io::Read as _;
use std::path::Path;

use clap::CommandFactory as _;

use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use usergrid_auth_core::time::UnixMillis;

use crate::args::{Arguments, Check, Command, Environment, Explain, Token};
use crate::certificate::Shown;
use crate::found::{self, Found};
use crate::output::{self, Colours};
use crate::script::Answers;
use crate::{check, explain, schema, token, url};

/// The longest file that is read, in bytes.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Done {
    /// For the standard output.
    pub text: String,
    /// For the standard error.
    pub complaint: String,
    /// 0: nothing is wrong; 1: something is; 2: it could not do what was asked.
    pub code: u8,
}

/// Runs a command.
#[must_use]
pub fn run(arguments: &Arguments) -> Done {
    match &arguments.command {
        Command::Check(what) => checked(what, arguments.json),
        Command::Explain(what) => explained(what, arguments.json).unwrap_or_else(|done| done),
        Command::Token(what) => told(what, arguments.json).unwrap_or_else(|done| done),
        Command::Schema { manifests: false } => good(schema::configuration()),
        Command::Schema { manifests: true } => good(schema::manifests()),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            let mut command = Arguments::command();
            clap_complete::generate(*shell, &mut command, "usergrid-auth", &mut text);
            good(String::from_utf8_lossy(&text).into_owned())
        }
        Command::Man => match manual() {
            Ok(text) => good(text),
            Err(error) => cannot(&error.to_string()),
        },
    }
}

fn good(text: String) -> Done {
    Done { text, complaint: String::new(), code: 0 }
}

fn cannot(complaint: &str) -> Done {
    Done { text: String::new(), complaint: format!("usergrid-auth: {complaint}\n"), code: 2 }
}

/// One page for the command and one for each of its parts, one after the other.
fn manual() -> std::io::Result<String> {
    let mut command = Arguments::command();
    command.build();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        clap_mangen::Man::new(part.clone()).render(&mut text)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

impl From<&Environment> for check::Environment {
    fn from(given: &Environment) -> Self {
        Self { named: given.names.iter().cloned().collect(), strict: given.strict_env }
    }
}

fn checked(what: &Check, json: bool) -> Done {
    let environment = check::Environment::from(&what.environment);
    let mut reports = Vec::new();
    let mut complaint = String::new();
    for path in &what.files {
        match read(path) {
            Ok(text) => {
                reports.push(check::file(&path.display().to_string(), &text, &environment));
            }
            Err(error) => complaint.push_str(&cannot(&error).complaint),
        }
    }
    let found_none = reports.iter().all(|report| report.configurations.is_empty());
    let has_problems = reports.iter().any(check::Report::has_problems);
    if found_none && !has_problems && complaint.is_empty() {
        complaint = cannot("no configuration of this filter in any of the files").complaint;
    }
    let code = match (complaint.is_empty(), has_problems) {
        (false, _) => 2,
        (true, true) => 1,
        (true, false) => 0,
    };
    let text = if json {
        format!("{:#}\n", output::checked_json(&reports))
    } else {
        output::checked(&reports, Colours::of_stdout())
    };
    Done { text, complaint, code }
}

/// One of the two is what the command printed; either ends it.
type Ended = Result<Done, Done>;

fn explained(what: &Explain, json: bool) -> Ended {
    let text = read(&what.file).map_err(|error| cannot(&error))?;
    let file = what.file.display().to_string();
    let found = chosen(&text, what.line).map_err(|error| cannot(&format!("{file}: {error}")))?;
    let environment = check::Environment::from(&what.environment);
    let checked = check::configuration(&found, &environment);
    let (Ok(config), false) =
        (check::parse(&found, &environment).0, checked.remarks.iter().any(|it| it.is_problem))
    else {
        let report = check::Report { file, configurations: vec![checked], remarks: Vec::new() };
        let text = output::checked(&[report], Colours::of_stdout());
        return Err(Done { text, complaint: String::new(), code: 1 });
    };
    let route = url::route(what.bypass, &what.require_scope);
    let mut request = url::request(&what.method, &what.url, &what.headers, route)
        .map_err(|error| cannot(&error))?;
    request.has_body = what.body;
    if let Some(path) = &what.client_certificate {
        let shown = read(path).and_then(|pem| {
            Shown::read(&pem).map_err(|error| format!("{}: {error}", path.display()))
        });
        request.certificate = Some(shown.map_err(|error| cannot(&error))?);
    }
    let mut answers =
        Answers::read(&what.answer, &what.answer_of, what.fault).map_err(|error| cannot(&error))?;
    let config = Rc::new(config);
    let now = time(what.at);
    let explanation = explain::explain(&config, &request, &mut |call| answers.next(call), now);
    let document = serde_json::from_str(&found.text).unwrap_or_default();
    Ok(good(if json {
        format!("{:#}\n", explain::json(&explanation, &request, &config, &document))
    } else {
        explain::text(&explanation, &request, &config, &document, Colours::of_stdout())
    }))
}

/// The only configuration of a file, or the one at `line`.
fn chosen(text: &str, line: Option<usize>) -> Result<Found, String> {
    let found =
        found::find(text).map_err(|error| format!("line {}: {}", error.line, error.message))?;
    let lines: Vec<String> = found.found.iter().map(|it| it.line.to_string()).collect();
    let mut found = found.found.into_iter().filter(|it| line.is_none_or(|line| it.line == line));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) if lines.is_empty() => Err("no configuration of this filter in it".to_owned()),
        _ => Err(format!("`--line` has to choose one of the lines {}", lines.join(", "))),
    }
}

fn told(what: &Token, json: bool) -> Ended {
    let salt = match &what.salt_env {
        None => None,
        Some(name) => match std::env::var_os(name) {
            Some(value) if !value.is_empty() => Some(value.into_encoded_bytes()),
            _ => return Err(cannot("the variable that `--salt-env` names is not set")),
        },
    };
    let text = match &what.token {
        Some(token) => token.clone(),
        None => read(Path::new("-")).map_err(|error| cannot(&error))?,
    };
    let told = token::read(&text, salt.as_deref(), time(what.at));
    let text = if json { format!("{:#}\n", told.json()) } else { told.text() };
    Ok(Done { text, complaint: String::new(), code: u8::from(!told.is_good()) })
}

/// So many seconds since 1970, or now.
fn time(at: Option<u64>) -> UnixMillis {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UnixMillis(at.unwrap_or_else(now).saturating_mul(1000))
}

/// The text of a file, or of the standard input for `-`.
///
/// # Errors
/// It cannot be read, is no text, or is longer than any configuration.
pub fn read(path: &Path) -> Result<String, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut bytes = Vec::new();
    let limit = LONGEST_FILE.saturating_add(1);
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| wrong(&error))?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(wrong(&"it is longer than 64 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| wrong(&"it is not UTF-8"))
}

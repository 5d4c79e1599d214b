//! What the commands print: text for people, with colours on a terminal alone, or JSON.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use serde_json::{Value, json};

use crate::check::{Remark, Report};

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// A colour, by what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing is wrong.
    Good,
    /// Something is.
    Bad,
    /// Worth a look.
    Note,
    /// A heading.
    Head,
}

impl Colours {
    /// As the standard output has it: none but on a terminal, and none under `NO_COLOR`.
    #[must_use]
    pub fn of_stdout() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if std::io::stdout().is_terminal() && !unwanted { Self::On } else { Self::Off }
    }

    /// The text in a tone.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Note => "33",
            Tone::Head => "1",
        };
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

/// Text that a terminal takes for nothing else: control characters are escaped. What a file or a
/// server says may be anything.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_invisible(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Characters that turn or hide what stands beside them.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// What `check` found, as text.
#[must_use]
pub fn checked(reports: &[Report], colours: Colours) -> String {
    let mut out = String::new();
    for report in reports {
        for remark in &report.remarks {
            line(&mut out, &report.file, remark, colours);
        }
        for configuration in &report.configurations {
            for remark in &configuration.remarks {
                line(&mut out, &report.file, remark, colours);
            }
            let carrier = printable(&configuration.carrier);
            let problems = configuration.remarks.iter().filter(|it| it.is_problem).count();
            let (tone, verdict) = match problems {
                0 => (Tone::Good, "good".to_owned()),
                1 => (Tone::Bad, "1 problem".to_owned()),
                many => (Tone::Bad, format!("{many} problems")),
            };
            let verdict = colours.paint(tone, &verdict);
            let file = printable(&report.file);
            let _ = writeln!(out, "{file}:{}: {carrier}: {verdict}", configuration.line);
        }
    }
    out
}

fn line(out: &mut String, file: &str, remark: &Remark, colours: Colours) {
    let (tone, word) =
        if remark.is_problem { (Tone::Bad, "problem") } else { (Tone::Note, "note") };
    let word = colours.paint(tone, word);
    let key = if remark.key.is_empty() { String::new() } else { format!("`{}`: ", remark.key) };
    let (file, message) = (printable(file), printable(&remark.message));
    let _ = writeln!(out, "{file}:{}: {word}: {key}{message}", remark.line);
}

/// What `check` found, as JSON.
#[must_use]
pub fn checked_json(reports: &[Report]) -> Value {
    let remarks = |remarks: &[Remark]| -> Vec<Value> {
        let of = |remark: &Remark| {
            let level = if remark.is_problem { "problem" } else { "note" };
            json!({
                "level": level,
                "line": remark.line,
                "key": remark.key,
                "message": remark.message,
            })
        };
        remarks.iter().map(of).collect()
    };
    let files: Vec<Value> = reports
        .iter()
        .map(|report| {
            let configurations: Vec<Value> = report
                .configurations
                .iter()
                .map(|it| {
                    json!({
                        "carrier": it.carrier,
                        "line": it.line,
                        "remarks": remarks(&it.remarks),
                    })
                })
                .collect();
            json!({
                "file": report.file,
                "good": !report.has_problems(),
                "configurations": configurations,
                "remarks": remarks(&report.remarks),
            })
        })
        .collect();
    json!({ "files": files })
}

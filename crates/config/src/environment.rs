//! Secrets: given in the document or, better, by the name of an environment variable.
//! No message here shows a value, and none shows a name that does not look like one.

use super::problem::quoted;
use super::reader::Section;
use super::secret::Secret;

impl Section<'_> {
    /// A secret given as `name` or, by the name of an environment variable, as `env_name`.
    pub(super) fn secret(&self, name: &'static str, env_name: &'static str) -> Option<Secret> {
        match (self.value(name), self.value(env_name)) {
            (Some(value), None) => {
                let bytes = value.hidden_text()?.as_bytes();
                self.usable(name, "the value", bytes)
            }
            (None, Some(_)) => self.secret_from_environment(env_name),
            (None, None) => {
                self.problem(name, &["is required, here or as ", &quoted(env_name)]);
                None
            }
            (Some(value), Some(_)) => {
                value.problem(&["contradicts ", &quoted(env_name), ", give one of them"]);
                None
            }
        }
    }

    /// The value of the environment variable that `name` names.
    pub(super) fn secret_from_environment(&self, name: &'static str) -> Option<Secret> {
        let value = self.value(name)?;
        let variable = value.hidden_text()?;
        if !is_variable_name(variable) {
            // Not shown: it may well be the secret itself.
            value.problem(&["is not the name of an environment variable"]);
            return None;
        }
        let who = ["the environment variable ", &quoted(variable)].concat();
        let Some(bytes) = self.notes.look_up(variable) else {
            value.problem(&[&who, " is not set"]);
            return None;
        };
        let secret = self.usable(name, &who, &bytes)?;
        self.notes.resolved(secret.clone());
        Some(secret)
    }

    /// `bytes` as a secret if it can be one; a line break at the end is a file read carelessly.
    fn usable(&self, name: &str, who: &str, bytes: &[u8]) -> Option<Secret> {
        if bytes.is_empty() {
            self.problem(name, &[who, " is empty"]);
        } else if bytes.iter().any(u8::is_ascii_control) {
            self.problem(name, &[who, " holds a line break or another control character"]);
        } else {
            return Some(Secret::new(bytes));
        }
        None
    }
}

fn is_variable_name(text: &str) -> bool {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts_well && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

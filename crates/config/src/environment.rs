//! Secrets: given in the document or, better, by the name of an environment variable.
//! No message here shows a value, and none shows a name that does not look like one.

use crate::notes::Reported;
use crate::problem::quoted;
use crate::secret::Secret;
use crate::section::Section;

impl Section<'_> {
    /// A secret given as `name` or, by the name of an environment variable, as `env_name`.
    pub(crate) fn secret(
        &self,
        name: &'static str,
        env_name: &'static str,
    ) -> Result<Secret, Reported> {
        let required = || self.problem(name, &["is required, here or as ", &quoted(env_name)]);
        match (self.given(name)?, self.given(env_name)?) {
            (Some(value), None) => self.usable(name, "the value", value.hidden_text()?.as_bytes()),
            (None, _) => self.secret_from_environment(env_name)?.ok_or_else(required),
            (Some(value), Some(_)) => {
                Err(value.problem(&["contradicts ", &quoted(env_name), ", give one of them"]))
            }
        }
    }

    /// The value of the environment variable that `name` names; `None` if it is not given.
    pub(crate) fn secret_from_environment(
        &self,
        name: &'static str,
    ) -> Result<Option<Secret>, Reported> {
        let Some(value) = self.given(name)? else { return Ok(None) };
        let variable = value.hidden_text()?;
        if !is_variable_name(variable) {
            // Not shown: it may well be the secret itself.
            return Err(value.problem(&["is not the name of an environment variable"]));
        }
        let who = ["the environment variable ", &quoted(variable)].concat();
        let Some(bytes) = self.notes.look_up(variable) else {
            return Err(value.problem(&[&who, " is not set"]));
        };
        let secret = self.usable(name, &who, &bytes)?;
        self.notes.resolved(secret.clone());
        Ok(Some(secret))
    }

    /// `bytes` as a secret if it can be one; a line break at the end is a file read carelessly.
    fn usable(&self, name: &str, who: &str, bytes: &[u8]) -> Result<Secret, Reported> {
        if bytes.is_empty() {
            Err(self.problem(name, &[who, " is empty"]))
        } else if bytes.iter().any(u8::is_ascii_control) {
            let message = " holds a line break or another control character";
            Err(self.problem(name, &[who, message]))
        } else {
            Ok(Secret::new(bytes))
        }
    }
}

fn is_variable_name(text: &str) -> bool {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts_well && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

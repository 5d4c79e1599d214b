//! One permission rule against one request: Usergrid's verdicts, and what they leave open.

mod matching;
mod model;
mod properties;
mod vectors;

use usergrid_auth_rules::permission::{CheckedPath, Rule};
use usergrid_auth_rules::steps::Steps;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Allow,
    Deny,
    ConfigError,
}

use Outcome::{Allow, ConfigError, Deny};

fn outcome(rule: &str, method: &str, path: &str, user_names: &[String]) -> Outcome {
    match Rule::parse(rule) {
        Err(_) => ConfigError,
        Ok(rule) => {
            let (method, path) = (method.as_bytes(), CheckedPath::new(path));
            let allows = rule.allows(method, &path, user_names, &Steps::of_a_request());
            if allows { Allow } else { Deny }
        }
    }
}

fn allows(rule: &str, path: &str, user_names: &[&str]) -> bool {
    let user_names: Vec<String> = user_names.iter().map(|name| (*name).to_owned()).collect();
    outcome(rule, "GET", path, &user_names) == Allow
}

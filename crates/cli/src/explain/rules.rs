//! Which rule of `public` and `guest` admits a request, or why each does not: every rule is tried by
//! itself, by the code that tries them together.

use serde_json::Value;
use usergrid_auth_config::Config;
use usergrid_auth_rules::guest::{ApplicationPattern, GuestRule, GuestRules};
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::public::PublicRules;
use usergrid_auth_rules::steps::Steps;

use super::Request;

/// Rules that are shown of a list, apart from those that admit.
const MOST_LINES: usize = 20;

/// One rule, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// Its key path.
    pub key: String,
    /// Its text.
    pub rule: String,
    /// Whether it admits the request by itself.
    pub admits: bool,
    /// Why not; or that it does.
    pub why: &'static str,
}

/// What became of the rules of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleLines {
    /// The rules in their order.
    pub lines: Vec<RuleLine>,
    /// Rules that do not admit it either and are not among them.
    pub more: usize,
}

impl RuleLines {
    fn add(&mut self, line: RuleLine) {
        if line.admits || self.lines.len() < MOST_LINES {
            self.lines.push(line);
        } else {
            self.more += 1;
        }
    }
}

/// The method and the path of a request, as the rules see them.
struct Asked<'a> {
    method: &'a [u8],
    path: RequestPath,
}

fn asked<'a>(request: &'a Request, config: &Config) -> Option<Asked<'a>> {
    let value = |name: &str| {
        let found = request.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_slice()).unwrap_or_default()
    };
    let before_query = value(":path").split(|byte| *byte == b'?').next().unwrap_or_default();
    let path = RequestPath::parse(before_query, &config.base_path).ok()?;
    Some(Asked { method: value(":method"), path })
}

/// How the path is read: as rules and permissions are checked against it, one text for each reading.
#[must_use]
pub fn readings(request: &Request, config: &Config) -> Vec<String> {
    let Some(asked) = asked(request, config) else { return Vec::new() };
    let mut readings: Vec<String> = Vec::new();
    let whole = asked.path.whole().unwrap_or_default();
    for reading in whole.into_iter().chain(asked.path.checked()) {
        if !readings.iter().any(|known| known == reading.text()) {
            readings.push(reading.text().to_owned());
        }
    }
    readings
}

/// The rules of `public` in the configuration `document`.
#[must_use]
pub fn public(document: &Value, request: &Request, config: &Config) -> RuleLines {
    let mut lines = RuleLines::default();
    let Some(asked) = asked(request, config) else { return lines };
    for (at, rule) in texts(&document["public"]).enumerate() {
        let admits = |rule: Rule| {
            PublicRules::new(vec![rule]).admits(asked.method, &asked.path, &Steps::of_a_request())
        };
        let why = judge(&rule, &asked, admits);
        lines.add(RuleLine { key: format!("public[{at}]"), rule, admits: why == ADMITS, why });
    }
    lines
}

/// The rules of `guest` in the configuration `document`.
#[must_use]
pub fn guest(document: &Value, request: &Request, config: &Config) -> RuleLines {
    let mut lines = RuleLines::default();
    let Some(asked) = asked(request, config) else { return lines };
    let entries = document["guest"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, entry) in entries.iter().enumerate() {
        let patterns = || -> Vec<ApplicationPattern> {
            let patterns = texts(&entry["applications"]);
            patterns.filter_map(|text| ApplicationPattern::parse(&text).ok()).collect()
        };
        let admits = |rule: Rule| {
            let rule = GuestRule { applications: patterns(), permissions: vec![rule] };
            let rules = GuestRules::new(vec![rule]);
            rules.admits(asked.method, &asked.path, &Steps::of_a_request())
        };
        let is_about_it = Rule::parse("*:*").is_ok_and(&admits);
        for (number, rule) in texts(&entry["permissions"]).enumerate() {
            let why = if asked.path.is_clear() && !is_about_it {
                "it is about other applications"
            } else {
                judge(&rule, &asked, admits)
            };
            lines.add(RuleLine {
                key: format!("guest[{at}].permissions[{number}]"),
                rule,
                admits: why == ADMITS,
                why,
            });
        }
    }
    lines
}

const ADMITS: &str = "it admits the request";

/// What becomes of one rule; `admits` tries it.
fn judge(text: &str, asked: &Asked<'_>, admits: impl Fn(Rule) -> bool) -> &'static str {
    let tried = |text: &str| Rule::parse(text).is_ok_and(&admits);
    let paths = text.split_once(':').map_or(text, |(_, paths)| paths);
    if tried(text) {
        ADMITS
    } else if !asked.path.is_clear() {
        "the path can be read in several ways"
    } else if tried(&format!("*:{paths}")) {
        "it is about other methods"
    } else {
        "it is about other paths"
    }
}

fn texts(list: &Value) -> impl Iterator<Item = String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned))
}

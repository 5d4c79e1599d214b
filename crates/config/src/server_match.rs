//! `introspection.match`: which requests a server is asked about. It says what may be chosen by;
//! who chooses is the decision.

use usergrid_auth_rules::demand::{DemandRule, DemandRules};
use usergrid_auth_rules::host::HostPattern;

use crate::notes::Reported;
use crate::problem::one_line;
use crate::reader::is_visible_ascii;
use crate::section::Section;

/// `introspection.match`. All that is given must hold; nothing given holds for every request.
#[derive(Debug, Default)]
pub struct ServerMatch {
    /// One of these matches the host; empty: any host does.
    pub hosts: Vec<HostPattern>,
    /// One of these matches the path in every reading; empty: any path does.
    pub paths: DemandRules,
    /// The rules of `paths` as they are written.
    pub(crate) path_rules: Vec<String>,
    /// The token begins with one of these; empty: any credential does. With some, no client pair
    /// does.
    pub token_prefixes: Vec<String>,
}

impl ServerMatch {
    /// Whether it holds for every request.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.hosts.is_empty() && self.paths.is_empty() && self.token_prefixes.is_empty()
    }

    /// Whether it holds wherever `later` does, as far as the texts of both tell.
    pub(crate) fn covers(&self, later: &Self) -> bool {
        let hosts = |host: &HostPattern| self.hosts.iter().any(|ours| ours.covers(host));
        let prefixes =
            |prefix: &String| self.token_prefixes.iter().any(|ours| prefix.starts_with(ours));
        all_of_some(&self.hosts, &later.hosts, hosts)
            && all_of_some(&self.path_rules, &later.path_rules, |it| self.path_rules.contains(it))
            && all_of_some(&self.token_prefixes, &later.token_prefixes, prefixes)
    }
}

/// Whether a condition on `ours` holds wherever one on `theirs` does. An empty one always holds.
fn all_of_some<T>(ours: &[T], theirs: &[T], is_covered: impl Fn(&T) -> bool) -> bool {
    ours.is_empty() || (!theirs.is_empty() && theirs.iter().all(is_covered))
}

/// Reads the `match` of a server.
pub(crate) fn server_match(server: &Section<'_>) -> Result<ServerMatch, Reported> {
    let section = server.section("match")?;
    gather!(
        section,
        ServerMatch {
            hosts: section.items("hosts", |item| {
                let text = item.text()?;
                HostPattern::parse(text).map_err(|error| item.is_wrong(&error.to_string()))
            }),
            paths + path_rules: paths(&section),
            token_prefixes: section.items("token_prefixes", |item| {
                let text = item.text()?;
                if is_visible_ascii(text) && !text.contains(',') {
                    return Ok(text.to_owned());
                }
                Err(item.is_not("the beginning of a token: visible ASCII without a comma"))
            }),
        }
    )
}

/// The rules, and their texts.
fn paths(section: &Section<'_>) -> Result<(DemandRules, Vec<String>), Reported> {
    let rules = section.items("paths", |item| {
        let text = item.text()?;
        let rule = DemandRule::parse(text);
        let rule = rule.map_err(|error| item.problem(&[&one_line(&error.to_string())]))?;
        Ok((rule, text.to_owned()))
    })?;
    let (rules, texts) = rules.into_iter().unzip();
    Ok((DemandRules::new(rules), texts))
}

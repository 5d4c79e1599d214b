//! `guards` and `authorization.require_scope`: what some paths demand of whoever uses them.
//! A rule that could never match is an error here: where it is silent, requests pass.

use usergrid_auth_rules::demand::{DemandRule, DemandRules};

use crate::notes::Reported;
use crate::problem::{one_line, quoted};
use crate::reader::Value;
use crate::scope::is_scope_token;
use crate::section::Section;

/// An entry of `guards`: who alone may use some paths.
#[derive(Debug)]
pub struct GuardEntry {
    /// Where it applies.
    pub rules: DemandRules,
    /// Who is let through there.
    pub principals: Vec<GuardedPrincipal>,
}

words! {
    /// An entry of `guards[].principals`: a kind of principal.
    pub enum GuardedPrincipal {
        /// An administrator of organisations.
        AdminUser = "admin_user",
        /// An organisation's own client credentials.
        Organization = "organization",
        /// An application's own client credentials.
        Application = "application",
        /// A user of an application, and whoever is of no known kind.
        ApplicationUser = "application_user",
    }
}

/// An entry of `authorization.require_scope`: the scopes that some paths ask for.
#[derive(Debug)]
pub struct ScopeEntry {
    /// Where it applies.
    pub rules: DemandRules,
    /// What is needed there.
    pub scopes: NeededScopes,
}

/// The scopes of an entry of `authorization.require_scope`. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeededScopes {
    /// `all_of`.
    All(Vec<String>),
    /// `any_of`.
    Any(Vec<String>),
}

pub(crate) fn guards(root: &Section<'_>) -> Result<Vec<GuardEntry>, Reported> {
    root.items("guards", |entry| {
        let section = entry.section()?;
        gather!(
            section,
            GuardEntry {
                rules: section.items("rules", rule).map(DemandRules::new),
                principals: principals(&section),
            }
        )
    })
}

/// Each once.
fn principals(section: &Section<'_>) -> Result<Vec<GuardedPrincipal>, Reported> {
    let mut seen: Vec<GuardedPrincipal> = Vec::new();
    section.items("principals", |item| {
        let text = item.text()?;
        let principal = item.word()?;
        if seen.contains(&principal) {
            return Err(item.problem(&[&quoted(text), " is listed twice"]));
        }
        seen.push(principal);
        Ok(principal)
    })
}

pub(crate) fn scope_entry(entry: Value<'_>) -> Result<ScopeEntry, Reported> {
    let section = entry.section()?;
    gather!(
        section,
        ScopeEntry {
            rules: section.items("rules", rule).map(DemandRules::new),
            scopes: needed(&section),
        }
    )
}

fn rule(item: Value<'_>) -> Result<DemandRule, Reported> {
    DemandRule::parse(item.text()?).map_err(|error| item.problem(&[&one_line(&error.to_string())]))
}

fn needed(section: &Section<'_>) -> Result<NeededScopes, Reported> {
    let all = scopes(section, "all_of");
    let any = scopes(section, "any_of");
    match (all?, any?) {
        (Some(all), None) => Ok(NeededScopes::All(all)),
        (None, Some(any)) => Ok(NeededScopes::Any(any)),
        (None, None) => Err(section.problem("all_of", &["is required, or ", &quoted("any_of")])),
        (Some(_), Some(_)) => {
            Err(section.problem("any_of", &["does not go with ", &quoted("all_of")]))
        }
    }
}

fn scopes(section: &Section<'_>, name: &'static str) -> Result<Option<Vec<String>>, Reported> {
    let Some(list) = section.given(name)? else { return Ok(None) };
    let scope = |item: Value<'_>| {
        let text = item.text()?;
        if is_scope_token(text) {
            Ok(text.to_owned())
        } else {
            Err(item.is_not("one scope, of visible ASCII without `\"` and `\\`"))
        }
    };
    list.items(scope).map(Some)
}

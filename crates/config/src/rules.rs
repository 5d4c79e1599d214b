//! `guest` and `public`: the rules that let somebody in without a credential.
//! A rule that cannot be read is an error here, never a rule that matches nothing or too much.

use usergrid_auth_rules::guest::{ApplicationPattern, GuestRule, GuestRules};
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::public::PublicRules;

use crate::notes::Reported;
use crate::problem::one_line;
use crate::reader::Value;
use crate::section::Section;

pub(crate) fn guest(root: &Section<'_>) -> Result<GuestRules, Reported> {
    Ok(GuestRules::new(root.items("guest", guest_rule)?))
}

fn guest_rule(entry: Value<'_>) -> Result<GuestRule, Reported> {
    let section = entry.section()?;
    gather!(
        section,
        GuestRule {
            applications: section.items("applications", application_pattern),
            permissions: section.items("permissions", rule),
        }
    )
}

fn application_pattern(item: Value<'_>) -> Result<ApplicationPattern, Reported> {
    ApplicationPattern::parse_by(item.profile().routes(), item.text()?)
        .map_err(|error| item.problem(&[&one_line(&error.to_string())]))
}

pub(crate) fn public(root: &Section<'_>) -> Result<PublicRules, Reported> {
    Ok(PublicRules::new(root.items("public", rule)?))
}

/// A permission rule of Usergrid.
pub(crate) fn rule(item: Value<'_>) -> Result<Rule, Reported> {
    Rule::parse(item.text()?).map_err(|error| item.problem(&[&one_line(&error.to_string())]))
}

//! `authorization`: what a verified principal may do.

use std::collections::HashMap;
use std::rc::Rc;

use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::syntax::is_uuid;

use crate::application_ids::ApplicationIds;
use crate::demands::{ScopeEntry, scope_entry};
use crate::notes::Reported;
use crate::problem::quoted;
use crate::protocol::Protocol;
use crate::rules::rule;
use crate::section::Section;
use crate::words::Word;

/// The rules of each name; `None` where no mapping is configured, and then names say nothing. Never
/// an empty map.
pub(crate) type RulesByName = Option<HashMap<String, Rc<[Rule]>>>;

/// `authorization`: what a verified principal may do.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Whether the principal's application must be the path's.
    pub tenancy: Tenancy,
    /// The UUIDs of applications, for answers that name them so.
    pub application_ids: Rc<ApplicationIds>,
    /// Rules of a role. `None`: no mapping is configured; never empty.
    pub roles: Option<HashMap<String, Rc<[Rule]>>>,
    /// Rules of a scope. `None`: no mapping is configured; never empty.
    pub scopes: Option<HashMap<String, Rc<[Rule]>>>,
    /// The scopes that some paths ask for.
    pub require_scope: Rc<[ScopeEntry]>,
}

words! {
    /// `authorization.tenancy`.
    pub enum Tenancy {
        /// Checked where the answer names applications or organisations.
        IfPresent = "if_present",
        /// As before, and an answer without them is refused on application paths.
        Require = "require",
        /// Not checked.
        Ignore = "ignore",
    }
}

/// What holds for every server that says nothing else.
pub(crate) fn authorization(root: &Section<'_>) -> Result<Authorization, Reported> {
    let section = root.section("authorization")?;
    gather!(
        section,
        Authorization {
            tenancy: section.word("tenancy"),
            application_ids: application_ids(&section).map(Rc::new),
            roles: rules_by_name(&section, "roles"),
            scopes: rules_by_name(&section, "scopes"),
            require_scope: section.items("require_scope", scope_entry).map(Rc::from),
        }
    )
}

/// Whether nothing in `authorization` is of no use where all servers are Usergrids, which name
/// neither roles nor scopes.
pub(crate) fn goes_with_usergrid(section: &Section<'_>) -> Result<(), Reported> {
    let protocol = quoted(Protocol::Usergrid.word());
    section.only(&["tenancy", "application_ids"], &["protocol ", &protocol])
}

/// What a server has of its own under `name`; `None` if nothing is given.
pub(crate) fn own_rules(
    server: &Section<'_>,
    name: &'static str,
) -> Result<Option<RulesByName>, Reported> {
    match server.given(name)? {
        Some(_) => rules_by_name(server, name).map(Some),
        None => Ok(None),
    }
}

/// An empty object is the default: no mapping is configured.
fn rules_by_name(section: &Section<'_>, name: &'static str) -> Result<RulesByName, Reported> {
    let rules = section.members(name, |name, list| {
        let rules: Rc<[Rule]> = list.items(rule)?.into();
        Ok((name.to_owned(), rules))
    })?;
    Ok((!rules.is_empty()).then(|| rules.into_iter().collect()))
}

/// Names compare without letter case, so two keys may be one application.
fn application_ids(section: &Section<'_>) -> Result<ApplicationIds, Reported> {
    let mut ids = ApplicationIds::default();
    section.members("application_ids", |name, value| {
        let (name, id) = (name.to_ascii_lowercase(), value.text()?.to_ascii_lowercase());
        if !is_application(&name) {
            Err(value.problem(&["the key is not the name `org/app` of an application"]))
        } else if !is_uuid(&id) {
            Err(value.is_not("a UUID"))
        } else if let Some(other) = ids.uuid(&name) {
            Err(value.problem(&["the application has the UUID ", &quoted(other), " already"]))
        } else if let Some(other) = ids.name(&id) {
            Err(value.problem(&["this is the UUID of ", &quoted(other), " already"]))
        } else {
            ids.insert(name, id);
            Ok(())
        }
    })?;
    Ok(ids)
}

/// Whether `name` is `org/app`. Blanks at an end are a slip, and there are no wildcards here.
pub(crate) fn is_application(name: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part == part.trim_ascii() && !part.contains(['*', '/']);
    name.split_once('/').is_some_and(|(org, app)| is_part(org) && is_part(app))
}

//! `claims`: the names under which an introspection answer carries what the filter needs.

use crate::notes::Reported;
use crate::section::Section;

/// `claims`. What is `None` is not read: whatever a server puts there says nothing.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the claim of the same name")]
pub struct ClaimNames {
    pub sub: String,
    pub username: String,
    pub client_id: String,
    pub scope: String,
    pub principal: Option<String>,
    pub organization: Option<String>,
    pub application: Option<String>,
    pub roles: Option<String>,
    pub permissions: Option<String>,
}

pub(crate) fn claims(root: &Section<'_>) -> Result<ClaimNames, Reported> {
    let section = root.section("claims")?;
    gather!(
        section,
        ClaimNames {
            sub: section.text("sub"),
            username: section.text("username"),
            client_id: section.text("client_id"),
            scope: section.text("scope"),
            principal: section.optional_text("principal"),
            organization: section.optional_text("organization"),
            application: section.optional_text("application"),
            roles: section.optional_text("roles"),
            permissions: section.optional_text("permissions"),
        }
    )
}

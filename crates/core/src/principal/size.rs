//! What a principal holds in memory, and what it shares with others.

use std::rc::Rc;

use usergrid_auth_rules::permission::Rule;

use super::{ApplicationName, ClaimDigest, Principal};

impl Principal {
    /// The rules of its own `permissions` claim: equal ones can be shared between principals.
    #[must_use]
    pub fn own_rules(&self) -> Option<(ClaimDigest, &Rc<[Rule]>)> {
        Some((self.permissions?, self.rules.as_ref()?.first()?))
    }

    pub(crate) fn own_rules_mut(&mut self) -> Option<(ClaimDigest, &mut Rc<[Rule]>)> {
        Some((self.permissions?, self.rules.as_mut()?.first_mut()?))
    }

    /// Every name by which a revocation may mean its holder.
    pub fn revocation_names(&self) -> impl Iterator<Item = &str> {
        self.user_names.iter().chain(&self.aliases).map(String::as_str)
    }

    /// What it holds on the heap in bytes, at most; without its rules, which others may hold as
    /// well.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let texts = |texts: &[String]| {
            let inside = texts.iter().map(String::capacity).fold(0, usize::saturating_add);
            inside.saturating_add(size_of_val(texts))
        };
        let application = |name: &ApplicationName| match name {
            ApplicationName::Path { organization, application } => {
                organization.capacity().saturating_add(application.capacity())
            }
            ApplicationName::Uuid(uuid) => uuid.capacity(),
        };
        let applications = self.applications.as_deref().unwrap_or_default();
        // A value in its own allocation stands behind two counts.
        let header = |value: &Rc<[u8]>| value.len().saturating_add(size_of::<[usize; 2]>());
        [
            texts(&self.user_names),
            texts(&self.aliases),
            texts(self.organizations.as_deref().unwrap_or_default()),
            texts(&self.scopes),
            size_of_val(applications),
            applications.iter().map(application).fold(0, usize::saturating_add),
            self.rules.as_ref().map_or(0, |groups| size_of_val(groups.as_slice())),
            size_of_val(self.identity.as_slice()),
            self.identity.iter().map(|(_, value)| header(value)).fold(0, usize::saturating_add),
            size_of_val(self.state.as_slice()),
            self.state.iter().map(|(_, value)| header(value)).fold(0, usize::saturating_add),
            self.issued_token.as_ref().map_or(0, |token| token.expose().len()),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }
}

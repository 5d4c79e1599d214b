//! Whether the application that a path addresses is the principal's.
//!
//! Names and UUIDs compare through `authorization.application_ids`; where they cannot, the answer is "unknown",
//! which is neither yes nor no.

use crate::config::{Authorization, Tenancy};
use crate::grant::{ApplicationName, Grant, PrincipalKind};
use crate::path::{Addressed, ApplicationId, PathApplication, is_uuid};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Yes,
    No,
    /// A name and a UUID met, and nothing says whether they are the same.
    Unknown,
}

impl Verdict {
    fn of(same: bool) -> Self {
        if same { Self::Yes } else { Self::No }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Unknown,
        }
    }

    fn any(verdicts: impl Iterator<Item = Self>) -> Self {
        verdicts.fold(Self::No, Self::or)
    }
}

/// Whether tenancy lets the principal use what the path addresses.
pub(super) fn permits(settings: &Authorization, grant: &Grant, addressed: &Addressed) -> bool {
    let required = match settings.tenancy {
        Tenancy::Ignore => return true,
        Tenancy::IfPresent => false,
        Tenancy::Require => true,
    };
    let names_tenants = !grant.organizations.is_empty() || !grant.applications.is_empty();
    match addressed {
        // Outside applications, tenancy is the backend's matter.
        Addressed::Nothing => true,
        Addressed::Unclear => !required && !names_tenants,
        Addressed::Applications(_) if !names_tenants => !required,
        // INVARIANT: backends may read any of them, so each one must be the principal's.
        Addressed::Applications(named) => {
            named.iter().all(|named| match belongs(settings, grant, named) {
                Verdict::Yes => true,
                Verdict::No => false,
                Verdict::Unknown => !required,
            })
        }
    }
}

fn belongs(settings: &Authorization, grant: &Grant, named: &PathApplication) -> Verdict {
    let path = PathNames::new(settings, named);
    if path.is_contradictory() {
        return Verdict::No;
    }
    let covers_organizations =
        matches!(grant.principal, PrincipalKind::Organization | PrincipalKind::AdminUser);
    let by_organization = || path.is_in_any(&grant.organizations);
    let by_application =
        || Verdict::any(grant.applications.iter().map(|application| path.is(application)));
    if grant.applications.is_empty() {
        by_organization()
    } else if covers_organizations {
        by_organization().or(by_application())
    } else {
        by_application()
    }
}

/// The path's application under all the names that are known for it.
struct PathNames<'a> {
    organization: Option<&'a str>,
    name: Option<&'a str>,
    uuid: Option<&'a str>,
    /// `org/app` entries of `application_ids` for the path's UUID.
    entries: Vec<(&'a str, &'a str)>,
    settings: &'a Authorization,
}

impl<'a> PathNames<'a> {
    fn new(settings: &'a Authorization, named: &'a PathApplication) -> Self {
        let organization = named.organization.as_deref();
        let (name, uuid, entries) = match &named.application {
            ApplicationId::Name(name) => {
                let uuid =
                    organization.and_then(|organization| uuid_of(settings, organization, name));
                (Some(name.as_str()), uuid, Vec::new())
            }
            ApplicationId::Uuid(uuid) => (None, Some(uuid.as_str()), names_of(settings, uuid)),
        };
        Self { organization, name, uuid, entries, settings }
    }

    /// `/{org}/{app uuid}` where the application is known to be another organisation's. Usergrid itself does not
    /// look at that on PUT.
    fn is_contradictory(&self) -> bool {
        self.organization.is_some_and(|organization| {
            !self.entries.is_empty() && self.owners(organization) == Verdict::No
        })
    }

    /// Whether an organisation is one of those that own the path's UUID by `application_ids`.
    fn owners(&self, organization: &str) -> Verdict {
        Verdict::any(self.entries.iter().map(|(owner, _)| same_name(owner, organization)))
    }

    fn is_in_any(&self, organizations: &[String]) -> Verdict {
        Verdict::any(organizations.iter().map(|organization| self.is_in(organization)))
    }

    fn is_in(&self, organization: &str) -> Verdict {
        let by_path =
            self.organization.map_or(Verdict::Unknown, |in_path| same_name(in_path, organization));
        if self.name.is_some() {
            by_path
        } else if self.entries.is_empty() {
            // The organisation beside a UUID proves nothing about who owns the application.
            by_path.and(Verdict::Unknown)
        } else {
            self.owners(organization)
        }
    }

    fn is(&self, application: &ApplicationName) -> Verdict {
        match application {
            ApplicationName::Path { organization, application } => {
                self.is_named(organization, application)
            }
            ApplicationName::Uuid(uuid) => self.is_uuid(uuid),
        }
    }

    fn is_named(&self, organization: &str, application: &str) -> Verdict {
        if let Some(name) = self.name {
            let same_organization = self
                .organization
                .map_or(Verdict::Unknown, |in_path| same_name(in_path, organization));
            return Verdict::of(name.eq_ignore_ascii_case(application)).and(same_organization);
        }
        if !self.entries.is_empty() {
            return Verdict::any(self.entries.iter().map(|(owner, name)| {
                Verdict::of(name.eq_ignore_ascii_case(application))
                    .and(same_name(owner, organization))
            }));
        }
        match (self.uuid, uuid_of(self.settings, organization, application)) {
            (Some(in_path), Some(uuid)) => Verdict::of(uuid.eq_ignore_ascii_case(in_path)),
            _ => Verdict::Unknown,
        }
    }

    fn is_uuid(&self, uuid: &str) -> Verdict {
        if let Some(in_path) = self.uuid {
            return Verdict::of(in_path.eq_ignore_ascii_case(uuid));
        }
        let Some(name) = self.name else { return Verdict::Unknown };
        let entries = names_of(self.settings, uuid);
        if entries.is_empty() {
            return Verdict::Unknown;
        }
        Verdict::any(entries.into_iter().map(|(owner, known)| {
            let same_organization =
                self.organization.map_or(Verdict::Unknown, |in_path| same_name(in_path, owner));
            Verdict::of(known.eq_ignore_ascii_case(name)).and(same_organization)
        }))
    }
}

/// Two names of organisations, or two UUIDs; a name and a UUID cannot be compared.
fn same_name(one: &str, other: &str) -> Verdict {
    if is_uuid(one) == is_uuid(other) {
        Verdict::of(one.eq_ignore_ascii_case(other))
    } else {
        Verdict::Unknown
    }
}

fn uuid_of<'a>(
    settings: &'a Authorization,
    organization: &str,
    application: &str,
) -> Option<&'a str> {
    let key = format!("{organization}/{application}").to_ascii_lowercase();
    settings.application_ids.get(&key).map(String::as_str)
}

/// Every `org/app` that has this UUID.
fn names_of<'a>(settings: &'a Authorization, uuid: &str) -> Vec<(&'a str, &'a str)> {
    settings
        .application_ids
        .iter()
        .filter(|(_, id)| id.eq_ignore_ascii_case(uuid))
        .filter_map(|(name, _)| name.split_once('/'))
        .collect()
}

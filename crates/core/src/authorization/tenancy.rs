//! Whether the application that a path addresses is the principal's.
//!
//! Names and UUIDs compare through `authorization.application_ids`; where they cannot, the answer is "unknown",
//! which is neither yes nor no.

use crate::grant::{ApplicationName, Grant, PrincipalKind};
use usergrid_auth_config::{Authorization, Tenancy};
use usergrid_auth_rules::path::{Addressed, ApplicationId, PathApplication};
use usergrid_auth_rules::syntax::is_uuid;

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
    // Naming none is not the same as being silent: such a principal belongs nowhere.
    let names_tenants = grant.organizations.is_some() || grant.applications.is_some();
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
    let by_organization = || path.is_in_any(grant.organizations.as_deref().unwrap_or_default());
    let Some(applications) = &grant.applications else { return by_organization() };
    let by_application = Verdict::any(applications.iter().map(|application| path.is(application)));
    if covers_organizations { by_organization().or(by_application) } else { by_application }
}

/// The path's application under all the names that are known for it.
struct PathNames<'a> {
    organization: Option<&'a str>,
    name: Option<&'a str>,
    uuid: Option<&'a str>,
    /// The `org/app` of the path's UUID by `application_ids`.
    entry: Option<(&'a str, &'a str)>,
    settings: &'a Authorization,
}

impl<'a> PathNames<'a> {
    fn new(settings: &'a Authorization, named: &'a PathApplication) -> Self {
        let organization = named.organization.as_deref();
        let (name, uuid, entry) = match &named.application {
            ApplicationId::Name(name) => {
                let uuid =
                    organization.and_then(|organization| uuid_of(settings, organization, name));
                (Some(name.as_str()), uuid, None)
            }
            ApplicationId::Uuid(uuid) => (None, Some(uuid.as_str()), name_of(settings, uuid)),
        };
        Self { organization, name, uuid, entry, settings }
    }

    /// `/{org}/{app uuid}` where the application is known to be another organisation's. Usergrid itself does not
    /// look at that on PUT.
    fn is_contradictory(&self) -> bool {
        matches!(
            (self.organization, self.entry),
            (Some(in_path), Some((owner, _))) if same_name(owner, in_path) == Verdict::No
        )
    }

    /// Whether one of the organisations is the application's. A list may hold an organisation's name and its UUID: where
    /// one entry can be compared, those that cannot leave nothing open.
    fn is_in_any(&self, organizations: &[String]) -> Verdict {
        // The organisation beside a UUID proves nothing about who owns the application.
        let at_best = if self.uuid_is_a_strangers() { Verdict::Unknown } else { Verdict::Yes };
        let owner = self.entry.map(|(owner, _)| owner).or(self.organization);
        let mut compared = None;
        for organization in organizations {
            let same = owner.map_or(Verdict::Unknown, |owner| same_name(owner, organization));
            if same != Verdict::Unknown {
                compared = Some(compared.unwrap_or(Verdict::No).or(same.and(at_best)));
            }
        }
        match compared {
            Some(verdict) => verdict,
            None if organizations.is_empty() => Verdict::No,
            None => Verdict::Unknown,
        }
    }

    /// Whether the path has a UUID that `application_ids` does not know.
    fn uuid_is_a_strangers(&self) -> bool {
        self.name.is_none() && self.entry.is_none()
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
        if let Some((owner, name)) = self.entry {
            return Verdict::of(name.eq_ignore_ascii_case(application))
                .and(same_name(owner, organization));
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
        let Some((owner, known)) = name_of(self.settings, uuid) else { return Verdict::Unknown };
        let same_organization =
            self.organization.map_or(Verdict::Unknown, |in_path| same_name(in_path, owner));
        Verdict::of(known.eq_ignore_ascii_case(name)).and(same_organization)
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
    if settings.application_ids.is_empty() {
        return None;
    }
    let key = format!("{organization}/{application}").to_ascii_lowercase();
    settings.application_ids.uuid(&key)
}

/// The `org/app` that has this UUID.
fn name_of<'a>(settings: &'a Authorization, uuid: &str) -> Option<(&'a str, &'a str)> {
    settings.application_ids.name(uuid)?.split_once('/')
}

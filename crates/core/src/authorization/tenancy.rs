//! Whether the application that a path addresses is the principal's.
//!
//! Names and UUIDs compare through `authorization.application_ids`; where they cannot, the answer
//! is "unknown", which is neither yes nor no.

use std::fmt;

use usergrid_auth_config::{Authorization, Tenancy};
use usergrid_auth_rules::path::{Addressed, ApplicationId, PathApplication};
use usergrid_auth_rules::syntax::is_uuid;

use crate::principal::{ApplicationName, Principal, PrincipalKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Yes,
    No,
    /// A name and a UUID met, and nothing says whether they are the same.
    Unknown,
}

impl Comparison {
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

/// Whether the application that a path addresses is the principal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenancyFinding {
    /// `authorization.tenancy` is `ignore`.
    NotChecked,
    /// The path addresses no application, so tenancy is the backend's matter.
    NoApplication,
    /// The answer names no tenants, and none are required.
    NotNamed,
    /// The answer names no tenants, and `authorization.tenancy` is `require`.
    NotNamedButRequired,
    /// The application is the principal's.
    Same,
    /// Nothing says whether it is: another spelling of a path is no way around tenancy.
    Incomparable,
    /// What would name the organisation or application can be read in several ways.
    Unclear,
    /// It is somebody else's.
    Other,
}

/// Whether tenancy lets the principal use what a path addresses.
#[must_use]
pub fn tenancy(
    settings: &Authorization,
    principal: &Principal,
    addressed: &Addressed,
) -> TenancyFinding {
    let required = match settings.tenancy {
        Tenancy::Ignore => return TenancyFinding::NotChecked,
        Tenancy::IfPresent => false,
        Tenancy::Require => true,
    };
    let not_named = || {
        if required { TenancyFinding::NotNamedButRequired } else { TenancyFinding::NotNamed }
    };
    // Naming none is not the same as being silent: such a principal belongs nowhere.
    let names_tenants = principal.organizations.is_some() || principal.applications.is_some();
    match addressed {
        Addressed::Nothing => TenancyFinding::NoApplication,
        Addressed::Unclear if names_tenants => TenancyFinding::Unclear,
        Addressed::Unclear => not_named(),
        Addressed::Applications(_) if !names_tenants => not_named(),
        // INVARIANT: backends may read any of them, so each one must be the principal's.
        Addressed::Applications(named) => {
            let all = named.iter().map(|named| belongs(settings, principal, named));
            match all.fold(Comparison::Yes, Comparison::and) {
                Comparison::Yes => TenancyFinding::Same,
                Comparison::No => TenancyFinding::Other,
                Comparison::Unknown => TenancyFinding::Incomparable,
            }
        }
    }
}

impl TenancyFinding {
    /// Whether the request may pass as far as tenancy goes.
    #[must_use]
    pub const fn admits(self) -> bool {
        match self {
            Self::NotChecked | Self::NoApplication | Self::NotNamed | Self::Same => true,
            Self::NotNamedButRequired | Self::Incomparable | Self::Unclear | Self::Other => false,
        }
    }
}

impl fmt::Display for TenancyFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotChecked => "not checked, `authorization.tenancy` is `ignore`",
            Self::NoApplication => "the path addresses no application",
            Self::NotNamed => "the answer names no tenants",
            Self::NotNamedButRequired => {
                "the answer names no tenants, `authorization.tenancy` is `require`"
            }
            Self::Same => "the application is the principal's",
            Self::Incomparable => {
                "nothing in `authorization.application_ids` ties the path's name to the answer's"
            }
            Self::Unclear => "the organisation or application can be read in several ways",
            Self::Other => "the application is not the principal's",
        })
    }
}

fn belongs(settings: &Authorization, principal: &Principal, named: &PathApplication) -> Comparison {
    let path = PathNames::new(settings, named);
    if path.is_contradictory() {
        return Comparison::No;
    }
    let covers_organizations =
        matches!(principal.kind, PrincipalKind::Organization | PrincipalKind::AdminUser);
    let by_organization = || path.is_in_any(principal.organizations.as_deref().unwrap_or_default());
    let Some(applications) = &principal.applications else { return by_organization() };
    let by_application =
        Comparison::any(applications.iter().map(|application| path.is(application)));
    if covers_organizations { by_organization().or(by_application) } else { by_application }
}

/// The path's application under all the names that are known for it.
struct PathNames<'a> {
    organization: Option<&'a str>,
    name: Option<&'a str>,
    /// The path's own.
    uuid: Option<&'a str>,
    /// The `org/app` of the path's UUID by `application_ids`.
    entry: Option<(&'a str, &'a str)>,
    settings: &'a Authorization,
}

impl<'a> PathNames<'a> {
    fn new(settings: &'a Authorization, named: &'a PathApplication) -> Self {
        let organization = named.organization.as_deref();
        let (name, uuid, entry) = match &named.application {
            ApplicationId::Name(name) => (Some(name.as_str()), None, None),
            ApplicationId::Uuid(uuid) => (None, Some(uuid.as_str()), name_of(settings, uuid)),
        };
        Self { organization, name, uuid, entry, settings }
    }

    /// Its UUID: the path's own, or that of its name by `application_ids`.
    fn uuid(&self) -> Option<&'a str> {
        self.uuid.or_else(|| uuid_of(self.settings, self.organization?, self.name?))
    }

    /// `/{org}/{app uuid}` where the application is known to be another organisation's. Usergrid
    /// itself does not look at that on PUT.
    fn is_contradictory(&self) -> bool {
        matches!(
            (self.organization, self.entry),
            (Some(in_path), Some((owner, _))) if same_name(owner, in_path) == Comparison::No
        )
    }

    /// Whether one of the organisations is the application's. A list may hold an organisation's
    /// name and its UUID: where one entry can be compared, those that cannot leave nothing open.
    fn is_in_any(&self, organizations: &[String]) -> Comparison {
        // The organisation beside a UUID proves nothing about who owns the application.
        let at_best =
            if self.uuid_is_a_strangers() { Comparison::Unknown } else { Comparison::Yes };
        let owner = self.entry.map(|(owner, _)| owner).or(self.organization);
        let mut compared = None;
        for organization in organizations {
            let same = owner.map_or(Comparison::Unknown, |owner| same_name(owner, organization));
            if same != Comparison::Unknown {
                compared = Some(compared.unwrap_or(Comparison::No).or(same.and(at_best)));
            }
        }
        match compared {
            Some(verdict) => verdict,
            None if organizations.is_empty() => Comparison::No,
            None => Comparison::Unknown,
        }
    }

    /// Whether the path has a UUID that `application_ids` does not know.
    fn uuid_is_a_strangers(&self) -> bool {
        self.name.is_none() && self.entry.is_none()
    }

    fn is(&self, application: &ApplicationName) -> Comparison {
        match application {
            ApplicationName::Path { organization, application } => {
                self.is_named(organization, application)
            }
            ApplicationName::Uuid(uuid) => self.is_uuid(uuid),
        }
    }

    fn is_named(&self, organization: &str, application: &str) -> Comparison {
        if let Some(name) = self.name {
            let same_organization = self
                .organization
                .map_or(Comparison::Unknown, |in_path| same_name(in_path, organization));
            return Comparison::of(name.eq_ignore_ascii_case(application)).and(same_organization);
        }
        if let Some((owner, name)) = self.entry {
            return Comparison::of(name.eq_ignore_ascii_case(application))
                .and(same_name(owner, organization));
        }
        match (self.uuid, uuid_of(self.settings, organization, application)) {
            (Some(in_path), Some(uuid)) => Comparison::of(uuid.eq_ignore_ascii_case(in_path)),
            _ => Comparison::Unknown,
        }
    }

    fn is_uuid(&self, uuid: &str) -> Comparison {
        if let Some(in_path) = self.uuid() {
            return Comparison::of(in_path.eq_ignore_ascii_case(uuid));
        }
        let Some(name) = self.name else { return Comparison::Unknown };
        let Some((owner, known)) = name_of(self.settings, uuid) else { return Comparison::Unknown };
        let same_organization =
            self.organization.map_or(Comparison::Unknown, |in_path| same_name(in_path, owner));
        Comparison::of(known.eq_ignore_ascii_case(name)).and(same_organization)
    }
}

/// Two names of organisations, or two UUIDs; a name and a UUID cannot be compared.
fn same_name(one: &str, other: &str) -> Comparison {
    if is_uuid(one) == is_uuid(other) {
        Comparison::of(one.eq_ignore_ascii_case(other))
    } else {
        Comparison::Unknown
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

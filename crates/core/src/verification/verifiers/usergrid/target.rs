//! What a request is about, as far as Usergrid is asked: one application by its names, or its
//! management.
//!
//! Nothing is asked about a path that does not say clearly which one: whoever picked another
//! spelling would pick the verdict as well.

use std::fmt;

use usergrid_auth_config::{ApplicationIds, Management, UsergridSettings};
use usergrid_auth_rules::path::{
    Addressed, ApplicationId, PathApplication, RequestPath, is_reserved,
};
use usergrid_auth_rules::syntax::{are_short, is_uuid};

/// An application by the names of its organisation and itself: decoded once, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    organization: String,
    name: String,
}

/// What a token is verified for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An application.
    Application(Application),
    /// A path under `/management`, and the organisation that it names.
    Management(Option<String>),
}

/// Whether Usergrid is asked about the credential of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// It is, for this.
    Ask(Target),
    /// It is not: the request passes as if its path were public (`introspection.management:
    /// "pass"`).
    Pass,
    /// It is not: the request is refused as one for another tenant, without a call.
    Refuse(NoTarget),
}

/// Why nothing can be asked about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTarget {
    /// It addresses no application.
    NoApplication,
    /// What would name the organisation or application can be read in several ways, or is longer
    /// than any such name.
    Unclear,
    /// It names the application by UUID or in a shape with an alias, and
    /// `authorization.application_ids` does not know it.
    NotInApplicationIds,
    /// `authorization.application_ids` says that the application is another organisation's than the
    /// path's.
    AnotherOwner,
    /// It is under `/management`, which `introspection.management` refuses.
    Management,
}

/// What Usergrid is asked about the credential of a request for `path`, if anything.
#[must_use]
pub fn destination(
    path: &RequestPath,
    settings: &UsergridSettings,
    ids: &ApplicationIds,
) -> Destination {
    let found = match path.application() {
        Addressed::Applications(named) => match named.first() {
            // Of two readings the first is Usergrid's own; that the principal may use the other
            // one, too, tenancy sees to.
            Some(named) => application(named, ids).map(Target::Application),
            None => Err(NoTarget::NoApplication),
        },
        Addressed::Unclear => Err(NoTarget::Unclear),
        Addressed::Nothing if is_management(path) => return management(path, settings.management),
        Addressed::Nothing => Err(NoTarget::NoApplication),
    };
    found.map_or_else(Destination::Refuse, Destination::Ask)
}

fn application(named: &PathApplication, ids: &ApplicationIds) -> Result<Application, NoTarget> {
    let (organization, name) = match (&named.application, &named.organization) {
        (ApplicationId::Name(name), Some(organization)) => {
            // In any other shape the words between the names may be names themselves.
            if !named.plain && ids.uuid(&format!("{organization}/{name}")).is_none() {
                return Err(NoTarget::NotInApplicationIds);
            }
            (organization.as_str(), name.as_str())
        }
        (ApplicationId::Name(_), None) => return Err(NoTarget::NotInApplicationIds),
        (ApplicationId::Uuid(uuid), organization) => {
            let known = ids.name(uuid).and_then(|name| name.split_once('/'));
            let (owner, name) = known.ok_or(NoTarget::NotInApplicationIds)?;
            // Usergrid itself does not look at the organisation beside a UUID, except on PUT.
            let is_another = |other: &String| !is_uuid(other) && other != owner;
            if organization.as_ref().is_some_and(is_another) {
                return Err(NoTarget::AnotherOwner);
            }
            (owner, name)
        }
    };
    Application::named(organization, name).ok_or(NoTarget::Unclear)
}

fn is_management(path: &RequestPath) -> bool {
    path.segments().next() == Some("management") && path.is_in_base()
}

fn management(path: &RequestPath, setting: Management) -> Destination {
    match setting {
        Management::Refuse => Destination::Refuse(NoTarget::Management),
        // An unclear path is never public.
        Management::Pass if path.is_clear() => Destination::Pass,
        Management::Pass => Destination::Refuse(NoTarget::Unclear),
        Management::Me => Destination::Ask(Target::Management(organization(path))),
    }
}

/// The organisation of `/management/organizations/{org}/…` or `/management/orgs/{org}/…`.
fn organization(path: &RequestPath) -> Option<String> {
    let mut segments = path.segments().skip(1);
    let word = segments.next()?;
    let name = segments.next()?;
    let names_one = path.is_clear() && matches!(word, "organizations" | "orgs") && is_name(name);
    let names_one = names_one && are_short(&[name]);
    names_one.then(|| name.to_ascii_lowercase())
}

/// Whether `name` can be a segment of a path that every server reads alike.
fn is_name(name: &str) -> bool {
    let splits = |byte: u8| matches!(byte, b'/' | b'\\' | b';' | b'?' | b'#');
    let is_clear = if name.is_ascii() {
        !name.bytes().any(|byte| splits(byte) || byte.is_ascii_control())
    } else {
        !name.bytes().any(splits) && !name.contains(char::is_control)
    };
    is_clear && !matches!(name, "" | "." | "..")
}

impl fmt::Display for NoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoApplication => "the path addresses no application",
            Self::Unclear => "the organisation or application can be read in several ways, or is too long for a name",
            Self::NotInApplicationIds => {
                "nothing in `authorization.application_ids` names the application of the path"
            }
            Self::AnotherOwner => {
                "`authorization.application_ids` has the application under another organisation"
            }
            Self::Management => "`introspection.management` refuses such paths",
        })
    }
}

impl Application {
    /// The application `name` of `organization`, in whatever letter case; `None` where a path with
    /// them would be read as something else.
    #[must_use]
    pub fn named(organization: &str, name: &str) -> Option<Self> {
        let can_be_asked = is_name(organization)
            && is_name(name)
            && !is_reserved(organization)
            && are_short(&[organization, name]);
        can_be_asked.then(|| Self {
            organization: organization.to_ascii_lowercase(),
            name: name.to_ascii_lowercase(),
        })
    }

    /// The organisation's name.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The application's name within the organisation.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long its names are, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.organization.len().saturating_add(self.name.len())
    }

    /// `org/app`.
    #[must_use]
    pub fn full_name(&self) -> String {
        [&self.organization, "/", &self.name].concat()
    }
}

impl Target {
    /// The application that the configuration names for questions of the filter's own.
    #[must_use]
    pub fn configured(settings: &UsergridSettings) -> Option<Self> {
        let (organization, name) = settings.probe_application.as_ref()?;
        Application::named(organization, name).map(Self::Application)
    }

    /// How long its names are, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        match self {
            Self::Application(application) => application.bytes(),
            Self::Management(Some(organization)) => organization.len(),
            Self::Management(None) => 0,
        }
    }

    /// What tells it from all others, for the key of a verdict: `org/app`, or a text that begins
    /// with `/`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Application(application) => application.full_name(),
            Self::Management(None) => "/management".to_owned(),
            Self::Management(Some(organization)) => ["/management/", organization].concat(),
        }
    }
}

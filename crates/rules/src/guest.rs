//! `guest`: which applications let a caller without any credential in, and to what.
//!
//! It never sees a request that carries a credential, and it never admits by a path that could be
//! read otherwise.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::path::{RequestPath, Routes, is_application_word, is_reserved};
use crate::permission::{CheckedPath, FEW, Rule, RuleSet};
use crate::steps::Steps;
use crate::syntax::is_uuid;

/// The setting `guest`, indexed by application: where and to what a caller without a credential is
/// let in. Usergrid asks the role `guest` of the application instead (`docs/usergrid.md`, section
/// "Principals").
#[derive(Clone, Debug, Default)]
pub struct GuestRules {
    /// What each pattern allows; each pattern stands here once.
    sets: Vec<GuestSet>,
    /// Places in `sets` by [`ApplicationPattern::key`]. Empty for few.
    by_key: HashMap<String, usize>,
}

/// What guests may do in the applications of one pattern.
#[derive(Clone, Debug)]
struct GuestSet {
    applications: ApplicationPattern,
    /// Of rules for this pattern alone.
    own: RuleSet,
    /// Of rules for several patterns.
    shared: Vec<Rc<RuleSet>>,
}

/// What guests may do in some applications.
#[derive(Clone, Debug)]
pub struct GuestRule {
    /// The applications it speaks about, by patterns of which any may match.
    pub applications: Vec<ApplicationPattern>,
    /// What guests may do there; any of the rules may allow.
    pub permissions: Vec<Rule>,
}

/// `org/app`, each a name or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationPattern {
    organization: NamePattern,
    application: NamePattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum NamePattern {
    Any,
    Name(String),
}

/// Why a text is no application pattern; its `Display` names the offending part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationPatternError(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    NotTwoParts(String),
    NotAName(String),
    NeverAnOrganization(String),
    NeverAGuestApplication(String),
}

impl std::error::Error for ApplicationPatternError {}

impl fmt::Display for ApplicationPatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The part as it is: the configuration, which prints this, makes its messages printable and
        // cuts them.
        match &self.0 {
            Kind::NotTwoParts(text) => {
                write!(f, "`{}` is not of the form `organization/application`", text)
            }
            Kind::NotAName(part) => write!(
                f,
                "`{}` is neither `*` nor a name; a name is written decoded, without wildcards or blanks around it",
                part
            ),
            Kind::NeverAnOrganization(part) => {
                write!(f, "`{}` is never an organization for guests", part)
            }
            Kind::NeverAGuestApplication(part) => {
                write!(f, "`{}` is never an application for guests", part)
            }
        }
    }
}

impl GuestRules {
    /// Indexes `rules`, any of which may admit a request.
    #[must_use]
    pub fn new(rules: Vec<GuestRule>) -> Self {
        let mut by_key: HashMap<String, usize> = HashMap::new();
        let mut sets = Vec::new();
        let mut own: Vec<Vec<Rule>> = Vec::new();
        for GuestRule { applications, permissions } in rules {
            let (mut permissions, mut shared) = (Some(permissions), None);
            if applications.len() > 1 {
                shared = permissions.take().map(|rules| Rc::new(RuleSet::new(rules)));
            }
            for applications in applications {
                let place = *by_key.entry(applications.key()).or_insert(sets.len());
                if place == sets.len() {
                    let (own, shared) = (RuleSet::default(), Vec::new());
                    sets.push(GuestSet { applications, own, shared });
                }
                own.resize_with(sets.len(), Vec::new);
                if let (Some(set), Some(own)) = (sets.get_mut(place), own.get_mut(place)) {
                    // The same pattern twice in one rule, perhaps in other letters, says nothing
                    // new.
                    if let Some(shared) = &shared
                        && !set.shared.last().is_some_and(|last| Rc::ptr_eq(last, shared))
                    {
                        set.shared.push(Rc::clone(shared));
                    }
                    own.extend(permissions.take().unwrap_or_default());
                }
            }
        }
        for (set, own) in sets.iter_mut().zip(own) {
            set.own = RuleSet::new(own);
        }
        if sets.len() <= FEW {
            by_key.clear();
        }
        Self { sets, by_key }
    }

    /// Whether a caller without any credential may go on as a guest: the path is clear and of the
    /// plain shape `/{org}/{app}/…`, and every reading of it is allowed. Nobody may once `steps` are
    /// used up.
    #[must_use]
    pub fn admits(&self, method: &[u8], path: &RequestPath, steps: &Steps) -> bool {
        let Some((organization, application)) = path.guest_application() else { return false };
        let sets = self.matching(organization, application);
        !sets.is_empty()
            && path
                .every_checked(|reading| sets.iter().any(|set| set.allows(method, &reading, steps)))
    }

    /// The sets for an application, whose names are in lower case.
    fn matching(&self, organization: &str, application: &str) -> Vec<&GuestSet> {
        let matches = |set: &&GuestSet| set.applications.matches(organization, application);
        if self.by_key.is_empty() {
            return self.sets.iter().filter(matches).collect();
        }
        let mut found = Vec::new();
        for (organization, application) in
            [(organization, application), (organization, ANY), (ANY, application), (ANY, ANY)]
        {
            let place = self.by_key.get(&[organization, "/", application].concat());
            found.extend(place.and_then(|place| self.sets.get(*place)).filter(matches));
        }
        found
    }
}

impl GuestSet {
    fn allows(&self, method: &[u8], path: &CheckedPath<'_>, steps: &Steps) -> bool {
        let allows = |rule: &Rule| rule.allows(method, path, &[], steps);
        self.own.any(path, steps, allows)
            || self.shared.iter().any(|rules| rules.any(path, steps, allows))
    }
}

/// The pattern of every name, which is no name.
const ANY: &str = "*";

fn key(organization: &str, application: &str) -> String {
    let mut key = [organization, "/", application].concat();
    key.make_ascii_lowercase();
    key
}

impl ApplicationPattern {
    /// Reads a pattern `org/app`, each part a name or `*`.
    ///
    /// # Errors
    /// It has not exactly two parts, a part is neither `*` nor a name, or a name could never be a
    /// guest's: a reserved first segment, an alias, a UUID.
    pub fn parse(text: &str) -> Result<Self, ApplicationPatternError> {
        Self::parse_by(Routes::Usergrid, text)
    }

    /// The same for paths that are read by `routes`.
    ///
    /// # Errors
    /// As there. [`Routes::Plain`] reserves no segment and knows no alias.
    pub fn parse_by(routes: Routes, text: &str) -> Result<Self, ApplicationPatternError> {
        let (organization, application) = text
            .split_once('/')
            .filter(|(_, application)| !application.contains('/'))
            .ok_or_else(|| ApplicationPatternError(Kind::NotTwoParts(text.to_owned())))?;
        let of_usergrid = routes == Routes::Usergrid;
        if of_usergrid && (is_reserved(organization) || is_uuid(organization)) {
            return Err(ApplicationPatternError(Kind::NeverAnOrganization(
                organization.to_owned(),
            )));
        }
        if (of_usergrid && is_application_word(application)) || is_uuid(application) {
            return Err(ApplicationPatternError(Kind::NeverAGuestApplication(
                application.to_owned(),
            )));
        }
        Ok(Self {
            organization: NamePattern::parse(organization)?,
            application: NamePattern::parse(application)?,
        })
    }

    /// The same for patterns that match the same.
    fn key(&self) -> String {
        key(self.organization.text(), self.application.text())
    }

    fn matches(&self, organization: &str, application: &str) -> bool {
        self.organization.matches(organization) && self.application.matches(application)
    }
}

impl NamePattern {
    fn parse(part: &str) -> Result<Self, ApplicationPatternError> {
        if part == ANY {
            return Ok(Self::Any);
        }
        // What a clear segment of a path never holds could never match.
        let is_name = !part.is_empty()
            && part.trim() == part
            && !matches!(part, "." | "..")
            && !part.contains(['*', '?', ';', '#', '%', '\\'])
            && !part.contains(char::is_control);
        if is_name {
            Ok(Self::Name(part.to_owned()))
        } else {
            Err(ApplicationPatternError(Kind::NotAName(part.to_owned())))
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Any => ANY,
            Self::Name(name) => name,
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name(wanted) => wanted.eq_ignore_ascii_case(name),
        }
    }
}

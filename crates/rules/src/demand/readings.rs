//! Every reading of a request: what a backend may take its path and its method for.

use super::Methods;
use super::spellings::plural;
use crate::path::{Addressed, ApplicationId, PathApplication, RequestPath};
use crate::path::{folded, is_organization_word, is_reserved};
use crate::permission::ant::ANY_NAME;
use crate::permission::matching::LONGEST_PATH;
use crate::syntax::is_uuid;

/// The readings of one request, made once for all rules that demand something of it.
///
/// Whether `;` parameters are kept or cut, a slash at the end, and letter case in ASCII are no
/// readings of their own: matching sees to them. What stands here are at most twelve texts, each
/// hardly longer than the path.
#[derive(Clone, Debug)]
pub struct Readings {
    methods: Methods,
    is_clear: bool,
    /// The path as it stands.
    own: Vec<String>,
    /// What it is to Usergrid's router, with an organisation and an application in front where it
    /// names them; a name that the path does not tell is [`ANY_NAME`].
    usergrids: Vec<String>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    /// Whether it is one of Usergrid's router.
    pub(super) is_usergrids: bool,
}

impl Readings {
    /// The readings of `path` for a request of these `methods`. `usergrid` says whether the backend
    /// may be a Usergrid, whose router has several names for one thing.
    #[must_use]
    pub fn new(methods: Methods, path: &RequestPath, usergrid: bool) -> Self {
        // An unclear path is never compared with a rule.
        let is_clear = path.is_clear();
        let (mut own, mut usergrids) = (Vec::new(), Vec::new());
        if is_clear {
            own.push(path.text_from(0).to_owned());
            if usergrid {
                usergrids = of_usergrid(path);
            }
            for readings in [&mut own, &mut usergrids] {
                let beyond_ascii = readings.iter().filter(|text| !text.is_ascii());
                let folded: Vec<String> = beyond_ascii.map(|text| folded(text)).collect();
                readings.extend(folded);
            }
        }
        Self { methods, is_clear, own, usergrids }
    }

    pub(super) fn methods(&self) -> Methods {
        self.methods
    }

    pub(super) fn is_clear(&self) -> bool {
        self.is_clear
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.all().any(|reading| reading.text.len() > LONGEST_PATH)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Reading<'_>> {
        let own = self.own.iter().map(|text| Reading { text, is_usergrids: false });
        own.chain(self.usergrids.iter().map(|text| Reading { text, is_usergrids: true }))
    }
}

fn of_usergrid(path: &RequestPath) -> Vec<String> {
    let first = path.segments().next().unwrap_or_default();
    match path.application() {
        Addressed::Applications(named) => {
            let mut all = Vec::new();
            for named in named {
                let after = path.after(named);
                all.push(in_application(named, after));
                all.extend(in_plural(after).map(|after| in_application(named, &after)));
            }
            if is_uuid(first) {
                // An organisation's, or so some may take it.
                all.push(["/", ANY_NAME, path.text_from(1)].concat());
            }
            all
        }
        Addressed::Nothing if first == "management" => of_management(path),
        // An organisation alone.
        Addressed::Nothing if is_organization_word(first) => vec![path.text_from(1).to_owned()],
        Addressed::Nothing if !is_reserved(first) => vec![path.text_from(0).to_owned()],
        Addressed::Nothing | Addressed::Unclear => Vec::new(),
    }
}

/// `/{org}/{app}` and what follows. Nothing but the configuration could tell which name a UUID
/// belongs to, so it may be any.
fn in_application(named: &PathApplication, after: &str) -> String {
    let organization = named.organization.as_deref().filter(|name| !is_uuid(name));
    let application = match &named.application {
        ApplicationId::Name(name) => name,
        ApplicationId::Uuid(_) => ANY_NAME,
    };
    ["/", organization.unwrap_or(ANY_NAME), "/", application, after].concat()
}

/// The same with its collection in the plural: Usergrid serves `/user/tom` as `/users/tom`.
fn in_plural(after: &str) -> Option<String> {
    let segments = after.strip_prefix('/')?;
    let (collection, rest) = segments.split_at(segments.find('/').unwrap_or(segments.len()));
    let plural = plural(collection.split(';').next()?)?;
    Some(["/", &plural, rest].concat())
}

/// `/management/orgs/{org}/apps` is `/management/organizations/{org}/applications`.
fn of_management(path: &RequestPath) -> Vec<String> {
    let segments: Vec<&str> = path.segments().collect();
    let words = |at: usize, both: &[&'static str]| -> Vec<String> {
        let Some(word) = segments.get(at).copied() else { return vec![String::new()] };
        let bare = word.split(';').next().unwrap_or_default();
        if both.iter().any(|one| one.eq_ignore_ascii_case(bare)) {
            both.iter().map(|one| ["/", one].concat()).collect()
        } else {
            vec![["/", word].concat()]
        }
    };
    let mut all = Vec::new();
    for organizations in words(1, &["organizations", "orgs"]) {
        for applications in words(3, &["applications", "apps"]) {
            let organization = segments.get(2).map_or("", |name| name);
            let slash = if segments.len() > 2 { "/" } else { "" };
            let text = [
                "/management",
                &organizations,
                slash,
                organization,
                &applications,
                path.text_from(4),
            ];
            all.push(text.concat());
        }
    }
    all
}

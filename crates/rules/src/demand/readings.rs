//! Every reading of a request: what a backend may take its path and its method for.

use super::Methods;
use super::plural::plural;
use crate::path::{Addressed, ApplicationId, PathApplication, RequestPath};
use crate::path::{folded, is_application_word, is_organization_word, is_reserved};
use crate::permission::ant::ANY_NAME;
use crate::permission::matching::LONGEST_PATH;
use crate::syntax::is_uuid;

/// The readings of one request, made once for all rules that demand something of it.
///
/// Whether `;` parameters are kept or cut, a slash at the end, and letter case in ASCII are no
/// readings of their own: matching sees to them. What stands here are at most fifty texts, each
/// hardly longer than the path: its own; eight for each of three ways to name an application; and
/// all of these again where they hold characters beyond ASCII. Of the eight, six are of paths with
/// a `:`. Of a path over 8,192 bytes, with which nothing is compared, there is its own alone.
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
            let is_too_long = own.iter().any(|text: &String| text.len() > LONGEST_PATH);
            if usergrid && !is_too_long {
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
                push_all(&mut all, &in_application(named), path.after(named));
            }
            if is_uuid(first) {
                // An organisation's, or so some may take it.
                let name_at = |at| path.segments().nth(at);
                let is_announced = name_at(1).is_some_and(is_application_word);
                for at in if is_announced { 1..=2 } else { 1..=1 } {
                    let name = name_at(at).map_or(String::new(), |name| ["/", name].concat());
                    push_all(
                        &mut all,
                        &["/", ANY_NAME, &name].concat(),
                        path.text_from(at.saturating_add(1)),
                    );
                }
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

/// `/{org}/{app}`. Nothing but the configuration could tell which name a UUID belongs to, so it may
/// be any.
fn in_application(named: &PathApplication) -> String {
    let organization = named.organization.as_deref().filter(|name| !is_uuid(name));
    let application = match &named.application {
        ApplicationId::Name(name) => name,
        ApplicationId::Uuid(_) => ANY_NAME,
    };
    ["/", organization.unwrap_or(ANY_NAME), "/", application].concat()
}

/// Adds what may follow an application, at most eight texts: `after` as it stands and by its types,
/// each with its collection in the plural too. Usergrid serves `/user/tom` as `/users/tom`.
fn push_all(all: &mut Vec<String>, application: &str, after: &str) {
    let mut push = |after: &str| {
        all.push([application, after].concat());
        all.extend(in_plural(after).map(|after| [application, &after].concat()));
    };
    push(after);
    if after.contains(':') {
        by_types(after).iter().for_each(|after| push(after));
    }
}

/// What Usergrid takes `after` for where a segment has a type specifier. `/users:x` is the
/// collection `users`, and holds what is of the type `x`. Collections are every other segment, or,
/// where connections are named, any.
fn by_types(after: &str) -> [String; 3] {
    let segments = || after.split('/').skip(1);
    let joined = |name: fn((usize, &str)) -> &str| -> String {
        segments().enumerate().flat_map(|segment| ["/", name(segment)]).collect()
    };
    [
        joined(|(at, segment)| if at % 2 == 0 { before_type(segment) } else { segment }),
        joined(|(_, segment)| before_type(segment)),
        joined(|(at, segment)| match at {
            0 => segment.rsplit(':').next().unwrap_or_default(),
            at if at % 2 == 0 => before_type(segment),
            _ => segment,
        }),
    ]
}

fn before_type(segment: &str) -> &str {
    segment.split(':').next().unwrap_or_default()
}

/// The same with its collection in the plural.
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
            let organization = segments.get(2).map_or(String::new(), |name| ["/", name].concat());
            let text =
                ["/management", &organizations, &organization, &applications, path.text_from(4)];
            all.push(text.concat());
        }
    }
    all
}

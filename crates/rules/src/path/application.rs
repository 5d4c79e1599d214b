//! Which application a path addresses, in every shape that Usergrid's router knows.
//!
//! The shapes are those of `docs/usergrid.md`, section "Paths and applications"; Usergrid itself
//! documents `/{org}/{app}/…` only.

use super::segment::Segments;
use crate::syntax::is_uuid;

/// First segments that are never an organisation: endpoints, aliases and static content of
/// Usergrid.
const RESERVED: Words = Words::new(&[
    "management",
    "system",
    "status",
    "lb-status",
    "organizations",
    "orgs",
    "o",
    "applications",
    "apps",
    "resources.json",
    "applications.json",
    "management.json",
    "images",
    "css",
    "js",
    "jsp",
    "favicon.ico",
    "testproperties",
    "refreshindex",
]);

/// Words before an organisation: `/orgs/{org}/{app}/…` is `/{org}/{app}/…`.
const ORGANIZATION_WORDS: Words = Words::new(&["organizations", "orgs", "o"]);

/// Words between an organisation and its application: `/{org}/apps/{app}/…` is `/{org}/{app}/…`.
const APPLICATION_WORDS: Words = Words::new(&["applications", "apps", "a"]);

/// By whose routes a path names an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routes {
    /// Usergrid's, with its reserved first segments, its aliases, and UUIDs in place of names.
    Usergrid,
    /// `/{org}/{app}/…` and no other shape: whatever the first two segments are, they are names.
    Plain,
}

/// What a path says about its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressed {
    /// No application: Usergrid's own endpoints, an organisation alone, `/`.
    Nothing,
    /// A segment that would name the organisation or application can be read in more than one way.
    Unclear,
    /// It addresses this one. More than one: backends differ in which one they read, so that
    /// whoever may use the path must be entitled to every one of them. Never empty.
    Applications(Vec<PathApplication>),
}

/// An application as a path names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathApplication {
    /// The organisation's name or UUID in lower case, where the path has one. With an application's
    /// UUID it proves nothing about who owns the application.
    pub organization: Option<String>,
    /// What the path calls the application.
    pub application: ApplicationId,
    /// Whether the path has the plain shape `/{org}/{app}/…`, the only one that guests may use.
    pub plain: bool,
    /// How many segments after the base path lead to it.
    pub(super) depth: usize,
}

/// An application's name or UUID, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationId {
    /// Its name within the organisation.
    Name(String),
    /// Its UUID.
    Uuid(String),
}

/// Whether a first segment is never an organisation, in whatever letter case.
#[must_use]
pub fn is_reserved(segment: &str) -> bool {
    RESERVED.have_folded(segment)
}

/// Whether a second segment announces the application instead of naming it, in whatever letter
/// case.
#[must_use]
pub fn is_application_word(segment: &str) -> bool {
    APPLICATION_WORDS.have_folded(segment)
}

/// Whether a first segment announces the organisation, in whatever letter case.
pub(crate) fn is_organization_word(segment: &str) -> bool {
    ORGANIZATION_WORDS.have_folded(segment)
}

/// Words, and which first and last letters they have in which length, a bit each: most segments have
/// others.
struct Words {
    words: &'static [&'static str],
    firsts: u64,
    lasts: u64,
}

impl Words {
    const fn new(words: &'static [&'static str]) -> Self {
        let (mut firsts, mut lasts, mut rest) = (0, 0, words);
        while let [word, others @ ..] = rest {
            let (first, last) = Self::bits(word.as_bytes());
            (firsts, lasts) = (firsts | first, lasts | last);
            rest = others;
        }
        Self { words, firsts, lasts }
    }

    /// The bits of a word in any letter case.
    #[inline]
    const fn bits(word: &[u8]) -> (u64, u64) {
        let (first, last) = match word {
            [only] => (*only, *only),
            [first, .., last] => (*first, *last),
            [] => (0, 0),
        };
        (Self::bit(first, word.len()), Self::bit(last, word.len()))
    }

    #[inline]
    const fn bit(letter: u8, length: usize) -> u64 {
        1_u64.wrapping_shl(((letter & 0x1f) as u32).wrapping_mul(3).wrapping_add(length as u32))
    }

    #[inline]
    fn have_folded(&self, segment: &str) -> bool {
        let (first, last) = Self::bits(segment.as_bytes());
        let is_ascii = segment.is_ascii();
        let may_be = self.firsts & first != 0 && self.lasts & last != 0;
        (may_be || !is_ascii) && self.look_for(segment, is_ascii)
    }

    fn look_for(&self, segment: &str, is_ascii: bool) -> bool {
        if is_ascii {
            self.words.iter().any(|word| word.eq_ignore_ascii_case(segment))
        } else {
            self.words.contains(&folded(segment).as_str())
        }
    }
}

/// Lower case, with the few characters beyond ASCII that some backends fold into ASCII letters: `ſ`
/// is an `s` to them. These are all there are in Unicode's case mappings; its whole tables would be
/// a tenth of the module.
pub(crate) fn folded(segment: &str) -> String {
    let mut folded = String::with_capacity(segment.len());
    for character in segment.chars() {
        match character {
            'ı' | 'İ' => folded.push('i'),
            '\u{212a}' => folded.push('k'),
            'ſ' => folded.push('s'),
            'ß' | 'ẞ' => folded.push_str("ss"),
            'ﬀ' => folded.push_str("ff"),
            'ﬁ' => folded.push_str("fi"),
            'ﬂ' => folded.push_str("fl"),
            'ﬃ' => folded.push_str("ffi"),
            'ﬄ' => folded.push_str("ffl"),
            'ﬅ' | 'ﬆ' => folded.push_str("st"),
            other => folded.push(other.to_ascii_lowercase()),
        }
    }
    folded
}

/// A segment that should be a name: there is none, it is no clear name, or here it is.
enum Name<'a> {
    Missing,
    Unclear,
    Is(&'a str),
}

fn name_at(segments: &Segments, at: usize) -> Name<'_> {
    match (segments.get(at), segments.get(at.saturating_add(1))) {
        (None, _) => Name::Missing,
        (Some(last), None) if last.text().is_empty() => Name::Missing,
        (Some(segment), _) if segment.is_name() => Name::Is(segment.text()),
        _ => Name::Unclear,
    }
}

/// The application that `segments` address by `routes`, the base path cut off.
/// In the memory of `spare` ones.
pub(super) fn read(
    segments: &Segments,
    routes: Routes,
    spare: &mut Vec<PathApplication>,
) -> Addressed {
    let first = match name_at(segments, 0) {
        Name::Missing => return Addressed::Nothing,
        Name::Unclear => return Addressed::Unclear,
        Name::Is(first) => first,
    };
    if routes == Routes::Plain {
        return match name_at(segments, 1) {
            Name::Missing => Addressed::Nothing,
            Name::Unclear => Addressed::Unclear,
            Name::Is(second) => one(spare, Some(first), second, 2, true),
        };
    }
    if is_reserved(first) {
        return read_reserved(first, segments, spare);
    }
    if is_uuid(first) {
        return match name_at(segments, 1) {
            // `/{org uuid}/{app uuid}` is the more specific route.
            Name::Is(second) if is_uuid(second) => one(spare, Some(first), second, 2, false),
            Name::Unclear => Addressed::Unclear,
            Name::Is(_) | Name::Missing => one(spare, None, first, 1, false),
        };
    }
    read_in_organization(first, segments, 1, spare)
}

#[cold]
fn read_reserved(first: &str, segments: &Segments, spare: &mut Vec<PathApplication>) -> Addressed {
    match first {
        first if ORGANIZATION_WORDS.words.contains(&first) => match name_at(segments, 1) {
            Name::Missing => Addressed::Nothing,
            Name::Unclear => Addressed::Unclear,
            Name::Is(organization) => read_in_organization(organization, segments, 2, spare),
        },
        "applications" | "apps" => match name_at(segments, 1) {
            Name::Is(second) if is_uuid(second) => one(spare, None, second, 2, false),
            Name::Unclear => Addressed::Unclear,
            Name::Is(_) | Name::Missing => Addressed::Nothing,
        },
        // Usergrid's router would take `/ORGS/…` for an organisation, one without letter case would
        // not.
        other if !RESERVED.words.contains(&other) => Addressed::Unclear,
        _ => Addressed::Nothing,
    }
}

/// Reads what follows the organisation; `at` is the index of the next segment.
fn read_in_organization(
    organization: &str,
    segments: &Segments,
    at: usize,
    spare: &mut Vec<PathApplication>,
) -> Addressed {
    let next = match name_at(segments, at) {
        Name::Missing => return Addressed::Nothing,
        Name::Unclear => return Addressed::Unclear,
        Name::Is(next) => next,
    };
    let depth = at.saturating_add(1);
    if !is_application_word(next) {
        let plain = at == 1 && !is_uuid(next);
        return one(spare, Some(organization), next, depth, plain);
    }
    let literal = application(None, Some(organization), next, depth, false);
    match name_at(segments, depth) {
        Name::Missing => Addressed::Applications(vec![literal]),
        Name::Unclear => Addressed::Unclear,
        Name::Is(named) => {
            let aliased =
                application(None, Some(organization), named, depth.saturating_add(1), false);
            if at == 1 {
                // Only Usergrid's router takes the word for an alias; to others it is the
                // application.
                Addressed::Applications(vec![aliased, literal])
            } else if APPLICATION_WORDS.words.contains(&next) {
                Addressed::Applications(vec![aliased])
            } else {
                Addressed::Unclear
            }
        }
    }
}

fn one(
    spare: &mut Vec<PathApplication>,
    organization: Option<&str>,
    id: &str,
    depth: usize,
    plain: bool,
) -> Addressed {
    let mut only = std::mem::take(spare);
    let memory = only.pop();
    only.clear();
    only.push(application(memory, organization, id, depth, plain));
    Addressed::Applications(only)
}

fn application(
    memory: Option<PathApplication>,
    organization: Option<&str>,
    id: &str,
    depth: usize,
    plain: bool,
) -> PathApplication {
    let (of_organization, of_id) = match memory {
        Some(PathApplication { organization, application, .. }) => {
            let (ApplicationId::Name(id) | ApplicationId::Uuid(id)) = application;
            (organization.unwrap_or_default(), id)
        }
        None => Default::default(),
    };
    let id_in_lower_case = in_lower_case(of_id, id);
    PathApplication {
        organization: organization.map(|name| in_lower_case(of_organization, name)),
        application: if is_uuid(id) {
            ApplicationId::Uuid(id_in_lower_case)
        } else {
            ApplicationId::Name(id_in_lower_case)
        },
        plain,
        depth,
    }
}

/// The longest name whose memory is kept for the next path: a request that waits keeps what it has
/// got, and is not thought to hold more than its own path.
const USUAL_LENGTH: usize = 128;

/// These, whose memory is to be used again, if none is longer than usual.
pub(super) fn worth_keeping(applications: Vec<PathApplication>) -> Vec<PathApplication> {
    let is_usual = |named: &PathApplication| {
        let (ApplicationId::Name(id) | ApplicationId::Uuid(id)) = &named.application;
        let of_organization = named.organization.as_ref().map_or(0, String::capacity);
        id.capacity().max(of_organization) <= USUAL_LENGTH
    };
    if applications.iter().all(is_usual) { applications } else { Vec::new() }
}

fn in_lower_case(mut memory: String, text: &str) -> String {
    memory.clear();
    memory.push_str(text);
    memory.make_ascii_lowercase();
    memory
}

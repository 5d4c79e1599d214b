//! The path of a request: refused when broken, and read as the application and what is asked of it.
//!
//! It decides what a path says, never who may use it. Where backends read a path differently, it
//! says so.

mod application;
mod segment;

pub use application::{Addressed, ApplicationId, PathApplication};
pub use application::{Routes, is_application_word, is_reserved};
pub(crate) use application::{folded, is_organization_word};

use segment::Segments;

use crate::permission::CheckedPath;

/// Segments after the base path among which an organisation and an application can be named
/// (`/orgs/{org}/apps/{app}`).
const NAMING_SEGMENTS: usize = 4;

/// The most segments of a path, the base path's included. What is kept of a segment and done for it
/// is many times its length, and a paused request keeps it.
const MOST_SEGMENTS: usize = 256;

/// The longest part of [`RequestPath::application_label`], in bytes.
const LABEL_PART: usize = 64;

/// A path that no reading makes dangerous, taken apart.
///
/// INVARIANT: no segment, decoded once or as often as it can be, holds a backslash, a NUL or a dot
/// segment.
#[derive(Clone, Debug)]
pub struct RequestPath {
    /// After the base path, or all of them where the path does not begin with it.
    segments: Segments,
    clear: bool,
    in_base: bool,
    routes: Routes,
    addressed: Addressed,
}

/// The memory of a path that is done with, for the next one.
#[derive(Debug, Default)]
pub struct SparePath {
    segments: Segments,
    applications: Vec<PathApplication>,
}

/// The path must not reach any backend, since two of them could read two things in it; the answer
/// is 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenPath;

impl RequestPath {
    /// Takes `path` apart, the part of `:path` before the first `?`. `base` holds the decoded
    /// segments that every path of the API begins with.
    ///
    /// # Errors
    /// [`BrokenPath`] if it does not begin with `/` (so `*` and absolute targets are refused), has
    /// a broken percent escape, an unencoded blank or control byte, or, plain or encoded any number
    /// of times, a backslash, a NUL or a dot segment. Nor may it have more than 256 segments,
    /// encoded slashes counted like others.
    pub fn parse(path: &[u8], base: &[String]) -> Result<Self, BrokenPath> {
        Self::parse_by(Routes::Usergrid, path, base)
    }

    /// The same for an API whose paths are read by `routes`.
    ///
    /// # Errors
    /// As there.
    pub fn parse_by(routes: Routes, path: &[u8], base: &[String]) -> Result<Self, BrokenPath> {
        Self::parse_in(&mut SparePath::default(), routes, path, base)
    }

    /// The same, in the memory of an earlier path.
    ///
    /// # Errors
    /// As there.
    pub fn parse_in(
        spare: &mut SparePath,
        routes: Routes,
        path: &[u8],
        base: &[String],
    ) -> Result<Self, BrokenPath> {
        let [b'/', rest @ ..] = path else { return Err(BrokenPath) };
        let mut segments = std::mem::take(&mut spare.segments);
        segments.reserve(path.len());
        if !segments.push_plain(path, MOST_SEGMENTS) {
            push_each(rest, &mut segments)?;
        }
        let last = segments.len().saturating_sub(1);
        let clear = segments
            .iter()
            .enumerate()
            .all(|(at, segment)| segment.is_clear() && (at == last || !segment.text().is_empty()));
        let begins = |same: fn(&str, &str) -> bool| {
            segments.len() >= base.len()
                && segments.iter().zip(base).all(|(segment, name)| same(segment.text(), name))
        };
        let in_base = begins(|segment, name| segment == name);
        let addressed = if in_base {
            segments.cut(base.len());
            application::read(&segments, routes, &mut spare.applications)
        } else if begins(str::eq_ignore_ascii_case)
            || (segments.iter().enumerate()).take(base.len().saturating_add(NAMING_SEGMENTS)).any(
                |(at, segment)| !segment.is_name() && (at != last || !segment.text().is_empty()),
            )
        {
            // A backend without letter case, or one that cuts parameters off, may find the base
            // path here.
            Addressed::Unclear
        } else {
            Addressed::Nothing
        };
        Ok(Self { segments, clear, in_base, routes, addressed })
    }

    /// Gives spare memory back: a paused request keeps its path.
    pub fn shrink(&mut self) {
        self.segments.shrink();
    }

    /// Its memory, for the next path.
    #[must_use]
    pub fn into_spare(self) -> SparePath {
        let applications = match self.addressed {
            Addressed::Applications(applications) => application::worth_keeping(applications),
            Addressed::Nothing | Addressed::Unclear => Vec::new(),
        };
        SparePath { segments: self.segments.emptied(), applications }
    }

    /// Whether every backend reads the same path. An unclear path is never public and never guest.
    ///
    /// Unclear are: an encoded slash; an empty segment other than a trailing slash; bytes that are
    /// not UTF-8, a control character or another percent escape once decoded; blanks around a
    /// segment; a `#`, or an encoded `?`, where a second parser ends the path; a segment of nothing
    /// but `;` parameters; an organisation or application that is [`Addressed::Unclear`].
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.clear && self.addressed != Addressed::Unclear
    }

    /// By whose routes it was read.
    #[must_use]
    pub fn routes(&self) -> Routes {
        self.routes
    }

    /// Whether it begins with the base path.
    #[must_use]
    pub fn is_in_base(&self) -> bool {
        self.in_base
    }

    /// The application that the path addresses, if it addresses one and says so clearly.
    #[must_use]
    pub fn application(&self) -> &Addressed {
        &self.addressed
    }

    /// Whether a segment has `;` parameters, those of the base path included. Encoded ones count.
    #[must_use]
    pub fn has_parameters(&self) -> bool {
        self.segments.text().contains(';')
    }

    /// What follows the application that it addresses as `named`; empty, or with a `/` in front.
    pub(crate) fn after(&self, named: &PathApplication) -> &str {
        self.segments.text_from(named.depth)
    }

    /// The path from the segment at `index` on, decoded once, each segment after a `/`.
    pub(crate) fn text_from(&self, index: usize) -> &str {
        self.segments.text_from(index)
    }

    /// The segments after the base path, decoded once.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.segments.iter().map(|segment| segment.text())
    }

    /// The application that guest rules may speak about: clear, named, and in the plain shape
    /// `/{org}/{app}/…`.
    #[must_use]
    pub fn guest_application(&self) -> Option<(&str, &str)> {
        match &self.addressed {
            Addressed::Applications(named) if self.is_clear() => match named.as_slice() {
                [
                    PathApplication {
                        organization: Some(organization),
                        application: ApplicationId::Name(name),
                        plain: true,
                        ..
                    },
                ] => Some((organization, name)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Every reading of the path after the base path, for the rules of `public`; `None` outside the
    /// base path. A rule set must allow all of them.
    #[must_use]
    pub fn whole(&self) -> Option<Vec<CheckedPath<'_>>> {
        let mut all = Vec::new();
        self.every_whole(|reading| {
            all.push(reading);
            true
        })
        .then_some(all)
    }

    /// Whether the path is within the base path, and each of its [readings](Self::whole) passes
    /// `test`.
    pub(crate) fn every_whole<'a>(&'a self, mut test: impl FnMut(CheckedPath<'a>) -> bool) -> bool {
        self.in_base && self.every_reading(0, &mut test)
    }

    /// Every reading of what permissions are checked against; a rule set must allow all of them.
    ///
    /// In the plain shape that is what follows `/{org}/{app}`. In any other shape backends disagree
    /// about where the application's own path begins, so it is the whole path besides.
    #[must_use]
    pub fn checked(&self) -> Vec<CheckedPath<'_>> {
        let mut all = Vec::new();
        self.every_checked(|reading| {
            all.push(reading);
            true
        });
        all
    }

    /// Whether each of the [readings](Self::checked) that permissions are checked against passes
    /// `test`.
    pub fn every_checked<'a>(&'a self, mut test: impl FnMut(CheckedPath<'a>) -> bool) -> bool {
        match &self.addressed {
            Addressed::Applications(named) => match named.as_slice() {
                [only] if only.plain => self.every_reading(only.depth, &mut test),
                all => {
                    all.iter().all(|named| self.every_reading(named.depth, &mut test))
                        && self.every_reading(0, &mut test)
                }
            },
            Addressed::Nothing | Addressed::Unclear => self.every_reading(0, &mut test),
        }
    }

    /// The path from the segment at `depth` on as it stands and, where it has `;` parameters,
    /// without them: Usergrid checks the one and serves the other, so `get:/*.png` must not open
    /// `/secret;.png`.
    fn every_reading<'a>(
        &'a self,
        depth: usize,
        test: &mut impl FnMut(CheckedPath<'a>) -> bool,
    ) -> bool {
        let text = self.segments.text_from(depth);
        test(CheckedPath::from_text(text)) && (!text.contains(';') || test(self.bare(depth)))
    }

    #[cold]
    fn bare(&self, depth: usize) -> CheckedPath<'_> {
        let bare = self.segments.iter().skip(depth).map(|segment| segment.without_parameters());
        CheckedPath::from_segments(bare)
    }

    /// `org/app` for logs, or `-`. Characters other than `A-Z a-z 0-9 . _ -` become `-`, each part
    /// is cut at 64 bytes.
    #[must_use]
    pub fn application_label(&self) -> String {
        let Addressed::Applications(named) = &self.addressed else { return "-".to_owned() };
        let Some(named) = named.first() else { return "-".to_owned() };
        let (ApplicationId::Name(id) | ApplicationId::Uuid(id)) = &named.application;
        match &named.organization {
            Some(organization) => format!("{}/{}", label_part(organization), label_part(id)),
            None => label_part(id),
        }
    }
}

/// Adds the segments of a path, each judged by itself.
#[cold]
fn push_each(path: &[u8], segments: &mut Segments) -> Result<(), BrokenPath> {
    let mut count: usize = 0;
    for raw in path.split(|byte| *byte == b'/') {
        let inside = segments.push(raw)?;
        count = count.saturating_add(inside).saturating_add(1);
        if count > MOST_SEGMENTS {
            return Err(BrokenPath);
        }
    }
    Ok(())
}

fn label_part(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' }
    };
    name.chars().map(safe).take(LABEL_PART).collect()
}

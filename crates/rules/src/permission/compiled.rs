//! The compiled form of a rule's paths: one block of bytes, hardly longer than the text.
//!
//! Each path is a header and a program. The program is the text itself, with single bytes that no
//! UTF-8 text holds in place of wildcards. Who verifies a token decides how many rules a principal
//! brings along, so that what a rule becomes must not be many times what was sent.

/// `*` or `{name}`: any characters of a segment, or none.
pub(super) const RUN: u8 = 0xff;
/// `?`: exactly one character.
pub(super) const ONE: u8 = 0xfe;
/// `**`, a whole segment: any number of segments.
pub(super) const ANY_DEPTH: u8 = 0xfd;
/// Before a `${user}`: a name of the user may stand for it.
pub(super) const USER: u8 = 0xfc;
/// Before the `me` of a `/me/`: a name of the user may stand for it.
pub(super) const ME: u8 = 0xfb;

const PLACE_FOR_USER: &str = "${user}";

/// One path of a rule, as it stands in the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct CompiledPath<'a> {
    pub(super) traits: Traits,
    /// Empty: every path, the empty one included.
    ///
    /// With wildcards: each segment after a `/`, without empty ones. Without: the text.
    pub(super) program: &'a [u8],
}

/// What is known of a path of a rule without looking at its program.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits(u8);

impl Traits {
    /// It has wildcards, and is compared segment by segment. Without, it is compared as a whole.
    pub(super) const ANT: Self = Self(1);
    /// It ends with `/`.
    pub(super) const TRAILING_SLASH: Self = Self(1 << 1);
    /// It ends with `*`.
    pub(super) const TRAILING_STAR: Self = Self(1 << 2);
    /// It has a segment `**`.
    pub(super) const DEPTH: Self = Self(1 << 3);
    /// It has no `**`, and its last segment is exactly `*`.
    pub(super) const LAST_IS_STAR: Self = Self(1 << 4);
    /// It has a `${user}`.
    pub(super) const USER: Self = Self(1 << 5);
    /// It has a `/me/`.
    pub(super) const ME: Self = Self(1 << 6);

    pub(super) const fn have(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }

    const fn and(self, one: Self, holds: bool) -> Self {
        if holds { Self(self.0 | one.0) } else { self }
    }
}

/// Traits, and the length of the program.
const HEADER: usize = 5;

impl<'a> CompiledPath<'a> {
    /// The first path of `block`, and the bytes of the others.
    pub(super) fn first(block: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let ([traits, length @ ..], rest) = block.split_first_chunk::<HEADER>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (program, rest) = rest.split_at_checked(length)?;
        Some((Self { traits: Traits(*traits), program }, rest))
    }

    /// Adds it to the paths of `block`.
    pub(super) fn append_to(&self, block: &mut Vec<u8>) {
        // A rule of more than four gigabytes would be one that matches nothing.
        let length = u32::try_from(self.program.len()).unwrap_or(u32::MAX);
        block.push(self.traits.0);
        block.extend_from_slice(&length.to_le_bytes());
        block.extend_from_slice(self.program);
    }
}

/// Compiles a path, which is not empty, and adds it to the paths of `block`.
pub(super) fn compile(text: &str, block: &mut Vec<u8>) {
    compile_as(text, text.contains(['*', '?']), block);
}

/// The same, as a pattern that is compared segment by segment even if it has no wildcards.
pub(super) fn compile_pattern(text: &str, block: &mut Vec<u8>) {
    compile_as(text, true, block);
}

fn compile_as(text: &str, is_ant: bool, block: &mut Vec<u8>) {
    if text == "*" {
        return compile_anything(block);
    }
    let mut program = Vec::with_capacity(text.len().saturating_add(1));
    let mut traits = Traits::default()
        .and(Traits::ANT, is_ant)
        .and(Traits::TRAILING_SLASH, text.ends_with('/'))
        .and(Traits::TRAILING_STAR, text.ends_with('*'));
    let mut segments = text.strip_prefix('/').unwrap_or(text).split('/').peekable();
    let mut last = "";
    while let Some(segment) = segments.next() {
        if is_ant && segment.is_empty() {
            continue;
        }
        last = segment;
        program.push(b'/');
        if is_ant && segment == "**" {
            traits = traits.and(Traits::DEPTH, true);
            program.push(ANY_DEPTH);
        } else if segment.eq_ignore_ascii_case("me") && segments.peek().is_some() {
            traits = traits.and(Traits::ME, true);
            program.push(ME);
            program.extend_from_slice(segment.as_bytes());
        } else {
            let names_user = compile_segment(segment, is_ant, &mut program);
            traits = traits.and(Traits::USER, names_user);
        }
    }
    traits = traits.and(Traits::LAST_IS_STAR, is_ant && last == "*" && !traits.have(Traits::DEPTH));
    CompiledPath { traits, program: &program }.append_to(block);
}

/// Adds what matches every path.
pub(super) fn compile_anything(block: &mut Vec<u8>) {
    CompiledPath { traits: Traits::default(), program: &[] }.append_to(block);
}

/// Adds one segment; whether it has a place for the user's name.
fn compile_segment(segment: &str, is_ant: bool, program: &mut Vec<u8>) -> bool {
    let mut names_user = false;
    let mut rest = segment;
    while let Some(first) = rest.chars().next() {
        let place = rest.split_at_checked(PLACE_FOR_USER.len());
        if let Some((place, _)) = place
            && place.eq_ignore_ascii_case(PLACE_FOR_USER)
        {
            names_user = true;
            program.push(USER);
        }
        // Where no name stands for it, a `${user}` is a `$` and a template in a pattern, as in
        // Spring; else, it is text.
        rest = if is_ant && let Some(after) = after_template(rest) {
            program.push(RUN);
            after
        } else {
            let (character, after) = rest.split_at_checked(first.len_utf8()).unwrap_or((rest, ""));
            match first {
                '*' => program.push(RUN),
                '?' => program.push(ONE),
                _ => program.extend_from_slice(character.as_bytes()),
            }
            after
        };
    }
    names_user
}

/// What follows a template `{name}`; its name holds no brace.
fn after_template(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let end = inside.find(['{', '}'])?;
    let after = inside.get(end..)?.strip_prefix('}')?;
    (end > 0).then_some(after)
}

impl CompiledPath<'_> {
    /// How long the form of a `${user}` without names is, which follows [`USER`].
    pub(super) const fn length_of_user(&self) -> usize {
        // A `$` and a template, or the text.
        if self.traits.have(Traits::ANT) { 2 } else { PLACE_FOR_USER.len() }
    }

    /// Whether every path but the empty one matches; the empty one does where the program is empty.
    pub(super) fn matches_everything(&self) -> bool {
        self.program.chunks(2).all(|segment| *segment == [b'/', ANY_DEPTH])
    }

    /// The segments from the start that hold nothing but text: every path that matches for nobody
    /// in particular begins with them, ASCII letter case aside.
    pub(super) fn start(&self) -> impl Iterator<Item = String> {
        self.segments().filter(|segment| !segment.is_empty()).map_while(|segment| {
            if has_wildcard(segment) {
                return None;
            }
            let text = segment.iter().copied().filter(|byte| !matches!(*byte, USER | ME));
            String::from_utf8(text.collect()).ok()
        })
    }

    /// Whether at least the first `count` segments hold no wildcard.
    pub(super) fn writes_out(&self, count: usize) -> bool {
        !self.program.is_empty() && !self.traits.have(Traits::ANT)
            || self.segments().take_while(|segment| !has_wildcard(segment)).take(count).count()
                == count
    }

    fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.program.split(|byte| *byte == b'/').skip(1)
    }
}

fn has_wildcard(segment: &[u8]) -> bool {
    segment.iter().any(|byte| matches!(*byte, RUN | ONE | ANY_DEPTH))
}

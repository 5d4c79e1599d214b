//! Ant path patterns as Spring 3.2 matches them, and literal paths, compiled.
//!
//! Matching is iterative and goes back to the last `**` or `*` only: its cost is bounded by the
//! length of the path times that of the pattern, whatever a client sends.

use super::checked_path::CheckedPath;
use super::glob::{
    Bindings, Case, Comparison, Piece, Syntax, glob, literal_pieces, same_as_lowered,
    same_but_case, segment_pieces,
};

/// The longest path in bytes that wildcards are tried on, beyond `/**`. Tomcat by default takes no
/// longer head at all.
const LONGEST_PATH: usize = 8192;

/// A path of a rule, compiled as Spring's `AntPathMatcher` or Shiro would match it
/// (`docs/usergrid.md`, section "Permission rules").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// No wildcard: compared as a whole, slashes and all.
    Literal(Vec<Piece>),
    /// With `*` or `?`: compared segment by segment.
    Ant(Ant),
}

/// A pattern with wildcards, taken apart at its slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ant {
    tokens: Vec<Token>,
    trailing_slash: bool,
    trailing_star: bool,
    has_depth: bool,
    /// Without `**`, and the last segment is exactly `*`.
    last_is_star: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `**`: any number of segments.
    AnyDepth,
    /// One segment, with or without wildcards in it.
    Segment(Vec<Piece>),
}

impl Pattern {
    /// Compiles a text that begins with `/`.
    pub(super) fn compile(text: &str, syntax: Syntax) -> Self {
        if !text.contains(['*', '?']) {
            return Self::Literal(literal_pieces(text, syntax));
        }
        let me = syntax == Syntax::Personal;
        let mut tokens = Vec::new();
        let mut parts = text.split('/').peekable();
        while let Some(part) = parts.next() {
            match part {
                "" => {}
                "**" => tokens.push(Token::AnyDepth),
                // A slash before it there always is; one after it, if another part follows.
                _ if me && part.eq_ignore_ascii_case("me") && parts.peek().is_some() => {
                    tokens.push(Token::Segment(vec![Piece::Me]));
                }
                _ => tokens.push(Token::Segment(segment_pieces(part, syntax))),
            }
        }
        tokens.shrink_to_fit();
        let has_depth = tokens.contains(&Token::AnyDepth);
        let last_is_star = !has_depth && text.trim_end_matches('/').rsplit('/').next() == Some("*");
        Self::Ant(Ant {
            tokens,
            has_depth,
            last_is_star,
            trailing_slash: text.ends_with('/'),
            trailing_star: text.ends_with('*'),
        })
    }

    /// Whether it matches the whole path. The empty path matches no pattern.
    pub(super) fn matches(
        &self,
        path: &CheckedPath<'_>,
        case: Case,
        bindings: Bindings<'_>,
    ) -> bool {
        if path.text().is_empty() {
            return false;
        }
        match self {
            Self::Literal(pieces) => {
                glob(pieces, path.text(), Comparison { text: case, names: same_but_case, bindings })
            }
            // Usergrid puts the name as it is into a pattern and lowers the path: a name with
            // capitals never matches there, and its owner needs the UUID.
            Self::Ant(ant) => {
                ant.matches(path, Comparison { text: case, names: same_as_lowered, bindings })
            }
        }
    }

    /// Whether it matches every path but the empty one.
    pub(super) fn matches_everything(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Ant(ant) => ant.matches_everything(),
        }
    }

    /// The segments from the start that hold nothing but text; of a pattern compiled as
    /// [`Syntax::Plain`].
    pub(super) fn start(&self) -> Vec<&str> {
        match self {
            Self::Literal(pieces) => {
                let path = only_text(pieces).unwrap_or_default();
                path.split('/').filter(|segment| !segment.is_empty()).collect()
            }
            Self::Ant(ant) => {
                let mut start = Vec::new();
                for token in &ant.tokens {
                    let Token::Segment(pieces) = token else { break };
                    let Some(segment) = only_text(pieces) else { break };
                    start.push(segment);
                }
                start
            }
        }
    }

    /// How many segments from the start hold no wildcard.
    pub(super) fn written_out(&self) -> usize {
        let is_written_out = |token: &&Token| match token {
            Token::AnyDepth => false,
            Token::Segment(pieces) => pieces.iter().all(|piece| matches!(piece, Piece::Text(_))),
        };
        match self {
            Self::Literal(_) => usize::MAX,
            Self::Ant(ant) => ant.tokens.iter().take_while(is_written_out).count(),
        }
    }
}

/// The text that the pieces are, if they are nothing else.
fn only_text(pieces: &[Piece]) -> Option<&str> {
    match pieces {
        [Piece::Text(text)] => Some(text),
        _ => None,
    }
}

impl Ant {
    fn matches_everything(&self) -> bool {
        self.tokens.iter().all(|token| *token == Token::AnyDepth)
    }

    fn matches(&self, path: &CheckedPath<'_>, comparison: Comparison<'_>) -> bool {
        let text = path.text();
        if text.len() > LONGEST_PATH {
            return self.matches_everything();
        }
        // Usergrid tries twice, the second time with a slash added to each side that ends with
        // neither `/` nor `*`. Only what follows differs between the two.
        let slash = text.ends_with('/');
        let slash_or_added = slash || !text.ends_with('*');
        let slashes_agree = self.has_depth
            || self.trailing_slash == slash
            || (self.trailing_slash || !self.trailing_star) == slash_or_added;
        if slashes_agree && tokens_match(&self.tokens, path, comparison) {
            return true;
        }
        // A `*` that is left when the path has run out matches the slash at its end.
        self.last_is_star
            && slash_or_added
            && self
                .tokens
                .split_last()
                .is_some_and(|(_, before)| tokens_match(before, path, comparison))
    }
}

/// Whether the segments match, trailing slashes aside.
fn tokens_match(pattern: &[Token], path: &CheckedPath<'_>, comparison: Comparison<'_>) -> bool {
    let mut tokens = pattern.iter();
    let mut segments = path.tokens();
    // Where to go on when something does not match: after the last `**`, one segment later.
    let mut retry = None;
    loop {
        let matched = match tokens.next() {
            Some(Token::AnyDepth) => {
                retry = Some((tokens.clone(), segments.clone()));
                continue;
            }
            Some(Token::Segment(pieces)) => {
                segments.next().is_some_and(|segment| glob(pieces, segment, comparison))
            }
            None if segments.next().is_none() => return true,
            None => false,
        };
        if !matched {
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            tokens = after.clone();
            segments = from.clone();
        }
    }
}

//! Text with wildcards in it: the pieces of a pattern, how they are read and how they match.
//!
//! Going back goes to the last `*` only, so that a hostile text costs its length times the
//! pattern's.

/// A part of a segment's pattern, or of a literal path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that stands for itself.
    Text(String),
    /// `?`: exactly one character.
    One,
    /// `*` or `{name}`: any characters, or none.
    Run,
    /// `${user}`, for which a name of the user stands.
    User,
    /// The `me` of `/me/`, for which a name of the user may stand.
    Me,
}

/// Whether the places for names are compiled as such.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `${user}` and `/me/` are text like any other.
    Plain,
    /// `${user}` and `/me/` are places for names.
    Personal,
}

/// Whether letter case counts where the rule's own text is compared with the path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// It does: byte by byte.
    Exact,
    /// It does not, in ASCII.
    Folded,
}

/// What the places for names stand for in one try.
#[derive(Clone, Copy, Default)]
pub(super) struct Bindings<'a> {
    /// `${user}`; without it nothing matches there.
    pub(super) user: Option<&'a str>,
    /// The `me` of `/me/`; without it, itself.
    pub(super) me: Option<&'a str>,
}

/// How the pieces of a pattern are compared with a path in one try.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'a> {
    /// How the rule's own text compares.
    pub(super) text: Case,
    /// For a name: whether a byte of the path agrees with one of the name.
    pub(super) names: fn(&u8, &u8) -> bool,
    /// What the places for names stand for.
    pub(super) bindings: Bindings<'a>,
}

/// A byte of the path and one of a name, ASCII letter case aside.
pub(super) fn same_but_case(path: &u8, name: &u8) -> bool {
    path.eq_ignore_ascii_case(name)
}

/// A byte of the path in lower case and one of a name as it is.
pub(super) fn same_as_lowered(path: &u8, name: &u8) -> bool {
    path.to_ascii_lowercase() == *name
}

/// The pieces of one segment of a pattern, `text` between two slashes.
pub(super) fn segment_pieces(segment: &str, syntax: Syntax) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    let mut rest = segment;
    while let Some(first) = rest.chars().next() {
        let user = (syntax == Syntax::Personal).then(|| after(rest, "${user}")).flatten();
        let template = after(rest, "{").and_then(after_template);
        rest = if let Some(after_user) = user {
            pieces.push(Piece::User);
            after_user
        } else if let Some(after_template) = template {
            pieces.push(Piece::Run);
            after_template
        } else {
            match first {
                '*' => pieces.push(Piece::Run),
                '?' => pieces.push(Piece::One),
                _ => pieces.push_char(first),
            }
            rest.get(first.len_utf8()..).unwrap_or_default()
        };
    }
    pieces.finish()
}

/// The pieces of a whole path without wildcards, slashes included.
pub(super) fn literal_pieces(path: &str, syntax: Syntax) -> Vec<Piece> {
    if syntax == Syntax::Plain {
        return vec![Piece::Text(path.to_owned())];
    }
    let mut pieces = Pieces::default();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        rest = if let Some(after_user) = after(rest, "${user}") {
            pieces.push(Piece::User);
            after_user
        } else if after(rest, "/me/").is_some() {
            pieces.push_char('/');
            pieces.push(Piece::Me);
            // The second slash may begin another `/me/`.
            after(rest, "/me").unwrap_or_default()
        } else {
            pieces.push_char(first);
            rest.get(first.len_utf8()..).unwrap_or_default()
        };
    }
    pieces.finish()
}

/// What follows `start`, which is in lower case, ASCII letter case aside.
fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    eat(text, start, u8::eq_ignore_ascii_case)
}

/// What follows a template after its opening brace: a name, which holds no brace, and the closing
/// one.
fn after_template(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once('}')?;
    (!name.is_empty() && !name.contains('{')).then_some(rest)
}

/// Pieces in the making: characters join into one text.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    text: String,
}

impl Pieces {
    fn push_char(&mut self, c: char) {
        self.text.push(c);
    }

    fn push(&mut self, piece: Piece) {
        self.flush();
        self.done.push(piece);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.done.push(Piece::Text(std::mem::take(&mut self.text)));
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.flush();
        // A rule keeps one list for each of its segments.
        self.done.shrink_to_fit();
        self.done
    }
}

/// Whether `pieces` match the whole of `text`.
pub(super) fn glob(pieces: &[Piece], text: &str, comparison: Comparison<'_>) -> bool {
    let mut pieces = pieces.iter();
    let mut rest = text;
    // Where to go on when something does not match: after the last `*`, one character later.
    let mut retry: Option<(std::slice::Iter<'_, Piece>, &str)> = None;
    loop {
        let next = match pieces.next() {
            Some(Piece::Run) => {
                if pieces.as_slice().is_empty() {
                    return true;
                }
                retry = Some((pieces.clone(), rest));
                continue;
            }
            Some(piece) => comparison.eat(piece, rest),
            None if rest.is_empty() => return true,
            None => None,
        };
        if let Some(next) = next {
            rest = next;
            continue;
        }
        let Some((after, from)) = &mut retry else { return false };
        let Some(later) = without_first(from) else { return false };
        *from = later;
        pieces = after.clone();
        rest = later;
    }
}

impl Comparison<'_> {
    /// What is left of `rest` once `piece`, which is no [`Piece::Run`], has taken its part.
    fn eat<'t>(&self, piece: &Piece, rest: &'t str) -> Option<&'t str> {
        match piece {
            Piece::Text(text) => self.eat_text(rest, text),
            Piece::One => without_first(rest),
            Piece::User => eat(rest, self.bindings.user?, self.names),
            Piece::Me => match self.bindings.me {
                Some(name) => eat(rest, name, self.names),
                None => self.eat_text(rest, "me"),
            },
            Piece::Run => None,
        }
    }

    fn eat_text<'t>(&self, rest: &'t str, text: &str) -> Option<&'t str> {
        match self.text {
            Case::Exact => rest.strip_prefix(text),
            Case::Folded => eat(rest, text, u8::eq_ignore_ascii_case),
        }
    }
}

fn eat<'a>(text: &'a str, start: &str, same: fn(&u8, &u8) -> bool) -> Option<&'a str> {
    let head = text.as_bytes().get(..start.len())?;
    let agrees = head.iter().zip(start.as_bytes()).all(|(path, name)| same(path, name));
    if agrees { text.get(start.len()..) } else { None }
}

fn without_first(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}

//! The spellings of a rule that demands: what else its author would have to write to say the same.

use crate::path::{is_application_word, is_organization_word};
use crate::permission::RuleError;
use crate::syntax::is_uuid;

/// Segments of a path among which an organisation and an application can be named.
const NAMING_SEGMENTS: usize = 4;

/// The path of a rule as it stands, characters beyond ASCII aside: backends disagree about their
/// letter case and how they are composed, so they stand for any text within their segment.
pub(super) fn own(path: &str) -> Result<Vec<String>, RuleError> {
    check(path)?;
    if path == "*" {
        return Ok(vec![path.to_owned()]);
    }
    Ok(vec![joined(&segments(path))])
}

/// What Usergrid's router, and people who write rules for it, call the same besides; often nothing.
pub(super) fn aliases(path: &str) -> Result<Vec<String>, RuleError> {
    check(path)?;
    let own = segments(path);
    let begins_with_uuid = own.first().is_some_and(|first| is_uuid(first));
    let mut all: Vec<Vec<String>> = vec![own.clone()];
    if let [first, rest @ ..] = own.as_slice()
        && (begins_with_uuid || !rest.is_empty())
    {
        let any = || "*".to_owned();
        if is_organization_word(first) {
            all.push(rest.to_vec());
        } else if first.eq_ignore_ascii_case("applications") || first.eq_ignore_ascii_case("apps") {
            all.push([&[any()], rest].concat());
        } else if begins_with_uuid {
            all.push([&[any(), any()], rest].concat());
        }
    }
    for at in 0..all.len() {
        if let Some([organization, word, rest @ ..]) = all.get(at).map(Vec::as_slice)
            && is_application_word(word)
            && !rest.is_empty()
        {
            let without = [std::slice::from_ref(organization), rest].concat();
            all.push(without);
        }
    }
    for at in 0..all.len() {
        if let Some([organization, application, collection, rest @ ..]) =
            all.get(at).map(Vec::as_slice)
            && let Some(plural) = plural(collection)
        {
            let in_plural = [&[organization.clone(), application.clone(), plural], rest].concat();
            all.push(in_plural);
        }
    }
    for segment in all.iter_mut().flat_map(|spelling| spelling.iter_mut().take(NAMING_SEGMENTS)) {
        // It may belong to any name that a path has in its place.
        if is_uuid(segment) {
            "*".clone_into(segment);
        }
    }
    all.retain(|spelling| *spelling != own);
    Ok(all.iter().map(|spelling| joined(spelling)).collect())
}

/// The plural by which Usergrid knows a collection, unless it is one or is a pattern. Words that
/// English forms otherwise (`person`) are not known here.
pub(super) fn plural(collection: &str) -> Option<String> {
    let is_word = collection.ends_with(|last: char| last.is_ascii_alphabetic())
        && !collection.contains(['*', '?', '{']);
    let ends_with = |ends: &[&str]| ends.iter().any(|end| ends_without_case(collection, end));
    if !is_word || ends_with(&["s"]) {
        return None;
    }
    if ends_with(&["y"]) && !ends_with(&["ay", "ey", "oy", "uy"]) {
        let stem = collection.get(..collection.len().saturating_sub(1))?;
        return Some([stem, "ies"].concat());
    }
    let ending = if ends_with(&["x", "ch", "sh"]) { "es" } else { "s" };
    Some([collection, ending].concat())
}

fn ends_without_case(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len()).and_then(|at| text.get(at..));
    start.is_some_and(|last| last.eq_ignore_ascii_case(end))
}

/// Refuses what no path that is compared holds: the rule would be silent.
fn check(path: &str) -> Result<(), RuleError> {
    let is_escape = |after: &str| {
        let digits = after.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if path.to_ascii_lowercase().contains("${user}") {
        Err(RuleError::user_in_a_demand(path))
    } else if path.contains([';', '#', '\\'])
        || path.contains(char::is_control)
        || path.split('%').skip(1).any(is_escape)
        || path.split('/').any(|segment| matches!(segment, "." | ".."))
    {
        Err(RuleError::never_in_a_path(path))
    } else {
        Ok(())
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(in_ascii).collect()
}

/// The segment with a `*` for each run of characters beyond ASCII.
fn in_ascii(segment: &str) -> String {
    if segment.is_ascii() {
        return segment.to_owned();
    }
    let mut ascii = String::with_capacity(segment.len());
    for character in segment.chars() {
        match character {
            // Not two of them, which would be any number of segments.
            '*' if ascii.ends_with('*') => {}
            beyond if !beyond.is_ascii() => {
                if !ascii.ends_with('*') {
                    ascii.push('*');
                }
            }
            other => ascii.push(other),
        }
    }
    ascii
}

fn joined(segments: &[String]) -> String {
    ["/", &segments.join("/")].concat()
}

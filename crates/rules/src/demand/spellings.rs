//! The spellings of a rule that demands: what else its author would have to write to say the same.

use super::plural::plural;
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
    let without_types: Vec<_> = all.iter().filter_map(|all| without_types(all)).collect();
    all.extend(without_types);
    let mut in_plural = Vec::new();
    for spelling in &all {
        for place in places_of_collection(spelling) {
            let mut spelling = spelling.clone();
            // One that ends in a wildcard has any plural, or nobody knows which. In a path, these
            // are characters like any other.
            if let Some(collection) = spelling.get_mut(place)
                && !collection.ends_with(['*', '?', '}'])
                && let Some(plural) = plural(collection)
            {
                *collection = plural;
                in_plural.push(spelling);
            }
        }
    }
    all.extend(in_plural);
    for segment in all.iter_mut().flat_map(|spelling| spelling.iter_mut().take(NAMING_SEGMENTS)) {
        // It may belong to any name that a path has in its place.
        if is_uuid(segment) {
            "*".clone_into(segment);
        }
    }
    all.retain(|spelling| *spelling != own);
    Ok(all.iter().map(|spelling| joined(spelling)).collect())
}

/// The rule without the types of its collections: `/users:x` is the collection `users`.
fn without_types(spelling: &[String]) -> Option<Vec<String>> {
    let cut = |segment: &String| match segment.split_once(':') {
        Some((name, _)) if !name.is_empty() && !name.contains(['*', '?', '{']) => name.to_owned(),
        _ => segment.clone(),
    };
    let without: Vec<String> = spelling.iter().map(cut).collect();
    (without != spelling).then_some(without)
}

/// The places, at most three, where a path that the rule matches can have its collection: third, or
/// wherever a `**` before it leaves that open.
fn places_of_collection(spelling: &[String]) -> Vec<usize> {
    let (mut places, mut names, mut is_open) = (Vec::new(), 0_u8, false);
    for (place, segment) in spelling.iter().enumerate() {
        if segment == "**" {
            is_open = true;
            continue;
        }
        if is_open || names == 2 {
            places.push(place);
        }
        if names == 2 {
            break;
        }
        names = names.saturating_add(1);
    }
    places
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

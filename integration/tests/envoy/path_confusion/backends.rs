//! What backends make of a path. Tomcat drops parameters, decodes, and resolves dots and backslashes;
//! Jersey cuts at slashes first, drops parameters and decodes each segment; some do either again, some
//! drop empty segments, some keep what others resolve.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

/// Words before an organisation and before an application, in Usergrid's router.
const ORGANIZATION_WORDS: [&str; 3] = ["organizations", "orgs", "o"];
const APPLICATION_WORDS: [&str; 3] = ["applications", "apps", "a"];
/// First segments that are no organisation.
const RESERVED: [&str; 7] =
    ["management", "system", "status", "lb-status", "applications", "apps", ""];

/// The segments of a path, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading(Vec<String>);

impl Reading {
    pub fn segments(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    /// Organisation, application, and what is asked of it, as Usergrid routes them; none for what is no
    /// application.
    pub fn place(&self) -> Option<(&str, &str, Vec<&str>)> {
        let mut segments = self.0.iter().map(String::as_str).peekable();
        segments.next_if(|word| ORGANIZATION_WORDS.contains(word));
        let organization = segments.next().filter(|name| !RESERVED.contains(name))?;
        segments.next_if(|word| APPLICATION_WORDS.contains(word));
        let application = segments.next().filter(|name| !name.is_empty())?;
        Some((organization, application, segments.collect()))
    }
}

/// Where parameters go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameters {
    BeforeDecoding,
    AfterDecoding,
    Stay,
}

/// All that some backend reads in `target`, a `:path` as it arrives there.
pub fn readings(target: &str) -> BTreeSet<Reading> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut all = BTreeSet::new();
    for decodes in [1, 2] {
        for parameters in [Parameters::BeforeDecoding, Parameters::AfterDecoding, Parameters::Stay]
        {
            for cuts_first in [false, true] {
                for [resolves, merges, turns_backslashes, ends_at_nul] in flags() {
                    let mut segments = if cuts_first {
                        cut(path, parameters == Parameters::BeforeDecoding)
                            .map(|segment| decoded(&segment, decodes))
                            .collect()
                    } else {
                        let joined: Vec<String> =
                            cut(path, parameters == Parameters::BeforeDecoding).collect();
                        let text = decoded(&joined.join("/"), decodes);
                        let text = if turns_backslashes { text.replace('\\', "/") } else { text };
                        let text = match text.split_once('\0') {
                            Some((before, _)) if ends_at_nul => before.to_owned(),
                            _ => text,
                        };
                        text.split('/').map(str::to_owned).collect::<Vec<_>>()
                    };
                    if parameters == Parameters::AfterDecoding {
                        for segment in &mut segments {
                            let end = segment.find(';').unwrap_or(segment.len());
                            segment.truncate(end);
                        }
                    }
                    all.insert(Reading(normalised(segments, resolves, merges)));
                }
            }
        }
    }
    all
}

fn flags() -> impl Iterator<Item = [bool; 4]> {
    (0_u8..16).map(|bits| [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0])
}

/// What stands between slashes, with or without parameters.
fn cut(path: &str, drops: bool) -> impl Iterator<Item = String> {
    path.split('/').map(move |segment| match segment.split_once(';') {
        Some((name, _)) if drops => name.to_owned(),
        _ => segment.to_owned(),
    })
}

fn decoded(text: &str, times: usize) -> String {
    let decode = |text: String, _| percent_decode_str(&text).decode_utf8_lossy().into_owned();
    (0..times).fold(text.to_owned(), decode)
}

fn normalised(segments: Vec<String>, resolves: bool, merges: bool) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    // The first is what stands before the first slash.
    for segment in segments.into_iter().skip(1) {
        match segment.as_str() {
            "." if resolves => {}
            ".." if resolves => drop(kept.pop()),
            "" if merges => {}
            _ => kept.push(segment.to_ascii_lowercase()),
        }
    }
    // A slash at the end is nothing of its own.
    if kept.last().is_some_and(String::is_empty) {
        kept.pop();
    }
    kept
}

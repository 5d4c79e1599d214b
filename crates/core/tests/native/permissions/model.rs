//! Spring's Ant matching, as plainly as it can be written: recursion, no care for cost.

fn segment(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => {
            segment(&pattern[1..], text) || (!text.is_empty() && segment(pattern, &text[1..]))
        }
        (Some(b'?'), Some(_)) => segment(&pattern[1..], &text[1..]),
        (Some(p), Some(t)) if p.eq_ignore_ascii_case(t) => segment(&pattern[1..], &text[1..]),
        _ => false,
    }
}

fn segments(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.first(), path.first()) {
        (None, None) => true,
        (Some(&"**"), _) => {
            segments(&pattern[1..], path) || (!path.is_empty() && segments(pattern, &path[1..]))
        }
        (Some(p), Some(t)) => {
            segment(p.as_bytes(), t.as_bytes()) && segments(&pattern[1..], &path[1..])
        }
        _ => false,
    }
}

fn ant(pattern: &str, path: &str) -> bool {
    let cut = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (pattern_parts, path_parts) = (cut(pattern), cut(path));
    let pattern_parts: Vec<&str> = pattern_parts.iter().map(String::as_str).collect();
    let path_parts: Vec<&str> = path_parts.iter().map(String::as_str).collect();
    if pattern_parts.contains(&"**") {
        return segments(&pattern_parts, &path_parts);
    }
    if pattern.ends_with('/') == path.ends_with('/') && segments(&pattern_parts, &path_parts) {
        return true;
    }
    let Some((last, before)) = pattern_parts.split_last() else { return false };
    *last == "*" && path.ends_with('/') && segments(before, &path_parts)
}

/// The item and path of one rule, both beginning with a slash.
pub fn matches(pattern: &str, path: &str) -> bool {
    let slashed = |text: &str| {
        if text.ends_with(['/', '*']) { text.to_owned() } else { format!("{text}/") }
    };
    if pattern.contains(['*', '?']) {
        ant(pattern, path) || ant(&slashed(pattern), &slashed(path))
    } else {
        pattern.eq_ignore_ascii_case(path)
    }
}

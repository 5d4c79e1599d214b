//! The known key that an unknown one is probably a slip of.
//! Only ever part of a message: nothing is accepted because it is similar.

use crate::keys::KEYS;

/// Most edits between a slip and the key that was meant.
const MOST_SLIPS: usize = 2;

/// The key of `section` nearest to `name`, if it is near.
pub(super) fn similar_key(section: &str, name: &str) -> Option<&'static str> {
    let names = KEYS.iter().filter(|key| key.section == section).map(|key| key.name);
    let (slips, similar) = names.map(|key| (slips(name, key), key)).min()?;
    (slips <= MOST_SLIPS && slips < similar.len().min(name.len())).then_some(similar)
}

/// Levenshtein's distance in bytes.
fn slips(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (1..=right.len()).collect();
    for (line, from) in left.bytes().enumerate() {
        let mut diagonal = line;
        let mut before = line.saturating_add(1);
        for (cell, to) in row.iter_mut().zip(right.bytes()) {
            let replaced = diagonal.saturating_add(usize::from(from != to));
            diagonal = *cell;
            before = replaced.min(cell.saturating_add(1)).min(before.saturating_add(1));
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(left.len())
}

#[cfg(test)]
mod tests {
    use super::{similar_key, slips};

    #[test]
    fn distances_are_levenshteins() {
        let cases = [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("ttl", "tl", 1),
        ];
        for (left, right, distance) in cases {
            assert_eq!(slips(left, right), distance, "{left} {right}");
        }
    }

    #[test]
    fn only_a_near_key_of_the_same_section_is_offered() {
        assert_eq!(similar_key("introspection", "clustr"), Some("cluster"));
        assert_eq!(similar_key("", "publik"), Some("public"));
        assert_eq!(similar_key("", "cluster"), None);
        assert_eq!(similar_key("cache", "x"), None);
        assert_eq!(similar_key("nowhere", "x"), None);
    }
}

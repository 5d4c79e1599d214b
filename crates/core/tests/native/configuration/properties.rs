//! Whatever a document holds, it is read or told what is wrong with it.

use std::fs;

use proptest::prelude::*;
use usergrid_auth_config::{Config, KEYS};

use super::{documents, environment, with};

proptest! {
    // Reading a document takes longer than making one up, and neighbours want the machine too.
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_documents_are_told_so_or_read(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut_it in any::<bool>(),
    ) {
        let mut paths = documents("accepted");
        paths.extend(documents("rejected"));
        let mut text = fs::read(which.get(&paths)).unwrap();
        for (at, byte) in changes {
            let at = at.index(text.len());
            text[at] = byte;
        }
        if cut_it {
            text.truncate(cut.index(text.len()));
        }
        if let Err(problems) = Config::parse(&text, &environment) {
            prop_assert!(problems.iter().count() > 0);
        }
    }

    #[test]
    fn any_bytes_are_told_so(text in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(Config::parse(&text, &environment).is_err());
    }

    #[test]
    fn any_json_under_any_key_is_told_so_or_read(
        key in any::<prop::sample::Index>(),
        value in prop::sample::select(&[
            "null", "true", "-0.0", "-1", "0", "1e300", "9007199254740993", "\"\"", "\"a\"", "\"0s\"", "\"/\"",
            "[]", "{}", "[null]", "[\"\"]", "[{}]", "{\"\":null}", "{\"a\":{}}", "{\"a/b\":[]}", "{\"é\":\"é\"}",
        ][..]),
    ) {
        let _ = Config::parse(with(&[(&key.get(KEYS).path(), value)]).as_bytes(), &environment);
    }
}

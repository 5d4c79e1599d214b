//! Documents that are accepted, and every message to those that are not.
//!
//! Beside each rejected document stands a `.expected` with every message, one a line; where a line
//! ends in `: ...`, the words of a rule or pattern follow, which are tested with those.

use std::fs;

use usergrid_auth_config::Config;

use super::{MARK, documents, environment, minimal, problems};

#[test]
fn accepted_documents_are_accepted_and_keep_their_secrets() {
    for path in documents("accepted") {
        match Config::parse(&fs::read(&path).unwrap(), &environment) {
            Ok(config) => assert!(!format!("{config:?}").contains(MARK), "{}", path.display()),
            Err(problems) => panic!("{}:\n{problems}", path.display()),
        }
    }
}

#[test]
fn rejected_documents_are_told_everything_and_no_secret() {
    let mut wrong = Vec::new();
    for path in documents("rejected") {
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        let told = problems(fs::read(&path).unwrap());
        assert!(!told.contains(MARK), "{} shows a secret:\n{told}", path.display());
        let as_expected = told.lines().count() == expected.lines().count()
            && told.lines().zip(expected.lines()).all(|(told, expected)| {
                match expected.strip_suffix(": ...") {
                    Some(beginning) => told.strip_prefix(beginning).is_some_and(|it| it.len() > 3),
                    None => told == expected,
                }
            });
        if !as_expected {
            wrong.push(format!("{}: told\n{told}\nexpected\n{expected}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_expectation_has_its_document() {
    for path in documents("rejected") {
        assert!(path.with_extension("expected").exists(), "{}", path.display());
    }
}

#[test]
fn messages_are_lines_for_a_log() {
    for path in documents("rejected") {
        let list = Config::parse(&fs::read(&path).unwrap(), &environment).unwrap_err();
        assert!(list.iter().count() > 0);
        for problem in list.iter() {
            let line = problem.to_string();
            assert!(line.chars().all(|one| matches!(one, ' '..='~')), "{line:?}");
            assert!(!line.ends_with('.') || line.ends_with("..."), "{line}");
            assert!(!problem.message.starts_with(char::is_uppercase), "{line}");
            assert!(line.matches('`').count().is_multiple_of(2), "{line}");
        }
    }
}

#[test]
fn bytes_that_are_no_json_object_get_advice() {
    let string_value = "google.protobuf.StringValue";
    let other_first_bytes = [&b""[..], b" \n\t", b"\"{}\"", b"null", b"\xff"];
    // `google.protobuf.Struct` as Envoy hands it over; the second is 123 = `{` bytes long.
    let structs =
        [&b"\n\x0f\n\x03key\x12\x08\x1a\x06string"[..], b"\n{\n\x03key\x12\x74\x1a\x72string"];
    for text in other_first_bytes.into_iter().chain(structs) {
        assert!(problems(text).contains(string_value), "{text:?}");
    }
    for text in [&b"\n{\n  \"a\": 1,\n"[..], b"{ \"a\": \"\x01\" }", b"\n\t{ \"a\" }\r\n"] {
        assert!(!problems(text).contains(string_value), "{text:?} is a slip in a document");
    }
    assert!(problems(b"\xEF\xBB\xBF{}").contains("byte order mark"));
    assert!(problems(b"{ \"a\": \"\xff\" }").contains("line 1"));
    assert!(problems("{\n\n  \"introspection\": tru }").contains("line 3 column"));
    let deep = "{\"a\":".repeat(100_000);
    assert!(problems(deep).contains("recursion limit"));
}

/// Something else in its place may well be the secret.
#[test]
fn only_what_looks_like_a_variable_is_shown() {
    let told = |name: &str| {
        let auth = format!(r#""client_auth":{{"method":"bearer","token_env":"{name}"}}"#);
        problems(format!(r#"{{"introspection":{{"cluster":"c","path":"/i",{auth}}}}}"#))
    };
    for name in ["_", "_KEY", "KEY_2", "k"] {
        let expected = format!("the environment variable `{name}` is not set");
        assert!(told(name).ends_with(&expected), "{}", told(name));
    }
    for secret in ["2KEY", "KEY-2", "-KEY", "K\u{e9}Y", "\u{e9}", "KEY "] {
        let told = told(secret);
        assert!(told.ends_with("is not the name of an environment variable"), "{told}");
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn white_space_may_surround_the_document() {
    assert!(Config::parse(format!(" \r\n\t{} \n", minimal("")).as_bytes(), &environment).is_ok());
}

#[test]
fn a_message_shows_only_the_beginning_of_a_long_value() {
    let told = problems(minimal(&format!(r#","token":{{"format":"{}"}}"#, "y".repeat(100_000))));
    assert!(told.len() < 200, "{told}");
}

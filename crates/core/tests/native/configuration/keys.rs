//! The table of keys means what the parser does: defaults, bounds, and no key that nobody reads.

use usergrid_auth_config::{Config, KEYS, Profile, Protocol, Shape};

use super::{environment, goes_with, problems, with, with_usergrid};

const OAUTH: (&str, &str) = ("profile", "\"oauth\"");

/// The table's default, written out, changes nothing: so documentation and parser mean the same by
/// it.
#[test]
fn explicit_defaults_change_nothing() {
    let debug = |text: &str| {
        let mut config = Config::parse(text.as_bytes(), &environment).unwrap();
        config.digest = [0; 32];
        format!("{config:?}")
    };
    let choices = [
        (Protocol::Rfc7662, Profile::Usergrid),
        (Protocol::Usergrid, Profile::Usergrid),
        (Protocol::Rfc7662, Profile::Oauth),
    ];
    for (protocol, profile) in choices {
        let document = |keys: &[(&str, &str)]| match (protocol, profile) {
            (Protocol::Usergrid, _) => with_usergrid(keys),
            (Protocol::Rfc7662, Profile::Usergrid) => with(keys),
            (Protocol::Rfc7662, Profile::Oauth) => with(&[&[OAUTH], keys].concat()),
        };
        let plain = debug(&document(&[]));
        let keys = KEYS.iter().filter(|key| goes_with(&key.path(), protocol));
        for key in keys.filter(|key| key.path() != "profile" || profile == Profile::Usergrid) {
            if let Some(default) = key.default_json(protocol, profile) {
                let path = key.path();
                assert_eq!(debug(&document(&[(&path, &default)])), plain, "{path}");
            }
        }
    }
}

#[test]
fn bounds_are_those_of_the_table() {
    for key in KEYS {
        let path = key.path();
        let (inside, outside): (Vec<String>, Vec<String>) = match key.shape {
            Shape::Duration { least, most } => {
                let text = |millis: u32| format!("\"{millis}ms\"");
                let below = if least == 0 { "-1".into() } else { text(least - 1) };
                (vec![text(least), text(most)], vec![below, text(most + 1), "60".into()])
            }
            Shape::WholeNumber { least, most } => {
                let below = if least == 0 { "-1".into() } else { (least - 1).to_string() };
                let doubles = vec![format!("{least}.0"), format!("{least}"), format!("{most:e}")];
                (doubles, vec![below, (most + 1).to_string(), format!("{least}.5"), "\"1\"".into()])
            }
            Shape::Word(words) => {
                let quoted = words.iter().map(|word| format!("\"{word}\"")).collect();
                (if path.ends_with("method") { vec![] } else { quoted }, vec!["\"\"".into()])
            }
            _ => continue,
        };
        for value in inside {
            let text = with(&[(&path, &value)]);
            assert!(Config::parse(text.as_bytes(), &environment).is_ok(), "{path} {value}");
        }
        for value in outside {
            let told = problems(with(&[(&path, &value)]));
            assert!(told.starts_with(&format!("`{path}`: ")), "{path} {value}: {told}");
        }
    }
}

/// So a key that is listed but never read is found.
#[test]
fn every_listed_key_is_read() {
    for key in KEYS {
        let path = key.path();
        let told = problems(with(&[(&path, "[[]]")]));
        let at = path.replace("[]", "[0]");
        let tokens = ["client_id", "client_secret", "client_secret_env", "token", "token_env"];
        if key.section.ends_with("client_auth") && tokens.contains(&key.name) {
            assert!(told.contains("does not go with method"), "{path}: {told}");
        }
        assert!(told.contains(&format!("`{at}")), "{path}: {told}");
        assert!(!told.contains("unknown key"), "{path}: {told}");
    }
}

//! Any document is accepted or refused in lines that can be logged, and never shows a secret.

use usergrid_auth_config::Config;

use crate::settings::SECRET;

/// All bytes are the document.
pub fn hold(bytes: &[u8]) {
    if String::from_utf8_lossy(bytes).contains(SECRET) {
        return;
    }
    let secret = |_: &str| Some(SECRET.as_bytes().to_vec());
    match Config::parse(bytes, &secret) {
        Ok(config) => {
            assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_ok(), "no JSON");
            assert!(!format!("{config:?}").contains(SECRET), "shows a secret");
            for warning in config.warnings() {
                printable(&warning);
            }
            let again = Config::parse(bytes, &secret).map(|config| config.digest);
            assert_eq!(again.ok(), Some(config.digest));
            let other = Config::parse(&[bytes, b" "].concat(), &secret).map(|config| config.digest);
            assert_ne!(other.ok(), Some(config.digest), "another document, the same digest");
            assert!(!config.servers.is_empty() && config.max_waiting > 0);
        }
        Err(problems) => {
            assert!(problems.iter().next().is_some(), "refused without a reason");
            for problem in problems.iter() {
                printable(&problem.to_string());
            }
        }
    }
    // Without an environment, every variable that is named is a problem.
    if let Err(problems) = Config::parse(bytes, &|_| None) {
        problems.iter().for_each(|problem| printable(&problem.to_string()));
    }
}

fn printable(line: &str) {
    assert!(!line.contains(char::is_control), "{line:?}");
    assert!(!line.contains(SECRET), "shows a secret: {line:?}");
    assert!(line.len() <= 4_096, "{} bytes", line.len());
}

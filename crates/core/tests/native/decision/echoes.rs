//! Answers in which a credential stands are kept out of the memory and the messages that workers
//! share, in whatever form a server repeats it. All others are shared.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use usergrid_auth_config::{ClientAuth, Config, Secret};

use crate::decision::worker::Worker;
use crate::support::{config, introspection_of};

/// In both alphabets of base64 it is written differently, wherever in a group of three it begins.
const TOKEN: &str = "2YotnFZFEjr1~~~Csi/MWp???AA+x";

/// Whether an answer with these claims about `token` serves another worker, too. If not, nothing of
/// it is anywhere that the other worker can see.
fn is_shared(token: &str, claims: &str) -> bool {
    is_shared_of(&Rc::new(config("")), token, claims)
}

fn is_shared_of(config: &Rc<Config>, token: &str, claims: &str) -> bool {
    let process = Rc::default();
    let [mut one, mut two] = [(); 2].map(|()| Worker::in_process(config, &process));
    let bearer = format!("Bearer {token}");
    let [first, second] =
        [&mut one, &mut two].map(|worker| worker.request("GET /x", &[("authorization", &bearer)]));
    one.active(claims);
    assert_eq!(one.verdict(first), "forwarded", "{claims}");
    let seen = [process.bytes(), process.messages().concat()].concat();
    let is_seen = seen.windows(claims.len()).any(|window| window == claims.as_bytes());
    two.read_queue();
    let is_told = two.calls.is_empty();
    assert_eq!(is_told, is_seen, "{claims}");
    if !is_told {
        two.active(claims);
    }
    assert_eq!(two.verdict(second), "forwarded", "{claims}");
    is_told
}

fn claim(value: &str) -> String {
    format!(r#""echo":"{value}""#)
}

/// Each byte as `escape` writes it.
fn escaped(text: &str, escape: fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

#[test]
fn an_answer_that_repeats_the_token_is_not_shared() {
    for token in [TOKEN, "s3cr+t", "7-chars", "8--chars", "~~~~~~~~~"] {
        for written in [
            token.to_owned(),
            format!("Bearer {token}, once more"),
            format!("https://example.com/?access_token={token}#100%"),
            token.replace('/', r"\/"),
            token.replace('/', "%2F").replace('+', "%2b"),
            escaped(token, |byte| format!("\\u00{byte:02x}")),
            escaped(token, |byte| format!("\\u00{byte:02X}")),
            escaped(token, |byte| format!("%{byte:02x}")),
            escaped(token, |byte| format!("%{byte:02X}")),
        ] {
            assert!(!is_shared(token, &claim(&written)), "{token} as {written}");
        }
        assert!(!is_shared(token, &format!(r#""{token}":[]"#)), "{token} as a name");
    }
}

#[test]
fn an_answer_that_repeats_the_token_in_base64_is_not_shared() {
    for token in [TOKEN, "7-chars", "8--chars", "~~~~~~~~~"] {
        for (before, after) in
            [("", ""), ("", ":"), ("a", "b"), ("ab", "c:d"), ("client:", ""), ("id=5&token=", "&x")]
        {
            for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
                let written = engine.encode(format!("{before}{token}{after}"));
                for written in [
                    written.replace('/', r"\/"),
                    written.replace('/', r"\u002f").replace('+', r"\u002B"),
                    written.replace('/', "%2f").replace('+', "%2B"),
                    written,
                ] {
                    assert!(!is_shared(token, &claim(&written)), "{token} as {written}");
                }
            }
        }
    }
}

#[test]
fn an_answer_that_holds_another_token_is_not_shared() {
    for member in ["token", "jwt", "access_token", "refresh_token", "id_token"] {
        assert!(!is_shared(TOKEN, &format!(r#""{member}":"another""#)), "{member}");
        assert!(!is_shared(TOKEN, &format!(r#""issued":{{"a":1, "{member}" : "x"}}"#)), "{member}");
    }
}

#[test]
fn an_answer_that_repeats_what_the_filter_authenticates_by_is_not_shared() {
    const OWN: &str = "our+own/secret";
    let (client_id, secret) = ("gateway".to_owned(), || Secret::new(OWN.as_bytes()));
    let basic =
        ClientAuth::ClientSecretBasic { client_id: client_id.clone(), client_secret: secret() };
    let post =
        ClientAuth::ClientSecretPost { client_id: client_id.clone(), client_secret: secret() };
    let bearer = ClientAuth::Bearer { token: secret() };
    let certificate = ClientAuth::TlsClientAuth { client_id };
    let kinds = [
        (basic, true),
        (post, true),
        (bearer, true),
        (certificate, false),
        (ClientAuth::None, false),
    ];
    for (client_auth, has_secret) in kinds {
        let mut config = config("");
        introspection_of(&mut config).client_auth = client_auth;
        let config = Rc::new(config);
        for written in [
            OWN.to_owned(),
            OWN.replace('/', r"\/"),
            OWN.replace('/', "%2F").replace('+', "%2B"),
            STANDARD.encode(format!("gateway:{OWN}")),
            // As it is sent.
            STANDARD.encode("gateway:our%2Bown%2Fsecret"),
        ] {
            let is_shared = is_shared_of(&config, TOKEN, &claim(&written));
            assert_eq!(is_shared, !has_secret, "{written}");
        }
        assert!(is_shared_of(&config, TOKEN, r#""client_id":"gateway","username":"tom""#));
    }
}

#[test]
fn an_answer_that_only_looks_a_little_like_the_token_is_shared() {
    let (half, _) = TOKEN.split_at(TOKEN.len() / 2);
    let ((almost, _), (_, rest)) = (TOKEN.split_at(TOKEN.len() - 1), TOKEN.split_at(1));
    let long = "0f8fad5bd9cb469f".repeat(8);
    for claims in [
        r#""username":"tom""#.to_owned(),
        r#""token_type":"Bearer","client_id":"a token","scope":"id_tokens""#.to_owned(),
        claim(r#"\"100%\" \\ \/ \u00fc %2 \\u00"#),
        claim(half),
        claim(almost),
        claim(rest),
        claim(&TOKEN.to_lowercase()),
        claim(&escaped(half, |byte| format!("%{byte:02x}"))),
        claim(&STANDARD.encode(half)),
        claim(&long),
        claim(&format!("{long}+/{long}-_{long}")),
    ] {
        assert!(is_shared(TOKEN, &claims), "{claims}");
    }
    for short in ["tom", "active-1", "abc"] {
        assert!(is_shared(short, r#""username":"ann","scope":"read write""#), "{short}");
    }
}

/// A client that chooses its token and a server that repeats its beginning without end could make
/// the search long.
#[test]
fn an_answer_with_many_beginnings_of_the_token_is_shared_up_to_a_bound() {
    let beginning = format!("{} ", TOKEN.split_at(8).0);
    assert!(is_shared(TOKEN, &claim(&beginning.repeat(64))));
    assert!(!is_shared(TOKEN, &claim(&beginning.repeat(65))));
    // Where there is no token, none is found.
    assert!(is_shared(TOKEN, &claim(&format!("{} ", TOKEN.split_at(7).0).repeat(200))));
}

//! Usergrid access tokens, checked without any call.
//! The table holds real tokens out of Usergrid's own pages and tests, tokens A to I made by the
//! format of `docs/usergrid.md`, "Tokens", malformed variants, and expiries at the edges.

use crate::support::{rows, unescape};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use usergrid_auth_config::{Secret, TokenFormat};
use usergrid_auth_core::credential::usergrid_token::{
    TokenProblem, check, has_category, is_signature_checked, life_time,
};
use usergrid_auth_core::time::UnixMillis;

const DEFAULT_SALT: &str = "super secret token value";
const UNTIL_2100: &str = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes())
}

#[test]
fn tokens_by_the_table() {
    for row in rows(include_str!("../data/token-vectors.tsv"), 6) {
        let [name, token, salt, now, expected, _] = row[..] else { unreachable!() };
        let salt = match salt {
            "none" => None,
            "default" => Some(secret(DEFAULT_SALT)),
            other => Some(secret(other.strip_prefix("salt=").expect("a salt"))),
        };
        let expected = match expected {
            "ok" => Ok(()),
            "expired" => Err(TokenProblem::Expired),
            "malformed" => Err(TokenProblem::Malformed),
            other => panic!("unknown outcome `{other}`"),
        };
        let now = UnixMillis(now.parse().expect("milliseconds"));
        assert_eq!(check(&unescape(token), salt.as_ref(), now), expected, "{name}");
    }
}

#[test]
fn a_token_tells_when_it_was_issued_and_when_it_ends() {
    let life = life_time(UNTIL_2100.as_bytes()).expect("a token");
    assert_eq!(life.issued, crate::support::NOW);
    let ends = life.ends.expect("an end");
    let at = |now| check(UNTIL_2100.as_bytes(), None, UnixMillis(now));
    assert_eq!((at(ends.0 - 1), at(ends.0)), (Ok(()), Err(TokenProblem::Expired)));
    assert_eq!(life_time(b"eyJhbGciOiJIUzI1NiJ9.e30.x"), None);
}

#[test]
fn a_token_that_never_was_good_does_not_tell_that_it_never_ends() {
    // As [`UNTIL_2100`], with an expiry of -5, and with one that wraps: no end.
    for (expiry, ends) in [(-5, Some(UnixMillis(0))), (i64::MIN + 1_000, None)] {
        let mut payload = URL_SAFE_NO_PAD.decode(UNTIL_2100).unwrap();
        payload[19..27].copy_from_slice(&i64::to_be_bytes(expiry));
        let token = URL_SAFE_NO_PAD.encode(payload);
        assert_eq!(life_time(token.as_bytes()).expect("a token").ends, ends);
        let is_good = check(token.as_bytes(), None, crate::support::NOW).is_ok();
        assert_eq!(is_good, ends.is_none());
    }
}

#[test]
fn other_tokens_are_opaque_where_they_are_mixed() {
    let salted = |salt: &str| TokenFormat::Mixed { salt: Some(secret(salt)) };
    let jwt = b"eyJhbGciOiJIUzI1NiJ9.e30.x";
    let token = UNTIL_2100.as_bytes();
    assert!(has_category(token) && !has_category(jwt) && !has_category(b"ZW0tabc"));
    assert!(is_signature_checked(&salted(DEFAULT_SALT), token));
    assert!(!is_signature_checked(&salted("another"), token));
    assert!(!is_signature_checked(&salted(DEFAULT_SALT), jwt));
    assert!(!is_signature_checked(&TokenFormat::Mixed { salt: None }, token));
    assert!(!is_signature_checked(&TokenFormat::Opaque, token));
}

proptest! {
    #[test]
    fn any_other_spelling_is_refused(at in 0_usize..63, byte in any::<u8>()) {
        let mut token = UNTIL_2100.as_bytes().to_vec();
        prop_assume!(token[at] != byte);
        token[at] = byte;
        let outcome = check(&token, Some(&secret(DEFAULT_SALT)), crate::support::NOW);
        prop_assert_eq!(outcome, Err(TokenProblem::Malformed));
    }

    #[test]
    fn any_bytes_are_fine(
        token in prop::collection::vec(any::<u8>(), 0..80),
        now in any::<u64>(),
    ) {
        prop_assert_eq!(check(&token, None, UnixMillis(now)), Err(TokenProblem::Malformed));
    }

    #[test]
    fn any_payload_and_time_are_fine(payload in "[A-Za-z0-9_-]{59}", now in any::<u64>()) {
        // Unsigned, everything may be a token; what matters is that no expiry and no time is too
        // much.
        let token = format!("YWMt{payload}");
        let once = check(token.as_bytes(), None, UnixMillis(now));
        prop_assert_eq!(once, check(token.as_bytes(), None, UnixMillis(now)));
        prop_assert_eq!(
            check(token.as_bytes(), Some(&secret("x")), UnixMillis(now)),
            Err(TokenProblem::Malformed)
        );
    }
}

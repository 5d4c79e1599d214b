//! Usergrid's tokens: one made by the rules passes until it expires, and no other spelling does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha1::{Digest, Sha1};
use usergrid_auth_config::Secret;
use usergrid_auth_core::credential::usergrid_token::{
    TokenProblem, check, has_category, life_time,
};
use usergrid_auth_core::time::UnixMillis;

use crate::bytes::Bytes;

const SALT: &[u8] = b"super secret token value";

/// Eight bytes of time, then a token; made into a signed one, too.
pub fn hold(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut time = [0; 8];
    time.fill_with(|| bytes.byte());
    let now = UnixMillis(u64::from_be_bytes(time));
    let at = usize::from(bytes.byte());
    let text = bytes.rest();
    let salt = Secret::new(SALT);

    let (unsigned, signed) = (check(text, None, now), check(text, Some(&salt), now));
    if unsigned == Err(TokenProblem::Malformed) {
        assert_eq!(signed, unsigned, "{}", text.escape_ascii());
    } else {
        assert!(has_category(text) && text.len() == 63, "{}", text.escape_ascii());
        let payload = URL_SAFE_NO_PAD.decode(text).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(&payload).as_bytes(), text, "another spelling");
        let life = life_time(text).unwrap();
        // One that had ended when it was issued may be good again when the arithmetic wraps; nobody
        // remembers a verdict about it.
        let never_was = life.ends == Some(UnixMillis(0));
        assert!(!never_was || check(text, None, life.issued) == Err(TokenProblem::Expired));
        let is_over = life.ends.is_some_and(|ends| now >= ends);
        // Around the end of time, arithmetic of Usergrid's wraps.
        if !never_was
            && now >= life.issued
            && i64::try_from(now.0).is_ok_and(|now| now < i64::MAX / 2)
        {
            assert_eq!(unsigned == Err(TokenProblem::Expired), is_over, "{life:?} at {now:?}");
        }
    }

    // The same bytes as the payload of a token that is signed by somebody else's hand.
    let mut uuid = [0; 16];
    for (to, from) in uuid.iter_mut().zip(text) {
        *to = *from;
    }
    uuid[6] = 0x10 | (uuid[6] & 0x0f);
    uuid[8] = 0x80 | (uuid[8] & 0x3f);
    let expiry = i64::from_be_bytes(std::array::from_fn(|place| {
        text.get(16 + place).copied().unwrap_or_default()
    }));
    let made = signed_by_hand(&uuid, expiry);
    let expected = if expiry >= 0 && u64::try_from(expiry).is_ok_and(|end| now.0 > end) {
        Err(TokenProblem::Expired)
    } else {
        Ok(())
    };
    // Arithmetic of Usergrid's wraps around at the end of time.
    if i64::try_from(now.0).is_ok_and(|now| now.checked_sub(expiry).is_some()) {
        let expected = if expiry < 0 { check(&made, Some(&salt), now) } else { expected };
        assert_eq!(check(&made, Some(&salt), now), expected, "{expiry} at {now:?}");
    }
    let mut other = made.clone();
    let place = at % other.len();
    other[place] = if other[place] == b'A' { b'B' } else { b'A' };
    assert_eq!(check(&other, Some(&salt), now), Err(TokenProblem::Malformed));
}

fn signed_by_hand(uuid: &[u8; 16], expiry: i64) -> Vec<u8> {
    let hex: Vec<String> = uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    let groups = [&hex[..4], &hex[4..6], &hex[6..8], &hex[8..10], &hex[10..]];
    let uuid_text = groups.map(<[String]>::concat).join("-");
    let text = format!("ac{uuid_text}{}{expiry}", std::str::from_utf8(SALT).unwrap());
    let signature: [u8; 20] = Sha1::digest(text.as_bytes()).into();
    let payload = [b"ac-", &uuid[..], &expiry.to_be_bytes(), &signature].concat();
    URL_SAFE_NO_PAD.encode(payload).into_bytes()
}

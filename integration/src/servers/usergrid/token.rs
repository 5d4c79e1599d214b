//! Tokens in Usergrid's format, made and read here a second time, so that the filter's reading is
//! checked by another (`docs/usergrid.md`, section Tokens).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha1::{Digest, Sha1};
use uuid::{ContextV1, Timestamp, Uuid};

use super::refusal::Refusal;

const PREFIX: &str = "YWMt";

/// A time-based UUID, as Usergrid gives one to everything.
pub fn uuid() -> Uuid {
    static COUNTER: ContextV1 = ContextV1::new(0);
    Uuid::new_v1(Timestamp::now(&COUNTER), b"\x02stub\x01")
}

/// An access token that is good until `expiry`, in milliseconds.
#[must_use]
pub fn write(uuid: Uuid, expiry: u64, salt: &str) -> String {
    let mut payload = uuid.as_bytes().to_vec();
    payload.extend(expiry.to_be_bytes());
    payload.extend(signature(uuid, expiry, salt));
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(payload))
}

/// The UUID of a token that is well-formed, signed and not over.
pub fn read(token: &str, salt: &str, now: u64) -> Result<Uuid, Refusal> {
    let (uuid, expiry) = parts(token, salt).ok_or_else(|| {
        Refusal::security("auth_unverified_oath", "Unable to authenticate OAuth credentials")
    })?;
    if now > expiry {
        let description = "Unable to authenticate due to expired access token";
        return Err(Refusal::security("expired_token", description));
    }
    Ok(uuid)
}

fn parts(token: &str, salt: &str) -> Option<(Uuid, u64)> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
    let (uuid, rest) = payload.split_first_chunk::<16>()?;
    let (expiry, signed) = rest.split_first_chunk::<8>()?;
    let (uuid, expiry) = (Uuid::from_bytes(*uuid), u64::from_be_bytes(*expiry));
    (signed == signature(uuid, expiry, salt)).then_some((uuid, expiry))
}

fn signature(uuid: Uuid, expiry: u64, salt: &str) -> Vec<u8> {
    Sha1::digest(format!("ac{uuid}{salt}{expiry}")).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of a real Usergrid, from the tests of its REST layer; the salt is the one in its
    /// source.
    const REAL: &str = "YWMtL8AQ-ukcEeS2lHs-P-n8wQAAAU0GaCt_Y0cPWeXMJij4x_fW0w_dTMpUH7I";
    const DEFAULT_SALT: &str = "super secret token value";

    #[test]
    fn reads_and_writes_a_real_token() {
        let uuid = Uuid::parse_str("2fc010fa-e91c-11e4-b694-7b3e3fe9fcc1").unwrap();
        assert_eq!(read(REAL, DEFAULT_SALT, 1_430_331_599_743), Ok(uuid));
        assert_eq!(write(uuid, 1_430_331_599_743, DEFAULT_SALT), REAL);
        assert!(read(REAL, DEFAULT_SALT, 1_430_331_599_744).is_err());
        assert!(read(REAL, "pepper", 0).is_err());
    }
}

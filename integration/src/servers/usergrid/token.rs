//! Tokens in Usergrid's format, made and read here a second time, so that the filter's reading is
//! checked by another (`docs/usergrid.md`, section Tokens).

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha1::{Digest, Sha1};
use uuid::{ContextV1, Timestamp, Uuid};

/// commons-codec 1.4 does not look at the unused bits of the last character.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);
/// Signed in place of an expiry where a category carries none.
const NEVER: i64 = i64::MAX;

/// What a token is for. Usergrid takes every category for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Access,
    /// For links in e-mails, such as a password reset.
    Email,
    Refresh,
    Offline,
}

/// Why a token is no good, whatever the database says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It does not begin like any category.
    Unknown,
    /// Too short, or not signed with the salt.
    Corrupt,
    Expired,
}

impl Category {
    const ALL: [Self; 4] = [Self::Access, Self::Email, Self::Refresh, Self::Offline];

    /// How the text begins, and what is signed.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Access => ("YWMt", "ac"),
            Self::Email => ("ZW0t", "em"),
            Self::Refresh => ("cmUt", "re"),
            Self::Offline => ("b2Yt", "of"),
        }
    }

    /// Characters after the prefix: UUID, expiry of access tokens alone, SHA-1.
    fn characters(self) -> usize {
        if self == Self::Access { 59 } else { 48 }
    }
}

/// A time-based UUID, as Usergrid gives one to everything.
pub fn uuid() -> Uuid {
    static COUNTER: ContextV1 = ContextV1::new(0);
    Uuid::new_v1(Timestamp::now(&COUNTER), b"\x02stub\x01")
}

/// A token that is good until `expiry`, in milliseconds since 1970. Only access tokens carry it.
#[must_use]
pub fn write(category: Category, uuid: Uuid, expiry: i64, salt: &str) -> String {
    let mut payload = uuid.as_bytes().to_vec();
    let mut signed = NEVER;
    if category == Category::Access {
        payload.extend(expiry.to_be_bytes());
        signed = expiry;
    }
    payload.extend(signature(category, uuid, signed, salt));
    format!("{}{}", category.words().0, BASE64_URL_SAFE_NO_PAD.encode(payload))
}

/// The UUID of a token that is well-formed, signed and not over at `now`.
///
/// # Errors
/// What is wrong with it.
pub fn read(token: &str, salt: &str, now: i64) -> Result<Uuid, Flaw> {
    let parts = parts(token)?;
    if parts.signature != signature(parts.category, parts.uuid, parts.expiry, salt) {
        return Err(Flaw::Corrupt);
    }
    // Java's arithmetic: the expiry of an unlimited token has wrapped, and wraps back here.
    if parts.expiry != NEVER && now.wrapping_sub(parts.expiry) > 0 {
        return Err(Flaw::Expired);
    }
    Ok(parts.uuid)
}

/// Until when an access token says to be good, in milliseconds, whoever has signed it.
#[must_use]
pub fn expiry(token: &str) -> Option<i64> {
    parts(token).ok().map(|parts| parts.expiry).filter(|expiry| (0..NEVER).contains(expiry))
}

struct Parts {
    category: Category,
    uuid: Uuid,
    expiry: i64,
    signature: Vec<u8>,
}

/// Both alphabets; what is of neither is skipped, and so is all after the first `=` or the end.
fn parts(token: &str) -> Result<Parts, Flaw> {
    let found = Category::ALL
        .into_iter()
        .find_map(|category| Some((category, token.strip_prefix(category.words().0)?)));
    let (category, text) = found.ok_or(Flaw::Unknown)?;
    let standard = |character| match character {
        '+' => '-',
        '/' => '_',
        other => other,
    };
    let text: String = text
        .chars()
        .take_while(|character| *character != '=')
        .map(standard)
        .filter(|character| character.is_ascii_alphanumeric() || "-_".contains(*character))
        .take(category.characters())
        .collect();
    let payload = LENIENT.decode(text).map_err(|_| Flaw::Corrupt)?;
    let (uuid, mut rest) = payload.split_first_chunk::<16>().ok_or(Flaw::Corrupt)?;
    let mut expiry = NEVER;
    if category == Category::Access {
        let (bytes, signature) = rest.split_first_chunk::<8>().ok_or(Flaw::Corrupt)?;
        (expiry, rest) = (i64::from_be_bytes(*bytes), signature);
    }
    Ok(Parts { category, uuid: Uuid::from_bytes(*uuid), expiry, signature: rest.to_vec() })
}

fn signature(category: Category, uuid: Uuid, expiry: i64, salt: &str) -> Vec<u8> {
    Sha1::digest(format!("{}{uuid}{salt}{expiry}", category.words().1)).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of a real Usergrid, from the tests of its REST layer; the salt is the one in its
    /// source.
    const REAL: &str = "YWMtL8AQ-ukcEeS2lHs-P-n8wQAAAU0GaCt_Y0cPWeXMJij4x_fW0w_dTMpUH7I";
    const DEFAULT_SALT: &str = "super secret token value";
    const ALIVE: i64 = 1_430_331_599_743;

    fn uuid(text: &str) -> Uuid {
        Uuid::parse_str(text).unwrap()
    }

    #[test]
    fn reads_and_writes_a_real_token() {
        let uuid = uuid("2fc010fa-e91c-11e4-b694-7b3e3fe9fcc1");
        assert_eq!(read(REAL, DEFAULT_SALT, ALIVE), Ok(uuid));
        assert_eq!(write(Category::Access, uuid, ALIVE, DEFAULT_SALT), REAL);
        assert_eq!(expiry(REAL), Some(ALIVE));
        assert_eq!(read(REAL, DEFAULT_SALT, ALIVE + 1), Err(Flaw::Expired));
        assert_eq!(read(REAL, "pepper", 0), Err(Flaw::Corrupt));
    }

    /// Made by the source's algorithm and checked against its decoder (commons-codec 1.4).
    #[test]
    fn every_category_and_a_token_without_end() {
        let uuid = uuid("04afc000-833b-11ee-9234-0123456789ab");
        for (category, token) in [
            (Category::Email, "ZW0tBK_AAIM7Ee6SNAEjRWeJq4WWSzXTwzZ4rnr2xdo5xVIQ3EpE"),
            (Category::Refresh, "cmUtBK_AAIM7Ee6SNAEjRWeJq9mX17QGh9T7_d0PUkIu5MjR0-0G"),
            (Category::Offline, "b2YtBK_AAIM7Ee6SNAEjRWeJq08XBDSZEcyh8shaATz9dB7WPY3V"),
        ] {
            assert_eq!(write(category, uuid, 0, DEFAULT_SALT), token);
            assert_eq!(read(token, DEFAULT_SALT, i64::MAX), Ok(uuid));
        }
        let endless = "YWMtBK_AAIM7Ee6SNAEjRWeJq4AAAYvP5Wf_2o2XHLh6WkhnxOFaeawLrexDcoQ";
        assert_eq!(read(endless, DEFAULT_SALT, 4_102_444_800_000), Ok(uuid));
        assert_eq!(expiry(endless), None);
    }

    #[test]
    fn many_spellings_denote_one_token() {
        let uuid = uuid("2fc010fa-e91c-11e4-b694-7b3e3fe9fcc1");
        let last = REAL.replace("UH7I", "UH7J");
        let standard = REAL.replace('-', "+").replace('_', "/");
        for same in
            [&format!("{REAL}=="), &format!("{REAL}AAAA"), &format!("{REAL} "), &last, &standard]
        {
            assert_eq!(read(same, DEFAULT_SALT, ALIVE), Ok(uuid), "{same}");
        }
        let cut = &REAL[..REAL.len() - 1];
        for (token, flaw) in [
            (cut, Flaw::Corrupt),
            ("YWMt", Flaw::Corrupt),
            ("blah", Flaw::Unknown),
            ("ywmtL8AQ", Flaw::Unknown),
            ("", Flaw::Unknown),
        ] {
            assert_eq!(read(token, DEFAULT_SALT, ALIVE), Err(flaw), "{token}");
        }
    }
}

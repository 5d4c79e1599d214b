//! What a Usergrid access token says by itself: category, length, expiry, and with the salt its
//! signature. It names no principal and does not know of revocation, so passing is never enough.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::time::UnixMillis;
use usergrid_auth_config::{Secret, TokenFormat};
use usergrid_auth_rules::syntax::hex;

/// Why a token can be refused without a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// Not an access token of Usergrid, or not signed with the salt.
    Malformed,
    /// One, but its own expiry has passed.
    Expired,
}

/// An access token in text, `ac-` in base64 included.
const TEXT_LENGTH: usize = 63;
/// The category of access tokens; refresh, offline and e-mail tokens are no bearer tokens at this
/// edge.
const CATEGORY: &[u8] = b"ac-";

/// The parts of the payload (`docs/usergrid.md`, "Tokens").
struct AccessToken {
    uuid: [u8; 16],
    /// Milliseconds since 1970, signed; an unlimited token wraps around to a large negative number.
    expiry: i64,
    signature: [u8; 20],
}

/// The text of every access token begins with it, and only theirs: `ac-` in base64. Usergrid's own
/// decoder compares these characters as they stand.
const PREFIX: &[u8] = b"YWMt";

/// Intervals of 100 ns from the beginning of the Gregorian calendar, which version 1 UUIDs count
/// from, to 1970 (RFC 9562 section 5.1).
const GREGORIAN_TO_UNIX: u64 = 0x01b2_1dd2_1381_4000;

/// When a token was issued and when it ends, by its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifeTime {
    /// When its UUID was made.
    pub issued: UnixMillis,
    /// From then on it is expired; `None`: never.
    pub ends: Option<UnixMillis>,
}

/// Whether `token` says of itself that it is an access token of Usergrid.
#[must_use]
pub fn has_category(token: &[u8]) -> bool {
    token.starts_with(PREFIX)
}

/// Whether a token that passed the check of `format` was signed with its salt.
#[must_use]
pub fn is_signature_checked(format: &TokenFormat, token: &[u8]) -> bool {
    let is_signed =
        |salt: &Secret| AccessToken::decode(token).is_some_and(|token| token.is_signed_with(salt));
    format.salt().is_some_and(is_signed)
}

/// When `token` was issued and when it ends; `None` if it is no access token of Usergrid.
#[must_use]
pub fn life_time(token: &[u8]) -> Option<LifeTime> {
    let token = AccessToken::decode(token)?;
    Some(LifeTime { issued: token.issued(), ends: token.ends() })
}

/// Checks `token` at the time `now`; its signature only if `salt` is given.
///
/// Stricter than Usergrid's own decoder, which skips foreign characters and ignores what follows:
/// here one token has one spelling, so that one revoked or remembered as bad has no aliases.
///
/// # Errors
/// [`TokenProblem::Malformed`] wins over [`TokenProblem::Expired`]: the expiry of a forged token
/// means nothing.
pub fn check(token: &[u8], salt: Option<&Secret>, now: UnixMillis) -> Result<(), TokenProblem> {
    let token = AccessToken::decode(token).ok_or(TokenProblem::Malformed)?;
    if salt.is_some_and(|salt| !token.is_signed_with(salt)) {
        return Err(TokenProblem::Malformed);
    }
    if token.is_expired(now) { Err(TokenProblem::Expired) } else { Ok(()) }
}

/// A token that nobody has, made at `now` for `life`: of a random UUID, and signed if the `salt` is
/// known.
pub(crate) fn random(
    salt: Option<&Secret>,
    random: &mut dyn FnMut() -> u64,
    now: UnixMillis,
    life: Duration,
) -> Secret {
    let ticks = now.0.saturating_mul(10_000).saturating_add(GREGORIAN_TO_UNIX);
    let [high, high1, mid0, mid1, low0, low1, low2, low3] = ticks.to_be_bytes();
    let [variant, sequence, node @ ..] = random().to_be_bytes();
    let [n0, n1, n2, n3, n4, n5] = node;
    let (version, variant) = (0x10 | (high & 0x0f), 0x80 | (variant & 0x3f));
    let uuid = [
        low0, low1, low2, low3, mid0, mid1, version, high1, variant, sequence, n0, n1, n2, n3, n4,
        n5,
    ];
    let expiry = i64::try_from(now.after(life).0).unwrap_or(i64::MAX);
    let mut token = AccessToken { uuid, expiry, signature: [0; 20] };
    match salt {
        Some(salt) => token.signature = token.signature_with(salt),
        None => {
            for byte in &mut token.signature {
                let [first, ..] = random().to_le_bytes();
                *byte = first;
            }
        }
    }
    Secret::new(token.encode())
}

impl AccessToken {
    fn decode(text: &[u8]) -> Option<Self> {
        if text.len() != TEXT_LENGTH {
            return None;
        }
        // This engine refuses padding and set bits after the last byte.
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let payload = bytes.strip_prefix(CATEGORY)?;
        let (uuid, rest) = payload.split_first_chunk::<16>()?;
        let (expiry, rest) = rest.split_first_chunk::<8>()?;
        let signature = rest.try_into().ok()?;
        // Usergrid makes version 1 UUIDs of the RFC's variant and no others (RFC 9562 section 5.1).
        let [_, _, _, _, _, _, version, _, variant, ..] = uuid;
        (version >> 4 == 1 && variant >> 6 == 0b10).then(|| Self {
            uuid: *uuid,
            expiry: i64::from_be_bytes(*expiry),
            signature,
        })
    }

    /// A plain salted hash, not an HMAC; that is Usergrid's choice.
    fn signature_with(&self, salt: &Secret) -> [u8; 20] {
        Sha1::new()
            .chain_update("ac")
            .chain_update(self.uuid_text())
            .chain_update(salt.expose())
            .chain_update(self.expiry.to_string())
            .finalize()
            .into()
    }

    fn is_signed_with(&self, salt: &Secret) -> bool {
        self.signature.as_slice().ct_eq(&self.signature_with(salt)).into()
    }

    fn encode(&self) -> Vec<u8> {
        let expiry = self.expiry.to_be_bytes();
        let bytes = [CATEGORY, &self.uuid, &expiry, &self.signature].concat();
        URL_SAFE_NO_PAD.encode(bytes).into_bytes()
    }

    fn uuid_text(&self) -> String {
        let mut text = String::with_capacity(36);
        for (index, byte) in self.uuid.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.extend(hex(*byte).map(char::from));
        }
        text
    }

    /// The 60 bits of the UUID's time, which are not in order.
    fn issued(&self) -> UnixMillis {
        let [low0, low1, low2, low3, mid0, mid1, high0, high1, ..] = self.uuid;
        let high = high0 & 0x0f;
        let ticks = u64::from_be_bytes([high, high1, mid0, mid1, low0, low1, low2, low3]);
        UnixMillis(ticks.saturating_sub(GREGORIAN_TO_UNIX) / 10_000)
    }

    /// It is still good at its expiry itself. An unlimited one is negative, and so far that it was
    /// good when it was issued; any other negative one never was.
    fn ends(&self) -> Option<UnixMillis> {
        match u64::try_from(self.expiry) {
            Ok(expiry) => Some(UnixMillis(expiry.saturating_add(1))),
            Err(_) if self.is_expired(self.issued()) => Some(UnixMillis(0)),
            Err(_) => None,
        }
    }

    /// Wraps like Usergrid's arithmetic, which is what keeps an unlimited token alive.
    fn is_expired(&self, now: UnixMillis) -> bool {
        let now = i64::try_from(now.0).unwrap_or(i64::MAX);
        now.wrapping_sub(self.expiry) > 0
    }
}

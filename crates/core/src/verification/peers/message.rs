//! What one worker tells another: how a call ended that both wait for.

use super::codec::{Reader, Writer, denial};
use super::set::Sequence;
use crate::time::UnixMillis;
use crate::verification::key::CacheKey;
use crate::verification::verdict::Denial;

/// The first byte of a message; a lone ring of the doorbell begins with another one.
const VERSION: u8 = 1;

const FAILED: u8 = 0;
const DENIED_BRIEFLY: u8 = u8::MAX - 4;
const DOWN: u8 = u8::MAX - 3;
const UNSURE: u8 = u8::MAX - 2;
const UNSHARED: u8 = u8::MAX - 1;
const VERIFIED: u8 = u8::MAX;

/// How a leader's call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerMessage {
    /// For which credential.
    pub key: CacheKey,
    /// Revocations known when the call began.
    pub sequence: Sequence,
    /// When the answer came.
    pub received: UnixMillis,
    /// How it ended.
    pub outcome: Outcome,
}

/// The longest record that is sent, in bytes. A worker follows at most `limits.max_waiting` calls,
/// and is sent one message for each.
pub const LONGEST_SENT: usize = 16_384;

/// How a call ended, as others are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a good verdict, in the form that its verifier reads again.
    Verified(Vec<u8>),
    /// With a bad one.
    Denied(Denial),
    /// With a bad one that may be true no longer in a moment.
    DeniedBriefly(Denial),
    /// With a bad one that may hide an outage: it ends nothing that is known.
    Unsure(Denial),
    /// With a verdict that must not be handed on: a token was issued with it, or it is too long.
    /// Whoever needs it calls.
    Unshared,
    /// Without a verdict.
    Failed,
    /// The same, since the server is down.
    Down,
}

impl PeerMessage {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer(vec![VERSION]);
        writer.key(&self.key);
        writer.sequence(self.sequence);
        writer.time(self.received);
        match &self.outcome {
            Outcome::Failed => writer.byte(FAILED),
            Outcome::Down => writer.byte(DOWN),
            Outcome::Unshared => writer.byte(UNSHARED),
            Outcome::Denied(denial) => writer.denial(*denial),
            Outcome::DeniedBriefly(denial) => {
                writer.byte(DENIED_BRIEFLY);
                writer.denial(*denial);
            }
            Outcome::Unsure(denial) => {
                writer.byte(UNSURE);
                writer.denial(*denial);
            }
            Outcome::Verified(record) => {
                writer.byte(VERIFIED);
                writer.bytes(record);
            }
        }
        writer.0
    }

    /// Reads a message; `None` if it is none.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.byte()? != VERSION {
            return None;
        }
        let key = reader.key()?;
        let sequence = reader.sequence()?;
        let received = reader.time()?;
        let outcome = match reader.byte()? {
            FAILED => Outcome::Failed,
            DOWN => Outcome::Down,
            DENIED_BRIEFLY => Outcome::DeniedBriefly(reader.denial()?),
            UNSHARED => Outcome::Unshared,
            UNSURE => Outcome::Unsure(reader.denial()?),
            VERIFIED => Outcome::Verified(reader.0.to_vec()),
            other => Outcome::Denied(denial(other)?),
        };
        Some(Self { key, sequence, received, outcome })
    }
}

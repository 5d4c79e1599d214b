//! What one worker tells another: how a call ended that both wait for.

use super::set::{Reader, Sequence, code, denial};
use crate::cache::Key;
use crate::call::Denial;
use crate::time::UnixMillis;

/// The first byte of a message; a lone ring of the doorbell begins with another one.
const VERSION: u8 = 1;

/// News about a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which.
    pub key: Key,
    /// Revocations known when the call began.
    pub sequence: Sequence,
    /// When the answer came.
    pub received: UnixMillis,
    /// How the call ended.
    pub news: News,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// With a good answer, as it came.
    Good(Vec<u8>),
    /// With a bad one.
    Bad(Denial),
    /// Without a verdict.
    Failed,
}

impl Message {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.key.as_bytes());
        bytes.extend_from_slice(&self.sequence.0.to_le_bytes());
        bytes.extend_from_slice(&self.received.0.to_le_bytes());
        match &self.news {
            News::Failed => bytes.push(0),
            News::Bad(denial) => bytes.push(code(*denial)),
            News::Good(answer) => {
                bytes.push(u8::MAX);
                bytes.extend_from_slice(answer);
            }
        }
        bytes
    }

    /// Reads a message; `None` if it is none.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.byte()? != VERSION {
            return None;
        }
        let key = reader.key()?;
        let sequence = Sequence(reader.number()?);
        let received = UnixMillis(reader.number()?);
        let news = match reader.byte()? {
            0 => News::Failed,
            u8::MAX => News::Good(reader.0.to_vec()),
            other => News::Bad(denial(other)?),
        };
        Some(Self { key, sequence, received, news })
    }
}

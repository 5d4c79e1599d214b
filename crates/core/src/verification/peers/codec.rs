//! How numbers, keys and texts stand in the bytes that workers share, little-endian throughout.

use super::set::Sequence;
use super::store::QueueId;
pub(super) use crate::binary::Reader;
use crate::principal::ClaimLimit;
use crate::time::UnixMillis;
use crate::verification::key::CacheKey;
use crate::verification::verdict::Denial;

/// Bytes in the making.
pub(super) struct Writer(pub(super) Vec<u8>);

impl<'a> Reader<'a> {
    pub(super) fn count(&mut self) -> Option<usize> {
        self.take().map(|bytes| usize::from(u16::from_le_bytes(bytes)))
    }

    /// A text after its length.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let size = self.count()?;
        self.bytes(size)
    }

    /// A count, if it is no larger than there are `places`.
    pub(super) fn bounded(&mut self, places: usize) -> Option<usize> {
        self.count().filter(|count| *count <= places)
    }

    pub(super) fn key(&mut self) -> Option<CacheKey> {
        self.take().map(CacheKey::from_bytes)
    }

    pub(super) fn time(&mut self) -> Option<UnixMillis> {
        self.u64().map(UnixMillis)
    }

    pub(super) fn sequence(&mut self) -> Option<Sequence> {
        self.u64().map(Sequence)
    }

    pub(super) fn queue(&mut self) -> Option<QueueId> {
        self.u32().map(QueueId)
    }

    pub(super) fn denial(&mut self) -> Option<Denial> {
        self.byte().and_then(denial)
    }
}

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn key(&mut self, key: &CacheKey) {
        self.bytes(key.as_bytes());
    }

    pub(super) fn time(&mut self, time: UnixMillis) {
        self.bytes(&time.0.to_le_bytes());
    }

    pub(super) fn sequence(&mut self, sequence: Sequence) {
        self.bytes(&sequence.0.to_le_bytes());
    }

    pub(super) fn queue(&mut self, queue: QueueId) {
        self.bytes(&queue.0.to_le_bytes());
    }

    /// All counts are bounded far below 65,536; one that were not would make the whole unreadable,
    /// which is safe.
    pub(super) fn count(&mut self, count: usize) {
        self.bytes(&u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.count(text.len());
        self.bytes(text);
    }

    pub(super) fn denial(&mut self, denial: Denial) {
        self.byte(code(denial));
    }
}

/// The byte that stands for a denial; neither 0 nor above 250.
const fn code(denial: Denial) -> u8 {
    match denial {
        Denial::Inactive => 1,
        Denial::Expired => 2,
        Denial::Scope => 3,
        Denial::BadClient => 4,
        Denial::Claims(ClaimLimit::Bytes) => 5,
        Denial::Claims(ClaimLimit::Entries) => 6,
        Denial::Claims(ClaimLimit::Rule) => 7,
        Denial::Claims(ClaimLimit::Header) => 8,
        Denial::AnotherTenant => 9,
    }
}

/// The denial that a byte stands for.
pub(super) const fn denial(code: u8) -> Option<Denial> {
    match code {
        1 => Some(Denial::Inactive),
        2 => Some(Denial::Expired),
        3 => Some(Denial::Scope),
        4 => Some(Denial::BadClient),
        5 => Some(Denial::Claims(ClaimLimit::Bytes)),
        6 => Some(Denial::Claims(ClaimLimit::Entries)),
        7 => Some(Denial::Claims(ClaimLimit::Rule)),
        8 => Some(Denial::Claims(ClaimLimit::Header)),
        9 => Some(Denial::AnotherTenant),
        _ => None,
    }
}

//! The host's form of a list of pairs, as header maps and metadata have it: a count, the sizes of all
//! names and values (32 bits, little-endian), then the names and values themselves, each followed by
//! a NUL.

use crate::binary::Reader;

/// Pairs that are looked at where they are. They end where something is amiss; whether anything is,
/// [`are_whole`] says.
#[derive(Clone)]
pub(crate) struct Pairs<'a> {
    sizes: Reader<'a>,
    texts: Reader<'a>,
}

impl<'a> Pairs<'a> {
    /// Those in `bytes`; `None` if there is no room for as many sizes as it says.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut all = Reader(bytes);
        let count = usize::try_from(all.u32()?).ok()?;
        let sizes = Reader(all.bytes(count.checked_mul(8)?)?);
        Some(Self { sizes, texts: all })
    }

    fn text(&mut self, size: u32) -> Option<&'a [u8]> {
        let text = self.texts.bytes(usize::try_from(size).ok()?)?;
        (self.texts.byte()? == 0).then_some(text)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = (self.sizes.u32()?, self.sizes.u32()?);
        Some((self.text(name)?, self.text(value)?))
    }
}

/// Whether `bytes` are pairs and nothing else. Each is looked at once.
pub(crate) fn are_whole(bytes: &[u8]) -> bool {
    Pairs::new(bytes).is_some_and(|mut pairs| {
        let sizes = pairs.sizes.0.len();
        // A text that is cut off ends them, too.
        pairs.by_ref().count().checked_mul(8) == Some(sizes) && pairs.texts.0.is_empty()
    })
}

/// The form of these pairs. A text of 4 GiB has none, and is left out.
#[must_use]
pub fn encode<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    let fits = |(name, value): &(&[u8], &[u8])| size(name).is_some() && size(value).is_some();
    let pairs = pairs.filter(fits);
    let count = u32::try_from(pairs.clone().count()).unwrap_or(u32::MAX);
    let mut bytes = Vec::from(count.to_le_bytes());
    for (name, value) in pairs.clone() {
        bytes.extend(size(name).into_iter().flatten());
        bytes.extend(size(value).into_iter().flatten());
    }
    for text in pairs.flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(text);
        bytes.push(0);
    }
    bytes
}

fn size(text: &[u8]) -> Option<[u8; 4]> {
    u32::try_from(text.len()).ok().map(u32::to_le_bytes)
}

//! The host's form of a list of pairs, as header maps and metadata have it: a count, the sizes of all
//! names and values (32 bits, little-endian), then the names and values themselves, each followed by
//! a NUL.

use crate::binary::Reader;

/// Pairs that are looked at where they are. They end where something is amiss; whether anything is,
/// [`all`] says.
#[derive(Clone)]
pub(crate) struct Pairs<'a> {
    sizes: Reader<'a>,
    texts: Reader<'a>,
}

impl<'a> Pairs<'a> {
    /// Those in `bytes`; `None` if there is no room for as many sizes as it says.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut all = Reader(bytes);
        let count = usize::try_from(all.u32()?).ok()?;
        let sizes = Reader(all.bytes(count.checked_mul(8)?)?);
        Some(Self { sizes, texts: all })
    }

    /// The value of the next pair with this name, which are compared where they are as long as it.
    pub(crate) fn find(&mut self, wanted: &[u8]) -> Option<&'a [u8]> {
        loop {
            let (name, value) = self.sizes()?;
            if name == wanted.len() {
                if let (name, value) = self.texts(name, value)?
                    && name == wanted
                {
                    return Some(value);
                }
            } else {
                self.texts.bytes(name.checked_add(value)?.checked_add(2)?)?;
            }
        }
    }

    #[inline]
    fn sizes(&mut self) -> Option<(usize, usize)> {
        let both = self.sizes.u64()?;
        // The lower half is the first one.
        Some((usize::try_from(both & 0xffff_ffff).ok()?, usize::try_from(both >> 32).ok()?))
    }

    #[inline]
    fn texts(&mut self, name: usize, value: usize) -> Option<(&'a [u8], &'a [u8])> {
        Some((self.text(name)?, self.text(value)?))
    }

    #[inline]
    fn text(&mut self, size: usize) -> Option<&'a [u8]> {
        let (text, rest) = self.texts.0.split_at_checked(size)?;
        let [0, rest @ ..] = rest else { return None };
        self.texts.0 = rest;
        Some(text)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.sizes()?;
        self.texts(name, value)
    }
}

/// Shows each pair once, in order, and says whether `bytes` are pairs and nothing else.
pub(crate) fn all<'a>(bytes: &'a [u8], mut look: impl FnMut(&'a [u8], &'a [u8])) -> bool {
    let Some(mut pairs) = Pairs::new(bytes) else { return false };
    while !pairs.sizes.0.is_empty() {
        // A text that is cut off ends them, too.
        let Some((name, value)) = pairs.next() else { return false };
        look(name, value);
    }
    pairs.texts.0.is_empty()
}

/// Whether `bytes` are pairs and nothing else. Each is looked at once.
pub(crate) fn are_whole(bytes: &[u8]) -> bool {
    all(bytes, |_, _| {})
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

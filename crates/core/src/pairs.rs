//! The host's form of a list of pairs, as header maps and metadata have it: a count, the sizes of all
//! names and values (32 bits, little-endian), then the names and values themselves, each followed by
//! a NUL.

use std::ops::Range;
use std::slice;

/// Pairs that are looked at where they are. They end where something is amiss; whether anything is,
/// [`all`] says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs<'a> {
    bytes: &'a [u8],
    sizes: slice::Iter<'a, [u8; 8]>,
    /// Where the next name begins.
    at: usize,
}

/// Where a pair stands in the bytes.
pub(crate) struct Place {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

impl<'a> Pairs<'a> {
    /// Those in `bytes`; `None` if there is no room for as many sizes as it says.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (count, rest) = bytes.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        let sizes = rest.as_chunks().0.get(..count)?;
        Some(Self { bytes, sizes: sizes.iter(), at: 4_usize.saturating_add(size_of_val(sizes)) })
    }

    /// The value of the next pair with this name. Only names as long as it are compared.
    pub(crate) fn find(&mut self, wanted: &[u8]) -> Option<&'a [u8]> {
        loop {
            let Place { name, value } = self.place()?;
            if name.len() == wanted.len() && self.bytes.get(name)? == wanted {
                return self.bytes.get(value);
            }
        }
    }

    #[inline]
    fn place(&mut self) -> Option<Place> {
        let [a, b, c, d, e, f, g, h] = *self.sizes.next()?;
        let name = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        let value = usize::try_from(u32::from_le_bytes([e, f, g, h])).ok()?;
        // Sums beyond all memory end beyond these bytes, too.
        let name = self.at..self.at.saturating_add(name);
        let start = name.end.saturating_add(1);
        let value = start..start.saturating_add(value);
        self.at = value.end.saturating_add(1);
        Some(Place { name, value })
    }

    /// The next pair, if it is whole.
    #[inline]
    fn whole(&mut self) -> Option<(Place, &'a [u8], &'a [u8])> {
        let place = self.place()?;
        let are_ended = self.bytes.get(place.name.end) == Some(&0)
            && self.bytes.get(place.value.end) == Some(&0);
        if !are_ended {
            return None;
        }
        let name = self.bytes.get(place.name.clone())?;
        let value = self.bytes.get(place.value.clone())?;
        Some((place, name, value))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.whole().map(|(_, name, value)| (name, value))
    }
}

/// Shows each pair once, in order, with where its value stands in `bytes`, and says whether these
/// are pairs and nothing else.
#[inline]
pub(crate) fn all<'a>(bytes: &'a [u8], mut look: impl FnMut(&'a [u8], Range<usize>)) -> bool {
    let Some(mut pairs) = Pairs::new(bytes) else { return false };
    while pairs.sizes.len() > 0 {
        // A text that is cut off ends them, too.
        let Some((place, name, _)) = pairs.whole() else { return false };
        look(name, place.value);
    }
    pairs.at == bytes.len()
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

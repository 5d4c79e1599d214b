//! Mutants of seeds, always the same ones: what a fuzzer would try first.

/// `count` mutants of `seed`; `other` is what pieces come from.
pub fn of<'a>(seed: &'a [u8], other: &'a [u8], count: usize) -> impl Iterator<Item = Vec<u8>> + 'a {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed.len() as u64);
    (0..count).map(move |_| {
        let mut mutant = seed.to_vec();
        for _ in 0..=random.below(3) {
            mutate(&mut mutant, other, &mut random);
        }
        mutant
    })
}

/// Bytes and pieces that mean something somewhere.
const PIECES: [&[u8]; 24] = [
    b"%", b"%2f", b"%2e", b"%25", b"..", b";", b"/", b"//", b"\\", b"\0", b"?", b"#", b"&", b"=",
    b"+", b",", b" ", b"\"", b":", b"*", b"**", b"\xff", b"\x01", b"a",
];

fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + 1 + random.below(8)).min(bytes.len());
    match random.below(6) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        3 if !other.is_empty() => {
            let from = random.below(other.len());
            let to = (from + 1 + random.below(16)).min(other.len());
            bytes.splice(at..at, other[from..to].iter().copied());
        }
        4 if at < bytes.len() => bytes[at] = random.below(256) as u8,
        _ => {
            let piece = PIECES[random.below(PIECES.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
    }
}

/// Xorshift (Marsaglia).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

//! Tokens that were seen, by their keyed hash: a table of fixed size, filled by the first requests.

use core::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::single::Single;

/// A power of two.
const PLACES: usize = 1024;

/// Both halves of the hash, and until when the verdict holds, in nanoseconds.
#[derive(Clone, Copy)]
struct Entry {
    hash: (u64, u64),
    until: u64,
}

static TABLE: Single<[Entry; PLACES]> = Single::new([Entry { hash: (0, 0), until: 0 }; PLACES]);

/// Whether a token was seen before; from now on it was.
pub(crate) fn seen(token: &[u8], now: u64) -> bool {
    let mut hash = SipHasher24::new_with_keys(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
    hash.write(token);
    let hash = hash.finish128();
    // The low bits are within the table.
    let place = hash.h1 as usize & (PLACES - 1);
    // SAFETY: only here, and no host call is made meanwhile.
    let Some(entry) = (unsafe { TABLE.lend() }).get_mut(place) else { return false };
    if entry.hash == (hash.h1, hash.h2) && now < entry.until {
        return true;
    }
    *entry = Entry { hash: (hash.h1, hash.h2), until: u64::MAX };
    false
}

//! Shared memory and messages of any bytes: nobody gets in by them, nobody waits for ever.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::key::CacheKey;
use usergrid_auth_core::verification::peers::set::Set;
use usergrid_auth_core::verification::peers::{PeerMessage, QueueId, Sequence, SharedStore};

use crate::bytes::Bytes;
use crate::host::{Host, is_marked};
use crate::settings;

const NOON: u64 = 1_800_000_000_000;

/// A store that another plugin of the process has made its own.
struct Hostile {
    left: RefCell<Vec<u8>>,
}

impl Hostile {
    fn take(&self, count: usize) -> Vec<u8> {
        let mut left = self.left.borrow_mut();
        let at = left.len().saturating_sub(count);
        left.split_off(at)
    }

    fn byte(&self) -> u8 {
        self.left.borrow_mut().pop().unwrap_or_default()
    }
}

impl SharedStore for Hostile {
    fn read(&self, _: &str) -> (Option<Vec<u8>>, Option<u32>) {
        match self.byte() {
            0 => (None, None),
            1 => (None, Some(1)),
            2 => (Some(Vec::new()), None),
            size => (Some(self.take(usize::from(size) * 4)), Some(u32::from(size))),
        }
    }

    fn write(&self, _: &str, bytes: &[u8], _: Option<u32>) -> bool {
        crate::host::unmarked(bytes, "shared data");
        self.byte() & 1 == 0
    }

    fn queue(&self) -> Option<QueueId> {
        (self.byte() & 1 == 0).then_some(QueueId(7))
    }

    fn generation(&self) -> u64 {
        u64::from(self.byte())
    }

    fn bump_generation(&self) {}
}

/// The configuration, a message, then what is found in shared memory, from its end.
pub fn hold(bytes: &[u8]) {
    decoders(bytes);
    // What is written there stays there, and would be taken for ours.
    if is_marked(bytes) {
        return;
    }
    let mut bytes = Bytes::new(bytes);
    let config = settings::config(usize::from(bytes.byte()));
    if config.mode == usergrid_auth_config::Mode::Observe {
        return;
    }
    let message = bytes.counted().to_vec();
    let store = Rc::new(Hostile { left: RefCell::new(bytes.rest().to_vec()) });
    let mut host = Host::new(&config, store, NOON);
    // Nobody has ever said that these are good, so [`Host`] lets nobody in.
    let mut approved = BTreeSet::new();
    for round in 0..3_u64 {
        for token in ["tok-Leaked0-a", "tok-Leaked0-b"] {
            let head = vec![
                (":method".to_owned(), b"GET".to_vec()),
                (":path".to_owned(), b"/acme/shop/books".to_vec()),
                (":authority".to_owned(), b"api.example.com".to_vec()),
                ("authorization".to_owned(), format!("Bearer {token}").into_bytes()),
            ];
            host.arrive(head, false, RouteSettings::default(), &approved);
        }
        host.event(Event::PeerMessage(message.clone()), &approved);
        host.now += 700 + round;
        host.event(Event::Tick, &approved);
        host.answer(0, 500, b"", &mut approved);
    }
    // An end for everybody: calls time out, and whoever followed a lost one stops waiting.
    for _ in 0..40 {
        host.now += 1_000;
        host.answer(0, 1, b"", &mut approved);
        host.event(Event::Tick, &approved);
    }
    let waits = host.requests.values().any(|request| !request.ended);
    assert!(!waits, "somebody waits for ever");
}

fn decoders(bytes: &[u8]) {
    let set = Set::decode(bytes);
    let again = Set::decode(&set.encode());
    assert_eq!(again.encode(), set.encode(), "a set that changes when it is written");
    let _ = set.fresh(&CacheKey::from_bytes([0; 32]), UnixMillis(NOON), Sequence(0));
    if let Some(message) = PeerMessage::decode(bytes) {
        assert!(PeerMessage::decode(&message.encode()).is_some(), "a message that nobody reads");
    }
}

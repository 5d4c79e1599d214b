//! One set of the cache that all workers share: how many find room in it, whom they follow, and
//! what it keeps.

use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::key::CacheKey;
use usergrid_auth_core::verification::peers::memory::{Process, View};
use usergrid_auth_core::verification::peers::set::{FOLLOWERS, LEASES, LONGEST_RECORD, Set};
use usergrid_auth_core::verification::peers::{
    Entry, Lease, Lookup, QueueId, Sequence, SharedCache, Stored,
};
use usergrid_auth_core::verification::verdict::Denial;

const NOW: UnixMillis = UnixMillis(1_000_000);
/// When the leases and verdicts of these tests end.
const END: UnixMillis = UnixMillis(NOW.0 + 60_000);
const BEGINNING: Sequence = Sequence(0);

fn cache() -> SharedCache {
    let process: Rc<Process> = Rc::default();
    SharedCache::new(Rc::new(View::new(&process)), 64)
}

/// All of these keys fall into one set.
fn key(number: u8) -> CacheKey {
    let mut bytes = [0; 32];
    bytes[0] = number;
    CacheKey::from_bytes(bytes)
}

fn lease(number: u8, leader: u32, sequence: u64) -> Lease {
    Lease {
        key: key(number),
        began: NOW,
        lapses: END,
        sequence: Sequence(sequence),
        leader: QueueId(leader),
        followers: Vec::new(),
    }
}

fn entry<T>(number: u8, value: T) -> Entry<T> {
    Entry { key: key(number), value, received: NOW, fresh_until: END, sequence: BEGINNING }
}

fn good(number: u8) -> Stored {
    Stored::Good(entry(number, b"good".to_vec()))
}

fn bad(number: u8) -> Stored {
    Stored::Bad(entry(number, Denial::Inactive))
}

/// A verdict comes by a call that nobody leased.
fn leave(cache: &SharedCache, verdict: Stored) {
    let (Stored::Good(Entry { key, .. }) | Stored::Bad(Entry { key, .. })) = &verdict;
    assert_eq!(cache.settle(key, QueueId(9), BEGINNING, Some(&verdict), NOW), []);
}

fn find(cache: &SharedCache, number: u8) -> Option<Stored> {
    match cache.peek(&key(number), NOW, BEGINNING) {
        Some(Lookup::Found(found)) => Some(found),
        _ => None,
    }
}

/// What another worker, which has queue `us`, is told at `now`.
fn ask(cache: &SharedCache, number: u8, us: u32, now: UnixMillis, since: u64) -> &'static str {
    match cache.lookup_or_lease(lease(number, us, since), now, Sequence(since)) {
        Lookup::Found(_) => "found",
        Lookup::Follow { .. } => "follow",
        Lookup::Lead => "lead",
    }
}

#[test]
fn a_set_without_room_for_another_call_loses_nothing() {
    let cache = cache();
    leave(&cache, good(100));
    let last = u8::try_from(LEASES).unwrap();
    for number in 0..=last {
        assert_eq!(ask(&cache, number, 1, NOW, 0), "lead", "{number}");
    }
    for number in 0..last {
        assert_eq!(ask(&cache, number, 2, NOW, 0), "follow", "{number}");
    }
    assert_eq!(ask(&cache, last, 2, NOW, 0), "lead", "it found no room");
    assert_eq!(ask(&cache, 100, 2, NOW, 0), "found");
}

#[test]
fn so_many_follow_a_call_each_of_them_is_told_once_and_others_call_for_themselves() {
    let cache = cache();
    assert_eq!(ask(&cache, 1, 1_000, NOW, 0), "lead");
    let workers = || 1..=u32::try_from(FOLLOWERS).unwrap();
    for worker in workers() {
        assert_eq!(ask(&cache, 1, worker, NOW, 0), "follow", "{worker}");
        assert_eq!(ask(&cache, 1, worker, NOW, 0), "follow", "{worker} again");
    }
    assert_eq!(ask(&cache, 1, 500, NOW, 0), "lead", "nobody has room for it");
    let told = cache.settle(&key(1), QueueId(1_000), BEGINNING, None, NOW);
    assert_eq!(told, workers().map(QueueId).collect::<Vec<_>>());
}

#[test]
fn nobody_follows_himself_or_a_call_from_before_a_revocation() {
    let cache = cache();
    assert_eq!(ask(&cache, 1, 1, NOW, 3), "lead");
    assert_eq!(ask(&cache, 1, 1, NOW, 3), "lead", "his own call");
    assert_eq!(ask(&cache, 1, 2, NOW, 3), "follow");
    assert_eq!(ask(&cache, 1, 3, NOW, 4), "lead", "revoked since");
    assert_eq!(ask(&cache, 1, 2, NOW, 4), "follow");
}

#[test]
fn nobody_follows_a_call_whose_time_is_over() {
    for (now, expected) in [(END.0 - 1, "follow"), (END.0, "lead")] {
        let cache = cache();
        assert_eq!(ask(&cache, 1, 1, NOW, 0), "lead");
        assert_eq!(ask(&cache, 1, 2, UnixMillis(now), 0), expected, "{now}");
    }
}

#[test]
fn what_may_serve_past_its_time_is_the_credentials_own_verdict_for_as_long_as_is_allowed() {
    let cache = cache();
    leave(&cache, good(1));
    let span = Duration::from_secs(30);
    let stale = |number, now| cache.stale(&key(number), UnixMillis(now), span).is_some();
    let end = END.0 + 30_000;
    for (number, now, expected) in [
        (1, END.0, true),
        (1, end - 1, true),
        (1, end, false),
        // Before it came: the clock was set back.
        (1, NOW.0 - 60_000, false),
        (2, NOW.0, false),
        (2, END.0, false),
    ] {
        assert_eq!(stale(number, now), expected, "{number} at {now}");
    }
}

#[test]
fn a_record_that_is_too_long_is_not_kept() {
    for (length, is_kept) in [(LONGEST_RECORD, true), (LONGEST_RECORD + 1, false)] {
        let cache = cache();
        leave(&cache, Stored::Good(entry(1, vec![b'x'; length])));
        assert_eq!(find(&cache, 1).is_some(), is_kept, "{length}");
    }
}

#[test]
fn a_verdict_takes_the_place_of_its_own_credentials_and_of_no_other() {
    let cache = cache();
    for number in [1, 2] {
        leave(&cache, bad(number));
    }
    leave(&cache, good(1));
    assert_eq!((find(&cache, 1), find(&cache, 2)), (Some(good(1)), Some(bad(2))));
    leave(&cache, good(3));
    leave(&cache, bad(1));
    assert_eq!((find(&cache, 1), find(&cache, 3)), (Some(bad(1)), Some(good(3))));
}

#[test]
fn bytes_that_are_more_than_a_set_are_none() {
    let set = Set { leases: vec![lease(1, 1, 0)], ..Set::default() };
    let mut bytes = set.encode();
    assert_eq!(Set::decode(&bytes), set);
    bytes.push(0);
    assert_eq!(Set::decode(&bytes), Set::default());
}

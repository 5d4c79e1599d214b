//! The tables that all workers share, against obvious models: by several workers in random order,
//! and with one worker's step in the middle of another's.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use proptest::prelude::*;
use usergrid_auth_core::revocation::{PLACES, RevocationTable, Revoked, Sync};
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::key::{CacheKey, CredentialDigest};
use usergrid_auth_core::verification::peers::memory::{Process, View};
use usergrid_auth_core::verification::peers::{PREFIX, QueueId, Sequence, SharedStore, StaleMarks};

const WORKERS: usize = 3;

/// A view of the shared store in which other workers write something whenever this one is about to.
struct Overtaken {
    view: View,
    others: RefCell<VecDeque<Box<dyn FnOnce()>>>,
}

impl SharedStore for Overtaken {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Option<u32>) {
        self.view.read(key)
    }

    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> bool {
        // Other plugins of the same VM have keys of their own.
        assert!(key.starts_with(PREFIX), "{key}");
        let other = self.others.borrow_mut().pop_front();
        if let Some(step) = other {
            step();
        }
        self.view.write(key, bytes, version)
    }

    fn queue(&self) -> Option<QueueId> {
        self.view.queue()
    }

    fn generation(&self) -> u64 {
        self.view.generation()
    }

    fn bump_generation(&self) {
        self.view.bump_generation();
    }
}

fn digest(number: u8) -> CredentialDigest {
    CredentialDigest::of_token(&[number])
}

fn key(number: u8) -> CacheKey {
    CacheKey::new(&[0; 32], &digest(number))
}

fn tables(process: &Rc<Process>) -> Vec<RevocationTable> {
    (0..WORKERS).map(|_| RevocationTable::new(Rc::new(View::new(process)))).collect()
}

proptest! {
    #[test]
    fn whatever_was_asked_for_before_its_revocation_is_revoked(
        steps in proptest::collection::vec((0..WORKERS, 0_u8..8, any::<bool>()), 1..80)
    ) {
        let process = Rc::default();
        let mut tables = tables(&process);
        // By credential: the sequence that a worker knew when it asked, and whether it was revoked
        // since.
        let mut asked: Vec<(u8, Sequence, bool)> = Vec::new();
        for (worker, number, revokes) in steps {
            let table = &mut tables[worker];
            if revokes {
                table.add(&[Revoked::Credential(digest(number))]);
                for (of, _, revoked) in &mut asked {
                    *revoked |= *of == number;
                }
            } else {
                table.refresh();
                asked.push((number, table.last(), false));
            }
            for table in &mut tables {
                table.refresh();
                for (of, sequence, revoked) in &asked {
                    let found = table.revoked_at(&Revoked::Credential(digest(*of))) > *sequence;
                    // The eight digests of this test have places of their own.
                    prop_assert_eq!(found, *revoked, "{} asked at {:?}", of, sequence);
                }
            }
        }
        prop_assert!(process.keys() <= 64 + 1);
    }

    #[test]
    fn a_revocation_that_is_overtaken_is_not_lost(
        mine in proptest::collection::vec(0_u8..4, 1..4),
        others in proptest::collection::vec(0_u8..4, 0..12),
    ) {
        let process: Rc<Process> = Rc::default();
        let mut steps: VecDeque<Box<dyn FnOnce()>> = VecDeque::new();
        for number in &others {
            let (process, number) = (Rc::clone(&process), *number);
            steps.push_back(Box::new(move || {
                let mut other = RevocationTable::new(Rc::new(View::new(&process)));
                other.add(&[Revoked::Credential(digest(number))]);
            }));
        }
        let view = View::new(&process);
        let store = Rc::new(Overtaken { view, others: RefCell::new(steps) });
        let mut table = RevocationTable::new(Rc::clone(&store) as Rc<dyn SharedStore>);
        table.refresh();
        table.note_user(UnixMillis(1));
        prop_assert_eq!(table.last_user(), Some(UnixMillis(1)));
        let before = table.last();
        for number in &mine {
            table.add(&[Revoked::Credential(digest(*number))]);
        }
        let done = others.len() - store.others.borrow().len();
        let mut judge = RevocationTable::new(Rc::new(View::new(&process)));
        judge.refresh();
        for number in mine.iter().chain(&others[..done]) {
            prop_assert!(judge.revoked_at(&Revoked::Credential(digest(*number))) > before);
        }
        prop_assert_eq!(judge.last(), Sequence(u64::try_from(mine.len() + done).unwrap()));
    }

    #[test]
    fn a_stale_answer_is_served_only_while_its_mark_stands(
        steps in proptest::collection::vec((0..WORKERS, 0_u8..200, 0_u8..3, 0_u64..50), 1..300)
    ) {
        let process: Rc<Process> = Rc::default();
        let marks: Vec<StaleMarks> =
            (0..WORKERS).map(|_| StaleMarks::new(Rc::new(View::new(&process)), 64)).collect();
        let mut now = UnixMillis(1_000);
        let mut model: BTreeMap<u8, UnixMillis> = BTreeMap::new();
        for (worker, number, what, span) in steps {
            now = UnixMillis(now.0 + span);
            let marks = &marks[worker];
            match what {
                0 => {
                    let until = UnixMillis(now.0 + 40);
                    marks.set(&key(number), until, now);
                    model.insert(number, until);
                }
                1 => {
                    let was_there = marks.take_away(&key(number));
                    // One that has ended may have made room for others.
                    prop_assert!(was_there || model.get(&number).is_none_or(|until| *until <= now));
                    model.remove(&number);
                }
                _ => {}
            }
            let stands = model.get(&number).is_some_and(|until| now < *until);
            prop_assert_eq!(marks.stands(&key(number), now), stands, "{}", number);
        }
        prop_assert!(process.keys() <= 16);
    }
}

#[test]
fn a_table_that_has_begun_anew_is_told_from_one_that_has_grown() {
    let process: Rc<Process> = Rc::default();
    let view = View::new(&process);
    let [mut table, mut other, mut late] =
        [(); 3].map(|()| RevocationTable::new(Rc::new(View::new(&process))));
    let revoked = [Revoked::Credential(digest(1))];
    assert_eq!(table.refresh(), Sync::Changed, "the first look");
    assert_eq!(table.refresh(), Sync::Unchanged);
    for _ in 0..3 {
        other.add(&revoked);
        assert_eq!(table.refresh(), Sync::Changed);
    }
    view.bump_generation();
    assert_eq!(table.refresh(), Sync::Changed, "and nothing is new");
    process.damage();
    other.add(&revoked);
    assert_eq!(table.refresh(), Sync::Lost);
    assert_eq!(late.refresh(), Sync::Changed, "nothing was known that could be lost");
}

#[test]
fn marks_that_find_no_room_cost_stale_answers_and_nothing_else() {
    let process: Rc<Process> = Rc::default();
    let marks = StaleMarks::new(Rc::new(View::new(&process)), 64);
    let now = UnixMillis(1_000);
    let all: Vec<CacheKey> = (0..10_000_u32)
        .map(|number| CacheKey::new(&[0; 32], &CredentialDigest::of_token(&number.to_le_bytes())))
        .collect();
    for (number, key) in (0..).zip(&all) {
        marks.set(key, UnixMillis(2_000 + number), now);
    }
    let standing = all.iter().filter(|key| marks.stands(key, now)).count();
    assert!((512..=16 * 64).contains(&standing), "{standing} stand");
    assert!(marks.stands(all.last().unwrap(), now));
    assert!(process.keys() <= 16 && process.bytes().len() <= 16 * (1 + 64 * 40));
    for key in &all {
        marks.take_away(key);
        assert!(!marks.stands(key, now));
    }
}

#[test]
fn a_mark_stands_for_the_last_verdict_and_one_that_has_ended_is_nothing() {
    let marks = StaleMarks::new(Rc::new(View::default()), 64);
    // Of one set.
    let [one, two] = [1, 2].map(|number| {
        let mut bytes = [0; 32];
        bytes[0] = number;
        CacheKey::from_bytes(bytes)
    });
    assert!(!marks.take_away(&one), "there was none");
    marks.set(&one, UnixMillis(3_000), UnixMillis(1_000));
    marks.set(&one, UnixMillis(2_000), UnixMillis(1_000));
    assert!(marks.stands(&one, UnixMillis(1_999)));
    assert!(!marks.stands(&one, UnixMillis(2_000)), "the later verdict ends earlier");
    assert!(marks.take_away(&one));
    assert!(!marks.take_away(&one));
    marks.set(&one, UnixMillis(2_000), UnixMillis(1_000));
    marks.set(&two, UnixMillis(3_000), UnixMillis(2_000));
    assert!(!marks.take_away(&one), "it has made room");
    assert!(marks.take_away(&two));
}

#[test]
fn a_flood_of_revocations_reaches_others_as_often_as_chance_has_it() {
    let process: Rc<Process> = Rc::default();
    let mut table = RevocationTable::new(Rc::new(View::new(&process)));
    let mut hostile = RevocationTable::new(Rc::new(View::new(&process)));
    let all: Vec<_> =
        (0..1_000_u32).map(|number| CredentialDigest::of_token(&number.to_be_bytes())).collect();
    for number in 0..1_000_u32 {
        let digest = CredentialDigest::of_token(format!("hostile {number}").as_bytes());
        hostile.add(&[Revoked::Credential(digest)]);
    }
    table.refresh();
    let hit = |digest: &&CredentialDigest| {
        table.revoked_at(&Revoked::Credential(**digest)) > Sequence::default()
    };
    let concerned = all.iter().filter(hit).count();
    // A thousand revocations over 16,384 places: some 6 % of all others.
    assert_eq!(PLACES, 16_384);
    assert!((30..=90).contains(&concerned), "{concerned} of 1,000");
}

//! Single flight: all requests with one credential wait for one call.
//!
//! Says nothing about what a verdict means, nor who makes the call. Bounded in numbers and bytes;
//! half of it is kept for credentials that were verified before, so that a flood of new ones keeps
//! no known caller out.

use std::collections::HashMap;

use super::key::{CacheKey, CredentialDigest};
use super::peers::Sequence;
use crate::time::Steady;

/// A request's stream, by the host's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// A flight, by the core's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub u32);

/// Calls under way for one credential: more than one only after revocations.
pub const CALLS_OF_ONE_CREDENTIAL: usize = 4;

/// Bytes that the requests which wait may hold, for each of `limits.max_waiting`; and those that
/// calls under way may, again.
pub const BYTES_OF_ONE: usize = 16_384;

/// A verdict that is awaited, and the requests that are paused for it. `T` is what it takes to read
/// it.
#[derive(Debug)]
pub struct Flight<T, W> {
    /// What it is about.
    pub about: About,
    /// What is awaited.
    pub subject: T,
    /// When it began.
    pub began: Steady,
    /// When it counts as lost, should nobody ever say how it ended.
    pub lost_at: Steady,
    /// Those who wait, in the order they came.
    pub waiters: Vec<Waiter<W>>,
}

/// What a flight is about, and what it costs.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The verdict that is awaited.
    pub key: CacheKey,
    /// The credential.
    pub digest: CredentialDigest,
    /// Whether it was verified before.
    pub is_known: bool,
    /// What is kept for it, in bytes.
    pub bytes: usize,
}

/// A request that waits.
#[derive(Debug)]
pub struct Waiter<W> {
    /// Its stream.
    pub stream: StreamId,
    /// The last revocation known when it came: a verdict that was revoked by then is no good for
    /// it.
    pub joined: Sequence,
    /// Whether its credential was verified before.
    pub is_known: bool,
    /// What is kept of it, in bytes.
    pub bytes: usize,
    /// The request.
    pub request: W,
}

/// The flights of one worker.
///
/// INVARIANT: a stream waits for one flight at most; a key has at most one flight that can be
/// joined.
#[derive(Debug)]
pub struct SingleFlight<T, W> {
    joinable: HashMap<CacheKey, FlightId>,
    flights: HashMap<FlightId, Flight<T, W>>,
    waiting: Load,
    under_way: Load,
    bound: usize,
    next: u32,
}

/// How much of a bound is taken.
#[derive(Debug, Default)]
struct Load {
    known: usize,
    unknown: usize,
    bytes: usize,
}

impl Load {
    fn count(&self) -> usize {
        self.known.saturating_add(self.unknown)
    }

    fn has_room(&self, bound: usize, is_known: bool, bytes: usize) -> bool {
        let most_bytes = bound.saturating_mul(BYTES_OF_ONE);
        self.count() < bound
            && (is_known || self.unknown < bound.div_ceil(2))
            && self.bytes.saturating_add(bytes) <= most_bytes
    }

    fn add(&mut self, is_known: bool, bytes: usize) {
        let count = if is_known { &mut self.known } else { &mut self.unknown };
        *count = count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn remove(&mut self, is_known: bool, bytes: usize) {
        let count = if is_known { &mut self.known } else { &mut self.unknown };
        *count = count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl<T, W> SingleFlight<T, W> {
    /// No flights; at most `bound` requests wait, and at most `bound` flights are under way.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self {
            joinable: HashMap::new(),
            flights: HashMap::new(),
            waiting: Load::default(),
            under_way: Load::default(),
            bound,
            next: 0,
        }
    }

    /// The flight that a request with this key can join.
    #[must_use]
    pub fn joinable(&self, key: &CacheKey) -> Option<FlightId> {
        self.joinable.get(key).copied()
    }

    /// Whether another request may wait, that holds so many bytes.
    #[must_use]
    pub fn can_wait(&self, is_known: bool, bytes: usize) -> bool {
        self.waiting.has_room(self.bound, is_known, bytes)
    }

    /// Whether another flight may start. Flights outlive requests that give up, so they have bounds
    /// of their own.
    #[must_use]
    pub fn can_start(&self, about: &About) -> bool {
        let is_same = |flight: &&Flight<T, W>| flight.about.digest == about.digest;
        self.under_way.has_room(self.bound, about.is_known, about.bytes)
            && self.flights.values().filter(is_same).count() < CALLS_OF_ONE_CREDENTIAL
    }

    /// The number that the next flight will have.
    #[must_use]
    pub fn peek_next_id(&self) -> FlightId {
        FlightId(self.next)
    }

    /// A number for a flight.
    pub fn next_id(&mut self) -> FlightId {
        let id = FlightId(self.next);
        self.next = self.next.wrapping_add(1);
        id
    }

    /// Starts a flight, which from then on is the one to join for its key.
    pub fn start(&mut self, about: About, subject: T, began: Steady, lost_at: Steady) -> FlightId {
        let id = self.next_id();
        self.under_way.add(about.is_known, about.bytes);
        self.joinable.insert(about.key, id);
        self.flights.insert(id, Flight { about, subject, began, lost_at, waiters: Vec::new() });
        id
    }

    /// Lets a request wait for `flight`.
    ///
    /// # Errors
    /// Gives the request back if there is no such flight, or no room.
    pub fn join(&mut self, flight: FlightId, waiter: Waiter<W>) -> Result<(), W> {
        if !self.can_wait(waiter.is_known, waiter.bytes) {
            return Err(waiter.request);
        }
        let Some(found) = self.flights.get_mut(&flight) else { return Err(waiter.request) };
        self.waiting.add(waiter.is_known, waiter.bytes);
        found.waiters.push(waiter);
        Ok(())
    }

    /// Ends a flight and hands it out with those who waited for it. `None` if it has ended before.
    pub fn finish(&mut self, id: FlightId) -> Option<Flight<T, W>> {
        let flight = self.flights.remove(&id)?;
        if self.joinable.get(&flight.about.key) == Some(&id) {
            self.joinable.remove(&flight.about.key);
        }
        self.under_way.remove(flight.about.is_known, flight.about.bytes);
        for waiter in &flight.waiters {
            self.waiting.remove(waiter.is_known, waiter.bytes);
        }
        Some(flight)
    }

    /// Lets nobody else join the flight for `key`. Those who wait already go on waiting.
    pub fn seal(&mut self, key: &CacheKey) {
        self.joinable.remove(key);
    }

    /// As [`SingleFlight::seal`], for all.
    pub fn seal_all(&mut self) {
        self.joinable.clear();
    }

    /// Forgets a stream that is gone. Its flight goes on: the verdict is worth remembering.
    pub fn leave(&mut self, stream: StreamId) {
        for flight in self.flights.values_mut() {
            if let Some(place) = flight.waiters.iter().position(|waiter| waiter.stream == stream) {
                let waiter = flight.waiters.remove(place);
                self.waiting.remove(waiter.is_known, waiter.bytes);
                return;
            }
        }
    }

    /// The flight with this number.
    #[must_use]
    pub fn get(&self, id: FlightId) -> Option<&Flight<T, W>> {
        self.flights.get(&id)
    }

    /// The flight with this number.
    pub fn get_mut(&mut self, id: FlightId) -> Option<&mut Flight<T, W>> {
        self.flights.get_mut(&id)
    }

    /// The flights that `wanted` picks, in no order.
    pub fn filter(&self, wanted: impl Fn(&Flight<T, W>) -> bool) -> Vec<FlightId> {
        let found = self.flights.iter().filter(|(_, flight)| wanted(flight));
        found.map(|(id, _)| *id).collect()
    }

    /// How many requests are waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.count()
    }
}

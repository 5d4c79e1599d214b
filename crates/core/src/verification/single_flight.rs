//! Single flight: all requests with one credential wait for one call.
//!
//! Says nothing about what a verdict means, nor who makes the call.

use std::collections::HashMap;

use super::key::CacheKey;
use crate::time::Steady;

/// A request's stream, by the host's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// A flight, by the core's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub u32);

/// A verdict that is awaited, and the requests that are paused for it. `T` is what it takes to read it.
#[derive(Debug)]
pub struct Flight<T, W> {
    /// The credential.
    pub key: CacheKey,
    /// What is awaited.
    pub subject: T,
    /// When it began.
    pub began: Steady,
    /// When it counts as lost, should nobody ever say how it ended.
    pub lost_at: Steady,
    /// Those who wait, in the order they came.
    pub waiters: Vec<(StreamId, W)>,
}

/// The flights of one worker.
///
/// INVARIANT: a stream waits for one flight at most; a key has at most one flight that can be joined.
#[derive(Debug)]
pub struct SingleFlight<T, W> {
    joinable: HashMap<CacheKey, FlightId>,
    flights: HashMap<FlightId, Flight<T, W>>,
    waiting: usize,
    bound: usize,
    next: u32,
}

impl<T, W> SingleFlight<T, W> {
    /// No flights; at most `bound` requests wait, and at most `bound` flights are under way.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self { joinable: HashMap::new(), flights: HashMap::new(), waiting: 0, bound, next: 0 }
    }

    /// The flight that a request with this key can join.
    #[must_use]
    pub fn joinable(&self, key: &CacheKey) -> Option<FlightId> {
        self.joinable.get(key).copied()
    }

    /// Whether another request may wait.
    #[must_use]
    pub fn can_wait(&self) -> bool {
        self.waiting < self.bound
    }

    /// Whether another flight may start. Flights outlive requests that give up, so they have a bound of their own.
    #[must_use]
    pub fn can_start(&self) -> bool {
        self.flights.len() < self.bound
    }

    /// Starts a flight, which from then on is the one to join for its key.
    pub fn start(&mut self, key: CacheKey, subject: T, began: Steady, lost_at: Steady) -> FlightId {
        let id = FlightId(self.next);
        self.next = self.next.wrapping_add(1);
        self.flights.insert(id, Flight { key, subject, began, lost_at, waiters: Vec::new() });
        self.joinable.insert(key, id);
        id
    }

    /// Lets `stream` wait for `flight`.
    ///
    /// # Errors
    /// Gives the request back if there is no such flight, or if as many wait as may.
    pub fn join(&mut self, flight: FlightId, stream: StreamId, waiter: W) -> Result<(), W> {
        if !self.can_wait() {
            return Err(waiter);
        }
        let Some(found) = self.flights.get_mut(&flight) else { return Err(waiter) };
        found.waiters.push((stream, waiter));
        self.waiting = self.waiting.saturating_add(1);
        Ok(())
    }

    /// Ends a flight and hands it out with those who waited for it. `None` if it has ended before.
    pub fn finish(&mut self, id: FlightId) -> Option<Flight<T, W>> {
        let flight = self.flights.remove(&id)?;
        if self.joinable.get(&flight.key) == Some(&id) {
            self.joinable.remove(&flight.key);
        }
        self.waiting = self.waiting.saturating_sub(flight.waiters.len());
        Some(flight)
    }

    /// Lets nobody else join the flights under way. Those who wait already go on waiting.
    pub fn seal(&mut self) {
        self.joinable.clear();
    }

    /// Forgets a stream that is gone. Its flight goes on: the verdict is worth remembering.
    pub fn leave(&mut self, stream: StreamId) {
        for flight in self.flights.values_mut() {
            if let Some(place) = flight.waiters.iter().position(|(waiter, _)| *waiter == stream) {
                flight.waiters.remove(place);
                self.waiting = self.waiting.saturating_sub(1);
                return;
            }
        }
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
        self.waiting
    }
}

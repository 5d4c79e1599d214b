//! Who waits for which call. All requests with one credential share one call.
//!
//! Says nothing about what an answer means.

use std::collections::HashMap;

use crate::cache::Key;
use crate::time::Steady;

/// A request's stream, by the host's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// A call under way, by the core's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u32);

/// One call and those who wait for it. `T` is what the call needs to be judged by.
#[derive(Debug)]
pub struct Flight<T> {
    /// The credential.
    pub key: Key,
    /// What the call was about.
    pub subject: T,
    /// When it began.
    pub began: Steady,
    /// When it counts as lost, should the host never say how it ended.
    pub lost_at: Steady,
    waiters: Vec<StreamId>,
}

/// The calls under way in one worker, and the requests paused for them.
///
/// INVARIANT: a stream in `waiting` is a waiter of exactly one flight; a key has at most one flight.
#[derive(Debug)]
pub struct Flights<T, W> {
    by_key: HashMap<Key, CallId>,
    by_call: HashMap<CallId, Flight<T>>,
    waiting: HashMap<StreamId, (CallId, W)>,
    bound: usize,
    next: u32,
}

/// What became of a request that has to wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Boarding<W> {
    /// A call under way will answer it too.
    Joined,
    /// A new call has to be made.
    NewCall(CallId),
    /// As many as may wait are waiting; here is the request back.
    Full(W),
}

impl<T, W> Flights<T, W> {
    /// No calls; at most `bound` requests wait, and at most `bound` calls are under way.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self {
            by_key: HashMap::new(),
            by_call: HashMap::new(),
            waiting: HashMap::new(),
            bound,
            next: 0,
        }
    }

    /// Lets `stream` wait for the verdict on `key`; `subject` and the times are used only if that takes a new call.
    pub fn board(
        &mut self,
        stream: StreamId,
        waiter: W,
        key: Key,
        times: (Steady, Steady),
        subject: impl FnOnce() -> T,
    ) -> Boarding<W> {
        if self.waiting.len() >= self.bound {
            return Boarding::Full(waiter);
        }
        if let Some(call) = self.by_key.get(&key)
            && let Some(flight) = self.by_call.get_mut(call)
        {
            flight.waiters.push(stream);
            self.waiting.insert(stream, (*call, waiter));
            return Boarding::Joined;
        }
        // Calls outlive requests that give up, so they need a bound of their own.
        if self.by_call.len() >= self.bound {
            return Boarding::Full(waiter);
        }
        let call = CallId(self.next);
        self.next = self.next.wrapping_add(1);
        let (began, lost_at) = times;
        let flight = Flight { key, subject: subject(), began, lost_at, waiters: vec![stream] };
        self.by_call.insert(call, flight);
        self.by_key.insert(key, call);
        self.waiting.insert(stream, (call, waiter));
        Boarding::NewCall(call)
    }

    /// Ends `call` and hands out those who waited for it, in the order they came. `None` if it has ended before.
    pub fn land(&mut self, call: CallId) -> Option<(Flight<T>, Vec<W>)> {
        let mut flight = self.by_call.remove(&call)?;
        self.by_key.remove(&flight.key);
        let waiters = std::mem::take(&mut flight.waiters)
            .into_iter()
            .filter_map(|stream| self.waiting.remove(&stream).map(|(_, waiter)| waiter))
            .collect();
        Some((flight, waiters))
    }

    /// Forgets a stream that is gone. Its call goes on: the answer is worth remembering.
    pub fn leave(&mut self, stream: StreamId) {
        if let Some((call, _)) = self.waiting.remove(&stream)
            && let Some(flight) = self.by_call.get_mut(&call)
        {
            flight.waiters.retain(|waiter| *waiter != stream);
        }
    }

    /// The calls whose end the host should have told by `now`.
    #[must_use]
    pub fn lost(&self, now: Steady) -> Vec<CallId> {
        let lost = self.by_call.iter().filter(|(_, flight)| flight.lost_at <= now);
        lost.map(|(call, _)| *call).collect()
    }

    /// How many requests are waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many calls are under way.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.by_call.len()
    }
}

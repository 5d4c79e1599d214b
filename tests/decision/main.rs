//! The decision, seen from outside: events in, effects out, by a host that is a script.

mod coalescing;
mod forwarding;
mod order;
mod refusals;
mod route;
mod time;
mod world;

//! The decision, seen from outside: events in, effects out, by a host that is a script.

mod bound_tokens;
mod bounds;
mod claims;
mod coalescing;
mod cross_site;
mod demanded;
mod denied;
mod explain;
mod failing;
mod forwarded_authorization;
mod forwarding;
mod interleavings;
mod log_lines;
mod observing;
mod order;
mod places;
mod refusals;
mod renewal;
mod revocation;
mod route;
mod servers;
mod sharing;
mod stock;
mod telemetry;
mod time;
mod url_headers;
pub mod worker;

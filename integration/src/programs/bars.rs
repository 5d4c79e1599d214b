//! The bars that the filter has to clear as a whole process: calls, outage, memory, hostile callers. Each is
//! one function that prints its figures, and fails if the bar is missed. `cargo bars` runs them at
//! full size, `cargo test` smaller.

pub mod crowd;
pub mod flood;
pub mod hostile;
pub mod outage;
mod scale;
pub mod spread_load;
pub mod stock;

use anyhow::Result;

pub use scale::Scale;

pub struct Bar {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What has to hold.
    pub about: &'static str,
    pub run: fn(Scale) -> Result<()>,
}

pub const ALL: [Bar; 6] = [
    Bar {
        name: "crowd",
        about: "500 concurrent requests with one token on 4 workers, 300 ms per call: 1 call, all 200",
        run: crowd::run,
    },
    Bar {
        name: "load",
        about: "10,000 requests with 100 tokens on 4 workers within one `ttl`: 100 calls",
        run: spread_load::run,
    },
    Bar {
        name: "outage",
        about: "the server is down for 10 s under load, with `stale_if_error`: no known token is refused, every \
                unknown one gets 503, and 2 s after its return all is well",
        run: outage::run,
    },
    Bar {
        name: "flood",
        about: "a million bad tokens: memory grows by less than 5 MB after the first 50,000, good tokens still hit",
        run: flood::run,
    },
    Bar {
        name: "hostile",
        about: "random tokens, revocations, 100,000 hostile answers, hard rules, failing credentials and early leavers at \
                once: known callers get nothing but 200, p99 at most doubles, memory stays within its budget",
        run: hostile::run,
    },
    Bar {
        name: "stock",
        about: "a stock Usergrid, 500 requests at once on 4 workers: a user's token costs 1 U and no K, all 200; elsewhere \
                1 U and at most 1 K, all refused; an administrator's in two applications 2 U and 2 K, all 200",
        run: stock::run,
    },
];

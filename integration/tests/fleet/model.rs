//! How many calls a fleet makes about a credential: a formula, and a simulation that knows nothing
//! of it.

use std::iter::repeat_n;

/// Calls a second about one credential that comes `rate` times a second, at times that do not
/// depend on each other, to Envoys that are chosen at random and remember for `ttl` seconds. An
/// Envoy that has asked is silent for `ttl`, and then until the credential comes to it next:
/// `envoys / rate` on average.
pub fn calls(rate: f64, envoys: f64, ttl: f64) -> f64 {
    envoys / (ttl + envoys / rate)
}

/// Numbers of xorshift64*, each between 0 and 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        bits as f64 / (1_u64 << 53) as f64
    }
}

/// The same, counted request by request.
pub fn simulated(rate: f64, envoys: usize, ttl: f64, requests: usize, seed: u64) -> f64 {
    let mut random = Random(seed);
    let mut known_until: Vec<f64> = repeat_n(0.0, envoys).collect();
    let (mut now, mut made) = (0.0, 0);
    for _ in 0..requests {
        now -= (1.0 - random.next()).ln() / rate;
        let envoy = &mut known_until[(random.next() * envoys as f64) as usize];
        if *envoy <= now {
            made += 1;
            *envoy = now + ttl;
        }
    }
    f64::from(made) / now
}

/// From a request a minute to a thousand a second, one Envoy to sixty-four.
#[test]
fn the_formula_is_what_happens() {
    for rate in [0.02, 0.5, 20.0, 1000.0] {
        for (envoys, count) in [(1.0, 1), (4.0, 4), (64.0, 64)] {
            let ttl = 60.0;
            let expected = calls(rate, envoys, ttl);
            // As many requests as bring some ten thousand calls, within reason.
            let requests = (10_000.0 * rate / expected).min(2_000_000.0) as usize;
            let found = simulated(rate, count, ttl, requests, 7);
            let made = found * requests as f64 / rate;
            // Four standard deviations of so many independent events.
            let slack = 4.0 / made.sqrt();
            assert!(
                (found / expected - 1.0).abs() < slack,
                "{rate}/s, {count} Envoys: {found} instead of {expected}, {made} calls"
            );
        }
    }
}

#[test]
fn the_ends_are_plain() {
    // Rarely seen: nobody remembers, each request is a call.
    assert!((calls(0.001, 4.0, 1.0) / 0.001 - 1.0).abs() < 0.001);
    // Often seen: each Envoy asks once a `ttl`.
    assert!((calls(10_000.0, 4.0, 60.0) / (4.0 / 60.0) - 1.0).abs() < 0.001);
}

//! Calls that requests wait for together.

use usergrid_auth_core::time::{SteadyClock, UnixMillis};
use usergrid_auth_core::verification::key::{CacheKey, CredentialDigest};
use usergrid_auth_core::verification::peers::Sequence;
use usergrid_auth_core::verification::single_flight::{
    About, FlightId, SingleFlight, StreamId, Waiter,
};

/// One flight, for which a request waits.
fn flying() -> (SingleFlight<(), &'static str>, CacheKey, FlightId) {
    let digest = CredentialDigest::of_token(b"abc");
    let key = CacheKey::new(&[0; 32], &digest);
    let now = SteadyClock::default().read(UnixMillis(1_000));
    let mut flights = SingleFlight::new(4);
    let about = About { key, digest, is_known: false, bytes: 100 };
    let id = flights.start(about, (), now, now);
    let (stream, joined) = (StreamId(1), Sequence(0));
    let waiter = Waiter { stream, joined, is_known: false, bytes: 100, request: "the first" };
    assert_eq!(flights.join(id, waiter), Ok(()));
    assert_eq!(flights.joinable(&key), Some(id));
    (flights, key, id)
}

#[test]
fn nobody_joins_a_flight_that_is_sealed_and_those_who_wait_wait_on() {
    let other = CacheKey::from_bytes([7; 32]);
    for (what, is_sealed) in [("this", true), ("another", false), ("all", true)] {
        let (mut flights, key, id) = flying();
        match what {
            "this" => flights.seal(&key),
            "another" => flights.seal(&other),
            _ => flights.seal_all(),
        }
        assert_eq!(flights.joinable(&key), (!is_sealed).then_some(id), "{what}");
        assert_eq!(flights.waiting(), 1, "{what}");
        let ended = flights.finish(id).expect("it is under way");
        assert_eq!(ended.waiters[0].request, "the first");
        assert_eq!(flights.waiting(), 0, "{what}");
    }
}

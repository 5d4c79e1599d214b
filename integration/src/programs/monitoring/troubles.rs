//! One thing after the other breaks, until the alerts that are for it go off.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::place::Place;
use super::prometheus::Prometheus;
use super::traffic::fresh;
use crate::harness::client::{self, Connection, Request};
use crate::harness::wait;

/// How many come one after the other before the alerts are looked at.
const GUESSES: usize = 50;

struct Trouble {
    about: &'static str,
    /// What must go off.
    alerts: &'static [&'static str],
    begin: fn(&Place),
    /// What clients do besides, again and again until the alerts have gone off.
    send: fn(&Place) -> Result<()>,
}

const ALL: [Trouble; 7] = [
    Trouble {
        about: "the server refuses the filter's client",
        alerts: &["UsergridAuthOwnClientRefused"],
        begin: |place| place.answers(Some(401)),
        send: new_tokens,
    },
    Trouble {
        about: "the server answers with 500",
        alerts: &[
            "UsergridAuthServerFailing",
            "UsergridAuthRequestsUnanswered",
            "UsergridAuthBreakerOpen",
            "UsergridAuthServingStale",
        ],
        begin: |place| place.answers(Some(500)),
        send: new_tokens,
    },
    Trouble {
        about: "the server is slow",
        alerts: &["UsergridAuthServerSlow"],
        begin: Place::slow,
        send: new_tokens,
    },
    Trouble {
        about: "many wait at once",
        alerts: &["UsergridAuthOverloaded"],
        begin: |_| (),
        send: crowd,
    },
    Trouble {
        about: "a caller with too many claims",
        alerts: &["UsergridAuthClaimsBeyondLimit"],
        begin: |place| place.answers(None),
        send: |place| send(place, &Request::get("/acme/shop/x").bearer("grown")),
    },
    Trouble {
        about: "somebody guesses tokens",
        alerts: &["UsergridAuthBadCredentials"],
        begin: |_| (),
        send: |place| {
            // It cannot be a credential, so no server is asked.
            let guess = Request::get("/acme/shop/x").header("authorization", "Basic !");
            let mut connection = Connection::open(place.site.address())?;
            for _ in 0..GUESSES {
                connection.send_request(&guess)?;
            }
            Ok(())
        },
    },
    Trouble {
        about: "the filter's VM ends",
        alerts: &["UsergridAuthVmReloaded"],
        begin: |_| (),
        send: |place| {
            send(place, &Request::get("/acme/sandbox/x").header("x-test-trap", "1"))?;
            send(place, &Request::get("/acme/sandbox/x"))
        },
    },
];

/// Each of them in turn, for so long at least; the alerts that have gone off.
///
/// # Errors
/// If an alert does not go off.
pub fn all(place: &Place, prometheus: &Prometheus, lasts: Duration) -> Result<Vec<String>> {
    let mut gone_off = Vec::new();
    for Trouble { about, alerts, begin, send } in ALL {
        let began = Instant::now();
        begin(place);
        wait::until(about, || {
            send(place)?;
            let states = prometheus.alerts()?;
            let on = |alert: &&str| states.get(*alert).is_some_and(|state| state != "inactive");
            Ok((alerts.iter().all(on) && began.elapsed() >= lasts).then_some(()))
        })
        .with_context(|| format!("not all of {alerts:?} go off"))?;
        println!("  {about}: {}", alerts.join(", "));
        gone_off.extend(alerts.iter().map(|alert| (*alert).to_owned()));
    }
    Ok(gone_off)
}

/// Whatever comes of it: while a VM is dead, Envoy answers what it likes.
fn send(place: &Place, request: &Request) -> Result<()> {
    let _answer = client::send(place.site.address(), request);
    Ok(())
}

fn new_tokens(place: &Place) -> Result<()> {
    send(place, &fresh())?;
    send(place, &Request::get("/acme/shop/x").bearer("alice"))
}

/// More at once than may wait.
fn crowd(place: &Place) -> Result<()> {
    let mut connections = Vec::new();
    for _ in 0..16 {
        connections.push(Connection::open(place.site.address())?);
    }
    for connection in &mut connections {
        connection.request(&fresh())?;
    }
    for connection in &mut connections {
        connection.response(false)?;
    }
    Ok(())
}

//! Those who mean harm, each in one way, again and again at a steady pace.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{claims, phase};
use crate::harness::client::{Client, Connection, Request};

/// Tokens that are presented over and over, of those the server fails on.
const DOZEN: usize = 12;
/// Tokens that the server never answers, presented at a time.
const HANGING: usize = 6;

/// What one of them does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// Tokens that nobody has.
    Random,
    /// Revocations by somebody with a good token: of tokens that nobody has, and of his own.
    Revocations,
    /// Tokens with as much in their answers as there may be.
    Claims,
    /// Rules that are hard to match.
    Rules,
    /// Tokens to which the server says 500 or 429.
    Failing,
    /// Tokens to which it says nothing.
    Hanging,
    /// Clients that are gone before their answer.
    Leaving,
}

/// With how many of each kind.
pub const ALL: [(Attack, usize); 7] = [
    (Attack::Random, 2),
    (Attack::Revocations, 1),
    (Attack::Claims, 4),
    (Attack::Rules, 1),
    (Attack::Failing, 1),
    (Attack::Hanging, 1),
    (Attack::Leaving, 1),
];

/// One of them.
#[derive(Debug)]
pub struct Attacker {
    pub attack: Attack,
    address: SocketAddr,
    client: Client,
    /// What makes its tokens differ from others'.
    number: usize,
    /// What it got.
    pub statuses: BTreeMap<u16, usize>,
    sent: usize,
}

impl Attacker {
    #[must_use]
    pub fn new(address: SocketAddr, attack: Attack, number: usize) -> Self {
        let (client, statuses) = (Client::new(address), BTreeMap::new());
        Self { attack, address, client, number, statuses, sent: 0 }
    }

    /// Does it once, and keeps the pace. `claims` numbers the answers; there are `most` of them.
    ///
    /// # Errors
    /// If there is no response, or one that nobody like it may get.
    pub fn attack(&mut self, now: &AtomicU8, claims: &AtomicUsize, most: usize) -> Result<()> {
        let phase = now.load(Ordering::SeqCst);
        let began = Instant::now();
        if phase == phase::SIEGE || phase == phase::STAMPEDE {
            self.strike(claims, most)?;
        }
        let hurries = phase == phase::STAMPEDE
            && self.attack == Attack::Claims
            && claims.load(Ordering::SeqCst) < most;
        if !hurries {
            std::thread::sleep(self.interval().saturating_sub(began.elapsed()));
        }
        Ok(())
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(match self.attack {
            Attack::Random | Attack::Revocations | Attack::Failing => 5,
            Attack::Leaving => 10,
            Attack::Claims => 25,
            Attack::Rules | Attack::Hanging => 100,
        })
    }

    fn strike(&mut self, claims: &AtomicUsize, most: usize) -> Result<()> {
        self.sent += 1;
        let (own, sent) = (self.number, self.sent);
        match self.attack {
            Attack::Random => self.send(&get(&format!("random-{own}-{sent}")), &[401, 503]),
            Attack::Revocations => {
                let action = match sent % 10 {
                    0 => "revoketokens".to_owned(),
                    _ => format!("revoketoken?token=random-{own}-{sent}"),
                };
                let path = format!("/acme/shop/users/mallory/{action}");
                let request = Request::new("POST", path).bearer(&format!("mallorys-{own}"));
                self.send(&request, &[200, 503])
            }
            Attack::Claims => {
                let number = claims.fetch_add(1, Ordering::SeqCst);
                if number >= most {
                    return Ok(());
                }
                self.send(&get(&format!("claims-{number}")), &[200, 503])
            }
            Attack::Rules => {
                let request = Request::get(claims::hard_path()).bearer("hard");
                self.send(&request, &[401, 503])
            }
            Attack::Failing => {
                let kind = if sent % 2 == 0 { "broken" } else { "limited" };
                // The same ones, and new ones.
                let number = if sent % 4 < 2 { sent % DOZEN } else { sent };
                self.send(&get(&format!("{kind}-{number}")), &[503])
            }
            Attack::Hanging => self.hang(),
            Attack::Leaving => {
                let mut connection = Connection::open(self.address)?;
                let request = get(&format!("slow-{own}-{sent}"));
                let bytes = request.head();
                // Every other one leaves in the middle of its head.
                let length = if sent.is_multiple_of(2) { bytes.len() } else { bytes.len() / 2 };
                connection.send(bytes.get(..length).unwrap_or_default())
            }
        }
    }

    fn send(&mut self, request: &Request, allowed: &[u16]) -> Result<()> {
        let status = self.client.send(request)?.status;
        self.note(status, allowed)
    }

    fn note(&mut self, status: u16, allowed: &[u16]) -> Result<()> {
        *self.statuses.entry(status).or_default() += 1;
        ensure!(allowed.contains(&status), "{:?} gets {status}", self.attack);
        Ok(())
    }

    fn hang(&mut self) -> Result<()> {
        let mut connections = Vec::new();
        for number in 0..HANGING {
            let mut connection = Connection::open(self.address)?;
            connection.request(&get(&format!("hanging-{}-{number}", self.sent)))?;
            connections.push(connection);
        }
        for mut connection in connections {
            let status = connection.response(false)?.context("closed without a response")?.status;
            self.note(status, &[503])?;
        }
        Ok(())
    }
}

fn get(token: &str) -> Request {
    Request::get("/acme/shop/x").bearer(token)
}

//! What an admitted request looks like to the backend: its credential, its path, its identity headers.

use std::rc::Rc;

use super::{Effect, HeaderEdit};
use crate::credential::{Credential, Found, TokenPlace};
use crate::flight::StreamId;
use crate::grant::Grant;
use crate::request::RequestHeaders;
use usergrid_auth_config::{Forward, Secret};

pub(super) const AUTHORIZATION: &str = "authorization";
pub(super) const PATH: &str = ":path";

/// What is to be done to the head of a request once its credential turns out good.
#[derive(Debug)]
pub(super) struct Forwarding {
    authorization: Authorization,
    path: Option<Vec<u8>>,
}

/// What becomes of the `Authorization` header.
#[derive(Debug)]
enum Authorization {
    /// It stays as it is.
    Keep,
    /// It goes.
    Remove,
    /// It carries this token.
    Bearer(Secret),
    /// It carries the token that was issued for the client pair.
    Issued,
}

impl Forwarding {
    /// Plans it for `credential` as it was `found` in `headers`.
    pub(super) fn plan(
        forward: Forward,
        credential: &Credential,
        found: &Found,
        headers: &RequestHeaders,
    ) -> Self {
        let mut path = None;
        let authorization = match (forward, credential) {
            (Forward::Header | Forward::AsSent, Credential::Client { .. }) => Authorization::Issued,
            // Also one that was not looked at: the backend would take it for one that was.
            (Forward::Remove, _) => Authorization::Remove,
            // Usergrid reads `bearer x` as no credential at all, so any other spelling is replaced.
            (Forward::Header, Credential::Token { token, .. }) if is_bearer(headers, token) => {
                Authorization::Keep
            }
            (Forward::Header, Credential::Token { token, .. }) => {
                Authorization::Bearer(token.clone())
            }
            (Forward::AsSent, Credential::Token { place: TokenPlace::Query, .. }) => {
                path = found
                    .path_with_used
                    .clone()
                    .or_else(|| headers.first(PATH).map(<[u8]>::to_vec));
                if found.in_authorization > 0 { Authorization::Remove } else { Authorization::Keep }
            }
            // More than one there: only the one that was verified may go on.
            (Forward::AsSent, Credential::Token { token, .. }) if found.authorization_parts > 1 => {
                Authorization::Bearer(token.clone())
            }
            (Forward::AsSent, Credential::Token { .. }) => Authorization::Keep,
        };
        Self { authorization, path }
    }

    /// The edits, now that the credential is `grant`ed.
    pub(super) fn edits(self, stream: StreamId, grant: &Grant, effects: &mut Vec<Effect>) {
        match (self.authorization, &grant.issued_token) {
            (Authorization::Keep, _) => {}
            (Authorization::Bearer(token), _) => effects.push(set_bearer(stream, &token)),
            (Authorization::Issued, Some(token)) => effects.push(set_bearer(stream, token)),
            (Authorization::Remove | Authorization::Issued, _) => {
                effects.push(remove(stream, AUTHORIZATION));
            }
        }
        if let Some(path) = self.path {
            effects.push(set(stream, PATH, path));
        }
        for (name, value) in &grant.identity {
            effects.push(Effect::Edit(stream, HeaderEdit::Set(Rc::clone(name), Rc::clone(value))));
        }
    }
}

/// Sets one header.
pub(super) fn set(stream: StreamId, name: &str, value: Vec<u8>) -> Effect {
    Effect::Edit(stream, HeaderEdit::Set(Rc::from(name), Rc::from(value)))
}

/// Removes one header.
pub(super) fn remove(stream: StreamId, name: &str) -> Effect {
    Effect::Edit(stream, HeaderEdit::Remove(Rc::from(name)))
}

fn set_bearer(stream: StreamId, token: &Secret) -> Effect {
    set(stream, AUTHORIZATION, [b"Bearer ", token.expose()].concat())
}

/// Whether the only `Authorization` is exactly `Bearer <token>`.
fn is_bearer(headers: &RequestHeaders, token: &Secret) -> bool {
    let mut values = headers.values(AUTHORIZATION);
    let only = values.next().and_then(|value| value.strip_prefix(b"Bearer "));
    only == Some(token.expose()) && values.next().is_none()
}

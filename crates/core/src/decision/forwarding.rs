//! What an admitted request looks like to the backend: its credential, its path, its identity
//! headers.

use usergrid_auth_config::{Config, Forward, Secret};

use super::{Effect, HeaderEdit};
use crate::credential::{self, Credential, Places, TokenPlace};
use crate::header_map::HeaderMap;
use crate::identity_headers;
use crate::principal::Principal;
use crate::verification::single_flight::StreamId;

pub(super) const AUTHORIZATION: &str = "authorization";
pub(super) const PATH: &str = ":path";

/// What is to be done to the head of a request once its credential turns out good.
#[derive(Debug)]
pub(super) struct Forwarding {
    authorization: Authorization,
    path: Option<Vec<u8>>,
    /// What puts a token back that was taken out of a cookie or a header beside `Authorization`.
    put_back: Vec<HeaderEdit>,
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
    /// Plans it for `credential`, found in `headers` among these `places`.
    #[inline]
    pub(super) fn plan(
        config: &Config,
        credential: &Credential,
        places: &Places,
        headers: &HeaderMap,
    ) -> Self {
        match (config.forward, credential) {
            // Usergrid reads `bearer x` as no credential at all, so any other spelling is replaced.
            (Forward::Header, Credential::Token { place: TokenPlace::Header, .. })
                if places.is_plain_bearer =>
            {
                Authorization::Keep.into()
            }
            // Also one that was not looked at: the backend would take it for one that was.
            (Forward::Remove, _) => Authorization::Remove.into(),
            _ => Self::plan_another(config, credential, places, headers),
        }
    }

    #[inline(never)]
    fn plan_another(
        config: &Config,
        credential: &Credential,
        places: &Places,
        headers: &HeaderMap,
    ) -> Self {
        let (token, place) = match credential {
            Credential::Client { .. } => return Authorization::Issued.into(),
            Credential::Token { token, place } => (token, place),
        };
        if config.forward != Forward::AsSent {
            return Authorization::Bearer(token.clone()).into();
        }
        if *place == TokenPlace::Header {
            // More than one there: only the one that was verified may go on.
            let is_one_of_several = places.authorization_parts > 1;
            return if is_one_of_several {
                Authorization::Bearer(token.clone()).into()
            } else {
                Authorization::Keep.into()
            };
        }
        let path = (*place == TokenPlace::Query)
            .then(|| places.path_with_used.clone().unwrap_or_else(|| headers.path().to_vec()));
        let put_back = credential::put_back(place, headers, &config.credentials);
        let authorization =
            if places.in_authorization > 0 { Authorization::Remove } else { Authorization::Keep };
        Self { authorization, path, put_back }
    }

    /// What it holds in bytes, its path aside.
    pub(super) fn bytes(&self) -> usize {
        let bearer = match &self.authorization {
            Authorization::Bearer(token) => token.expose().len(),
            Authorization::Keep | Authorization::Remove | Authorization::Issued => 0,
        };
        let bytes = self.put_back.iter().map(HeaderEdit::bytes);
        bytes.fold(bearer, usize::saturating_add)
    }

    /// Makes the edits, now that the credential is `principal`'s, of whom the backend is told apart
    /// from them.
    pub(super) fn edits(&mut self, principal: &Principal, make: &mut impl FnMut(HeaderEdit)) {
        match (&self.authorization, &principal.issued_token) {
            (Authorization::Keep, _) => {}
            (Authorization::Bearer(token), _) => make(set_bearer(token)),
            (Authorization::Issued, Some(token)) => make(set_bearer(token)),
            (Authorization::Remove | Authorization::Issued, _) => {
                make(HeaderEdit::remove(AUTHORIZATION));
            }
        }
        if let Some(path) = self.path.take() {
            make(HeaderEdit::set(PATH, path));
        }
        self.put_back.drain(..).for_each(&mut *make);
    }
}

impl From<Authorization> for Forwarding {
    fn from(authorization: Authorization) -> Self {
        Self { authorization, path: None, put_back: Vec::new() }
    }
}

fn set_bearer(token: &Secret) -> HeaderEdit {
    HeaderEdit::set(AUTHORIZATION, [b"Bearer ", token.expose()].concat())
}

/// The edits of a guest's request: it reaches the backend without any `Authorization`, also one
/// that was not looked at.
pub(super) fn of_guest(
    headers: &HeaderMap,
    config: &Config,
    stream: StreamId,
) -> impl Iterator<Item = Effect> {
    let authorization = headers.first(AUTHORIZATION).map(|_| Effect::remove(stream, AUTHORIZATION));
    let identity = identity_headers::of_guest(config);
    authorization.into_iter().chain(
        identity.map(move |(name, value)| Effect::Edit(stream, HeaderEdit::Set(name, value))),
    )
}

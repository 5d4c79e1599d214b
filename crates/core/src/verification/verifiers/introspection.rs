//! The exchange with an introspection endpoint (RFC 7662): the request out, the answer in.
//!
//! What is not clearly "active" is never taken for it, and what is not clearly an answer is the
//! server's fault.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use usergrid_auth_config::json::{Json, Object};
use usergrid_auth_config::{
    ClientAuth, Config, Endpoint, Introspection as Settings, Secret, Server,
};

use super::form::{self, Form};
use super::leak;
use super::usergrid::Target;
use crate::certificate::Confirmation;
use crate::credential::{Credential, TokenPlace};
use crate::principal::{self, AnswerError, Principal, members};
use crate::time::UnixMillis;
use crate::verification::call::{AnswerBody, CallOutcome, CallRequest};
use crate::verification::verdict::{Denial, ServerFault, Verdict};
use crate::verification::verifier::{Exchange, Hold, Progress, Protocol, Reading, Record};

/// RFC 7662 token introspection.
pub(crate) struct Introspection {
    config: Rc<Config>,
    server: Rc<Server>,
    settings: Rc<Settings>,
    /// Whether it has ever given a verdict in a 200, which it would not give to a stranger.
    is_accepted: Rc<Cell<bool>>,
}

impl Introspection {
    pub(crate) fn new(config: &Rc<Config>, server: &Rc<Server>, settings: &Rc<Settings>) -> Self {
        let (config, server) = (Rc::clone(config), Rc::clone(server));
        Self { config, server, settings: Rc::clone(settings), is_accepted: Rc::default() }
    }
}

impl Protocol for Introspection {
    fn endpoint(&self) -> &Endpoint {
        &self.settings.endpoint
    }

    fn judges(&self, credential: &Credential) -> bool {
        matches!(credential, Credential::Token { .. })
    }

    fn random_credential(&self, random: &mut dyn FnMut() -> u64, _: UnixMillis) -> Credential {
        let mut bytes = [0; 32];
        for chunk in bytes.as_chunks_mut::<8>().0 {
            *chunk = random().to_le_bytes();
        }
        let token = Secret::new(URL_SAFE_NO_PAD.encode(bytes).into_bytes());
        Credential::Token { token, place: TokenPlace::Header }
    }

    fn probe_pause(&self) -> Duration {
        Duration::ZERO
    }

    fn exchange(
        &self,
        credential: &Credential,
        _: Option<&Target>,
        _: UnixMillis,
    ) -> Option<Box<dyn Exchange>> {
        let Credential::Token { token, .. } = credential else { return None };
        Some(Box::new(OneToken {
            settings: Rc::clone(&self.settings),
            config: Rc::clone(&self.config),
            server: Rc::clone(&self.server),
            token: token.clone(),
            is_accepted: Rc::clone(&self.is_accepted),
        }))
    }
}

/// The exchange about one token.
struct OneToken {
    settings: Rc<Settings>,
    config: Rc<Config>,
    server: Rc<Server>,
    token: Secret,
    is_accepted: Rc<Cell<bool>>,
}

impl Exchange for OneToken {
    fn request(&self) -> CallRequest {
        request(&self.settings, self.token.expose())
    }

    fn read(&mut self, outcome: CallOutcome, now: UnixMillis) -> Progress {
        let verdict = verdict(&outcome, &self.config, &self.server, now);
        let by_refusal = verdict.is_ok() && !matches!(outcome.answer(), Ok((200, _)));
        if verdict.is_ok() && !by_refusal {
            self.is_accepted.set(true);
        }
        // As long as the server has never said anything else to us, it may mean our own client.
        let hold = match by_refusal && !self.is_accepted.get() {
            true => Hold { briefly: true, everywhere: false, ends_older: false },
            false => Hold::USUAL,
        };
        let record = match verdict {
            Ok(Verdict::Verified(_)) => {
                let secrets = [Some(&self.token), self.settings.client_auth.secret()];
                outcome.into_body().map(|body| Record::of_introspection(body, secrets))
            }
            _ => None,
        };
        Progress::Done(Reading { verdict, record, hold, by_refusal })
    }

    fn bytes(&self) -> usize {
        // Itself, and in the request each byte as up to three.
        size_of::<CallRequest>().saturating_add(self.token.expose().len().saturating_mul(4))
    }

    fn reread(&self, record: &[u8], received: UnixMillis) -> Option<Rc<Principal>> {
        match judge(record, &self.config, &self.server, received) {
            Ok(Verdict::Verified(principal)) => Some(principal),
            _ => None,
        }
    }
}

impl Record {
    /// The answer as it came. Some servers repeat the token in it, or all that they were sent, in
    /// whatever form, or put another token into it.
    fn of_introspection(bytes: Vec<u8>, sent: [Option<&Secret>; 2]) -> Self {
        const MEMBERS: [&[u8]; 5] =
            [b"token", b"jwt", b"access_token", b"refresh_token", b"id_token"];
        // Whatever stands between two quotation marks: more than strings, never less.
        let names_one = bytes.split(|byte| *byte == b'"').any(|text| MEMBERS.contains(&text));
        // As it is, and as it was sent.
        let holds = |secret: &Secret| {
            let found = |text| leak::holds(&bytes, text) != leak::Found::Nothing;
            found(secret.expose())
                || match form::encoded(secret.expose()) {
                    Cow::Borrowed(_) => false,
                    Cow::Owned(encoded) => found(encoded.as_bytes()),
                }
        };
        let holds_credential = names_one || sent.into_iter().flatten().any(holds);
        Self { bytes, holds_credential, is_revoked_anywhere: true }
    }
}

/// Asks the configured endpoint about `token` (RFC 7662 section 2.1). It stands in the body alone;
/// URLs end up in logs.
#[must_use]
pub fn request(settings: &Settings, token: &[u8]) -> CallRequest {
    let mut form = Form::default();
    form.add("token", token);
    if let Some(hint) = &settings.token_type_hint {
        form.add("token_type_hint", hint.as_bytes());
    }
    let authorization = match &settings.client_auth {
        ClientAuth::None => None,
        ClientAuth::ClientSecretBasic { client_id, client_secret } => {
            Some(form::basic(client_id.as_bytes(), client_secret.expose()))
        }
        ClientAuth::ClientSecretPost { client_id, client_secret } => {
            form.add("client_id", client_id.as_bytes());
            form.add("client_secret", client_secret.expose());
            None
        }
        ClientAuth::TlsClientAuth { client_id } => {
            form.add("client_id", client_id.as_bytes());
            None
        }
        ClientAuth::Bearer { token } => form::bearer(token.expose()),
    };
    for (name, value) in &settings.parameters {
        form.add(name, value.as_bytes());
    }
    let mut call = form::post(&settings.endpoint, authorization, form, settings.max_response_bytes);
    if settings.retries > 0 {
        // Envoy's router obeys these on a callout and strips them; the timeout covers all tries.
        call.headers.push(("x-envoy-retry-on", "5xx".to_owned()));
        call.headers.push(("x-envoy-max-retries", settings.retries.to_string()));
    }
    call
}

/// What `outcome`, an answer of `server`, says about the token at the time `now`.
///
/// A fault of the answer wins over a denial, so that a broken answer is never remembered. `nbf` is
/// left to the reader of the principal: it may be remembered before it begins.
///
/// # Errors
/// Why there is no verdict.
pub fn verdict(
    outcome: &CallOutcome,
    config: &Config,
    server: &Server,
    now: UnixMillis,
) -> Result<Verdict, ServerFault> {
    match outcome.answer()? {
        (200, AnswerBody::Complete(body)) => judge(body, config, server, now),
        (200, AnswerBody::TooLarge) => Err(ServerFault::TooLarge),
        (400 | 401 | 403, AnswerBody::Complete(body))
            if !outcome.headers().challenges_basic && says_inactive(body) =>
        {
            Ok(Verdict::Denied(Denial::Inactive))
        }
        (401 | 403, _) => Err(ServerFault::RejectedUs),
        (status, _) => Err(ServerFault::Status(status)),
    }
}

/// Whether the body of a refusal is a verdict about the token all the same, as some servers have it.
/// An `error` is about whoever asks.
fn says_inactive(body: &[u8]) -> bool {
    members::object(body).is_ok_and(|answer| {
        matches!(answer.get("active"), Ok(Some(Json::Bool(false))))
            && matches!(answer.get("error"), Ok(None))
    })
}

/// What the body of a 200 says.
fn judge(
    body: &[u8],
    config: &Config,
    server: &Server,
    now: UnixMillis,
) -> Result<Verdict, ServerFault> {
    match read(body, config, server, now) {
        Ok(verdict) => Ok(verdict),
        Err(AnswerError::Malformed) => Err(ServerFault::BadAnswer),
        Err(AnswerError::Oversized(limit)) => Ok(Verdict::Denied(Denial::Claims(limit))),
    }
}

fn read(
    body: &[u8],
    config: &Config,
    server: &Server,
    now: UnixMillis,
) -> Result<Verdict, AnswerError> {
    let answer = members::object(body)?;
    match answer.get("active")? {
        Some(Json::Bool(true)) => {}
        Some(Json::Bool(false)) => return Ok(Verdict::Denied(Denial::Inactive)),
        _ => return Err(AnswerError::Malformed),
    }
    let mut principal = principal::from_claims(&answer, config, server)?;
    let confirmation = Confirmation::of(&answer)?;
    if let Confirmation::Certificate(certificate) = confirmation {
        // Which certificate a client shows is a matter of each request.
        principal.certificate = Some(certificate);
    }
    let denial = denial(&answer, &principal, confirmation, server, now)?;
    Ok(denial.map_or_else(|| Verdict::Verified(Rc::new(principal)), Verdict::Denied))
}

/// Why an active token does not count all the same.
fn denial(
    answer: &Object,
    principal: &Principal,
    confirmation: Confirmation,
    server: &Server,
    now: UnixMillis,
) -> Result<Option<Denial>, AnswerError> {
    // It is no endpoint of this kind, so nothing it says counts.
    let Some(settings) = server.verifier.introspection() else {
        return Ok(Some(Denial::Inactive));
    };
    // Everything is read before anything is judged: no early denial may hide a broken member.
    let is_bearer = is_bearer_access_token(answer)?;
    let is_for_us = is_from_issuer(answer, settings)? & is_for_audience(answer, settings)?;

    Ok(if principal.expires.is_some_and(|expires| expires <= now) {
        Some(Denial::Expired)
    } else if !is_bearer || confirmation == Confirmation::Unknown || !is_for_us {
        Some(Denial::Inactive)
    } else if !settings.scope.iter().all(|wanted| principal.scopes.contains(wanted)) {
        Some(Denial::Scope)
    } else {
        None
    })
}

/// Whether the answer describes an access token that whoever holds it may use.
///
/// `token_type` is RFC 6749's (section 7.1): `Bearer`, or else a type bound to a key that the
/// filter cannot check, such as `DPoP`. `access_token` is tolerated: some servers put the kind of
/// token there. Other servers tell kinds apart in `token_use` (Ory Hydra) or `typ` (Keycloak), and
/// call refresh and ID tokens active, too; those are no access tokens.
fn is_bearer_access_token(answer: &Object) -> Result<bool, AnswerError> {
    let is_one_of =
        |word: &str, words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    // The two that no RFC defines may hold anything elsewhere; only their known words mean
    // something.
    let names = |member: &str, words: &[&str]| -> Result<bool, AnswerError> {
        Ok(matches!(answer.get(member)?, Some(Json::String(word)) if is_one_of(word, words)))
    };
    // An empty one says nothing, as some servers have it.
    let is_bearer = members::text(answer, "token_type")?
        .filter(|word| !word.is_empty())
        .is_none_or(|word| is_one_of(word, &["bearer", "access_token"]));
    Ok(is_bearer
        & !names("token_use", &["refresh_token", "id_token"])?
        & !names("typ", &["refresh", "offline", "id", "dpop"])?)
}

fn is_from_issuer(answer: &Object, settings: &Settings) -> Result<bool, AnswerError> {
    let Some(wanted) = &settings.issuer else { return Ok(true) };
    Ok(matches!(answer.get("iss")?, Some(Json::String(issuer)) if issuer == wanted))
}

/// RFC 7519 section 4.1.3: one string or an array of them.
fn is_for_audience(answer: &Object, settings: &Settings) -> Result<bool, AnswerError> {
    if settings.audience.is_empty() {
        return Ok(true);
    }
    let accepted =
        |named: &Json| matches!(named, Json::String(named) if settings.audience.contains(named));
    Ok(match answer.get("aud")? {
        Some(Json::Array(named)) => named.iter().any(accepted),
        Some(named) => accepted(named),
        None => false,
    })
}

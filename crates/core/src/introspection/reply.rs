//! The answer of an introspection endpoint, read row by row of the contract.
//! What is not clearly "active" is never taken for it, and what is not clearly an answer is the server's fault.

use crate::call::{AnswerBody, CallOutcome, Denial, ServerFault, Verification};
use crate::grant::{self, Unfit, members};
use crate::time::UnixMillis;
use usergrid_auth_config::json::{Json, Object};
use usergrid_auth_config::{Config, Introspection};

/// What `outcome` says about the token at the time `now`.
///
/// A fault of the answer wins over a denial, so that a broken answer is never remembered. `nbf` is left to the reader of
/// the grant: it may be remembered before it begins.
#[must_use]
pub fn verdict(outcome: &CallOutcome, config: &Config, now: UnixMillis) -> Verification {
    match read(outcome, config, now) {
        Ok(verification) => verification,
        Err(Unfit::Answer) => Verification::Failed(ServerFault::BadAnswer),
        Err(Unfit::Oversized) => Verification::Denied(Denial::Inactive),
    }
}

fn read(outcome: &CallOutcome, config: &Config, now: UnixMillis) -> Result<Verification, Unfit> {
    let body = match outcome {
        CallOutcome::Reset => return Ok(Verification::Failed(ServerFault::Reset)),
        CallOutcome::TimedOut => return Ok(Verification::Failed(ServerFault::TimedOut)),
        CallOutcome::NotSent => return Ok(Verification::Failed(ServerFault::NotSent)),
        CallOutcome::Answered { status: 200, body: AnswerBody::Complete(body) } => body,
        CallOutcome::Answered { status: 200, body: AnswerBody::TooLarge } => {
            return Ok(Verification::Failed(ServerFault::TooLarge));
        }
        CallOutcome::Answered { status: 401 | 403, .. } => {
            return Ok(Verification::Failed(ServerFault::RejectedUs));
        }
        CallOutcome::Answered { status, .. } => {
            return Ok(Verification::Failed(ServerFault::Status(*status)));
        }
    };
    let answer = members::object(body)?;
    match answer.get("active")? {
        Some(Json::Bool(true)) => {}
        Some(Json::Bool(false)) => return Ok(Verification::Denied(Denial::Inactive)),
        _ => return Err(Unfit::Answer),
    }
    let denial = denial(&answer, config, now)?;
    let grant = grant::from_claims(&answer, config)?;
    Ok(denial.map_or(Verification::Granted(grant), Verification::Denied))
}

/// Why an active token does not count all the same.
fn denial(answer: &Object, config: &Config, now: UnixMillis) -> Result<Option<Denial>, Unfit> {
    let settings = &config.introspection;
    // Everything is read before anything is judged: no early denial may hide a broken member.
    let expires = members::seconds(answer, "exp", members::Round::Down)?;
    let is_bearer = is_bearer_access_token(answer)?;
    let is_bound = members::present(answer, "cnf")?.is_some();
    let is_for_us = is_from_issuer(answer, settings)? & is_for_audience(answer, settings)?;
    let scopes = members::scopes(answer, &config.claims.scope)?.unwrap_or_default();

    Ok(if expires.is_some_and(|expires| expires <= now) {
        Some(Denial::Expired)
    } else if !is_bearer || is_bound || !is_for_us {
        Some(Denial::Inactive)
    } else if !settings.scope.iter().all(|wanted| scopes.contains(wanted)) {
        Some(Denial::Scope)
    } else {
        None
    })
}

/// Whether the answer describes an access token that whoever holds it may use.
///
/// `token_type` is RFC 6749's (section 7.1): `Bearer`, or else a type bound to a key that the filter cannot check, such as `DPoP`.
/// `access_token` is tolerated: some servers put the kind of token there. Other servers tell kinds apart in `token_use`
/// (Ory Hydra) or `typ` (Keycloak), and call refresh and ID tokens active, too; those are no access tokens.
fn is_bearer_access_token(answer: &Object) -> Result<bool, Unfit> {
    let is_one_of =
        |word: &str, words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    // The two that no RFC defines may hold anything elsewhere; only their known words mean something.
    let names = |member: &str, words: &[&str]| -> Result<bool, Unfit> {
        Ok(matches!(answer.get(member)?, Some(Json::String(word)) if is_one_of(word, words)))
    };
    let is_bearer = members::text(answer, "token_type")?
        .is_none_or(|word| is_one_of(word, &["bearer", "access_token"]));
    Ok(is_bearer
        & !names("token_use", &["refresh_token", "id_token"])?
        & !names("typ", &["refresh", "offline", "id", "dpop"])?)
}

fn is_from_issuer(answer: &Object, settings: &Introspection) -> Result<bool, Unfit> {
    let Some(wanted) = &settings.issuer else { return Ok(true) };
    Ok(matches!(answer.get("iss")?, Some(Json::String(issuer)) if issuer == wanted))
}

/// RFC 7519 section 4.1.3: one string or an array of them.
fn is_for_audience(answer: &Object, settings: &Introspection) -> Result<bool, Unfit> {
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

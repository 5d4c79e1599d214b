//! The steps before a verdict: path, bypass, preflight, public endpoints, credential, guest.

use std::rc::Rc;

use super::forwarding::{AUTHORIZATION, Forwarding, PATH, remove, set};
use super::memo::Digests;
use super::question::Question;
use super::verdict::{Facts, Pending};
use super::verification::Case;
use super::{Effect, Filter, HeaderEdit};
use crate::cache::{CredentialDigest, Key};
use crate::credential::{self, Presented};
use crate::flight::StreamId;
use crate::identity;
use crate::metrics::{Counter, Outcome};
use crate::refusal::Refusal;
use crate::request::RequestHeaders;
use crate::revocation::{Watch, watch};
use crate::route::RouteSettings;
use crate::time::UnixMillis;
use usergrid_auth_config::Config;
use usergrid_auth_rules::path::RequestPath;

impl Filter {
    pub(super) fn request(
        &mut self,
        stream: StreamId,
        headers: &RequestHeaders,
        route: RouteSettings,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let config = Rc::clone(&self.config);
        // Before anything else, so that no way through leaves a client's own copy in place.
        for name in identity::spoofed(&config.identity, headers) {
            effects.push(remove(stream, &name));
        }
        let method = headers.first(":method").unwrap_or_default();
        let target = headers.first(PATH).unwrap_or_default();
        let before_query = target.split(|byte| *byte == b'?').next().unwrap_or_default();
        let path = RequestPath::parse(before_query, &config.base_path);

        if let Ok(path) = &path
            && let Some(outcome) = untouched(&config, route.bypass, method, headers, path)
        {
            effects.push(Effect::Count(Counter::Requests(outcome)));
            effects.push(Effect::Forward(stream));
            if let Some(watch) = watch::endpoint(method, target, &config.revocation_paths) {
                self.watch(stream, watch, effects);
            }
            return;
        }

        let found = credential::find(headers, &config.credentials);
        // At this moment, so that no later step, and no client that gives up waiting, leaves it in the access log.
        if let Some(clean) = &found.clean_path {
            effects.push(set(stream, PATH, clean.clone()));
        }
        let facts = Facts {
            stream,
            arrived: now,
            grpc: is_grpc(headers),
            required: route.require_scope,
            credential: None,
        };
        let Ok(path) = path else {
            facts.refuse(Refusal::BadPath, None, &config, now, effects);
            return;
        };
        let refusal = match &found.presented {
            Presented::One(credential) => match Question::about(credential, &config, now) {
                Ok(question) => {
                    let mark = self.memo.mark(credential);
                    let known = self.memo.get(mark);
                    let digests = known.unwrap_or_else(|| {
                        let digest = CredentialDigest::of(credential);
                        Digests { credential: digest, key: Key::new(&config.digest, &digest) }
                    });
                    let Digests { credential: digest, key } = digests;
                    let facts = Facts { credential: Some(key.fingerprint()), ..facts };
                    let kind = question.kind();
                    let forwarding = Forwarding::plan(config.forward, credential, &found, headers);
                    let watch = watch::endpoint(method, target, &config.revocation_paths)
                        .map(Watch::of_verified_caller)
                        .or_else(|| watch::usergrid(method, target, &path, digest));
                    let method = method.to_vec();
                    let pending = Pending { facts, method, path, kind, forwarding, watch };
                    let steady = self.clock.read(now);
                    let case = Case { key, credential: digest, question, now, steady };
                    let remembered = self.verify(&case, pending, effects);
                    if remembered && known.is_none() {
                        self.memo.put(mark, digests);
                    }
                    return;
                }
                Err(refusal) => refusal,
            },
            Presented::Bad(bad) => (*bad).into(),
            // A guest has no scopes, so a route that asks for one has no guests.
            Presented::Nothing
                if facts.required.is_empty() && config.guest.admits(method, &path) =>
            {
                admit_guest(stream, headers, &config, effects);
                if let Some(watch) = watch::endpoint(method, target, &config.revocation_paths) {
                    self.watch(stream, watch, effects);
                }
                return;
            }
            Presented::Nothing => Refusal::Missing,
        };
        facts.refuse(refusal, Some(&path), &config, now, effects);
    }
}

/// Whether the request passes with its credentials and all, and as what.
fn untouched(
    config: &Config,
    bypass: bool,
    method: &[u8],
    headers: &RequestHeaders,
    path: &RequestPath,
) -> Option<Outcome> {
    if bypass {
        Some(Outcome::Bypassed)
    } else if config.bypass_preflight && is_preflight(method, headers) {
        Some(Outcome::Preflight)
    } else if config.public.admits(method, path) {
        Some(Outcome::Public)
    } else {
        None
    }
}

/// A CORS preflight (Fetch standard): it carries no credential, and its answer holds no data.
fn is_preflight(method: &[u8], headers: &RequestHeaders) -> bool {
    method == b"OPTIONS"
        && headers.first("origin").is_some()
        && headers.first("access-control-request-method").is_some()
}

/// Whether Envoy takes the request for gRPC, and will turn a local reply into a gRPC one.
fn is_grpc(headers: &RequestHeaders) -> bool {
    headers
        .first("content-type")
        .and_then(|value| value.strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// A guest reaches the backend without any `Authorization`, also one that was not looked at.
fn admit_guest(
    stream: StreamId,
    headers: &RequestHeaders,
    config: &Config,
    effects: &mut Vec<Effect>,
) {
    if headers.first(AUTHORIZATION).is_some() {
        effects.push(remove(stream, AUTHORIZATION));
    }
    for (name, value) in identity::of_guest(&config.identity) {
        effects.push(Effect::Edit(stream, HeaderEdit::Set(name, value)));
    }
    effects.push(Effect::Count(Counter::Requests(Outcome::Guest)));
    effects.push(Effect::Forward(stream));
}

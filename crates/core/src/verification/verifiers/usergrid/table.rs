//! The decision tables: what each answer of Usergrid says about a token.
//!
//! Usergrid turns many a failure of its own into 401 or 400: a read that its database did not
//! answer may look like a bad token (`OAuth2AccessTokenSecurityFilter`, `PathPermissionsFilter`).
//! So a denial says whether it may be one of those.

use std::time::Duration;

use usergrid_auth_config::{ApplicationIds, RestrictedUsers, Secret};

use super::answer::{self, ErrorAnswer};
use super::conclusion::{Fault, Remember, Scope};
use super::facts::Facts;
use super::target::Application;
use crate::credential::usergrid_token::LifeTime;
use crate::principal::PrincipalKind;
use crate::time::UnixMillis;
use crate::verification::call::{AnswerBody, CallOutcome};
use crate::verification::verdict::Denial;

/// A token as young as this may be good and not yet known to the node of the database that was
/// asked.
const YOUNG: Duration = Duration::from_secs(10);

/// A token, and what is known of it besides Usergrid's answers.
pub(super) struct Token {
    pub(super) secret: Secret,
    /// Whether its signature was checked with the salt.
    pub(super) is_signed: bool,
    /// By its own word; `None` if it is no access token of Usergrid.
    pub(super) life: Option<LifeTime>,
}

/// Where an answer leads; `N` is what to ask next.
pub(super) enum Reading<N> {
    /// The credential is good.
    Verified(Facts),
    /// It is not.
    Denied(Denied),
    /// It depends on another answer.
    Ask(N),
    /// There is no verdict.
    Failed(Fault),
}

impl<N> Reading<N> {
    pub(super) fn map<M>(self, next: impl FnOnce(N) -> M) -> Reading<M> {
        match self {
            Self::Verified(facts) => Reading::Verified(facts),
            Self::Denied(denied) => Reading::Denied(denied),
            Self::Ask(what) => Reading::Ask(next(what)),
            Self::Failed(fault) => Reading::Failed(fault),
        }
    }

    /// The same, where nothing more can be asked.
    pub(super) fn or_denied<M>(self, denied: Denied) -> Reading<M> {
        match self {
            Self::Verified(facts) => Reading::Verified(facts),
            Self::Denied(denied) => Reading::Denied(denied),
            Self::Ask(_) => Reading::Denied(denied),
            Self::Failed(fault) => Reading::Failed(fault),
        }
    }
}

/// A denial, how long it is remembered and how far it reaches.
pub(super) struct Denied {
    pub(super) denial: Denial,
    pub(super) lifetime: Remember,
    pub(super) scope: Scope,
    pub(super) ends_older: bool,
}

impl Denied {
    /// Sure, and about the credential alone.
    pub(super) const fn everywhere(denial: Denial) -> Self {
        let (lifetime, scope) = (Remember::Configured, Scope::Credential);
        Self { denial, lifetime, scope, ends_older: true }
    }

    /// Sure, and about the credential at this target.
    pub(super) const fn here(denial: Denial) -> Self {
        Self { scope: Scope::Target, ..Self::everywhere(denial) }
    }

    /// The same, where an outage may look like it.
    pub(super) const fn unsure(self) -> Self {
        Self { lifetime: Remember::Briefly, ends_older: false, ..self }
    }
}

/// What the answer to `GET /{org}/{app}/users/me` says. What it asks next is whether the caller has
/// rights on the whole application, and so is this.
pub(super) fn user(
    outcome: &CallOutcome,
    application: &Application,
    token: &Token,
    restricted: Restricted<'_>,
    now: UnixMillis,
) -> Reading<Facts> {
    let (status, body) = match complete(outcome) {
        Ok(answered) => answered,
        Err(fault) => return Reading::Failed(fault),
    };
    if status == 200 {
        return match answer::user(body, application) {
            // A user can be named `me`, and then every token without a user of its own gets that
            // one.
            Some(user) if user.username.eq_ignore_ascii_case("me") => {
                Reading::Ask(Facts::on_application(PrincipalKind::Application, application))
            }
            Some(user) if !user.is_active => Reading::Denied(Denied::here(Denial::Inactive)),
            Some(user) => Reading::Verified(Facts {
                subject: Some(user.uuid),
                username: Some(user.username),
                expires: token.ends(),
                ..Facts::on_application(PrincipalKind::ApplicationUser, application)
            }),
            None => Reading::Failed(Fault::Answer(status)),
        };
    }
    let Some(error) = answer::error(body) else { return Reading::Failed(Fault::Answer(status)) };
    match (status, error.word.as_str()) {
        (404, "entity_not_found") => Reading::Ask(Facts {
            subject: error.description.as_deref().and_then(answer::missing_entity),
            ..Facts::on_application(PrincipalKind::AdminUser, application)
        }),
        (404, "service_resource_not_found") => {
            Reading::Ask(Facts::on_application(PrincipalKind::Application, application))
        }
        (404, "organization_application_not_found") => {
            Reading::Denied(Denied::here(Denial::AnotherTenant))
        }
        (401, "unauthorized") => {
            let hidden = error.description.as_deref().and_then(answer::hidden_record);
            match hidden {
                Some((id, subject)) if token.is_signed && restricted.accept(application, &id) => {
                    Reading::Verified(Facts {
                        subject: Some(subject),
                        expires: token.ends(),
                        ..Facts::on_application(PrincipalKind::ApplicationUser, application)
                    })
                }
                _ => Reading::Denied(Denied::here(Denial::AnotherTenant).unsure()),
            }
        }
        _ => bad_token(status, &error, token, now),
    }
}

/// Whether users are accepted whose roles hide their own record, and the UUIDs of applications.
#[derive(Clone, Copy)]
pub(super) struct Restricted<'a> {
    pub(super) users: RestrictedUsers,
    pub(super) ids: &'a ApplicationIds,
}

impl Restricted<'_> {
    /// Whether such a user of the application with the UUID `id` is accepted for `application`.
    fn accept(self, application: &Application, id: &str) -> bool {
        let known = self.ids.uuid(&application.full_name());
        self.users == RestrictedUsers::Accept && known.is_none_or(|known| known == id)
    }
}

/// What the answer to a `HEAD` says that only those get 200 for who have `facts`: `HEAD
/// …/credentials`, or that of the organisation. It has no body.
pub(super) fn rights<N>(outcome: &CallOutcome, facts: &Facts) -> Reading<N> {
    match status(outcome) {
        Ok(200) => Reading::Verified(facts.clone()),
        // Every failure of the check itself is a 401, too.
        Ok(401) => Reading::Denied(Denied::here(Denial::AnotherTenant).unsure()),
        Ok(status) => Reading::Failed(Fault::Answer(status)),
        Err(fault) => Reading::Failed(fault),
    }
}

/// What the answer to `GET /management/me` says. What it asks next is whether the caller is the
/// client of an organisation.
pub(super) fn management_me(outcome: &CallOutcome, token: &Token, now: UnixMillis) -> Reading<()> {
    let (status, body) = match complete(outcome) {
        Ok(answered) => answered,
        Err(fault) => return Reading::Failed(fault),
    };
    if status == 200 {
        return match answer::administrator(body) {
            Some(admin) if !admin.is_active => Reading::Denied(Denied::here(Denial::Inactive)),
            Some(admin) => Reading::Verified(Facts {
                subject: Some(admin.uuid),
                expires: token.ends(),
                ..Facts::on_organizations(PrincipalKind::AdminUser, admin.organizations)
            }),
            None => Reading::Failed(Fault::Answer(status)),
        };
    }
    let Some(error) = answer::error(body) else { return Reading::Failed(Fault::Answer(status)) };
    match (status, error.word.as_str(), error.description.as_deref()) {
        (400, "invalid_grant", _) => Reading::Ask(()),
        (500, "runtime", Some("Entity is null")) | (401, "unauthorized", _) => {
            Reading::Denied(Denied::here(Denial::AnotherTenant).unsure())
        }
        _ => bad_token(status, &error, token, now),
    }
}

/// What an error says about the token whatever is asked: Usergrid looks at tokens before it looks
/// at paths.
fn bad_token<N>(status: u16, error: &ErrorAnswer, token: &Token, now: UnixMillis) -> Reading<N> {
    let inactive = Denied::everywhere(Denial::Inactive);
    Reading::Denied(match (status, error.word.as_str()) {
        (401, "expired_token") => Denied::everywhere(Denial::Expired),
        (401, "auth_invalid") if token.is_young(now) => {
            Denied { lifetime: Remember::Briefly, ..inactive }
        }
        (401, "auth_invalid" | "authentication" | "invalid_request") | (400, "token") => inactive,
        (401, word) if word.starts_with("externalssoprovider_") => inactive,
        // A forged token is not signed, so it is not the token's fault.
        (401, "auth_unverified_oath") if token.is_signed => {
            return Reading::Failed(Fault::Unverified);
        }
        (401, "auth_unverified_oath" | "auth_bad_access_token") => inactive.unsure(),
        _ => return Reading::Failed(Fault::Answer(status)),
    })
}

impl Token {
    /// From when on it is expired by its own word.
    pub(super) fn ends(&self) -> Option<UnixMillis> {
        self.life.and_then(|life| life.ends)
    }

    /// Clocks may differ, in either direction.
    fn is_young(&self, now: UnixMillis) -> bool {
        self.life.is_some_and(|life| now.since(life.issued).max(life.issued.since(now)) < YOUNG)
    }
}

fn status(outcome: &CallOutcome) -> Result<u16, Fault> {
    outcome.answer().map(|(status, _)| status).map_err(Fault::Unanswered)
}

fn complete(outcome: &CallOutcome) -> Result<(u16, &[u8]), Fault> {
    match outcome.answer().map_err(Fault::Unanswered)? {
        (status, AnswerBody::Complete(body)) => Ok((status, body)),
        (status, AnswerBody::TooLarge) => Err(Fault::TooLarge(status)),
    }
}

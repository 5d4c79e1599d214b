//! The answer of a token endpoint (RFC 6749 sections 5.1 and 5.2), Usergrid's own members included.
//! Only the standard's words for a bad client blame the caller; all else is the server's fault.

use crate::call::{AnswerBody, CallOutcome, Denial, ServerFault, Verification};
use crate::credential::is_b64token;
use crate::grant::members::{self, Round};
use crate::grant::{self, ApplicationName, Grant, PrincipalKind, Unfit, identity};
use crate::time::UnixMillis;
use usergrid_auth_config::json::{Json, Object};
use usergrid_auth_config::{Config, Secret};
use usergrid_auth_rules::syntax::is_uuid;

/// Words of an error answer that mean: this pair is no good.
///
/// The first two are the contract's. `unauthorized_client` is the standard's word for a client that may not use this grant.
/// The last is Usergrid's for a wrong pair in Basic (reference section 7).
const BAD_CLIENT: [&str; 4] =
    ["invalid_grant", "invalid_client", "unauthorized_client", "auth_invalid_credentials"];

/// What `outcome` says about the pair of `client_id` at the time `now`.
#[must_use]
pub fn verdict(
    outcome: &CallOutcome,
    config: &Config,
    client_id: &[u8],
    now: UnixMillis,
) -> Verification {
    let (status, body) = match outcome {
        CallOutcome::Reset => return Verification::Failed(ServerFault::Reset),
        CallOutcome::TimedOut => return Verification::Failed(ServerFault::TimedOut),
        CallOutcome::NotSent => return Verification::Failed(ServerFault::NotSent),
        CallOutcome::Answered { status, body } => (*status, body),
    };
    match (status, body) {
        (200, AnswerBody::TooLarge) => Verification::Failed(ServerFault::TooLarge),
        (200, AnswerBody::Complete(body)) => match issued(body, config, client_id, now) {
            Ok(grant) => Verification::Granted(grant),
            Err(Unfit::Answer) => Verification::Failed(ServerFault::BadAnswer),
            Err(Unfit::Oversized) => Verification::Denied(Denial::BadClient),
        },
        (400 | 401 | 403, AnswerBody::Complete(body)) if names_bad_client(body) => {
            Verification::Denied(Denial::BadClient)
        }
        // 401 and 403 as well: no client authentication of our own could have been refused here.
        _ => Verification::Failed(ServerFault::Status(status)),
    }
}

fn names_bad_client(body: &[u8]) -> bool {
    members::object(body).is_ok_and(|answer| {
        matches!(answer.get("error"), Ok(Some(Json::String(word))) if BAD_CLIENT.contains(&word.as_str()))
    })
}

/// Who the client is, as far as a token endpoint tells.
struct Tenancy {
    principal: PrincipalKind,
    organizations: Option<Vec<String>>,
    applications: Option<Vec<ApplicationName>>,
}

fn issued(body: &[u8], config: &Config, client_id: &[u8], now: UnixMillis) -> Result<Grant, Unfit> {
    let answer = members::object(body)?;
    let token = members::text(&answer, "access_token")?.ok_or(Unfit::Answer)?.as_bytes();
    // The token will stand in a header of ours.
    if !is_b64token(token) {
        return Err(Unfit::Answer);
    }
    // RFC 6749 section 7.1: a token of a type one does not understand must not be used. Usergrid names none.
    if members::text(&answer, "token_type")?
        .is_some_and(|word| !word.eq_ignore_ascii_case("bearer"))
    {
        return Err(Unfit::Answer);
    }
    let expires = match members::seconds(&answer, "expires_in", Round::Down)? {
        // Already over: neither a good pair nor a bad one, and asking again at once would not end.
        Some(UnixMillis(0)) => return Err(Unfit::Answer),
        Some(UnixMillis(life)) => Some(UnixMillis(now.0.saturating_add(life))),
        None => None,
    };
    let scopes = members::scopes(&answer, "scope")?;
    let tenancy = tenancy(&answer)?;
    let identity = identity::headers(&config.identity, tenancy.principal, |claim| {
        // The answer has no claims: a member that happens to bear a claim's name is not the principal's.
        let names = &config.claims;
        Ok(if *claim == names.client_id {
            Some(identity::encode(client_id))
        } else if *claim == names.scope {
            answer.get("scope")?.and_then(identity::value)
        } else if *claim == names.application {
            answer.get("application")?.and_then(identity::value)
        } else if *claim == names.organization {
            organization_name(&answer)?.and_then(identity::value)
        } else {
            None
        })
    })?;
    let rules = grant::collect_rules(
        tenancy.principal,
        &config.authorization,
        None,
        None,
        scopes.as_deref(),
    )?;
    Ok(Grant {
        principal: tenancy.principal,
        user_names: Vec::new(),
        organizations: tenancy.organizations,
        applications: tenancy.applications,
        scopes: scopes.unwrap_or_default(),
        rules,
        not_before: None,
        expires,
        identity,
        issued_token: Some(Secret::new(token)),
    })
}

/// Usergrid answers with the UUID of an `application` or with an `organization` object (reference section 4). Whatever
/// else names tenants confines the client to them without giving it their rights.
fn tenancy(answer: &Object) -> Result<Tenancy, Unfit> {
    let application = members::one_or_list(answer, "application")?;
    let is_application = matches!(application.as_deref(), Some([one]) if is_uuid(one));
    let (organization, is_organization) = match members::present(answer, "organization")? {
        Some(Json::Object(organization)) => {
            let name = members::text(organization, "name")?;
            let uuid = members::text(organization, "uuid")?;
            // Only one of them: a second name that cannot be compared with the path's would leave open what the
            // first one has settled.
            let named = [name, uuid].into_iter().flatten().find(|it| !it.is_empty());
            (Some(vec![named.ok_or(Unfit::Answer)?.to_owned()]), true)
        }
        _ => (members::one_or_list(answer, "organization")?, false),
    };
    let (organizations, applications) = grant::tenants(organization, application);
    // Both at once is nothing Usergrid says; the application's rights are the lesser ones.
    let principal = if is_application {
        PrincipalKind::Application
    } else if is_organization && applications.as_ref().is_none_or(Vec::is_empty) {
        PrincipalKind::Organization
    } else {
        PrincipalKind::ApplicationUser
    };
    Ok(Tenancy { principal, organizations, applications })
}

fn organization_name(answer: &Object) -> Result<Option<&Json>, Unfit> {
    Ok(match answer.get("organization")? {
        Some(Json::Object(organization)) => organization.get("name")?,
        other => other,
    })
}

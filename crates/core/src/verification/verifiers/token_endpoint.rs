//! The exchange with a token endpoint (RFC 6749 section 4.4): a caller's client pair out, an issued
//! token in.
//!
//! The secret goes there and nowhere else. Only the standard's words for a bad client blame the
//! caller (RFC 6749 sections 5.1 and 5.2, Usergrid's own members included); all else is the
//! server's fault.

use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_config::Tenancy as TenancySetting;
use usergrid_auth_config::json::{Json, Object, Repeated};
use usergrid_auth_config::{ClientCredentials, Config, Endpoint, PairAuth, Secret, Server};

use usergrid_auth_rules::syntax::is_uuid;

use super::form::{self, Form};
use super::usergrid::Target;
use crate::credential::{ClientPlace, Credential, is_token};
use crate::principal::header_values::HeaderValue;
use crate::principal::members::{self, Entries, Writing};
use crate::principal::{
    self, AnswerError, ApplicationName, Principal, PrincipalKind, header_values,
};
use crate::principal::{ClaimKind, UnusableClaims};
use crate::time::UnixMillis;
use crate::verification::call::{AnswerBody, CallOutcome, CallRequest};
use crate::verification::verdict::{Denial, ServerFault, Verdict};
use crate::verification::verifier::{Exchange, Hold, Progress, Protocol, Reading};

/// The client credentials grant of a token endpoint, on behalf of a caller.
pub(crate) struct TokenEndpoint {
    config: Rc<Config>,
    server: Rc<Server>,
    settings: Rc<ClientCredentials>,
}

impl TokenEndpoint {
    pub(crate) fn new(
        config: &Rc<Config>,
        server: &Rc<Server>,
        settings: &Rc<ClientCredentials>,
    ) -> Self {
        let (config, server) = (Rc::clone(config), Rc::clone(server));
        Self { config, server, settings: Rc::clone(settings) }
    }
}

impl Protocol for TokenEndpoint {
    fn endpoint(&self) -> &Endpoint {
        &self.settings.endpoint
    }

    fn judges(&self, credential: &Credential) -> bool {
        matches!(credential, Credential::Client { .. })
    }

    fn random_credential(&self, random: &mut dyn FnMut() -> u64, _: UnixMillis) -> Credential {
        let mut word = || Secret::new(format!("{:016x}", random()).into_bytes());
        let (client_id, client_secret) = (word(), word());
        Credential::Client { client_id, client_secret, place: ClientPlace::Basic }
    }

    /// What is asked there costs the server a password hash, and is written into its log.
    fn probe_pause(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn exchange(
        &self,
        credential: &Credential,
        _: Option<&Target>,
        _: UnixMillis,
    ) -> Option<Box<dyn Exchange>> {
        let Credential::Client { client_id, client_secret, .. } = credential else { return None };
        Some(Box::new(OnePair {
            config: Rc::clone(&self.config),
            server: Rc::clone(&self.server),
            settings: Rc::clone(&self.settings),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
        }))
    }
}

/// The exchange about one client pair.
struct OnePair {
    config: Rc<Config>,
    server: Rc<Server>,
    settings: Rc<ClientCredentials>,
    client_id: Secret,
    client_secret: Secret,
}

impl Exchange for OnePair {
    fn request(&self) -> CallRequest {
        request(&self.settings, self.client_id.expose(), self.client_secret.expose())
    }

    fn read(&mut self, outcome: CallOutcome, now: UnixMillis) -> Progress {
        let verdict = verdict(&outcome, &self.config, &self.server, self.client_id.expose(), now);
        // The issued token stands in the answer, so nothing of it is handed to other workers.
        Progress::Done(Reading { verdict, record: None, hold: Hold::USUAL, by_refusal: false })
    }

    fn bytes(&self) -> usize {
        // Itself, and in the request each byte as up to four.
        let pair = self.client_id.expose().len().saturating_add(self.client_secret.expose().len());
        size_of::<CallRequest>().saturating_add(pair.saturating_mul(5))
    }

    /// Nothing is ever recorded.
    fn reread(&self, _: &[u8], _: UnixMillis) -> Option<Rc<Principal>> {
        None
    }
}

/// Asks the configured endpoint for a token on behalf of the caller's pair, which goes on byte for
/// byte, encoded.
#[must_use]
pub fn request(
    settings: &ClientCredentials,
    client_id: &[u8],
    client_secret: &[u8],
) -> CallRequest {
    let mut form = Form::default();
    form.add("grant_type", b"client_credentials");
    let authorization = match settings.client_auth {
        PairAuth::ClientSecretPost => {
            form.add("client_id", client_id);
            form.add("client_secret", client_secret);
            None
        }
        PairAuth::ClientSecretBasic => Some(form::basic(client_id, client_secret)),
    };
    form::post(&settings.endpoint, authorization, form, settings.max_response_bytes)
}

/// Words of an error answer that mean: this pair is no good.
///
/// The first two are the standard's for a bad pair (RFC 6749 section 5.2). `unauthorized_client` is
/// the standard's word for a client that may not use this grant. The last is Usergrid's for a wrong
/// pair in Basic (`docs/usergrid.md`, "Errors").
const BAD_CLIENT: [&str; 4] =
    ["invalid_grant", "invalid_client", "unauthorized_client", "auth_invalid_credentials"];

/// What `outcome`, an answer of `server`'s token endpoint, says about the pair of `client_id` at
/// the time `now`.
///
/// # Errors
/// Why there is no verdict.
pub fn verdict(
    outcome: &CallOutcome,
    config: &Config,
    server: &Server,
    client_id: &[u8],
    now: UnixMillis,
) -> Result<Verdict, ServerFault> {
    match outcome.answer()? {
        (200, AnswerBody::Complete(body)) => judge(body, config, server, client_id, now),
        (200, AnswerBody::TooLarge) => Err(ServerFault::TooLarge),
        (400 | 401 | 403, AnswerBody::Complete(body)) if names_bad_client(body) => {
            Ok(Verdict::Denied(Denial::BadClient))
        }
        // 401 and 403 as well: no client authentication of our own could have been refused here.
        (status, _) => Err(ServerFault::Status(status)),
    }
}

/// What the body of a 200 says.
fn judge(
    body: &[u8],
    config: &Config,
    server: &Server,
    client_id: &[u8],
    now: UnixMillis,
) -> Result<Verdict, ServerFault> {
    match issued(body, config, server, client_id, now) {
        Ok(principal) => Ok(Verdict::Verified(Rc::new(principal))),
        Err(AnswerError::Malformed) => Err(ServerFault::BadAnswer),
        Err(AnswerError::Oversized(limit)) => Ok(Verdict::Denied(Denial::Claims(limit))),
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

fn issued(
    body: &[u8],
    config: &Config,
    server: &Server,
    client_id: &[u8],
    now: UnixMillis,
) -> Result<Principal, AnswerError> {
    let answer = members::object(body)?;
    let token = members::text(&answer, "access_token")?.ok_or(AnswerError::Malformed)?.as_bytes();
    // The token will stand in a header of ours.
    if !is_token(token) {
        return Err(AnswerError::Malformed);
    }
    // RFC 6749 section 7.1: a token of a type one does not understand must not be used. Usergrid
    // names none.
    if members::text(&answer, "token_type")?
        .filter(|word| !word.is_empty())
        .is_some_and(|word| !word.eq_ignore_ascii_case("bearer"))
    {
        return Err(AnswerError::Malformed);
    }
    let expires = match members::end(&answer, "expires_in")? {
        // Already over: neither a good pair nor a bad one, and asking again at once would not end.
        Some(UnixMillis(0)) => return Err(AnswerError::Malformed),
        Some(UnixMillis(life)) => Some(UnixMillis(now.0.saturating_add(life))),
        None => None,
    };
    let mut unusable = UnusableClaims::default();
    let scope = answer.get("scope")?;
    let entries = members::entries(scope, Writing::Scope, config.claim_limits)?;
    let scopes = unusable.usable(ClaimKind::Scope, entries);
    let tenancy = tenancy(&answer, config, server, &mut unusable)?;
    let (identity, state) = header_values::headers(config, server, tenancy.principal, &|claim| {
        // The answer has no claims: a member that happens to bear a claim's name is not the
        // principal's.
        let names = &config.claims;
        Ok(if *claim == names.client_id {
            Some(HeaderValue::of_text(client_id))
        } else if *claim == names.scope {
            answer.get("scope")?.and_then(HeaderValue::of_scope)
        } else if Some(claim) == names.application.as_ref() {
            answer.get("application").ok().flatten().and_then(HeaderValue::of_tenants)
        } else if Some(claim) == names.organization.as_ref() {
            organization_name(&answer).and_then(HeaderValue::of_words)
        } else {
            None
        })
    })?;
    let rules = principal::collect_rules(
        tenancy.principal,
        &server.authorization,
        None,
        None,
        scopes.as_deref(),
    )?;
    Ok(Principal {
        kind: tenancy.principal,
        user_names: Vec::new(),
        aliases: Vec::new(),
        permissions: None,
        organizations: tenancy.organizations,
        applications: tenancy.applications,
        scopes: scopes.unwrap_or_default(),
        rules,
        certificate: None,
        not_before: None,
        expires,
        identity,
        state,
        issued_token: Some(Secret::new(token)),
        unusable,
    })
}

/// Usergrid answers with the UUID of an `application` or with an `organization` object (reference
/// section 4). Whatever else names tenants confines the client to them without giving it their
/// rights.
///
/// Where no claim is read for one of them, or tenancy is not checked, the member is not needed, and
/// where it cannot be used it names no tenant.
fn tenancy(
    answer: &Object,
    config: &Config,
    server: &Server,
    unusable: &mut UnusableClaims,
) -> Result<Tenancy, AnswerError> {
    let (names, limits) = (&config.claims, config.claim_limits);
    let member = |name: &str, claim: &Option<String>| match claim {
        Some(_) => answer.get(name),
        None => Ok(None),
    };
    let entries = |member: Result<Option<&Json>, Repeated>| match member {
        Ok(value) => members::entries(value, Writing::Tenants, limits),
        Err(Repeated) => Ok(Entries::Unusable),
    };
    let application = entries(member("application", &names.application))?;
    let (organization, is_organization) = match member("organization", &names.organization) {
        Ok(Some(Json::Object(organization))) => match organization_of(organization) {
            Some(name) => (Entries::Are(vec![name.to_owned()]), true),
            None => (Entries::Unusable, false),
        },
        other => (entries(other)?, false),
    };
    let is_application =
        matches!(&application, Entries::Are(names) if matches!(&**names, [one] if is_uuid(one)));
    let mut usable = |claim, entries| match server.authorization.tenancy {
        TenancySetting::Ignore => match entries {
            Entries::Are(entries) => Some(entries),
            Entries::Absent | Entries::Unusable => None,
        },
        TenancySetting::IfPresent | TenancySetting::Require => unusable.usable(claim, entries),
    };
    let organization = usable(ClaimKind::Organization, organization);
    let application = usable(ClaimKind::Application, application);
    let (organizations, applications) = principal::tenants(organization, application);
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

/// Only one of its names: a second one that cannot be compared with the path's would leave open what
/// the first one has settled.
fn organization_of(organization: &Object) -> Option<&str> {
    let name = members::text(organization, "name").ok()?;
    let uuid = members::text(organization, "uuid").ok()?;
    [name, uuid].into_iter().flatten().find(|it| !it.is_empty())
}

fn organization_name(answer: &Object) -> Option<&Json> {
    match answer.get("organization") {
        Ok(Some(Json::Object(organization))) => organization.get("name").ok()?,
        other => other.ok()?,
    }
}

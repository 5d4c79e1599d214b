//! Builds a principal out of the claims of an active token, by the names the configuration gives
//! them. It collects facts; which of them a request needs is decided in `authorization`.

use std::rc::Rc;

use sha2::{Digest, Sha256};
use usergrid_auth_config::json::{Json, Object, Repeated};
use usergrid_auth_config::{Authorization, Config, Server, Tenancy};
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::syntax::is_uuid;

use super::header_values::{self, HeaderValue};
use super::members::{self, Entries, Round, Writing};
use super::pointer::{self, Claim};
use super::unusable::{ClaimKind, UnusableClaims};
use super::{AnswerError, ApplicationName, ClaimDigest, ClaimLimit, Principal, PrincipalKind};
use crate::time::{UnixMillis, millis};

/// The longest rule in an answer, in bytes.
const LONGEST_RULE: usize = 1024;

/// The principal of an introspection answer of `server`. Does not ask whether the token is active,
/// ours or still good.
///
/// What nothing here needs is not read. What is needed and cannot be used grants nothing and names
/// no tenant, and is noted; the four claims of RFC 7662 must not be repeated.
pub(crate) fn from_claims(
    answer: &Object,
    config: &Config,
    server: &Server,
) -> Result<Principal, AnswerError> {
    let (names, limits) = (&config.claims, config.claim_limits);
    let mut unusable = UnusableClaims::default();
    let kind = match names.principal.as_ref().map(|name| pointer::claim(answer, name)) {
        Some(Ok(Claim::Found(Json::String(word)))) => kind(word),
        Some(Err(Repeated) | Ok(Claim::Unusable)) => {
            unusable.note(ClaimKind::Principal);
            PrincipalKind::ApplicationUser
        }
        _ => PrincipalKind::ApplicationUser,
    };
    let mut user_names: Vec<String> = Vec::new();
    for name in [&names.username, &names.sub] {
        let claim = pointer::claim(answer, name)?;
        let user = claim.found().and_then(members::name).unwrap_or_default();
        if !user.is_empty() && !user_names.iter().any(|known| *known == user) {
            if user.len() > header_values::LONGEST {
                return Err(AnswerError::Oversized(ClaimLimit::Header));
            }
            user_names.push(user.into_owned());
        }
    }
    let scope = pointer::claim(answer, &names.scope)?;
    let scopes = unusable.usable(ClaimKind::Scope, scope.entries(Writing::Scope, limits)?);
    let mut read = |claim, name: &Option<String>, writing, is_needed: bool| {
        let Some(name) = name.as_ref().filter(|_| is_needed) else { return Ok(None) };
        let entries = match pointer::claim(answer, name) {
            Ok(claim) => claim.entries(writing, limits)?,
            Err(Repeated) => Entries::Unusable,
        };
        Ok::<_, AnswerError>(unusable.usable(claim, entries))
    };
    let settings = &server.authorization;
    let is_user = kind == PrincipalKind::ApplicationUser;
    let by_roles = is_user && settings.roles.is_some();
    let by_tenant = settings.tenancy != Tenancy::Ignore;
    let roles = read(ClaimKind::Roles, &names.roles, Writing::Words, by_roles)?;
    let permissions = read(ClaimKind::Permissions, &names.permissions, Writing::Words, is_user)?;
    let (organizations, applications) = tenants(
        read(ClaimKind::Organization, &names.organization, Writing::Tenants, by_tenant)?,
        read(ClaimKind::Application, &names.application, Writing::Tenants, by_tenant)?,
    );
    let aliases = aliases(answer, &user_names);
    let (identity, state) =
        header_values::headers(config, server, kind, &|name| header(answer, config, name))?;
    let leeway = server.verifier.introspection().map_or(0, |it| millis(it.leeway));
    let begins = members::seconds(answer, "nbf", Round::Up)?;
    Ok(Principal {
        kind,
        user_names,
        organizations,
        applications,
        rules: collect_rules(
            kind,
            settings,
            permissions.as_deref(),
            roles.as_deref(),
            scopes.as_deref(),
        )?,
        permissions: permissions.as_deref().map(digest_of_claim),
        aliases,
        scopes: scopes.unwrap_or_default(),
        certificate: None,
        not_before: begins.map(|UnixMillis(at)| UnixMillis(at.saturating_sub(leeway))),
        expires: members::end(answer, "exp")?,
        identity,
        state,
        issued_token: None,
        unusable,
    })
}

/// What the claim `name` is to a backend; nothing where it has no value that a header can hold.
fn header<'a>(
    answer: &'a Object,
    config: &Config,
    name: &String,
) -> Result<Option<HeaderValue<'a>>, AnswerError> {
    let names = &config.claims;
    let is_name = [&names.sub, &names.username, &names.client_id].contains(&name);
    let claim = match pointer::claim(answer, name) {
        Ok(claim) => claim.found(),
        // Who it is must not depend on who reads the answer.
        Err(Repeated) if is_name || *name == names.scope => return Err(AnswerError::Malformed),
        Err(Repeated) => None,
    };
    let value = if is_name {
        HeaderValue::of_name
    } else if *name == names.scope {
        HeaderValue::of_scope
    } else if [&names.organization, &names.application].iter().any(|it| it.as_ref() == Some(name)) {
        HeaderValue::of_tenants
    } else {
        HeaderValue::of_claim
    };
    Ok(claim.and_then(value))
}

/// What else answers call a user by, as far as servers tell: Usergrid's revocations may name any of
/// them.
fn aliases(claims: &Object, known: &[String]) -> Vec<String> {
    let mut aliases = Vec::new();
    for name in ["email", "uuid"] {
        if let Ok(Some(Json::String(alias))) = claims.get(name)
            && !alias.is_empty()
            && alias.len() <= header_values::LONGEST
            && !known.contains(alias)
        {
            aliases.push(alias.clone());
        }
    }
    aliases
}

fn digest_of_claim(rules: &[String]) -> ClaimDigest {
    let mut hash = Sha256::new();
    for rule in rules {
        // The length keeps the ends of rules apart.
        hash.update(u64::try_from(rule.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(rule);
    }
    hash.finalize().into()
}

/// The rules that must allow a request; `None` where the backend decides.
///
/// A claim that is there but grants nothing still gives `Some`: it enforces an empty set of rules.
///
/// # Errors
/// [`AnswerError::Oversized`] if one of the answer's own rules is longer than a principal may hold.
/// All of them together are as long as the list may be.
pub(crate) fn collect_rules(
    principal: PrincipalKind,
    settings: &Authorization,
    permissions: Option<&[String]>,
    roles: Option<&[String]>,
    scopes: Option<&[String]>,
) -> Result<Option<Vec<Rc<[Rule]>>>, AnswerError> {
    if principal != PrincipalKind::ApplicationUser {
        return Ok(None);
    }
    let mut rules: Option<Vec<Rc<[Rule]>>> = None;
    if let Some(permissions) = permissions {
        let mut own = Vec::new();
        for text in permissions {
            if text.len() > LONGEST_RULE {
                return Err(AnswerError::Oversized(ClaimLimit::Rule));
            }
            // A rule that cannot be read grants nothing.
            if let Ok(rule) = Rule::parse(text) {
                own.push(rule);
            }
        }
        rules = Some(vec![own.into()]);
    }
    for (words, mapping) in [(roles, &settings.roles), (scopes, &settings.scopes)] {
        if let (Some(words), Some(mapping)) = (words, mapping) {
            let rules = rules.get_or_insert_with(Vec::new);
            for word in words {
                if let Some(granted) = mapping.get(word) {
                    rules.push(Rc::clone(granted));
                }
            }
        }
    }
    Ok(rules)
}

/// Organisations and applications in lower case. Empty names name nobody, but a member that names
/// nobody is there.
pub(crate) fn tenants(
    organizations: Option<Vec<String>>,
    applications: Option<Vec<String>>,
) -> (Option<Vec<String>>, Option<Vec<ApplicationName>>) {
    let lower = |mut names: Vec<String>| {
        names.retain(|name| !name.is_empty());
        for name in &mut names {
            name.make_ascii_lowercase();
        }
        names
    };
    (
        organizations.map(lower),
        applications.map(|names| lower(names).into_iter().map(application).collect()),
    )
}

/// `org/app` or a UUID. Anything else is the name of an application that no path can be: it must
/// neither match nor count as if no application had been named.
fn application(name: String) -> ApplicationName {
    if is_uuid(&name) {
        return ApplicationName::Uuid(name);
    }
    match name.split_once('/') {
        Some((organization, application))
            if !organization.is_empty()
                && !application.is_empty()
                && !application.contains('/') =>
        {
            ApplicationName::Path {
                organization: organization.to_owned(),
                application: application.to_owned(),
            }
        }
        _ => ApplicationName::Path { organization: String::new(), application: name },
    }
}

fn kind(word: &str) -> PrincipalKind {
    use PrincipalKind::{AdminUser, Application, ApplicationUser, Organization};
    [AdminUser, Application, Organization]
        .into_iter()
        .find(|kind| kind.word() == word)
        .unwrap_or(ApplicationUser)
}

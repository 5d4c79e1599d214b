//! The bodies of Usergrid's answers, as far as they are read. A user can write any member of his
//! own entity but those read here, so no other one says anything.

use usergrid_auth_config::json::{Json, Object};
use usergrid_auth_rules::syntax::is_uuid;

use super::target::Application;
use crate::principal::members;

/// The application of administrators, whose users they are: since 2.0, and in 1.0.
const MANAGEMENT_APPLICATIONS: [&str; 2] =
    ["b6768a08-b5d5-11e3-a495-11ddb1de66c8", "00000000-0000-0000-0000-000000000001"];

/// An error in Usergrid's words.
pub(super) struct ErrorAnswer {
    pub(super) word: String,
    /// May hold a token.
    pub(super) description: Option<String>,
}

/// The user of an application whom an answer shows.
pub(super) struct User {
    /// In lower case.
    pub(super) uuid: String,
    pub(super) username: String,
    /// Whether Usergrid lets him in.
    pub(super) is_active: bool,
}

/// The administrator whom an answer shows.
pub(super) struct Administrator {
    /// In lower case.
    pub(super) uuid: String,
    /// By name, in lower case.
    pub(super) organizations: Vec<String>,
    /// As of a [`User`].
    pub(super) is_active: bool,
}

/// The error in `body`; `None` if it is none of Usergrid's.
pub(super) fn error(body: &[u8]) -> Option<ErrorAnswer> {
    let answer = members::object(body).ok()?;
    let Some(Json::String(word)) = answer.get("error").ok()? else { return None };
    let description = match answer.get("error_description").ok()? {
        Some(Json::String(text)) => Some(text.clone()),
        _ => None,
    };
    Some(ErrorAnswer { word: word.clone(), description })
}

/// The user in `body`, the answer about `application`; `None` if it is of another shape.
pub(super) fn user(body: &[u8], application: &Application) -> Option<User> {
    let answer = members::object(body).ok()?;
    let is_named = |name: &str, wanted: &str| matches!(answer.get(name), Ok(Some(Json::String(text))) if text.eq_ignore_ascii_case(wanted));
    if !is_named("organization", application.organization())
        || !is_named("applicationName", application.name())
    {
        return None;
    }
    let Some(Json::Array(entities)) = answer.get("entities").ok()? else { return None };
    let [Json::Object(entity)] = entities.as_slice() else { return None };
    if text(entity, "type")? != "user" {
        return None;
    }
    let username = text(entity, "username").filter(|name| !name.is_empty())?;
    Some(User { uuid: uuid(entity)?, username: username.to_owned(), is_active: is_active(entity)? })
}

/// The administrator in `body`; `None` if it is of another shape, or the answer about somebody
/// else.
///
/// What stands beside `user` can be another caller's: master builds the answer in an object that
/// callers share.
pub(super) fn administrator(body: &[u8]) -> Option<Administrator> {
    let answer = members::object(body).ok()?;
    let Some(Json::Object(user)) = answer.get("user").ok()? else { return None };
    let application = text(user, "applicationId")?;
    if !MANAGEMENT_APPLICATIONS.iter().any(|known| known.eq_ignore_ascii_case(application)) {
        return None;
    }
    let organizations = match members::present(user, "organizations").ok()? {
        None => Vec::new(),
        Some(Json::Object(organizations)) => {
            organizations.iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
        }
        Some(_) => return None,
    };
    Some(Administrator { uuid: uuid(user)?, organizations, is_active: is_active(user)? })
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    members::text(object, name).ok()?
}

fn uuid(entity: &Object) -> Option<String> {
    text(entity, "uuid").filter(|text| is_uuid(text)).map(str::to_ascii_lowercase)
}

fn is_active(entity: &Object) -> Option<bool> {
    let flag = |name| match entity.get(name) {
        Ok(None) => Some(None),
        Ok(Some(Json::Bool(on))) => Some(Some(*on)),
        _ => None,
    };
    Some(flag("disabled")? != Some(true) && flag("activated")? != Some(false))
}

/// The UUID in the description of `entity_not_found`, in lower case: of the token's owner, who is
/// no user of the application.
pub(super) fn missing_entity(description: &str) -> Option<String> {
    let uuid = description.strip_prefix("Cannot find entity associated with uuid: ")?;
    is_uuid(uuid).then(|| uuid.to_ascii_lowercase())
}

/// The UUIDs of application and user in the description of 2.1.0's `unauthorized` about a user
/// whose roles hide his own record, in lower case.
pub(super) fn hidden_record(description: &str) -> Option<(String, String)> {
    let rest = description.strip_prefix("Subject does not have permission [applications:get:")?;
    let (application, user) = rest.strip_suffix(']')?.split_once(":/users/")?;
    let are_uuids = is_uuid(application) && is_uuid(user);
    are_uuids.then(|| (application.to_ascii_lowercase(), user.to_ascii_lowercase()))
}

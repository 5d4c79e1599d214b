//! Whose a token is, by two requests: `GET …/users/me` names a user of the application, and
//! `HEAD …/credentials` says whether anybody else administers it.

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::client::{Connection, Request, Response};
use crate::servers::usergrid::principal::Key;
use crate::servers::usergrid::token;

/// How the description of an administrator's 404 begins; his UUID follows.
const NO_ENTITY: &str = "Cannot find entity associated with uuid: ";
/// The words for a token that is no good for any application. Two of them may hide an outage of
/// Usergrid's database, which nobody can tell without its salt.
const BAD_TOKEN: [&str; 6] = [
    "expired_token",
    "auth_invalid",
    "authentication",
    "auth_unverified_oath",
    "auth_bad_access_token",
    "invalid_request",
];

/// A question about one token, on one connection.
pub struct Question<'a> {
    connection: &'a mut Connection,
    token: &'a str,
}

/// Whose it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nobody's, or of none of these applications.
    Inactive,
    User {
        key: Key,
        uuid: String,
        username: String,
    },
    /// The organisations of the applications he administers.
    Admin {
        uuid: Option<String>,
        organizations: Vec<String>,
    },
    /// A client: these applications have it as their own, or as their organisation's.
    Client(Vec<Key>),
}

/// What `users/me` says in one application.
enum Me {
    User {
        uuid: String,
        username: String,
    },
    /// No user of this application, but perhaps its administrator, by his UUID.
    Other(Option<String>),
    /// A client, or nobody.
    Client,
    /// Good for another application, if for any.
    Elsewhere,
    Bad,
}

impl<'a> Question<'a> {
    pub fn new(connection: &'a mut Connection, token: &'a str) -> Self {
        Self { connection, token }
    }

    /// Asks about one application after the other.
    ///
    /// # Errors
    /// If Usergrid does not answer, or says what is no verdict.
    pub fn ask(mut self, applications: &[Key]) -> Result<Finding> {
        let mut clients_of = Vec::new();
        let (mut admin, mut organizations) = (None, Vec::<String>::new());
        for key in applications {
            match self.me(key)? {
                Me::Bad => return Ok(Finding::Inactive),
                Me::Elsewhere => (),
                Me::User { uuid, username } => {
                    return Ok(Finding::User { key: key.clone(), uuid, username });
                }
                Me::Other(uuid) => {
                    if self.administers(key)? {
                        admin = uuid;
                        organizations.push(key.0.clone());
                    }
                }
                Me::Client => {
                    if self.administers(key)? {
                        clients_of.push(key.clone());
                    }
                }
            }
        }
        organizations.dedup();
        Ok(match (organizations.is_empty(), clients_of.is_empty()) {
            (false, _) => Finding::Admin { uuid: admin, organizations },
            (_, false) => Finding::Client(clients_of),
            _ => Finding::Inactive,
        })
    }

    fn me(&mut self, key: &Key) -> Result<Me> {
        let response = self.probe("GET", key, "users/me")?;
        let body = response.json()?;
        let error = body["error"].as_str().unwrap_or_default();
        Ok(match (response.status, error) {
            (200, "") => user(key, &body)?,
            (404, "entity_not_found") => Me::Other(uuid(&body)),
            (404, "service_resource_not_found") => Me::Client,
            (401, "unauthorized") | (404, "organization_application_not_found") => Me::Elsewhere,
            (401, word) if BAD_TOKEN.contains(&word) => Me::Bad,
            (400, "token") => Me::Bad,
            (status, _) => bail!("users/me is answered with {status}"),
        })
    }

    fn administers(&mut self, key: &Key) -> Result<bool> {
        match self.probe("HEAD", key, "credentials")?.status {
            200 => Ok(true),
            401 => Ok(false),
            status => bail!("credentials is answered with {status}"),
        }
    }

    fn probe(&mut self, method: &str, key: &Key, rest: &str) -> Result<Response> {
        let request = Request::new(method, format!("/{}/{}/{rest}", key.0, key.1))
            .bearer(self.token)
            .header("accept", "application/json")
            .header("cache-control", "no-store");
        self.connection.send_request(&request)
    }
}

/// A user, who must be one of this application. All but his UUID and name he may have written
/// himself. A user may be named `me`, and then a client's token gets him.
fn user(key: &Key, body: &Value) -> Result<Me> {
    let text = |value: &Value| value.as_str().map(str::to_lowercase).unwrap_or_default();
    let here = text(&body["organization"]) == key.0 && text(&body["applicationName"]) == key.1;
    let entities = body["entities"].as_array().map(Vec::as_slice);
    let (Some([user]), true) = (entities, here) else { bail!("users/me names no user of here") };
    let member = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
    let (uuid, username) = (member("uuid"), member("username"));
    ensure!(user["type"] == "user" && !username.is_empty(), "users/me names no user");
    ensure!(Uuid::parse_str(&uuid).is_ok(), "users/me names a user without a UUID");
    if username.eq_ignore_ascii_case("me") {
        return Ok(Me::Client);
    }
    let barred = user["disabled"] == true || user["activated"] == false;
    Ok(if barred { Me::Bad } else { Me::User { uuid, username } })
}

fn uuid(body: &Value) -> Option<String> {
    let uuid = body["error_description"].as_str()?.strip_prefix(NO_ENTITY)?;
    Uuid::parse_str(uuid).ok().map(|uuid| uuid.to_string())
}

impl Finding {
    /// The answer to the question, by RFC 7662 section 2.2 and with Usergrid's own members.
    pub fn answer(self, token: &str) -> Value {
        let mut answer = match self {
            Self::Inactive => return json!({ "active": false }),
            Self::User { key, uuid, username } => json!({
                "principal": "application_user",
                "sub": uuid,
                "username": username,
                "organization": key.0,
                "application": format!("{}/{}", key.0, key.1),
            }),
            Self::Admin { uuid, organizations } => json!({
                "principal": "admin_user",
                "sub": uuid,
                "organization": organizations,
            }),
            Self::Client(applications) => client(&applications),
        };
        answer["active"] = true.into();
        if let Some(expiry) = token::expiry(token) {
            answer["exp"] = (expiry / 1000).into();
        }
        answer
    }
}

/// Usergrid answers alike about both kinds of clients, but for how many applications.
fn client(applications: &[Key]) -> Value {
    match applications {
        [(organization, application)] => json!({
            "principal": "application",
            "organization": organization,
            "application": format!("{organization}/{application}"),
        }),
        applications => {
            let mut organizations: Vec<&str> =
                applications.iter().map(|(organization, _)| organization.as_str()).collect();
            organizations.dedup();
            json!({ "principal": "organization", "organization": organizations })
        }
    }
}

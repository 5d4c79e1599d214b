//! What the backend knows: organisations, applications, users, entities and the tokens it has
//! issued.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::clock::now;
use super::principal::{Key, Principal};
use super::refusal::Refusal;
use super::token::{self, Category};
use super::version::Version;

/// `usergrid.auth.token_secret_salt`.
pub const SALT: &str = "salt of the tests";
/// The longest life of a token in milliseconds, and the one it has if nothing else is asked for.
pub const LIFE: i64 = 604_800_000;
/// The rules of a role that has them all.
pub const EVERYTHING: &[&str] = &["get,put,post,delete:/**"];
/// The application whose users are the administrators.
pub const MANAGEMENT_APPLICATION: &str = "b6768a08-b5d5-11e3-a495-11ddb1de66c8";

#[derive(Debug)]
pub struct Store {
    pub version: Version,
    /// UUIDs by name.
    pub organizations: BTreeMap<String, String>,
    pub applications: BTreeMap<Key, Application>,
    /// By user name.
    pub admins: BTreeMap<String, Admin>,
    /// Secret and owner by client id.
    pub clients: BTreeMap<String, (String, Principal)>,
    tokens: BTreeMap<Uuid, Issued>,
}

#[derive(Debug, Default)]
pub struct Application {
    pub uuid: String,
    /// Rules of the role `guest`.
    pub guest: &'static [&'static str],
    /// Entities by collection, in the order in which they were made.
    pub collections: BTreeMap<String, Vec<Value>>,
    /// Rules by the UUID of a user whose role is not `default`. No property of the user, since
    /// those he writes himself.
    pub rules: BTreeMap<String, &'static [&'static str]>,
    /// By the UUID of the user.
    pub passwords: BTreeMap<String, String>,
}

/// Somebody who administers organisations.
#[derive(Debug)]
pub struct Admin {
    pub uuid: String,
    pub organizations: &'static [&'static str],
}

/// What the database has of a token.
#[derive(Clone, Debug)]
pub struct Issued {
    pub principal: Principal,
    /// In milliseconds since 1970.
    pub expiry: i64,
}

impl Store {
    /// Nothing but a version.
    pub fn empty(version: Version) -> Self {
        Self {
            version,
            organizations: BTreeMap::new(),
            applications: BTreeMap::new(),
            admins: BTreeMap::new(),
            clients: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    /// The application that a path begins with; `path` is all of it, for the refusal.
    pub fn application(&self, path: &[&str]) -> Result<Key, Refusal> {
        let [organization, application, ..] = path else { return Err(Refusal::not_found(path)) };
        let key = (organization.to_lowercase(), application.to_lowercase());
        if self.applications.contains_key(&key) {
            return Ok(key);
        }
        Err(Refusal::no_application(organization, application, path))
    }

    pub fn uuid(&self, key: &Key) -> &str {
        self.applications.get(key).map_or("", |application| &application.uuid)
    }

    /// The rules of an application's role `guest`.
    pub fn guest(&self, key: &Key) -> &'static [&'static str] {
        self.applications.get(key).map_or(&[], |application| application.guest)
    }

    /// The rules of a user's role.
    pub fn rules(&self, key: &Key, user: &str) -> &'static [&'static str] {
        let application = self.applications.get(key);
        application.and_then(|found| found.rules.get(user)).copied().unwrap_or(EVERYTHING)
    }

    /// Whether this principal is of the organisation, with all rights in it.
    pub fn administers(&self, principal: &Principal, organization: &str) -> bool {
        match principal {
            Principal::Organization(name) => name == organization,
            Principal::Admin(name) => {
                let admin = self.admins.get(name);
                admin.is_some_and(|admin| admin.organizations.contains(&organization))
            }
            _ => false,
        }
    }

    /// All of a collection.
    pub fn list(&self, key: &Key, collection: &str) -> &[Value] {
        let application = self.applications.get(key);
        application.and_then(|found| found.collections.get(collection)).map_or(&[], Vec::as_slice)
    }

    /// An entity by UUID, name or user name.
    pub fn find(&self, key: &Key, collection: &str, id: &str) -> Option<&Value> {
        self.list(key, collection).iter().find(|entity| is(entity, id))
    }

    /// Makes an entity. Names of users, and of all else, are unique within their collection.
    pub fn create(
        &mut self,
        key: &Key,
        collection: &str,
        mut members: Map<String, Value>,
    ) -> Result<Value, Refusal> {
        for name in ["name", "username"] {
            let taken = members.get(name).and_then(Value::as_str);
            if taken.is_some_and(|taken| self.find(key, collection, taken).is_some()) {
                return Err(Refusal::bad_request(
                    "duplicate_unique_property_exists",
                    format!("Entity requires that property named {name} be unique"),
                    "org.apache.usergrid.persistence.exceptions.DuplicateUniquePropertyExistsException",
                ));
            }
        }
        let password = members.remove("password");
        let uuid = token::uuid().to_string();
        members.insert("uuid".into(), uuid.as_str().into());
        members.insert("type".into(), collection.trim_end_matches('s').into());
        members.insert("created".into(), now().into());
        members.insert("modified".into(), now().into());
        members.insert("metadata".into(), json!({ "path": format!("/{collection}/{uuid}") }));
        if collection == "users" {
            members.entry("activated").or_insert(true.into());
        }
        let entity = Value::Object(members);
        if let Some(application) = self.applications.get_mut(key) {
            if let Some(Value::String(password)) = password {
                application.passwords.insert(uuid, password);
            }
            application.collections.entry(collection.into()).or_default().push(entity.clone());
        }
        Ok(entity)
    }

    /// Changes an entity; what Usergrid itself has put there stays.
    pub fn update(
        &mut self,
        key: &Key,
        collection: &str,
        id: &str,
        members: &Map<String, Value>,
    ) -> Option<Value> {
        let entities = self.applications.get_mut(key)?.collections.get_mut(collection)?;
        let entity = entities.iter_mut().find(|entity| is(entity, id))?;
        for (name, value) in members {
            let own = ["uuid", "type", "created", "metadata", "password"].contains(&name.as_str());
            if !own {
                entity[name.as_str()] = value.clone();
            }
        }
        entity["modified"] = now().into();
        Some(entity.clone())
    }

    pub fn delete(&mut self, key: &Key, collection: &str, id: &str) -> Option<Value> {
        let entities = self.applications.get_mut(key)?.collections.get_mut(collection)?;
        let index = entities.iter().position(|entity| is(entity, id))?;
        Some(entities.remove(index))
    }

    /// The user with this name, e-mail address or UUID and this password.
    pub fn log_in(&self, key: &Key, name: &str, password: &str) -> Option<&Value> {
        let user = self.find(key, "users", name)?;
        let right = self.applications.get(key)?.passwords.get(user["uuid"].as_str()?)?;
        (right == password).then_some(user)
    }

    /// Whose client id and secret this is, from `id:secret`.
    pub fn client(&self, pair: &str) -> Option<Principal> {
        let (id, secret) = pair.split_once(':')?;
        let (right, principal) = self.clients.get(id)?;
        (right == secret).then(|| principal.clone())
    }

    /// An organisation as the token endpoint shows it.
    pub fn organization(&self, name: &str) -> Value {
        let applications: Map<String, Value> = self
            .applications
            .iter()
            .filter(|((organization, _), _)| organization == name)
            .map(|(key, found)| (format!("{}/{}", key.0, key.1), found.uuid.as_str().into()))
            .collect();
        json!({
            "uuid": self.organizations.get(name), "name": name, "properties": {},
            "applications": applications,
        })
    }

    /// Issues a token. Only access tokens end, after so many milliseconds.
    pub fn issue(&mut self, principal: Principal, category: Category, life: i64) -> String {
        let (uuid, expiry) = (token::uuid(), now().saturating_add(life));
        self.tokens.insert(uuid, Issued { principal, expiry });
        token::write(category, uuid, expiry, SALT)
    }

    /// What is in the database about a token.
    pub fn issued(&self, token: &str) -> Result<Issued, Refusal> {
        let uuid =
            token::read(token, SALT, now()).map_err(|flaw| Refusal::flawed(flaw, self.version))?;
        let revoked = || Refusal::security("auth_invalid", "Unable to authenticate");
        self.tokens.get(&uuid).cloned().ok_or_else(revoked)
    }

    pub fn revoke(&mut self, token: &str) {
        if let Ok(uuid) = token::read(token, SALT, now()) {
            self.tokens.remove(&uuid);
        }
    }

    pub fn revoke_all(&mut self, of: &Principal) {
        self.tokens.retain(|_, issued| issued.principal != *of);
    }
}

/// User names are unique and found in any letter case.
fn is(entity: &Value, id: &str) -> bool {
    let text = |name| entity.get(name).and_then(Value::as_str);
    let same = |name| text(name).is_some_and(|value| value == id);
    ["uuid", "name", "email"].into_iter().any(same)
        || text("username").is_some_and(|name| name.eq_ignore_ascii_case(id))
}

//! What the backend knows: organisations, applications, users, entities and the tokens it has
//! issued.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::clock::now;
use super::refusal::Refusal;
use super::token;

/// `usergrid.auth.token_secret_salt`.
pub const SALT: &str = "salt of the tests";
/// The password of every user that is there at the start.
pub const PASSWORD: &str = "wonderland";
/// The administrator of the organisation `acme`.
pub const ADMIN: &str = "root";
/// Id and secret of the application `acme/shop`.
pub const APPLICATION_CLIENT: (&str, &str) =
    ("YXA6Us6Rg0b0EeKuRALoGsWhew", "YXA6GQ1jP0dBMKVV0dkUcFzdEsmCFgk");
/// Id and secret of the organisation `acme`.
pub const ORGANIZATION_CLIENT: (&str, &str) =
    ("b3U68vghI6FmEeKn9wLoGtzz0A", "b3U6ZuZ5_U8Y-bOaViJt0OyRkJFES-A");
/// The UUID of `acme/shop`, which is the one within its client id.
pub const APPLICATION_UUID: &str = "52ce9183-46f4-11e2-ae44-02e81ac5a17b";
/// The longest life of a token, and the one it has if nothing else is asked for.
pub const LIFE: u64 = 604_800_000;

const ORGANIZATION_UUID: &str = "f2f82123-a166-11e2-a7f7-02e81adcf3d0";
const EVERYTHING: &[&str] = &["get,put,post,delete:/**"];

/// Organisation and application by name.
pub type Key = (String, String);

/// Whoever a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody has said.
    Guest,
    /// A user of an application, by the user's UUID.
    User(Key, String),
    /// An application by its client id.
    Application(Key),
    /// An organisation by its client id.
    Organization(String),
    /// An administrator of an organisation.
    Admin(String),
}

#[derive(Debug)]
pub struct Store {
    applications: BTreeMap<Key, Application>,
    tokens: BTreeMap<Uuid, (Principal, u64)>,
}

#[derive(Debug)]
pub struct Application {
    uuid: String,
    /// Rules of the role `guest`.
    pub guest: &'static [&'static str],
    /// Entities by collection, in the order in which they were made.
    pub collections: BTreeMap<String, Vec<Value>>,
    /// By the UUID of the user.
    passwords: BTreeMap<String, String>,
}

impl Store {
    /// Organisation `acme` with the applications `shop` and `sandbox`, organisation `globex` with
    /// `lab`. `acme/shop` has the users `tom`, who may do everything, and `ann`, who may only read.
    pub fn new() -> Self {
        let mut store = Self { applications: BTreeMap::new(), tokens: BTreeMap::new() };
        let sign_up = &["post:/users"][..];
        for (organization, application, uuid, guest) in [
            ("acme", "shop", APPLICATION_UUID.to_owned(), sign_up),
            ("acme", "sandbox", token::uuid().to_string(), EVERYTHING),
            ("globex", "lab", token::uuid().to_string(), sign_up),
        ] {
            let (collections, passwords) = (BTreeMap::new(), BTreeMap::new());
            let made = Application { uuid, guest, collections, passwords };
            store.applications.insert((organization.into(), application.into()), made);
        }
        let shop = ("acme".to_owned(), "shop".to_owned());
        for (user, role) in [("tom", "default"), ("ann", "reader")] {
            let entity = json!({ "username": user, "name": user, "role": role });
            let Value::Object(mut members) = entity else { continue };
            members.insert("password".into(), PASSWORD.into());
            let _made = store.create(&shop, "users", members);
        }
        store
    }

    pub fn application(&self, organization: &str, application: &str) -> Result<Key, Refusal> {
        let key = (organization.to_lowercase(), application.to_lowercase());
        if self.applications.contains_key(&key) {
            return Ok(key);
        }
        Err(Refusal::no_application(organization, application))
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
        match self.role(key, user).as_str() {
            "reader" => &["get:/**", "put,post:/users/*/revoketoken"],
            _ => EVERYTHING,
        }
    }

    pub fn role(&self, key: &Key, user: &str) -> String {
        let role = self.find(key, "users", user).and_then(|user| user["role"].as_str());
        role.unwrap_or("default").into()
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
            members.insert("activated".into(), true.into());
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
        (right == password && user["activated"] == true).then_some(user)
    }

    /// Whose client id and secret this is, from `id:secret`.
    pub fn client(pair: &str) -> Option<Principal> {
        let is = |(id, secret): (&str, &str)| pair == format!("{id}:{secret}");
        if is(APPLICATION_CLIENT) {
            return Some(Principal::Application(("acme".into(), "shop".into())));
        }
        is(ORGANIZATION_CLIENT).then(|| Principal::Organization("acme".into()))
    }

    /// An organisation as the token endpoint shows it.
    pub fn organization() -> Value {
        json!({ "uuid": ORGANIZATION_UUID, "name": "acme" })
    }

    /// Issues a token that is good for `life` milliseconds.
    pub fn issue(&mut self, principal: Principal, life: u64) -> String {
        let (uuid, expiry) = (token::uuid(), now().saturating_add(life));
        self.tokens.insert(uuid, (principal, expiry));
        token::write(uuid, expiry, SALT)
    }

    /// Whose token this is, and until when.
    pub fn holder(&self, token: &str) -> Result<(Principal, u64), Refusal> {
        let uuid = token::read(token, SALT, now())?;
        let revoked = || Refusal::security("auth_invalid", "Unable to authenticate");
        self.tokens.get(&uuid).cloned().ok_or_else(revoked)
    }

    pub fn revoke(&mut self, token: &str) {
        if let Ok(uuid) = token::read(token, SALT, now()) {
            self.tokens.remove(&uuid);
        }
    }

    pub fn revoke_all(&mut self, of: &Principal) {
        self.tokens.retain(|_, (principal, _)| principal != of);
    }
}

fn is(entity: &Value, id: &str) -> bool {
    let same = |name| entity.get(name).and_then(Value::as_str).is_some_and(|value| value == id);
    ["uuid", "name", "username", "email"].into_iter().any(same)
}

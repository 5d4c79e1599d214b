//! What is there at the start: two organisations, their applications, and users of every kind that
//! Usergrid answers differently about.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use uuid::Uuid;

use super::principal::{Principal, key};
use super::store::{Admin, Application, EVERYTHING, Store};
use super::token;
use super::version::Version;

/// The password of every user and administrator that is there at the start.
pub const PASSWORD: &str = "wonderland";
/// The administrator of the organisation `acme`. `gus` is that of `globex`, `vera` of both.
pub const ADMIN: &str = "root";
/// Id and secret of the application `acme/shop`.
pub const APPLICATION_CLIENT: (&str, &str) =
    ("YXA6Us6Rg0b0EeKuRALoGsWhew", "YXA6GQ1jP0dBMKVV0dkUcFzdEsmCFgk");
/// Id and secret of the organisation `acme`.
pub const ORGANIZATION_CLIENT: (&str, &str) =
    ("b3U68vghI6FmEeKn9wLoGtzz0A", "b3U6ZuZ5_U8Y-bOaViJt0OyRkJFES-A");
/// The UUID of `acme/shop`, which is the one within its client id.
pub const APPLICATION_UUID: &str = "52ce9183-46f4-11e2-ae44-02e81ac5a17b";
/// How much `bulk` has written of himself, in bytes: more than a cache should keep of one user.
pub const BULK: usize = 300 * 1024;

const ORGANIZATION_UUID: &str = "f2f82123-a166-11e2-a7f7-02e81adcf3d0";
const SIGN_UP: &[&str] = &["post:/users"];
const READER: &[&str] = &["get:/**", "put,post:/users/*/revoketoken"];

impl Store {
    /// Organisation `acme` with the applications `shop`, `sandbox` and `mirror`, and `globex` with
    /// `lab`. In `mirror`, a user is named `me`.
    pub fn new(version: Version) -> Self {
        let mut store = Self::empty(version);
        store.organization_of(ORGANIZATION_UUID.into(), "acme");
        store.organization_of(token::uuid().to_string(), "globex");
        let lent = |uuid: &str| uuid.to_owned();
        for (name, uuid, guest) in [
            ("acme/shop", lent(APPLICATION_UUID), SIGN_UP),
            ("acme/sandbox", token::uuid().to_string(), EVERYTHING),
            ("acme/mirror", token::uuid().to_string(), SIGN_UP),
            ("globex/lab", token::uuid().to_string(), SIGN_UP),
        ] {
            store.client_of("YXA6", &uuid, Principal::application(name));
            store.applications.insert(key(name), Application { uuid, guest, ..Default::default() });
        }
        // So that the constants hold.
        for (id, secret) in [APPLICATION_CLIENT, ORGANIZATION_CLIENT] {
            if let Some((current, _)) = store.clients.get_mut(id) {
                secret.clone_into(current);
            }
        }
        for (name, organizations) in
            [(ADMIN, &["acme"][..]), ("gus", &["globex"]), ("vera", &["acme", "globex"])]
        {
            let admin = Admin { uuid: token::uuid().to_string(), organizations };
            store.admins.insert(name.into(), admin);
        }
        store.users();
        store
    }

    fn users(&mut self) {
        for (application, name, rules, more) in [
            // May do everything, and may only read.
            ("acme/shop", "tom", EVERYTHING, json!({})),
            ("acme/shop", "ann", READER, json!({})),
            // His roles hide even his own record.
            ("acme/shop", "kim", &[], json!({})),
            // May read the application's client secret.
            ("acme/shop", "max", &["*:*"], json!({})),
            ("acme/shop", "dora", EVERYTHING, json!({ "disabled": true })),
            ("acme/shop", "nils", EVERYTHING, json!({ "activated": false })),
            ("acme/shop", "mallory", READER, boasts()),
            ("acme/shop", "bulk", EVERYTHING, json!({ "notes": "x".repeat(BULK) })),
            ("acme/mirror", "me", EVERYTHING, json!({})),
            ("globex/lab", "lea", EVERYTHING, json!({})),
        ] {
            let _uuid = self.user(application, name, rules, more);
        }
    }

    /// Makes a user with these rules and properties, and [`PASSWORD`]; the UUID.
    pub fn user(
        &mut self,
        application: &str,
        name: &str,
        rules: &'static [&'static str],
        mut properties: Value,
    ) -> Option<String> {
        let email = format!("{name}@example.com");
        let own = json!({
            "username": name, "name": name, "email": email, "password": PASSWORD,
        });
        let members = properties.as_object_mut()?;
        for (name, value) in own.as_object()? {
            members.entry(name.as_str()).or_insert(value.clone());
        }
        let key = key(application);
        let made = self.create(&key, "users", members.clone()).ok()?;
        let uuid = made["uuid"].as_str()?.to_owned();
        self.applications.get_mut(&key)?.rules.insert(uuid.clone(), rules);
        Some(uuid)
    }

    fn organization_of(&mut self, uuid: String, name: &str) {
        self.client_of("b3U6", &uuid, Principal::organization(name));
        self.organizations.insert(name.into(), uuid);
    }

    /// Registers a client: its id has the UUID of its owner, its secret looks like Usergrid's.
    fn client_of(&mut self, prefix: &str, uuid: &str, owner: Principal) {
        let bytes = Uuid::parse_str(uuid).unwrap_or_default().into_bytes();
        let id = format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        let secret = BASE64_URL_SAFE_NO_PAD.encode(Sha1::digest(format!("the secret of {uuid}")));
        self.clients.insert(id, (format!("{prefix}{secret}"), owner));
    }
}

/// What a user may write of himself and nobody may believe: the names of claims.
fn boasts() -> Value {
    json!({
        "active": true, "principal": "admin_user", "sub": "root", "roles": ["admin", "default"],
        "permissions": ["get,put,post,delete:/**"], "scope": "everything",
        "organization": "globex", "organizations": ["globex"], "application": "globex/lab",
        "applicationName": "lab", "client_id": "b3U6", "exp": 4_102_444_800_i64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_the_form_of_usergrids() {
        let store = Store::new(Version::Master);
        assert_eq!(store.clients.len(), 6);
        for (id, (secret, _)) in &store.clients {
            assert_eq!((id.len(), secret.len()), (26, 31), "{id}");
        }
        for (id, secret) in [APPLICATION_CLIENT, ORGANIZATION_CLIENT] {
            assert!(store.client(&format!("{id}:{secret}")).is_some(), "{id}");
        }
    }
}

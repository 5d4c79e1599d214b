//! What administrators ask, and the token endpoints.

use serde_json::{Value, json};

use super::*;
use crate::servers::usergrid::{
    ADMIN, APPLICATION_CLIENT, APPLICATION_UUID, MANAGEMENT_APPLICATION, ORGANIZATION_CLIENT,
    PASSWORD,
};

const ME: &str = "/management/me?ttl=1000";

fn invalid_grant(description: &str) -> Value {
    json!({ "error": "invalid_grant", "error_description": description })
}

/// Vectors 15 and 16: master describes the token it was asked with, 2.1.0 mints one.
#[test]
fn an_administrator_is_described() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let token = stand_in.issue(&Principal::admin(ADMIN));
        let response = stand_in.ask(&Request::get(ME).bearer(&token));
        assert_eq!(response.status, 200);
        let mut body = response.json().unwrap();
        let answered = body["access_token"].as_str().unwrap().to_owned();
        let expires_in = body["expires_in"].as_i64().unwrap();
        if version == Version::Master {
            assert_eq!(answered, token);
            assert!((LIFE - 60_000..=LIFE).contains(&expires_in), "{expires_in} ms");
        } else {
            assert!(answered != token && answered.len() == token.len(), "{answered}");
            assert_eq!(expires_in, 1, "seconds");
        }
        let acme = &mut body["user"]["organizations"]["acme"];
        assert!(acme["uuid"].is_string(), "{acme}");
        assert_eq!(acme["name"], "acme");
        assert_eq!(acme["applications"]["acme/shop"], APPLICATION_UUID);
        assert_eq!(body["user"]["organizations"].as_object().unwrap().len(), 1);
        body["user"].as_object_mut().unwrap().remove("organizations");
        let expected = json!({
            "access_token": answered,
            "expires_in": expires_in,
            "passwordChanged": 1_699_000_000_000_i64,
            "user": {
                "applicationId": MANAGEMENT_APPLICATION,
                "uuid": stand_in.usergrid.admin_uuid(ADMIN).unwrap(),
                "username": ADMIN, "name": ADMIN, "email": "root@example.com",
                "activated": true, "confirmed": true, "disabled": false, "adminUser": true,
                "properties": {},
            },
        });
        assert_eq!(body, expected);
    }
}

/// Vectors 17 and 18.
#[test]
fn nobody_else_is_described() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let refused = invalid_grant("invalid username or password");
        for client in [Principal::application("acme/shop"), Principal::organization("acme")] {
            let token = stand_in.issue(&client);
            stand_in.answers("17", &Request::get(ME).bearer(&token), 400, &refused);
        }
        stand_in.answers("no token", &Request::get(ME), 400, &refused);
        let expected = error("runtime", "Entity is null", "java.lang.RuntimeException");
        let token = stand_in.token("kim");
        stand_in.answers("18", &Request::get(ME).bearer(&token), 500, &expected);
        let expired = stand_in.usergrid.issue(&Principal::admin(ADMIN), -1000);
        assert_eq!(stand_in.ask(&Request::get(ME).bearer(&expired)).status, 401);
    }
}

#[test]
fn an_organisation_is_open_to_its_own() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let acme = || Request::new("HEAD", "/management/organizations/acme");
        for (principal, status) in [
            (Principal::organization("acme"), 200),
            (Principal::admin(ADMIN), 200),
            (Principal::admin("vera"), 200),
            (Principal::admin("gus"), 401),
            (Principal::organization("globex"), 401),
            (Principal::application("acme/shop"), 401),
            (stand_in.user("acme/shop", "tom"), 401),
        ] {
            let about = format!("{principal:?}");
            let token = stand_in.issue(&principal);
            stand_in.answers(&about, &acme().bearer(&token), status, &Value::Null);
        }
        stand_in.answers("nobody", &acme(), 401, &Value::Null);
        let token = stand_in.issue(&Principal::admin(ADMIN));
        let unknown = Request::get("/management/organizations/nosuch").bearer(&token);
        let expected = error(
            "management",
            "Could not find organization for name: nosuch",
            "org.apache.usergrid.management.exceptions.ManagementException",
        );
        stand_in.answers("unknown", &unknown, 400, &expected);
    }
}

#[test]
fn token_endpoints_take_pairs_and_passwords() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let ask = |path: &str, body: Value| {
            let response = stand_in.ask(&Request::new("POST", path).body(body.to_string()));
            (response.status, response.json().unwrap())
        };
        let password = |name: &str, password: &str| json!({ "grant_type": "password", "username": name, "password": password });
        for (path, name) in [
            ("/management/token", ADMIN),
            ("/management/me", ADMIN),
            ("/acme/shop/token", "tom"),
            ("/acme/shop/token", "tom@example.com"),
        ] {
            let (status, body) = ask(path, password(name, PASSWORD));
            assert_eq!((status, &body["expires_in"]), (200, &json!(604_800)), "{body}");
            assert!(body["user"]["uuid"].is_string(), "{body}");
        }
        for (name, secret, description) in [
            ("tom", "guess", "invalid username or password"),
            ("nobody", PASSWORD, "invalid username or password"),
            ("dora", PASSWORD, "user disabled"),
            ("nils", PASSWORD, "user not activated"),
        ] {
            let refused = ask("/acme/shop/token", password(name, secret));
            assert_eq!(refused, (400, invalid_grant(description)), "{name}");
        }
        for path in ["/management/token", "/acme/shop/token"] {
            let grant = |(id, secret): (&str, &str)| {
                ask(
                    path,
                    json!({
                        "grant_type": "client_credentials", "client_id": id,
                        "client_secret": secret, "ttl": 60_000,
                    }),
                )
            };
            let (_, of_application) = grant(APPLICATION_CLIENT);
            assert_eq!(of_application["application"], APPLICATION_UUID, "{path}");
            assert_eq!(of_application["expires_in"], 60, "{path}");
            let (_, of_organization) = grant(ORGANIZATION_CLIENT);
            assert_eq!(of_organization["organization"]["name"], "acme", "{path}");
            let refused = grant((APPLICATION_CLIENT.0, "guess"));
            assert_eq!(refused, (400, invalid_grant("invalid username or password")), "{path}");
        }
    }
}

/// A pair on the request itself is looked at before the endpoint is. The last release knows Basic
/// for its superuser alone.
#[test]
fn a_wrong_pair_on_the_request() {
    let basic = Request::get("/acme/shop/books").header("authorization", "Basic YTpi");
    let query = Request::get("/acme/shop/books?client_id=a&client_secret=b");
    let of_query = security("invalid_client", "Unable to authenticate (OAuth)");
    let of_basic = security(
        "auth_invalid_credentials",
        "Unable to authenticate due to invalid client credentials",
    );
    for version in BOTH {
        StandIn::start(version).answers("query", &query, 401, &of_query);
    }
    StandIn::start(Version::Master).answers("Basic", &basic, 401, &of_basic);
    let guest = StandIn::start(Version::Release210).ask(&basic).json().unwrap();
    assert_eq!(guest["error"], "unauthorized");
}

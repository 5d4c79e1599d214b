//! U and K, by what kind of token it is.

use serde_json::{Value, json};

use super::*;
use crate::servers::usergrid::token::Category;
use crate::servers::usergrid::{ADMIN, APPLICATION_CLIENT, APPLICATION_UUID, BULK};

const NO_ACCESS: &str = "No application access authorized";
const BAD_TOKEN: &str = "Unable to authenticate due to corrupt access token";

fn nobody() -> Value {
    let exception = "org.apache.usergrid.services.exceptions.ServiceResourceNotFoundException";
    error("service_resource_not_found", "Service resource not found", exception)
}

fn no_entity(uuid: &str) -> Value {
    let exception = "org.apache.usergrid.persistence.exceptions.EntityNotFoundException";
    let description = format!("Cannot find entity associated with uuid: {uuid}");
    error("entity_not_found", &description, exception)
}

/// Vector 1: the envelope and its one entity.
#[test]
fn a_user_of_the_application_is_described() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let tom = stand_in.user("acme/shop", "tom");
        let response = stand_in.ask(&u("acme/shop").bearer(&stand_in.issue(&tom)));
        assert_eq!(response.status, 200);
        let mut body = response.json().unwrap();
        let entity = body["entities"][0].as_object_mut().unwrap();
        for time in ["created", "modified"] {
            assert!(entity.remove(time).unwrap().is_i64(), "{time}");
        }
        for time in ["timestamp", "duration"] {
            assert!(body[time].is_i64(), "{time}");
            body.as_object_mut().unwrap().remove(time);
        }
        let uuid = uuid(&tom);
        let expected = json!({
            "action": "get",
            "application": APPLICATION_UUID,
            "params": {},
            "path": "/users",
            "uri": "http://usergrid.example.com/acme/shop/users",
            "entities": [{
                "uuid": uuid, "type": "user", "name": "tom", "username": "tom",
                "email": "tom@example.com", "activated": true,
                "metadata": { "path": format!("/users/{uuid}") },
            }],
            "organization": "acme",
            "applicationName": "shop",
        });
        assert_eq!(body, expected);
    }
}

/// Vectors 1 and 2: a user whose roles hide his own record.
#[test]
fn a_restricted_user_is_described_by_master_alone() {
    let stand_in = StandIn::start(Version::Master);
    let me = u("acme/shop").bearer(&stand_in.token("kim"));
    assert_eq!(stand_in.ask(&me).json().unwrap()["entities"][0]["username"], "kim");

    let stand_in = StandIn::start(Version::Release210);
    let kim = stand_in.user("acme/shop", "kim");
    let permission = format!("applications:get:{APPLICATION_UUID}:/users/{}", uuid(&kim));
    let description = format!("Subject does not have permission [{permission}]");
    let expected =
        error("unauthorized", &description, "org.apache.shiro.authz.UnauthorizedException");
    stand_in.answers("2", &u("acme/shop").bearer(&stand_in.issue(&kim)), 401, &expected);
}

/// Vectors 3 to 6: tokens that are good and of no user of this application.
#[test]
fn other_good_tokens_of_u() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let lea = stand_in.user("globex/lab", "lea");
        let (lea, lea_uuid) = (stand_in.issue(&lea), uuid(&lea).to_owned());
        let root_uuid = stand_in.usergrid.admin_uuid(ADMIN).unwrap();
        let gus_uuid = stand_in.usergrid.admin_uuid("gus").unwrap();
        let [app, org, root, foreign, gus] = [
            Principal::application("acme/shop"),
            Principal::organization("acme"),
            Principal::admin(ADMIN),
            Principal::organization("globex"),
            Principal::admin("gus"),
        ]
        .map(|principal| stand_in.issue(&principal));
        let me = || u("acme/shop");
        stand_in.answers("3, app client", &me().bearer(&app), 404, &nobody());
        stand_in.answers("3, org client", &me().bearer(&org), 404, &nobody());
        stand_in.answers("3, no token", &me(), 404, &nobody());
        stand_in.answers("4, administrator", &me().bearer(&root), 404, &no_entity(&root_uuid));
        let release = version == Version::Release210;
        for (about, token, master) in [
            ("4 and 5, a user of another application", &lea, no_entity(&lea_uuid)),
            ("4 and 5, an administrator of another organisation", &gus, no_entity(&gus_uuid)),
            ("3 and 5, a client of another organisation", &foreign, nobody()),
        ] {
            let other = security("unauthorized", NO_ACCESS);
            let (status, expected) = if release { (401, other) } else { (404, master) };
            stand_in.answers(about, &me().bearer(token), status, &expected);
        }
        // 6: a user of this application is named `me`.
        let client = stand_in.issue(&Principal::application("acme/mirror"));
        let body = stand_in.ask(&u("acme/mirror").bearer(&client)).json().unwrap();
        assert_eq!(body["entities"][0]["username"], "me", "{version:?}: {body}");
    }
}

/// Vectors 7 to 11: tokens that are no good, said alike by U, K and any other path.
#[test]
fn bad_tokens() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let release = version == Version::Release210;
        let tom = stand_in.user("acme/shop", "tom");
        let good = stand_in.issue(&tom);
        let forged = format!("{}AAAA", &good[..good.len() - 4]);
        let expired = stand_in.usergrid.issue(&tom, -1000);
        let revoked = stand_in.issue(&tom);
        stand_in.usergrid.revoke(&revoked);
        let _gone = stand_in.usergrid.add_user("acme/shop", "gone", json!({})).unwrap();
        let orphan = stand_in.token("gone");
        stand_in.usergrid.delete_user("acme/shop", "gone").unwrap();
        let lost = stand_in.issue(&Principal::application("acme/closed"));
        let unverified =
            security("auth_unverified_oath", "Unable to authenticate OAuth credentials");
        let bad = security("auth_bad_access_token", BAD_TOKEN);
        let corrupt = if release { &bad } else { &unverified };
        let barred = |description: &str| {
            error("authentication", description, "org.apache.shiro.authc.AuthenticationException")
        };
        let lapsed =
            security("expired_token", "Unable to authenticate due to expired access token");
        for (about, token, expected) in [
            ("7, garbage", "garbage", &unverified),
            ("7 and 8, bad signature", &forged, corrupt),
            ("7 and 8, too short", "YWMtAAAA", corrupt),
            ("8, the user was deleted", &orphan, &bad),
            ("9, expired", &expired, &lapsed),
            ("10, revoked", &revoked, &security("auth_invalid", "Unable to authenticate")),
            ("11, disabled", &stand_in.token("dora"), &barred("Disabled identity")),
            ("11, not activated", &stand_in.token("nils"), &barred("Unactivated identity")),
        ] {
            for path in ["/acme/shop/users/me", "/globex/lab/books", "/status", "/acme/nosuch/x"] {
                stand_in.answers(about, &Request::get(path).bearer(token), 401, expected);
            }
            stand_in.answers(about, &k("acme/shop").bearer(token), 401, &Value::Null);
        }
        let response = stand_in.ask(&u("acme/shop").bearer(&lost));
        let word = response.json().unwrap()["error"].clone();
        let expected = if release { (400, "token") } else { (401, "auth_bad_access_token") };
        assert_eq!((response.status, word), (expected.0, expected.1.into()), "{version:?}");
    }
}

/// Tokens for links in e-mails are taken for access, and do not end.
#[test]
fn a_token_of_another_category_is_accepted() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        for category in [Category::Email, Category::Refresh, Category::Offline] {
            let tom = stand_in.user("acme/shop", "tom");
            let token = stand_in.usergrid.issue_other(&tom, category);
            let response = stand_in.ask(&u("acme/shop").bearer(&token));
            assert_eq!(response.status, 200, "{version:?} {category:?}");
        }
    }
}

/// Vector 12.
#[test]
fn an_application_that_is_not_there() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let description =
            "Could not find application for acme/nosuch from URI: acme/nosuch/users/me";
        let exception =
            "org.apache.usergrid.rest.exceptions.OrganizationApplicationNotFoundException";
        let expected = error("organization_application_not_found", description, exception);
        let token = stand_in.token("tom");
        stand_in.answers("12", &u("acme/nosuch").bearer(&token), 404, &expected);
    }
}

/// Vectors 13 and 14.
#[test]
fn k_says_who_administers() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let lea = stand_in.user("globex/lab", "lea");
        for (about, token, status) in [
            ("13, app client", stand_in.issue(&Principal::application("acme/shop")), 200),
            ("13, org client", stand_in.issue(&Principal::organization("acme")), 200),
            ("13, administrator", stand_in.issue(&Principal::admin(ADMIN)), 200),
            ("a user with a rule *:*", stand_in.token("max"), 200),
            ("14, a user", stand_in.token("kim"), 401),
            ("14, another user", stand_in.token("tom"), 401),
            ("14, another app's user", stand_in.issue(&lea), 401),
            (
                "14, another app's client",
                stand_in.issue(&Principal::application("globex/lab")),
                401,
            ),
            (
                "14, a client of the same organisation",
                stand_in.issue(&Principal::application("acme/mirror")),
                401,
            ),
            (
                "14, another organisation's administrator",
                stand_in.issue(&Principal::admin("gus")),
                401,
            ),
        ] {
            stand_in.answers(about, &k("acme/shop").bearer(&token), status, &Value::Null);
        }
        stand_in.answers("no token", &k("acme/shop"), 401, &Value::Null);
        let secret = Request::get("/acme/shop/credentials");
        let client = stand_in.issue(&Principal::application("acme/shop"));
        let body = stand_in.ask(&secret.clone().bearer(&client)).json().unwrap();
        let (id, secret_of_it) = APPLICATION_CLIENT;
        let expected = json!({ "client_id": id, "client_secret": secret_of_it });
        assert_eq!(body["credentials"], expected);
        let exception = "org.apache.shiro.authz.UnauthorizedException";
        let expected = json!({ "error": "unauthorized", "exception": exception });
        stand_in.answers("GET, a user", &secret.bearer(&stand_in.token("kim")), 401, &expected);
    }
}

/// What users write of themselves stands beside what Usergrid says, and changes nothing.
#[test]
fn properties_of_ones_own() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let body = stand_in.ask(&u("acme/shop").bearer(&stand_in.token("mallory"))).json().unwrap();
        let entity = &body["entities"][0];
        assert_eq!(
            (&body["organization"], &body["applicationName"]),
            (&json!("acme"), &json!("shop"))
        );
        for (name, value) in [
            ("principal", json!("admin_user")),
            ("roles", json!(["admin", "default"])),
            ("permissions", json!(["get,put,post,delete:/**"])),
            ("organization", json!("globex")),
            ("username", json!("mallory")),
            ("type", json!("user")),
        ] {
            assert_eq!(entity[name], value, "{name}");
        }
        let writes = Request::new("POST", "/acme/shop/books").body(r#"{"name":"dune"}"#);
        assert_eq!(stand_in.ask(&writes.bearer(&stand_in.token("mallory"))).status, 401);

        let bulk = stand_in.ask(&u("acme/shop").bearer(&stand_in.token("bulk")));
        assert!(bulk.status == 200 && bulk.body.len() > BULK, "{}", bulk.body.len());
    }
}

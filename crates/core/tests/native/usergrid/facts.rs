//! Who the principal is that Usergrid's answers name, and how other workers are told.

use usergrid_auth_core::authorization::{TenancyFinding, tenancy};
use usergrid_auth_core::principal::{ApplicationName, Principal, PrincipalKind};
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::verifiers::usergrid::{Conclusion, Target, Verdict};
use usergrid_auth_rules::path::RequestPath;

use super::{
    ADA, ADAS_ANSWER, APPLICATION, KIM, KIMS_ANSWER, LATER, TOKEN, about, about_pair, asked, ended,
    error, principal, shop, usergrid, verified,
};
use crate::support::{answered, identity, server};

fn shop_of_acme() -> Vec<ApplicationName> {
    vec![ApplicationName::Path { organization: "acme".into(), application: "shop".into() }]
}

#[test]
fn a_user_is_known_by_his_uuid_first() {
    let config = usergrid("", "");
    let kim = verified(&config, shop(), KIMS_ANSWER);
    assert_eq!(kim.kind, PrincipalKind::ApplicationUser);
    assert_eq!(kim.user_names, [KIM, "kim"]);
    assert_eq!(kim.organizations, Some(vec!["acme".to_owned()]));
    assert_eq!(kim.applications, Some(shop_of_acme()));
    assert!(kim.scopes.is_empty() && kim.rules.is_none() && kim.issued_token.is_none());
    // A millisecond after the expiry that the token carries.
    assert_eq!(kim.expires, Some(UnixMillis(4_102_444_800_001)));
    for name in ["scope", "client-id"] {
        assert_eq!(identity(&kim, &format!("x-usergrid-{name}")), None);
    }
}

#[test]
fn what_a_user_writes_about_himself_says_nothing() {
    let config = usergrid("", r#","identity":{"headers":{"x-plan":"plan","x-email":"email"}}"#);
    let hostile = r#""plan":"gold","roles":["admin"],"principal":"admin_user","organization":"evil","application":"evil/app","permissions":["*:/**"],"sub":"root","client_id":"root","scope":"all","exp":1,"activated":true"#;
    let body = KIMS_ANSWER.replacen(r#""activated":true"#, hostile, 1);
    let kim = verified(&config, shop(), &body);
    let plain = verified(&config, shop(), KIMS_ANSWER);
    assert_eq!(format!("{kim:?}"), format!("{plain:?}"));
    for name in ["x-plan", "x-email"] {
        assert_eq!(identity(&kim, name), None, "{name}");
    }
}

#[test]
fn names_of_any_characters_become_safe_headers() {
    let config = usergrid("", "");
    let body = KIMS_ANSWER.replacen(r#""username":"kim""#, r#""username":"k,i\nm ü%""#, 1);
    let kim = verified(&config, shop(), &body);
    assert_eq!(identity(&kim, "x-usergrid-username"), Some("k%2Ci%0Am %C3%BC%25"));
    assert_eq!(kim.user_names, [KIM, "k,i\nm ü%"]);
}

#[test]
fn a_name_that_no_header_holds_is_refused_and_no_fault() {
    let config = usergrid("", "");
    let long = format!(r#""username":"{}""#, "k".repeat(5_000));
    let body = KIMS_ANSWER.replacen(r#""username":"kim""#, &long, 1);
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    let conclusion = ended(&mut exchange, &answered(200, body), LATER);
    assert!(matches!(conclusion.verdict, Ok(Verdict::Denied(_))), "{conclusion:?}");
}

#[test]
fn an_administrator_has_organisations() {
    let config = usergrid("", "");
    let more =
        ADAS_ANSWER.replacen(r#""organizations":{"#, r#""organizations":{"Umbrella":{},"#, 1);
    let ada = verified(&config, Target::Management(None), &more);
    assert_eq!(ada.kind, PrincipalKind::AdminUser);
    assert_eq!(ada.user_names, [ADA]);
    assert_eq!(ada.organizations, Some(vec!["umbrella".to_owned(), "acme".to_owned()]));
    assert_eq!(ada.applications, None);
    assert_eq!(identity(&ada, "x-usergrid-organization"), Some("umbrella,acme"));
    // The token in the answer may be another caller's.
    assert!(ada.issued_token.is_none());
    let mut exchange = about(&config, TOKEN, Target::Management(None), LATER);
    let record = ended(&mut exchange, &answered(200, more), LATER).record.expect("a record");
    let again = exchange.reread(&record).expect("one that another worker can read");
    assert_eq!(format!("{again:?}"), format!("{ada:?}"));
}

#[test]
fn an_administrator_may_have_as_many_organisations_as_a_claim_may_have_entries() {
    // `acme` and two names, each with one byte more.
    for (limits, length, expected) in [
        (r#""entries":3"#, 4, "verified"),
        (r#""entries":2"#, 4, "denied Claims(Entries)"),
        (r#""entries":4"#, 4, "verified"),
        (r#""bytes":256"#, 124, "verified"),
        (r#""bytes":257"#, 124, "verified"),
        (r#""bytes":256"#, 125, "denied Claims(Bytes)"),
    ] {
        let config = usergrid("", &format!(r#","limits":{{"claims":{{{limits}}}}}"#));
        let (one, other) = ("b".repeat(length), "c".repeat(length + 1));
        let more = format!(r#""organizations":{{"{one}":{{}},"{other}":{{}},"#);
        let body = ADAS_ANSWER.replacen(r#""organizations":{"#, &more, 1);
        let mut exchange = about(&config, TOKEN, Target::Management(None), LATER);
        let conclusion = ended(&mut exchange, &answered(200, body), LATER);
        let verdict = match conclusion.verdict {
            Ok(Verdict::Verified(_)) => "verified".to_owned(),
            Ok(Verdict::Denied(denial)) => format!("denied {denial:?}"),
            Err(failure) => format!("{failure}"),
        };
        assert_eq!(verdict, expected, "{limits} {length}");
    }
}

#[test]
fn a_pair_keeps_its_client_id_and_gets_a_token() {
    let config = usergrid("", "");
    let issued = format!(
        r#"{{"access_token":"YWMt-issued","expires_in":70,"application":"{APPLICATION}","sub":"root"}}"#
    );
    let mut exchange = about_pair(&config, shop(), LATER);
    asked(&mut exchange, &answered(200, issued), LATER);
    let conclusion = ended(&mut exchange, &answered(200, ""), LATER);
    let record = conclusion.record.clone().expect("a record");
    let client = principal(conclusion);
    assert_eq!(client.kind, PrincipalKind::Application);
    assert_eq!(client.applications, Some(shop_of_acme()));
    assert_eq!(client.expires, Some(UnixMillis(LATER.0 + 70_000)));
    assert_eq!(client.issued_token.as_ref().map(|it| it.expose()), Some(&b"YWMt-issued"[..]));
    assert_eq!(identity(&client, "x-usergrid-client-id"), Some("YXA6id"));
    assert_eq!(identity(&client, "x-usergrid-subject"), None);
    let again = exchange.reread(&record).expect("a record");
    assert_eq!(again.issued_token, client.issued_token);
}

fn conclusions() -> Vec<Conclusion> {
    let config = usergrid("", "");
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    let description = format!("Cannot find entity associated with uuid: {ADA}");
    asked(&mut exchange, &answered(404, error("entity_not_found", &description)), LATER);
    let ada = ended(&mut exchange, &answered(200, ""), LATER);
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    asked(&mut exchange, &answered(404, error("service_resource_not_found", "")), LATER);
    let client = ended(&mut exchange, &answered(200, ""), LATER);
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    let kim = ended(&mut exchange, &answered(200, KIMS_ANSWER), LATER);
    vec![ada, client, kim]
}

#[test]
fn whoever_is_verified_passes_tenancy_by_the_same_name() {
    let ids = format!(
        r#","authorization":{{"tenancy":"require","application_ids":{{"acme/shop":"{APPLICATION}"}}}}"#
    );
    let config = usergrid("", &ids);
    for verified in conclusions().into_iter().map(principal) {
        for path in ["/acme/shop/users", "/orgs/acme/apps/shop/x", &format!("/{APPLICATION}/x")] {
            let path = RequestPath::parse(path.as_bytes(), &[]).expect("a path");
            let finding = tenancy(&server(&config).authorization, &verified, path.application());
            assert_eq!(finding, TenancyFinding::Same, "{verified:?}");
        }
        let other = RequestPath::parse(b"/evil/shop/users", &[]).expect("a path");
        let finding = tenancy(&server(&config).authorization, &verified, other.application());
        assert_eq!(finding, TenancyFinding::Other);
    }
}

#[test]
fn a_record_is_read_strictly() {
    let config = usergrid("", "");
    let exchange = about(&config, TOKEN, shop(), LATER);
    let reread = |record: &str| -> Option<Principal> { exchange.reread(record.as_bytes()) };
    let good = r#"{"principal":"application_user","sub":"u","organizations":["acme"],"application":"acme/shop","expires_ms":5}"#;
    let principal = reread(good).expect("a record");
    assert_eq!((principal.user_names, principal.expires), (vec!["u".into()], Some(UnixMillis(5))));
    for (from, to) in [
        ("application_user", "guest"),
        (r#""principal":"application_user","#, ""),
        (r#""organizations":["acme"],"#, ""),
        ("acme/shop", "acme"),
        ("acme/shop", "acme/.."),
        (":5", ":-5"),
        (":5", r#":"5""#),
        (":5", r#":5,"issued_token":"a b""#),
        (r#""sub":"u""#, r#""sub":"u","sub":"v""#),
        (r#""u""#, "7"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(reread(&good.replacen(from, to, 1)).is_none(), "{from} {to}");
    }
    for other in ["", "[]", r#"{"active":true}"#, KIMS_ANSWER] {
        assert!(reread(other).is_none(), "{other}");
    }
}

//! What identity headers say of the claims, and that no claim makes a header that is none.

use crate::support::{config, identity, introspected as principal};
use proptest::prelude::*;
use usergrid_auth_config::{IdentityHeader, IdentitySource};

#[test]
fn identity_headers_carry_the_claims() {
    let config = config("");
    let principal = principal(
        &config,
        r#""sub":"7f","username":"Fred","client_id":"app","scope":"read write",
           "organization":["Acme","b"],"application":"Acme/Shop","principal":"admin_user""#,
    );
    for (name, value) in [
        ("x-usergrid-principal", "admin_user"),
        ("x-usergrid-subject", "7f"),
        ("x-usergrid-username", "Fred"),
        ("x-usergrid-client-id", "app"),
        ("x-usergrid-scope", "read write"),
        ("x-usergrid-organization", "Acme,b"),
        ("x-usergrid-application", "Acme/Shop"),
    ] {
        assert_eq!(identity(&principal, name), Some(value), "{name}");
    }
    let principal = self::principal(&config, r#""sub":"""#);
    assert_eq!(identity(&principal, "x-usergrid-principal"), Some("application_user"));
    assert_eq!(principal.identity.len(), 1, "headers without a value stay unset");
}

/// The header of a claim named `c`.
fn header_of(claim: &str) -> Option<String> {
    let mut config = config("");
    config.identity = vec![
        IdentityHeader { name: "x-c".into(), source: Some(IdentitySource::Claim("c".into())) },
        IdentityHeader { name: "x-dropped".into(), source: None },
    ];
    let principal = principal(&config, &format!(r#""c":{claim}"#));
    assert_eq!(identity(&principal, "x-dropped"), None);
    identity(&principal, "x-c").map(str::to_owned)
}

#[test]
fn identity_values_are_header_safe_and_unambiguous() {
    for (claim, value) in [
        (r#""plain""#, Some("plain")),
        (r#""Fred Smith""#, Some("Fred Smith")),
        (r#"" padded ""#, Some("%20padded%20")),
        (r#""a,b""#, Some("a%2Cb")),
        (r#"["a","b"]"#, Some("a,b")),
        (r#"["a,b"]"#, Some("a%2Cb")),
        (r#"["a"," b"]"#, Some("a,%20b")),
        (r#"["","a",""]"#, Some("a")),
        (r#""100%""#, Some("100%25")),
        (r#""a\r\nx-admin: 1""#, Some("a%0D%0Ax-admin: 1")),
        (r#""\u0000\t\u007f""#, Some("%00%09%7F")),
        (r#""Jürgen""#, Some("J%C3%BCrgen")),
        ("7", Some("7")),
        ("-1", Some("-1")),
        ("1.5", None),
        ("true", Some("true")),
        (r#"[1,false,"x"]"#, Some("1,false,x")),
        (r#""""#, None),
        ("[]", None),
        ("null", None),
        ("{}", None),
        (r#"["a",{}]"#, None),
        (r#"["a",["b"]]"#, None),
        (r#"["a",null,"b"]"#, Some("a,b")),
        ("[null]", None),
    ] {
        assert_eq!(header_of(claim).as_deref(), value, "{claim}");
    }
}

proptest! {
    #[test]
    fn any_claim_gives_a_safe_header(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        if let Some(value) = header_of(&json) {
            prop_assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)), "{value:?}");
            prop_assert_eq!(value.trim(), &value);
            prop_assert!(!value.contains(','));
            let decoded = percent_encoding::percent_decode_str(&value).decode_utf8().unwrap();
            prop_assert_eq!(decoded, text);
        } else {
            prop_assert!(text.is_empty());
        }
    }
}

#[test]
fn what_is_unusable_here_is_no_identity_behind_us() {
    let config = config("");
    for claim in ["scope", "organization", "application"] {
        let header = format!("x-usergrid-{claim}");
        for (shape, value) in [
            ("7", None),
            ("true", None),
            (r#"["acme",7]"#, None),
            (r#"["acme",true]"#, None),
            (r#"["acme",["b"]]"#, None),
            (r#"["acme",{}]"#, None),
            ("[]", None),
            ("null", None),
            (r#""acme""#, Some("acme")),
            (r#"["acme",null,"b,c"]"#, Some("acme,b%2Cc")),
        ] {
            let found = principal(&config, &format!(r#""{claim}":{shape}"#));
            assert_eq!(identity(&found, &header), value, "{claim} {shape}");
        }
    }
    // One scope never becomes two.
    for (shape, value) in [
        (r#""a b""#, "a b"),
        (r#"["a b"]"#, "a%20b"),
        (r#"["a b","c"," "]"#, "a%20b,c,%20"),
        (r#"["a\tb"]"#, "a%09b"),
        (r#"["a%20b"]"#, "a%2520b"),
    ] {
        let found = principal(&config, &format!(r#""scope":{shape}"#));
        assert_eq!(identity(&found, "x-usergrid-scope"), Some(value), "{shape}");
    }
}

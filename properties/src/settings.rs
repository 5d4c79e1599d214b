//! The configurations under which properties are tried.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use usergrid_auth_config::Config;

/// What the environment holds, under whatever name.
pub const SECRET: &str = "hush-hush-1f7c2a";

/// They differ in what decides differently.
pub const ALL: [&str; 8] = [
    // As shipped, with small bounds.
    r#"{"introspection":{"cluster":"introspection","path":"/introspect",
        "client_auth":{"method":"client_secret_basic","client_id":"gateway","client_secret_env":"S"}},
      "client_credentials":{"cluster":"usergrid","path":"/management/token"},
      "guest":[{"applications":["*/sandbox"],"permissions":["get,post,put,delete:/**"]}],
      "public":["get,post:/management/token","get,post:/*/*/token"],
      "cache":{"ttl":"4s","negative_ttl":"2s","max_entries":4,"max_negative_entries":2,
               "stale_if_error":"3s","refresh_ahead":"1s"},
      "limits":{"max_waiting":4},"breaker":{"failures":3,"open":"1s"},
      "revocation":{"paths":["/oauth/revoke"]},
      "cors":{"allow_origins":["https://app.example"]}}"#,
    // Every place, Usergrid's order, credentials as sent.
    r#"{"introspection":{"cluster":"introspection","path":"/introspect"},
      "credentials":{"sources":["header","query","client_query","client_basic",
          {"header":"x-api-token"},{"cookie":"session"}],"on_conflict":"usergrid"},
      "client_credentials":{"cluster":"usergrid","path":"/token"},
      "forward":{"credential":"as_sent"},
      "guest":[{"applications":["acme/sandbox"],"permissions":["get:/**"]}],
      "limits":{"max_waiting":4},
      "telemetry":{"filter_state":["outcome","subject","fingerprint"]}}"#,
    // Profile oauth.
    r#"{"profile":"oauth","introspection":{"cluster":"introspection","path":"/introspect",
        "scope":["read"],"audience":["api"],"issuer":"https://auth.example.com"},
      "public":["get:/health"],"limits":{"max_waiting":3},
      "forward":{"credential":"remove"},
      "authorization":{"require_scope":[{"rules":["get,post:/acme/*/reports/**"],"all_of":["reports"]}]}}"#,
    // Demands, permissions, tenants.
    r#"{"introspection":{"cluster":"introspection","path":"/introspect"},
      "guest":[{"applications":["*/sandbox"],"permissions":["get,post,put,delete:/**"]}],
      "public":["get:/*/*/open/**"],
      "guards":[{"rules":["post,put,delete:/*/*/users/*"],"principals":["admin_user"]}],
      "authorization":{"tenancy":"require","roles":{"reader":["get:/**"]},
          "require_scope":[{"rules":["get:/acme/*/reports/**"],"any_of":["reports"]}]},
      "limits":{"max_waiting":4}}"#,
    // A stock Usergrid.
    r#"{"introspection":{"protocol":"usergrid","cluster":"usergrid"},
      "guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}],
      "token":{"format":"mixed","salt_env":"S"},"limits":{"max_waiting":4}}"#,
    // Several servers.
    r#"{"introspection":[
        {"name":"one","cluster":"one","path":"/i","match":{"token_prefixes":["one-"]}},
        {"name":"two","cluster":"two","path":"/i","match":{"hosts":["*.example.com"],"paths":["get,post:/acme/**"]}},
        {"name":"rest","cluster":"rest","path":"/i"}],
      "limits":{"max_waiting":4},"paths":{"unclear":"reject"},
      "guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]}"#,
    // Nothing is enforced.
    r#"{"mode":"observe","introspection":{"cluster":"introspection","path":"/introspect"},
      "guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}],
      "limits":{"max_waiting":4}}"#,
    // Nothing is shared, no settings of routes, identity under other names.
    r#"{"introspection":{"cluster":"introspection","path":"/introspect"},
      "identity":{"prefix":"x-auth-","headers":{"x-identity":"tenant"}},"routes":{"metadata":false},
      "cache":{"shared":false,"ttl":"2s","max_entries":2},"limits":{"max_waiting":2},
      "base_path":"/api","guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]}"#,
];

thread_local! {
    static PARSED: RefCell<HashMap<usize, Rc<Config>>> = RefCell::default();
}

/// The one in this place, parsed once.
#[must_use]
pub fn config(place: usize) -> Rc<Config> {
    let place = place % ALL.len();
    let known = PARSED.with_borrow(|parsed| parsed.get(&place).cloned());
    known.unwrap_or_else(|| {
        let secret = |_: &str| Some(SECRET.as_bytes().to_vec());
        let config = Config::parse(ALL[place].as_bytes(), &secret);
        let config = config.unwrap_or_else(|problems| panic!("{place}: {problems}"));
        let config = Rc::new(config);
        PARSED.with_borrow_mut(|parsed| parsed.insert(place, Rc::clone(&config)));
        config
    })
}

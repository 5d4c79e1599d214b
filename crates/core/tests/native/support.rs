//! What the tests share: a plain configuration and the reader of the tables in `tests/data`.
//! Nothing here asserts; a table that cannot be read is a broken test and panics.

use std::time::Duration;

use usergrid_auth_config::BreakerSettings;
use usergrid_auth_config::{
    ApplicationIds, Authorization, CacheSettings, ClaimNames, ClientAuth, ClientCredentials,
    Config, Credentials, Endpoint, ErrorFormat, Errors, Forward, IdentityHeader, IdentitySource,
    Introspection, OnConflict, PairAuth, Tenancy, TokenFormat,
};
use usergrid_auth_core::call::{AnswerBody, CallOutcome, CallRequest, Verification};
use usergrid_auth_core::grant::Grant;
use usergrid_auth_core::time::UnixMillis;

/// The time of all tests that do not care: 2023-11-14T22:13:20Z.
pub const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// The documented defaults, with both endpoints and without any condition on answers.
pub fn config() -> Config {
    Config {
        introspection: Introspection {
            endpoint: endpoint("introspection", "/oauth2/introspect"),
            retries: 0,
            client_auth: ClientAuth::None,
            token_type_hint: Some("access_token".into()),
            parameters: Vec::new(),
            max_response_bytes: 65_536,
            issuer: None,
            audience: Vec::new(),
            scope: Vec::new(),
        },
        client_credentials: Some(ClientCredentials {
            endpoint: endpoint("usergrid", "/management/token"),
            client_auth: PairAuth::ClientSecretPost,
            max_response_bytes: 65_536,
        }),
        credentials: credentials(OnConflict::Reject),
        token: TokenFormat::Opaque,
        guest: Default::default(),
        public: usergrid_auth_rules::public::PublicRules::new(Vec::new()),
        authorization: Authorization {
            tenancy: Tenancy::IfPresent,
            application_ids: ApplicationIds::default(),
            roles: None,
            scopes: None,
        },
        claims: ClaimNames {
            sub: "sub".into(),
            username: "username".into(),
            client_id: "client_id".into(),
            scope: "scope".into(),
            principal: "principal".into(),
            organization: "organization".into(),
            application: "application".into(),
            roles: "roles".into(),
            permissions: "permissions".into(),
        },
        identity: [
            ("x-usergrid-principal", IdentitySource::Principal),
            ("x-usergrid-subject", IdentitySource::Claim("sub".into())),
            ("x-usergrid-username", IdentitySource::Claim("username".into())),
            ("x-usergrid-client-id", IdentitySource::Claim("client_id".into())),
            ("x-usergrid-scope", IdentitySource::Claim("scope".into())),
            ("x-usergrid-organization", IdentitySource::Claim("organization".into())),
            ("x-usergrid-application", IdentitySource::Claim("application".into())),
        ]
        .into_iter()
        .map(|(name, source)| IdentityHeader { name: name.into(), source: Some(source) })
        .collect(),
        forward: Forward::Header,
        cache: CacheSettings {
            shared: false,
            stale_if_error: Duration::ZERO,
            refresh_ahead: Duration::ZERO,
            ttl: Duration::from_secs(60),
            negative_ttl: Duration::from_secs(5),
            max_entries: 10_000,
            max_negative_entries: 2_000,
        },
        breaker: BreakerSettings { failures: 10, open: Duration::from_secs(1) },
        revocation_paths: Vec::new(),
        max_waiting: 1024,
        errors: Errors { format: ErrorFormat::Usergrid, realm: "usergrid".into() },
        bypass_preflight: true,
        base_path: Vec::new(),
        digest: [0; 32],
    }
}

/// Every place accepted, at most 64 bytes.
pub fn credentials(on_conflict: OnConflict) -> Credentials {
    Credentials {
        header: true,
        query: true,
        client_query: true,
        client_basic: true,
        on_conflict,
        max_length: 64,
    }
}

fn endpoint(cluster: &str, path: &str) -> Endpoint {
    Endpoint {
        cluster: cluster.into(),
        authority: "auth.example.com".into(),
        path: path.into(),
        timeout: Duration::from_millis(500),
    }
}

/// An answer with a complete body.
pub fn answered(status: u16, body: impl AsRef<[u8]>) -> CallOutcome {
    CallOutcome::Answered { status, body: AnswerBody::Complete(body.as_ref().to_vec()) }
}

/// The grant of a verification that must be one.
pub fn granted(verification: Verification) -> Grant {
    match verification {
        Verification::Granted(grant) => grant,
        other => panic!("not granted: {other:?}"),
    }
}

/// A verification in one word or two: `granted`, `denied Inactive`, `failed BadAnswer`.
pub fn summary(verification: &Verification) -> String {
    match verification {
        Verification::Granted(_) => "granted".into(),
        Verification::Denied(denial) => format!("denied {denial:?}"),
        Verification::Failed(fault) => format!("failed {fault:?}"),
    }
}

/// The identity header `name` as text.
pub fn identity<'a>(grant: &'a Grant, name: &str) -> Option<&'a str> {
    let (_, value) = grant.identity.iter().find(|(header, _)| &**header == name)?;
    Some(std::str::from_utf8(value).expect("identity values are ASCII"))
}

/// All values of a call's header.
pub fn call_header<'a>(call: &'a CallRequest, name: &str) -> Vec<&'a str> {
    call.headers.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.as_str()).collect()
}

/// A call's body as text.
pub fn call_body(call: &CallRequest) -> &str {
    std::str::from_utf8(&call.body).expect("form bodies are ASCII")
}

/// The rows of a table: no comments, `columns` fields each.
pub fn rows(table: &str, columns: usize) -> Vec<Vec<&str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), columns, "columns of `{line}`");
            fields
        })
        .collect()
}

/// A field with its `\t`, `\n` and `\xNN` resolved.
pub fn unescape(field: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = field.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(b'x') => {
                    let digits: Vec<u8> = rest.by_ref().take(2).collect();
                    let digits = std::str::from_utf8(&digits).expect("hex digits");
                    u8::from_str_radix(digits, 16).expect("hex digits")
                }
                other => panic!("unknown escape {other:?} in `{field}`"),
            },
            byte => byte,
        });
    }
    bytes
}

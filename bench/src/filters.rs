//! What a user would pick instead, configured as its documentation has it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use integration::harness::{module, workspace};
use serde_json::{Value, json};

use crate::rig::{cluster, grpc_cluster, wasm_filter};

/// A filter that does nothing, in two builds: as the SDK exports it, and with the exports that the
/// linker step leaves to this project's module.
#[derive(Debug)]
pub struct Noop {
    /// Every callback that the SDK has.
    pub full: PathBuf,
    /// Only those that `.cargo/wasm-exports.json` names.
    pub trimmed: PathBuf,
}

impl Noop {
    /// Builds both.
    ///
    /// # Errors
    /// If the compiler or binaryen fails.
    pub fn build() -> Result<Self> {
        let full = module::build_package("noop-filter")?;
        let trimmed = workspace::target()?.join("bench").join("noop-trimmed.wasm");
        fs::create_dir_all(trimmed.parent().context("no directory")?)?;
        let graph = workspace::root().join(".cargo").join("wasm-exports.json");
        let mut command = Command::new("wasm-metadce");
        command.arg("--all-features").arg("--graph-file").arg(graph);
        command.arg(&full).arg("-o").arg(&trimmed);
        succeeded("wasm-metadce", &command.output().context("cannot run wasm-metadce")?)?;
        Ok(Self { full, trimmed })
    }
}

/// A module that takes no configuration.
///
/// # Errors
/// If `envoy.yaml` has another shape.
pub fn noop(module: &Path, vm: &str) -> Result<Value> {
    wasm_filter(module, vm, &json!({}))
}

/// The floor, told by words what to do for each request.
///
/// # Errors
/// If `envoy.yaml` has another shape.
pub fn floor(module: &Path, vm: &str, words: &str) -> Result<Value> {
    wasm_filter(module, vm, &json!({ "floor": words }))
}

/// This project's filter: answers last as long as the run, and nothing is repeated behind its back.
///
/// # Errors
/// If `envoy.yaml` has another shape.
pub fn ours(module: &Path, vm: &str, delay: u64, patch: &Value) -> Result<Value> {
    let mut settings = json!({
        "introspection": { "cluster": cluster(delay), "timeout": "20s", "retries": 0 },
        "client_credentials": { "cluster": cluster(delay), "timeout": "20s" },
        "cache": { "ttl": "1h" },
    });
    integration::harness::bootstrap::merge(&mut settings, patch);
    wasm_filter(module, vm, &settings)
}

/// `ext_authz` over HTTP, which passes the caller's name on.
#[must_use]
pub fn authz_http(delay: u64) -> Value {
    authz(&json!({ "http_service": {
        "server_uri": { "uri": "http://authz", "cluster": cluster(delay), "timeout": "5s" },
        "path_prefix": "/authz",
        "authorization_response": { "allowed_upstream_headers": { "patterns": [{ "prefix": "x-usergrid-" }] } },
    } }))
}

/// `ext_authz` over gRPC.
#[must_use]
pub fn authz_grpc(delay: u64) -> Value {
    let service = json!({ "envoy_grpc": { "cluster_name": grpc_cluster(delay) }, "timeout": "5s" });
    authz(&json!({ "grpc_service": service, "transport_api_version": "V3" }))
}

fn authz(service: &Value) -> Value {
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
    });
    integration::harness::bootstrap::merge(&mut config, service);
    json!({ "name": "envoy.filters.http.ext_authz", "typed_config": config })
}

/// The script `lua/introspect.lua`, with a table of answers or without.
///
/// # Errors
/// If it cannot be read.
pub fn lua(remember: bool, delay: u64) -> Result<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("lua").join("introspect.lua");
    let code = fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?
        .replace("REMEMBER", &remember.to_string())
        .replace("CLUSTER", &cluster(delay));
    Ok(json!({
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": { "inline_string": code },
        },
    }))
}

/// `jwt_authn` with a key that it has, and a token signed with it (RS256, 2048 bits).
///
/// # Errors
/// If openssl fails.
pub fn jwt() -> Result<(Value, String)> {
    let directory = workspace::target()?.join("bench");
    fs::create_dir_all(&directory)?;
    let key = directory.join("jwt-key.pem");
    openssl(&["genrsa", "-out", key.to_str().context("not UTF-8")?, "2048"], b"")?;
    let key = key.to_str().context("not UTF-8")?;
    let modulus = openssl(&["rsa", "-in", key, "-noout", "-modulus"], b"")?;
    let modulus = String::from_utf8(modulus)?;
    let modulus = bytes(modulus.trim().strip_prefix("Modulus=").context("no modulus")?)?;
    let jwks = json!({ "keys": [{
        "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "bench",
        "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB",
    }] });
    let header = json!({ "alg": "RS256", "kid": "bench", "typ": "JWT" }).to_string();
    let claims = json!({
        "iss": "bench", "sub": "alice", "username": "alice", "scope": "books.read books.write",
        "exp": 4_102_444_800_u64,
    });
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = openssl(&["dgst", "-sha256", "-sign", key], signed.as_bytes())?;
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    let filter = json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "bench": {
                "issuer": "bench",
                "forward": true,
                "local_jwks": { "inline_string": jwks.to_string() },
                "claim_to_headers": [
                    { "header_name": "x-usergrid-username", "claim_name": "username" },
                ],
            } },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "bench" } }],
        },
    });
    Ok((filter, token))
}

fn openssl(arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run openssl")?;
    child.stdin.take().context("no pipe")?.write_all(input)?;
    let output = child.wait_with_output()?;
    succeeded("openssl", &output)?;
    Ok(output.stdout)
}

fn succeeded(tool: &str, output: &Output) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{tool} failed ({}): {said}", output.status);
    Ok(())
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}

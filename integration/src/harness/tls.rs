//! TLS with client certificates in a bootstrap. Envoy is the client as well: a listener takes plain
//! bytes and hands them to a cluster that speaks TLS with a certificate, so that no test needs a TLS
//! library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::bootstrap::Bootstrap;

const TYPE: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

/// A certificate that vouches for itself, and its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    der: Vec<u8>,
}

impl Certificate {
    /// Makes one for the host `name` in `directory`.
    ///
    /// # Errors
    /// If there is no `openssl`.
    pub fn make(directory: &Path, name: &str) -> Result<Self> {
        let certificate = directory.join(format!("{name}.pem"));
        let key = directory.join(format!("{name}.key"));
        let output = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-days", "2", "-subj", &format!("/CN={name}")])
            .args(["-addext", &format!("subjectAltName=DNS:{name}"), "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .context("`openssl` cannot be run: install the package openssl")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "openssl made no certificate: {said}");
        let pem = fs::read_to_string(&certificate)?;
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.collect::<String>()).ok().context("no PEM")?;
        Ok(Self { certificate, key, der })
    }

    /// Where it is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.certificate
    }

    /// Where its key is.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        &self.key
    }

    /// Its SHA-256 as `x5t#S256` has it (RFC 8705 section 3.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.der))
    }

    /// Its SHA-256 in hexadecimal, as Envoy has it.
    #[must_use]
    pub fn digest(&self) -> String {
        Sha256::digest(&self.der).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn json(&self) -> Value {
        json!({
            "certificate_chain": { "filename": self.certificate },
            "private_key": { "filename": self.key },
        })
    }
}

/// The side of a connection that accepts: it shows `own`, and takes clients with a certificate of
/// `known`; those without one as well, unless one is required.
///
/// # Errors
/// If the known certificates cannot be written to `directory`.
pub fn downstream(
    directory: &Path,
    own: &Certificate,
    known: &[&Certificate],
    is_required: bool,
) -> Result<Value> {
    let mut trusted = String::new();
    for certificate in known {
        trusted += &fs::read_to_string(&certificate.certificate)?;
    }
    let file = directory.join("trusted.pem");
    fs::write(&file, trusted)?;
    Ok(json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": format!("{TYPE}.DownstreamTlsContext"),
            "require_client_certificate": is_required,
            "common_tls_context": {
                "tls_certificates": [own.json()],
                "validation_context": { "trusted_ca": { "filename": file } },
            },
        },
    }))
}

/// The side that connects, and shows `own` if it has one.
#[must_use]
pub fn upstream(own: Option<&Certificate>, server: &Certificate) -> Value {
    let own: Vec<Value> = own.into_iter().map(Certificate::json).collect();
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": format!("{TYPE}.UpstreamTlsContext"),
            "common_tls_context": {
                "tls_certificates": own,
                "validation_context": { "trusted_ca": { "filename": server.certificate } },
            },
        },
    })
}

/// An address within this machine that needs no free port, of Envoy's `@` notation.
#[must_use]
pub fn socket(name: &str) -> Value {
    json!({ "pipe": { "path": format!("@usergrid-auth-filter/{}/{name}", std::process::id()) } })
}

/// A cluster with one endpoint behind TLS.
#[must_use]
pub fn cluster(name: &str, address: &Value, transport: &Value) -> Value {
    let endpoint = json!({ "endpoint": { "address": address } });
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }],
        },
        "transport_socket": transport,
    })
}

/// A listener that passes bytes on to a cluster.
#[must_use]
pub fn relay(name: &str, address: &Value, cluster: &str, transport: Option<&Value>) -> Value {
    let proxy = json!({
        "name": "envoy.filters.network.tcp_proxy",
        "typed_config": {
            "@type":
                "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            "stat_prefix": name,
            "cluster": cluster,
        },
    });
    let mut chain = json!({ "filters": [proxy] });
    if let Some(transport) = transport {
        chain["transport_socket"] = transport.clone();
    }
    json!({ "name": name, "address": address, "filter_chains": [chain] })
}

/// A port of Envoy's choice on the loopback interface.
#[must_use]
pub fn any_port() -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } })
}

/// The list of this name among the static resources.
///
/// # Errors
/// If there is none.
pub fn resources<'a>(bootstrap: &'a mut Value, name: &str) -> Result<&'a mut Vec<Value>> {
    let list = bootstrap.pointer_mut(&format!("/static_resources/{name}"));
    list.and_then(Value::as_array_mut).with_context(|| format!("no static {name}"))
}

/// `bootstrap` after `change`.
///
/// # Errors
/// Those of `change`.
pub fn changed(
    bootstrap: &Bootstrap,
    change: impl FnOnce(&mut Value) -> Result<()>,
) -> Result<Bootstrap> {
    let mut json = bootstrap.json().clone();
    change(&mut json)?;
    Ok(Bootstrap::from_json(json))
}

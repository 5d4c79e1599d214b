//! As much of an image registry as `docker push` asks for, to see what it would send to a real one.
//! It is on loopback, where Docker needs no TLS.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::harness::http::{Headers, header};
use crate::harness::server::{Exchange, Handler, Server, lock};

/// Listens until dropped.
pub struct Registry {
    server: Server,
    store: Arc<Store>,
}

#[derive(Default)]
struct Store {
    /// By digest.
    blobs: Mutex<HashMap<String, Vec<u8>>>,
    /// Bodies that have no digest yet, by the path of their upload.
    uploads: Mutex<HashMap<String, Vec<u8>>>,
    /// The last one, with its media type.
    manifest: Mutex<Option<(String, Vec<u8>)>>,
}

impl Registry {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr) -> Result<Self> {
        let store = Arc::new(Store::default());
        let server = Server::start(address, Arc::clone(&store) as Arc<dyn Handler>)?;
        Ok(Self { server, store })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The last manifest, with its media type.
    #[must_use]
    pub fn manifest(&self) -> Option<(String, Vec<u8>)> {
        lock(&self.store.manifest).clone()
    }

    #[must_use]
    pub fn blob(&self, digest: &str) -> Option<Vec<u8>> {
        lock(&self.store.blobs).get(digest).cloned()
    }
}

impl Handler for Store {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let head = exchange.head.clone();
        let path = head.path.split('?').next().unwrap_or_default();
        let mut headers: Headers =
            vec![("docker-distribution-api-version".into(), b"registry/2.0".to_vec())];
        let mut tell = |name: &str, value: &str| headers.push((name.into(), value.into()));
        let last = path.rsplit('/').next().unwrap_or_default();
        let status = match head.method.as_str() {
            "GET" if path == "/v2/" => 200,
            "POST" if path.ends_with("/blobs/uploads/") => {
                let mut uploads = lock(&self.uploads);
                let upload = format!("{path}{}", uploads.len());
                tell("location", &upload);
                uploads.insert(upload, body);
                202
            }
            "PATCH" => {
                let mut uploads = lock(&self.uploads);
                let upload = uploads.entry(path.into()).or_default();
                upload.extend(body);
                tell("range", &format!("0-{}", upload.len().saturating_sub(1)));
                tell("location", path);
                202
            }
            "PUT" if path.contains("/manifests/") => {
                let media_type = header(&head.headers, "content-type").unwrap_or_default();
                let media_type = String::from_utf8_lossy(media_type).into_owned();
                tell("docker-content-digest", &digest(&body));
                *lock(&self.manifest) = Some((media_type, body));
                tell("location", path);
                201
            }
            "PUT" => {
                let mut blob = lock(&self.uploads).get(path).cloned().unwrap_or_default();
                blob.extend(body);
                tell("location", path);
                lock(&self.blobs).insert(digest(&blob), blob);
                201
            }
            "HEAD" if lock(&self.blobs).contains_key(last) => 200,
            _ => 404,
        };
        exchange.respond(status, &headers, &[])?;
        Ok(true)
    }
}

/// As manifests name it.
fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

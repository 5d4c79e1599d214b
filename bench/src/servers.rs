//! Backend, introspection, token endpoint and authorization servers: all from memory, all at once,
//! or after a delay.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::runtime::Runtime;

/// Tokens that begin like this are good, for every server here.
pub const GOOD: &str = "good-";
/// Asks the backend to answer with the identity it was told.
pub const VERIFY: &str = "x-verify";

/// Good for an hour, and of the usual size.
const ACTIVE: &str = r#"{"active":true,"sub":"7c1a4f2e-833b-11ee-9234-0123456789ab","username":"alice","client_id":"web-shop","scope":"books.read books.write","token_type":"bearer"}"#;
const ISSUED: &str = r#"{"access_token":"good-issued","token_type":"bearer","expires_in":3600}"#;

/// `CheckResponse { status: {}, ok_response: { headers: [{ header: { key, value } }] } }`, with the
/// prefix of a gRPC message. The server needs no more of Envoy's protocol than this.
const ALLOWED: &[u8] =
    b"\0\0\0\0\x24\x0a\0\x1a\x20\x12\x1e\x0a\x1c\x0a\x13x-usergrid-username\x12\x05alice";
/// `CheckResponse { status: { code: 16 } }`.
const DENIED: &[u8] = b"\0\0\0\0\x04\x0a\x02\x08\x10";

type Body = BoxBody<Bytes, Infallible>;

/// A server; it ends with the runtime.
#[derive(Clone, Debug)]
pub struct Server {
    pub address: SocketAddr,
    calls: Arc<AtomicU64>,
}

impl Server {
    /// Starts one that waits `delay` before it says anything about a credential.
    ///
    /// # Errors
    /// If there is no port.
    pub fn start(runtime: &Runtime, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for a server")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let calls = Arc::new(AtomicU64::new(0));
        runtime.spawn(accept(listener, delay, Arc::clone(&calls)));
        Ok(Self { address, calls })
    }

    /// How many credentials it has been asked about.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, delay: Duration, calls: Arc<AtomicU64>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let _set = stream.set_nodelay(true);
        let calls = Arc::clone(&calls);
        let service = hyper::service::service_fn(move |request| {
            let calls = Arc::clone(&calls);
            async move { Ok::<_, Infallible>(answer(request, delay, &calls).await) }
        });
        tokio::spawn(async move {
            let mut builder = Builder::new(TokioExecutor::new());
            // Envoy passes on as many as it takes.
            builder.http1().max_headers(300);
            // A connection that breaks off is the other side's affair.
            let _ended = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, delay: Duration, calls: &AtomicU64) -> Response<Body> {
    let path = request.uri().path();
    let kind = Kind::of(path);
    if kind == Kind::Backend {
        return backend(&request);
    }
    calls.fetch_add(1, Ordering::Relaxed);
    let headers = request.headers().clone();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let good = |bytes: &[u8], before: &str| contains(bytes, format!("{before}{GOOD}").as_bytes());
    match kind {
        Kind::Introspection if good(&body, "token=") => json(ACTIVE),
        Kind::Introspection => json(r#"{"active":false}"#),
        Kind::Token => json(ISSUED),
        Kind::Grpc => grpc(if good(&body, "Bearer ") { ALLOWED } else { DENIED }),
        Kind::Http | Kind::Backend => {
            let credential = headers.get("authorization").map(HeaderValue::as_bytes);
            let mut response = Response::new(text(""));
            if good(credential.unwrap_or_default(), "Bearer ") {
                let user = HeaderValue::from_static("alice");
                response.headers_mut().insert("x-usergrid-username", user);
            } else {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
            }
            response
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Introspection,
    Token,
    Http,
    Grpc,
    Backend,
}

impl Kind {
    fn of(path: &str) -> Self {
        match path {
            "/oauth2/introspect" => Self::Introspection,
            "/management/token" => Self::Token,
            "/envoy.service.auth.v3.Authorization/Check" => Self::Grpc,
            _ if path.starts_with("/authz/") => Self::Http,
            _ => Self::Backend,
        }
    }
}

fn backend(request: &Request<Incoming>) -> Response<Body> {
    if !request.headers().contains_key(VERIFY) {
        return Response::new(text("ok\n"));
    }
    let user = request.headers().get("x-usergrid-username").cloned();
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let user = user.and_then(|user| user.to_str().map(str::to_owned).ok());
    json(&serde_json::json!({ "user": user, "path": path }).to_string())
}

fn json(body: &str) -> Response<Body> {
    let mut response = Response::new(text(body));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}

fn text(body: &str) -> Body {
    Full::new(Bytes::copy_from_slice(body.as_bytes())).boxed()
}

fn grpc(message: &'static [u8]) -> Response<Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from_static(message));
    let body = body.with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(body.boxed());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

//! A small HTTP/1.1 server: one thread for each connection, and a handler that owns the socket.

use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::harness::http::{self, Headers, Reader, RequestHead};

/// The first byte of whoever speaks TLS.
const TLS: u8 = 0x16;

/// What a server does with a request.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. `false` closes the connection.
    ///
    /// # Errors
    /// Close the connection too; a peer that goes away is not worth a message.
    fn handle(&self, exchange: &mut Exchange) -> Result<bool>;
}

/// What a server grants those who connect.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones are closed.
    pub connections: usize,
    /// Bytes of a request's head.
    pub head: usize,
    /// How long a read or a write may wait for the peer; without it, for ever.
    pub patience: Option<Duration>,
}

impl Limits {
    /// For tests, which have no strangers.
    const NONE: Self = Self { connections: usize::MAX, head: usize::MAX, patience: None };
}

/// One request and the socket for its answer.
#[derive(Debug)]
pub struct Exchange {
    pub head: RequestHead,
    reader: Reader<TcpStream>,
    stream: TcpStream,
}

impl Exchange {
    /// Who sent it.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.stream.peer_addr().ok().map(|address| address.ip())
    }

    /// Reads the body, handing over pieces as they arrive.
    ///
    /// # Errors
    /// If the peer goes away.
    pub fn body(&mut self, piece: impl FnMut(&[u8])) -> Result<()> {
        self.reader.body(http::request_framing(&self.head.headers), piece)
    }

    /// Answers with a complete response.
    ///
    /// # Errors
    /// If the peer goes away.
    pub fn respond(&mut self, status: u16, headers: &Headers, body: &[u8]) -> Result<()> {
        let mut bytes = response_head(status, headers, body.len());
        if self.head.method != "HEAD" {
            bytes.extend_from_slice(body);
        }
        self.raw(&bytes)
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// If the peer goes away.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Returns when the peer closes (or sends more, which nobody does here).
    pub fn wait_for_close(&mut self) {
        let _gone = self.stream.peek(&mut [0]);
    }
}

#[must_use]
pub fn response_head(status: u16, headers: &Headers, length: usize) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} Stub\r\ncontent-length: {length}\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// Listens until dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    /// Open connections, so that a stop ends those that nobody reads from.
    open: Mutex<HashMap<u64, TcpStream>>,
    next: AtomicU64,
}

impl Server {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr, handler: Arc<dyn Handler>) -> Result<Self> {
        Self::start_within(Limits::NONE, address, handler)
    }

    /// The same for a server that others may reach.
    ///
    /// # Errors
    /// See [`Server::start`].
    pub fn start_within(
        limits: Limits,
        address: SocketAddr,
        handler: Arc<dyn Handler>,
    ) -> Result<Self> {
        let listener =
            TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::Builder::new().name("stub".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.stopped.load(Ordering::SeqCst) {
                    return;
                }
                of_thread.serve(stream, &handler, limits);
            }
        })?;
        Ok(Self { address, shared })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _refused = TcpStream::connect(self.address);
        for stream in lock(&self.shared.open).values() {
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn serve(self: &Arc<Self>, stream: TcpStream, handler: &Arc<dyn Handler>, limits: Limits) {
        if lock(&self.open).len() >= limits.connections {
            return;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        if let Ok(copy) = stream.try_clone() {
            lock(&self.open).insert(id, copy);
        }
        let shared = Arc::clone(self);
        let handler = Arc::clone(handler);
        let spawned = thread::Builder::new().name("stub-connection".into()).spawn(move || {
            let _gone = connection(stream, handler.as_ref(), limits);
            if let Some(stream) = lock(&shared.open).remove(&id) {
                let _closed = stream.shutdown(Shutdown::Both);
            }
        });
        if let Err(error) = spawned {
            eprintln!("stub: no thread for a connection: {error}");
        }
    }
}

fn connection(stream: TcpStream, handler: &dyn Handler, limits: Limits) -> Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(limits.patience)?;
    stream.set_write_timeout(limits.patience)?;
    let mut first = [0];
    if stream.peek(&mut first)? == 1 && first == [TLS] {
        // As other servers say it; Docker tries TLS first, and then, told so, without.
        return Ok((&stream).write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n")?);
    }
    let mut reader = Reader::limited(stream.try_clone()?, limits.head);
    while let Some(head) = reader.request()? {
        let mut exchange = Exchange { head, reader, stream: stream.try_clone()? };
        if !handler.handle(&mut exchange)? {
            break;
        }
        reader = exchange.reader;
    }
    Ok(())
}

/// A lock that a panicking test does not take away from the others.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

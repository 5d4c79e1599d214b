//! A client that sends exactly the bytes it is given.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::harness::http::{self, Headers, Reader};
use crate::harness::wait;

/// A request, sent as it stands; only `host` and, for a body, `content-length` are added if
/// missing.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, …
    pub method: String,
    /// Path and query.
    pub path: Vec<u8>,
    /// Headers in order, repetitions as they stand.
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: &str, path: impl AsRef<[u8]>) -> Self {
        Self { method: method.into(), path: path.as_ref().to_vec(), ..Self::default() }
    }

    /// `GET`.
    #[must_use]
    pub fn get(path: impl AsRef<[u8]>) -> Self {
        Self::new("GET", path)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Adds `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// The head as it goes out.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(self.method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&self.path);
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        let mut line = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        if http::header(&self.headers, "host").is_none() {
            line("host", b"api.example.com");
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        let framed = http::header(&self.headers, "content-length").is_some()
            || http::header(&self.headers, "transfer-encoding").is_some();
        if !framed && (!self.body.is_empty() || self.method == "POST" || self.method == "PUT") {
            line("content-length", self.body.len().to_string().as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

#[derive(Clone, Debug)]
pub struct Response {
    /// 200, …
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Response {
    /// The first header called `name`, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        http::header(&self.headers, name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// If it is none.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("not JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }
}

#[derive(Debug)]
pub struct Connection {
    sender: Sender,
    reader: Reader<TcpStream>,
}

/// The half of a connection that sends, for a thread of its own.
#[derive(Debug)]
pub struct Sender(TcpStream);

impl Sender {
    /// Sends bytes. A peer that has closed already is no error: its answer says why.
    ///
    /// # Errors
    /// If the socket fails in another way.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match self.0.write_all(bytes) {
            Err(error)
                if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) =>
            {
                Err(error).context("cannot write to the socket")
            }
            _ => Ok(()),
        }
    }

    /// Sends one chunk of a chunked body; an empty one ends it.
    ///
    /// # Errors
    /// See [`Sender::send`].
    pub fn send_chunk(&mut self, bytes: &[u8]) -> Result<()> {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.send(&chunk)
    }
}

impl Connection {
    /// Connects; a read that takes longer than [`wait::DEADLINE`] is an error.
    ///
    /// # Errors
    /// If nobody listens.
    pub fn open(address: SocketAddr) -> Result<Self> {
        Self::open_within(address, wait::DEADLINE)
    }

    /// Connects; that, or a read, is an error if it takes longer than `patience`.
    ///
    /// # Errors
    /// If nobody listens.
    pub fn open_within(address: SocketAddr, patience: Duration) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, patience)
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        let reader = Reader::new(stream.try_clone()?);
        Ok(Self { sender: Sender(stream), reader })
    }

    /// A second handle for sending.
    ///
    /// # Errors
    /// If the system has no more handles.
    pub fn sender(&self) -> Result<Sender> {
        Ok(Sender(self.sender.0.try_clone()?))
    }

    /// See [`Sender::send`].
    ///
    /// # Errors
    /// See there.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.sender.send(bytes)
    }

    /// See [`Sender::send_chunk`].
    ///
    /// # Errors
    /// See there.
    pub fn send_chunk(&mut self, bytes: &[u8]) -> Result<()> {
        self.sender.send_chunk(bytes)
    }

    /// Sends a whole request.
    ///
    /// # Errors
    /// See [`Connection::send`].
    pub fn request(&mut self, request: &Request) -> Result<()> {
        let mut bytes = request.head();
        bytes.extend_from_slice(&request.body);
        self.send(&bytes)
    }

    /// Sends a whole request and reads its response.
    ///
    /// # Errors
    /// If there is no complete response.
    pub fn send_request(&mut self, request: &Request) -> Result<Response> {
        self.request(request)?;
        self.response(request.method == "HEAD")?
            .with_context(|| format!("closed without a response to {}", describe(request)))
    }

    /// Reads the next response; `None` if the peer closes without one.
    ///
    /// # Errors
    /// If the peer closes within, or nothing comes for [`wait::DEADLINE`].
    pub fn response(&mut self, to_head: bool) -> Result<Option<Response>> {
        response(&mut self.reader, to_head)
    }

    /// Says that no more will be sent.
    ///
    /// # Errors
    /// If the socket is gone.
    pub fn half_close(&self) -> Result<()> {
        Ok(self.sender.0.shutdown(Shutdown::Write)?)
    }
}

/// A client that keeps its connection as long as the server lets it, and opens the next one when it
/// is told to close.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    connection: Option<Connection>,
}

impl Client {
    /// Connects at the first request.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Whether the next request goes out on a connection that has served before.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Sends a request and reads its response. Nothing is tried twice.
    ///
    /// # Errors
    /// If there is no complete response.
    pub fn send(&mut self, request: &Request) -> Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.address)?,
        };
        let response = connection.send_request(request)?;
        if response.header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close")) {
            self.connection = Some(connection);
        }
        Ok(response)
    }
}

fn response(reader: &mut Reader<impl Read>, to_head: bool) -> Result<Option<Response>> {
    let Some(head) = reader.response()? else { return Ok(None) };
    let mut body = Vec::new();
    let framing = http::response_framing(head.status, to_head, &head.headers);
    reader.body(framing, |piece| body.extend_from_slice(piece))?;
    Ok(Some(Response { status: head.status, headers: head.headers, body }))
}

/// Reads a response to a `GET` that somebody else has received.
///
/// # Errors
/// If it is not complete.
pub fn read(bytes: &[u8]) -> Result<Response> {
    response(&mut Reader::new(bytes), false)?.context("no response")
}

/// Sends one request on a connection of its own.
///
/// # Errors
/// If there is no complete response.
pub fn send(address: SocketAddr, request: &Request) -> Result<Response> {
    let mut connection = Connection::open(address)?;
    connection.request(request)?;
    connection
        .response(request.method == "HEAD")?
        .with_context(|| format!("closed without a response to {}", describe(request)))
}

/// Sends bytes on a connection of its own; `None` if the peer closes without a response.
///
/// # Errors
/// If nothing comes, or half a response.
pub fn send_raw(address: SocketAddr, bytes: &[u8]) -> Result<Option<Response>> {
    let mut connection = Connection::open(address)?;
    connection.send(bytes)?;
    connection.response(false)
}

/// Method and path, for messages.
#[must_use]
pub fn describe(request: &Request) -> String {
    format!("{} {}", request.method, String::from_utf8_lossy(&request.path))
}

//! HTTP/1.1 messages as bytes, read from a socket: no more of the protocol than the tests need.

use std::io::{ErrorKind, Read};

use anyhow::{Context, Result, bail};

/// Headers in their order, values as bytes, names as they came.
pub type Headers = Vec<(String, Vec<u8>)>;

/// The value of the first header called `name` in any letter case.
#[must_use]
pub fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a [u8]> {
    headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}

/// Without those that are about one connection and the framing on it.
#[must_use]
pub fn end_to_end(headers: &Headers) -> Headers {
    let own = ["connection", "content-length", "keep-alive", "transfer-encoding"];
    let is_own = |name: &str| own.iter().any(|own| name.eq_ignore_ascii_case(own));
    headers.iter().filter(|(name, _)| !is_own(name)).cloned().collect()
}

#[derive(Clone, Debug)]
pub struct RequestHead {
    /// `GET`, …
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    pub headers: Headers,
}

#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// 200, …
    pub status: u16,
    pub headers: Headers,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes.
    Length(usize),
    /// After the last chunk.
    Chunked,
    /// When the peer closes.
    Close,
}

const MAX_HEADERS: usize = 256;

#[derive(Debug)]
pub struct Reader<S> {
    stream: S,
    buffer: Vec<u8>,
    longest_head: usize,
}

impl<S: Read> Reader<S> {
    pub fn new(stream: S) -> Self {
        Self::limited(stream, usize::MAX)
    }

    /// One for which a head of more than so many bytes is an error.
    pub fn limited(stream: S, longest_head: usize) -> Self {
        Self { stream, buffer: Vec::new(), longest_head }
    }

    /// The next request's head; `None` if the peer closed in between.
    ///
    /// # Errors
    /// If the peer closes within, or sends what is no request.
    pub fn request(&mut self) -> Result<Option<RequestHead>> {
        let Some(head) = self.head()? else { return Ok(None) };
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        request.parse(&head).context("not a request")?;
        Ok(Some(RequestHead {
            method: request.method.unwrap_or_default().to_owned(),
            path: request.path.unwrap_or_default().to_owned(),
            headers: owned(request.headers),
        }))
    }

    /// The next response's head; `None` if the peer closed before one.
    ///
    /// # Errors
    /// If the peer closes within, or sends what is no response.
    pub fn response(&mut self) -> Result<Option<ResponseHead>> {
        let Some(head) = self.head()? else { return Ok(None) };
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(&head).context("not a response")?;
        Ok(Some(ResponseHead {
            status: response.code.unwrap_or_default(),
            headers: owned(response.headers),
        }))
    }

    /// Reads a body, handing over pieces as they arrive.
    ///
    /// # Errors
    /// If the peer closes before its end.
    pub fn body(&mut self, framing: Framing, mut piece: impl FnMut(&[u8])) -> Result<()> {
        match framing {
            Framing::Length(length) => self.exactly(length, &mut piece),
            Framing::Chunked => loop {
                let line = self.line()?;
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = usize::from_str_radix(std::str::from_utf8(size)?.trim(), 16)
                    .context("not the size of a chunk")?;
                if size == 0 {
                    while !self.line()?.is_empty() {}
                    return Ok(());
                }
                self.exactly(size, &mut piece)?;
                if !self.line()?.is_empty() {
                    bail!("a chunk is longer than it says");
                }
            },
            Framing::Close => loop {
                piece(&self.buffer);
                self.buffer.clear();
                if !self.fill()? {
                    return Ok(());
                }
            },
        }
    }

    fn head(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                return Ok(Some(self.buffer.drain(..end + 4).collect()));
            }
            if self.buffer.len() > self.longest_head {
                bail!("a head that is too long");
            }
            if !self.fill()? {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                bail!("closed within a head");
            }
        }
    }

    fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let mut line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                line.truncate(end);
                return Ok(line);
            }
            if !self.fill()? {
                bail!("closed within a chunked body");
            }
        }
    }

    fn exactly(&mut self, length: usize, piece: &mut impl FnMut(&[u8])) -> Result<()> {
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() && !self.fill()? {
                bail!("closed {left} bytes before the end of a body");
            }
            let count = left.min(self.buffer.len());
            let taken: Vec<u8> = self.buffer.drain(..count).collect();
            piece(&taken);
            left -= count;
        }
        Ok(())
    }

    /// `false`: the peer closed. A reset counts as that; what came before it stays readable.
    fn fill(&mut self) -> Result<bool> {
        let mut chunk = [0; 16 * 1024];
        let count = match self.stream.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(error).context("cannot read from the socket"),
        };
        self.buffer.extend(chunk.iter().take(count));
        Ok(count > 0)
    }
}

/// How the body of a request ends.
#[must_use]
pub fn request_framing(headers: &Headers) -> Framing {
    framing(headers).unwrap_or(Framing::Length(0))
}

/// How the body of a response ends.
#[must_use]
pub fn response_framing(status: u16, to_head: bool, headers: &Headers) -> Framing {
    if to_head || status == 204 || status == 304 {
        return Framing::Length(0);
    }
    framing(headers).unwrap_or(Framing::Close)
}

fn framing(headers: &Headers) -> Option<Framing> {
    if header(headers, "transfer-encoding").is_some() {
        return Some(Framing::Chunked);
    }
    let length = header(headers, "content-length")?;
    std::str::from_utf8(length).ok()?.trim().parse().ok().map(Framing::Length)
}

fn owned(headers: &[httparse::Header<'_>]) -> Headers {
    headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect()
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_messages_one_after_another() {
        let bytes = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n\
            GET /b HTTP/1.1\r\nX: \xff\r\n\r\n";
        let mut reader = Reader::new(&bytes[..]);
        let first = reader.request().unwrap().unwrap();
        assert_eq!(request_framing(&first.headers), Framing::Chunked);
        let mut body = Vec::new();
        reader.body(Framing::Chunked, |piece| body.extend_from_slice(piece)).unwrap();
        assert_eq!(body, b"abcde");
        let second = reader.request().unwrap().unwrap();
        assert_eq!(second.path, "/b");
        assert_eq!(header(&second.headers, "x"), Some(&b"\xff"[..]));
        assert!(reader.request().unwrap().is_none());
    }

    #[test]
    fn an_endless_head_is_an_error() {
        assert!(Reader::limited(std::io::repeat(b'x'), 1024).request().is_err());
    }

    #[test]
    fn a_close_within_a_body_is_an_error() {
        let mut reader = Reader::new(&b"abc"[..]);
        assert!(reader.body(Framing::Length(4), |_| ()).is_err());
    }
}

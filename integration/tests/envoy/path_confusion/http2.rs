//! Just enough of HTTP/2 (RFC 9113) to send a path as it is: heads without compression, and of what
//! comes back only whether the stream has ended.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Result, bail};
use integration::harness::wait;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
/// On `HEADERS` and `DATA`; on `SETTINGS` and `PING` it acknowledges.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection.
pub struct Http2 {
    stream: TcpStream,
    next: u32,
}

impl Http2 {
    /// Connects, and lets the server send as much as it likes.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(wait::DEADLINE))?;
        stream.set_nodelay(true)?;
        let mut connection = Self { stream, next: 1 };
        connection.stream.write_all(PREFACE)?;
        connection.frame(SETTINGS, 0, 0, &[])?;
        connection.frame(WINDOW_UPDATE, 0, 0, &0x3fff_0000_u32.to_be_bytes())?;
        Ok(connection)
    }

    /// Sends a request and waits for its end. False: the server has closed the connection.
    pub fn get(&mut self, path: &[u8], headers: &[(&str, Option<&str>)]) -> Result<bool> {
        let mut block = Vec::new();
        let fixed: [(&str, &[u8]); 4] = [
            (":method", b"GET"),
            (":scheme", b"http"),
            (":authority", b"api.example.com"),
            (":path", path),
        ];
        for (name, value) in fixed {
            literal(&mut block, name.as_bytes(), value);
        }
        for (name, value) in headers {
            if let Some(value) = value {
                literal(&mut block, name.as_bytes(), value.as_bytes());
            }
        }
        let id = self.next;
        self.next += 2;
        if self.frame(HEADERS, END_STREAM | END_HEADERS, id, &block).is_err() {
            return Ok(false);
        }
        self.wait_for(id)
    }

    fn wait_for(&mut self, id: u32) -> Result<bool> {
        loop {
            let mut head = [0; 9];
            if self.stream.read_exact(&mut head).is_err() {
                return Ok(false);
            }
            let [a, b, c, kind, flags, stream @ ..] = head;
            let length = u32::from_be_bytes([0, a, b, c]);
            let mut payload = vec![0; usize::try_from(length)?];
            self.stream.read_exact(&mut payload)?;
            let of_ours = u32::from_be_bytes(stream) == id;
            match kind {
                SETTINGS if flags & END_STREAM == 0 => self.frame(SETTINGS, END_STREAM, 0, &[])?,
                PING if flags & END_STREAM == 0 => self.frame(PING, END_STREAM, 0, &payload)?,
                GOAWAY => return Ok(false),
                RST_STREAM if of_ours => return Ok(true),
                HEADERS | DATA if of_ours && flags & END_STREAM != 0 => return Ok(true),
                _ => {}
            }
        }
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<()> {
        let [0, a, b, c] = u32::try_from(payload.len())?.to_be_bytes() else {
            bail!("too long for a frame")
        };
        let mut bytes = vec![a, b, c, kind, flags];
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        Ok(self.stream.write_all(&bytes)?)
    }
}

/// A header that goes into no table (RFC 7541 section 6.2.2).
fn literal(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    block.push(0);
    for text in [name, value] {
        // A prefix of seven bits, and what does not fit into it (section 5.1).
        if text.len() < 127 {
            block.push(text.len() as u8);
        } else {
            block.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                block.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            block.push(rest as u8);
        }
        block.extend(text);
    }
}

//! A client for many requests: one connection, several requests on their way at a time, nothing
//! kept but the statuses.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};

use crate::harness::wait;

#[derive(Debug)]
pub struct Pipeline {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Pipeline {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens.
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, wait::DEADLINE)?;
        stream.set_read_timeout(Some(wait::DEADLINE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a `GET` of `path` for each token, all at once, and returns the statuses in the same
    /// order.
    ///
    /// # Errors
    /// If a response is missing.
    pub fn get<'a>(
        &mut self,
        path: &str,
        tokens: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<u16>> {
        let mut bytes = Vec::new();
        let mut count = 0;
        for token in tokens {
            write!(
                bytes,
                "GET {path} HTTP/1.1\r\nhost: api.example.com\r\nauthorization: Bearer {token}\r\n\r\n"
            )?;
            count += 1;
        }
        self.stream.write_all(&bytes)?;
        (0..count).map(|_| self.status()).collect()
    }

    fn status(&mut self) -> Result<u16> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut response = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(head) = response.parse(&self.buffer)? {
                let status = response.code.context("no status")?;
                let length = response
                    .headers
                    .iter()
                    .find(|header| header.name.eq_ignore_ascii_case("content-length"))
                    .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
                let Some(length) = length else { bail!("a response without a length") };
                self.skip(head, length)?;
                return Ok(status);
            }
            self.fill()?;
        }
    }

    fn skip(&mut self, head: usize, length: usize) -> Result<()> {
        let end = head.checked_add(length).context("a length beyond all bounds")?;
        while self.buffer.len() < end {
            self.fill()?;
        }
        self.buffer.drain(..end);
        Ok(())
    }

    fn fill(&mut self) -> Result<()> {
        let mut chunk = [0; 16 * 1024];
        let count = self.stream.read(&mut chunk).context("no response")?;
        ensure!(count > 0, "closed without a response");
        self.buffer.extend(chunk.iter().take(count));
        Ok(())
    }
}

/// Runs `work` on `count` threads and waits for all of them.
///
/// # Errors
/// The first error of a thread.
pub fn threads<T: Send>(count: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..count).map(|number| scope.spawn(move || work(number))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
            .collect()
    })
}

/// Runs `client` on `count` threads again and again while `course` takes its way, and waits for all
/// of them. A thread keeps a state, which `client` gets each time and which is returned at the end.
/// Once a client fails, the others stop.
///
/// # Errors
/// The first error of a client, or that of `course`.
pub fn during<S: Send, T>(
    states: Vec<S>,
    client: impl Fn(&mut S) -> Result<()> + Sync,
    course: impl FnOnce(&AtomicBool) -> Result<T>,
) -> Result<(Vec<S>, T)> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (over, client) = (&over, &client);
        let threads: Vec<_> = states
            .into_iter()
            .map(|mut state| {
                scope.spawn(move || -> Result<S> {
                    while !over.load(Ordering::SeqCst) {
                        if let Err(error) = client(&mut state) {
                            over.store(true, Ordering::SeqCst);
                            return Err(error);
                        }
                    }
                    Ok(state)
                })
            })
            .collect();
        let result = course(over);
        over.store(true, Ordering::SeqCst);
        let mut ended = Vec::new();
        for thread in threads {
            ended.push(thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))??);
        }
        Ok((ended, result?))
    })
}

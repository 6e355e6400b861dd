//! One end of a connection, played by hand.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::soon;

/// A connection that the test reads from and writes to, byte by byte.
pub(crate) struct Wire<S = TcpStream> {
    stream: S,
    read: Vec<u8>,
}

impl Wire<TcpStream> {
    /// Breaks the connection off with a reset.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        soon(self.stream.write_all(bytes.as_ref())).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends as much as the other end takes before it breaks off.
    pub(crate) async fn send_what_is_taken(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = soon(self.stream.write_all(bytes.as_ref())).await;
    }

    /// Sends the same again and again until the other end, whose answers nobody reads, takes no more.
    pub(crate) async fn send_until_it_stalls(&mut self, bytes: &[u8]) {
        let stalls = Duration::from_millis(500);
        while let Ok(sent) = tokio::time::timeout(stalls, self.stream.write_all(bytes)).await {
            sent.unwrap();
        }
    }

    /// Says that nothing more comes, as a client does that goes, and waits until that was understood.
    pub(crate) async fn leave(mut self) {
        self.stream.shutdown().await.unwrap();
        self.rest().await;
    }

    /// Sends one chunk of a chunked body.
    pub(crate) async fn send_chunk(&mut self, data: &str) {
        self.send(format!("{:x}\r\n{data}\r\n", data.len())).await;
    }

    /// The head of a message, up to and without the empty line.
    pub(crate) async fn head(&mut self) -> String {
        String::from_utf8(self.until(b"\r\n\r\n").await).unwrap()
    }

    pub(crate) async fn line(&mut self) -> String {
        String::from_utf8(self.until(b"\r\n").await).unwrap()
    }

    /// The next `len` bytes.
    pub(crate) async fn exactly(&mut self, len: usize) -> Vec<u8> {
        while self.read.len() < len {
            assert_ne!(self.more().await, 0, "closed after {:?}", self.text());
        }
        self.read.drain(..len).collect()
    }

    /// Expects these bytes next.
    pub(crate) async fn expect(&mut self, expected: &str) {
        let found = self.exactly(expected.len()).await;
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    /// The data of the next chunk; empty for the last one, whose trailers are left to read.
    pub(crate) async fn chunk(&mut self) -> Vec<u8> {
        let size = self.line().await;
        let len = usize::from_str_radix(size.split(';').next().unwrap().trim(), 16).unwrap();
        let data = self.exactly(len).await;
        if len > 0 {
            self.expect("\r\n").await;
        }
        data
    }

    /// All chunks to the end of a body without trailers.
    pub(crate) async fn chunked(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let data = self.chunk().await;
            if data.is_empty() {
                self.expect("\r\n").await;
                return body;
            }
            body.extend(data);
        }
    }

    /// Everything up to the other end's close, or what came before its reset.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await > 0 {}
        std::mem::take(&mut self.read)
    }

    /// Waits until the other end is gone; nothing may come before that.
    pub(crate) async fn closed(&mut self) {
        let rest = self.rest().await;
        assert!(
            rest.is_empty(),
            "came before the end: {:?}",
            String::from_utf8_lossy(&rest)
        );
    }

    async fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|found| found == end) {
                let mut found: Vec<u8> = self.read.drain(..at + end.len()).collect();
                found.truncate(at);
                return found;
            }
            assert_ne!(self.more().await, 0, "closed after {:?}", self.text());
        }
    }

    /// Reads what is there; 0 is the end. A reset is an end.
    async fn more(&mut self) -> usize {
        match soon(self.stream.read_buf(&mut self.read)).await {
            Ok(len) => len,
            Err(error) => {
                let gone = [
                    ErrorKind::ConnectionReset,
                    ErrorKind::BrokenPipe,
                    ErrorKind::UnexpectedEof,
                ];
                assert!(gone.contains(&error.kind()), "{error}");
                0
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

/// The value of a header in a head, by its exact name.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

//! The client of the calls: one connection, one call after the other.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, ensure};

use crate::upstream::Far;

/// How tollgate's server ends a chunk of a stream: the event's blank line, then the chunk's.
const CHUNK_END: &[u8] = b"\n\n\r\n";
/// How it ends a chunked body.
const BODY_END: &[u8] = b"0\r\n\r\n";

/// One connection.
pub(crate) struct Client {
    connection: TcpStream,
    far: Far,
    request: Vec<u8>,
    /// What came and was not looked at yet.
    came: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, far: Far) -> io::Result<Self> {
        let connection = TcpStream::connect(address)?;
        connection.set_nodelay(true)?;
        let body = far.exchange.request.concat();
        let mut request = format!(
            "POST {} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer sk-0123456789abcdef\r\n\
             content-type: application/json\r\naccept: application/json\r\nuser-agent: bench\r\n\
             content-length: {}\r\n\r\n",
            far.exchange.path,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        Ok(Self {
            connection,
            far,
            request,
            came: Vec::new(),
        })
    }

    /// One call from its first byte to the last one of its answer.
    pub(crate) fn call(&mut self) -> anyhow::Result<()> {
        self.connection.write_all(&self.request)?;
        if self.far.exchange.is_stream {
            self.stream()
        } else {
            self.answer()
        }
    }

    fn answer(&mut self) -> anyhow::Result<()> {
        let body = self.far.exchange.answer.concat();
        self.read_to(&body)
    }

    fn stream(&mut self) -> anyhow::Result<()> {
        for _ in 0..self.far.exchange.answer.len() {
            self.read_to(CHUNK_END)?;
            self.far.next.send(())?;
        }
        self.read_to(BODY_END)
    }

    /// Reads until what came ends so; nothing may follow it.
    fn read_to(&mut self, end: &[u8]) -> anyhow::Result<()> {
        self.came.clear();
        let mut piece = [0; 16 * 1024];
        while !self.came.ends_with(end) {
            let read = self.connection.read(&mut piece)?;
            ensure!(read > 0, "the answer broke off");
            self.came
                .extend_from_slice(piece.get(..read).context("a read beyond the buffer")?);
        }
        Ok(())
    }
}

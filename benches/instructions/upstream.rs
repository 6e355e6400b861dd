//! A trivial upstream: the same answer to every request, a chunk each time the client is ready.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::shared::exchange::Exchange;

/// What the client has of it.
pub(crate) struct Far {
    pub(crate) exchange: Arc<Exchange>,
    /// Asks for the next chunk of a stream.
    pub(crate) next: SyncSender<()>,
}

struct Upstream {
    exchange: Arc<Exchange>,
    next: Mutex<Receiver<()>>,
}

/// Listens as long as the process lives.
pub(crate) fn start(exchange: Exchange) -> io::Result<(Far, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (next, asked) = sync_channel(1);
    let exchange = Arc::new(exchange);
    let upstream = Arc::new(Upstream {
        exchange: Arc::clone(&exchange),
        next: Mutex::new(asked),
    });
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let upstream = Arc::clone(&upstream);
            thread::spawn(move || upstream.serve(&connection));
        }
    });
    Ok((Far { exchange, next }, address))
}

impl Upstream {
    /// Answers until the connection ends; a failure shows as a call without an answer.
    fn serve(&self, connection: &TcpStream) -> io::Result<()> {
        connection.set_nodelay(true)?;
        let mut requests = BufReader::new(connection);
        while read_request(&mut requests)? {
            if self.exchange.is_stream {
                self.stream(connection)?;
            } else {
                self.answer(connection)?;
            }
        }
        Ok(())
    }

    fn answer(&self, mut connection: &TcpStream) -> io::Result<()> {
        let body = self.exchange.answer.concat();
        let mut text = self.head(&format!("content-length: {}", body.len()));
        text.extend_from_slice(&body);
        connection.write_all(&text)
    }

    fn stream(&self, mut connection: &TcpStream) -> io::Result<()> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = self.head("transfer-encoding: chunked");
        for event in &self.exchange.answer {
            text.extend_from_slice(format!("{:x}\r\n", event.len()).as_bytes());
            text.extend_from_slice(event);
            text.extend_from_slice(b"\r\n");
            connection.write_all(&text)?;
            text.clear();
            next.recv().map_err(io::Error::other)?;
        }
        connection.write_all(b"0\r\n\r\n")
    }

    fn head(&self, length: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 200 OK\r\n{length}\r\n");
        for (name, value) in &self.exchange.headers {
            let value = value.to_str().unwrap_or_default();
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// Reads a request to its end; false when the connection ended before one.
fn read_request(requests: &mut impl BufRead) -> io::Result<bool> {
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        if requests.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    io::copy(&mut requests.take(length), &mut io::sink())?;
    Ok(true)
}

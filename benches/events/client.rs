//! The client: as many connections as there are streams, all read as fast as one thread can.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use anyhow::Result;

use super::shape::Shape;

/// So much is read of one connection before it is the next one's turn.
const READ_BYTES: usize = 256 * 1024;

/// Connections that are opened before the others have their turn.
const OPENED_AT_A_TIME: usize = 50;

/// What has come so far.
#[derive(Default)]
pub(crate) struct Seen {
    /// Answers that have begun.
    pub(crate) begun: AtomicUsize,
    /// Answers that are over.
    pub(crate) ended: AtomicUsize,
    pub(crate) bytes: AtomicU64,
}

/// Calls, and reads until every answer has ended.
pub(crate) fn run(target: SocketAddr, shape: &Shape, seen: &Seen, streams: usize) -> Result<()> {
    let request = format!(
        "POST {} HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}",
        shape.path,
        shape.request.len(),
        shape.request
    );
    let mut calls: Vec<Option<(TcpStream, bool)>> = Vec::new();
    let mut room = vec![0; READ_BYTES];
    while seen.ended.load(Relaxed) < streams {
        let open = calls.len();
        // The next ones come when those before have been answered: no backlog is that long.
        if open < streams && seen.begun.load(Relaxed) == open {
            for _ in open..streams.min(open + OPENED_AT_A_TIME) {
                let mut stream = TcpStream::connect(target)?;
                stream.write_all(request.as_bytes())?;
                stream.set_nonblocking(true)?;
                calls.push(Some((stream, false)));
            }
        }
        for call in &mut calls {
            read(call, &mut room, seen)?;
        }
        std::thread::yield_now();
    }
    Ok(())
}

fn read(call: &mut Option<(TcpStream, bool)>, room: &mut [u8], seen: &Seen) -> Result<()> {
    let Some((stream, has_begun)) = call else {
        return Ok(());
    };
    match stream.read(room) {
        Ok(0) => {
            seen.ended.fetch_add(1, Relaxed);
            *call = None;
        }
        Ok(read) => {
            if !std::mem::replace(has_begun, true) {
                seen.begun.fetch_add(1, Relaxed);
            }
            seen.bytes.fetch_add(read as u64, Relaxed);
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

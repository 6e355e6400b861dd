//! The upstream: holds each answer open, and goes on with as many of them as it is told.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use anyhow::Result;

use super::shape::Shape;

/// An answer's parts: opening, event, event, end.
pub(crate) const PARTS: usize = 4;

/// How many answers may have begun each part, and how many have been written to its end.
#[derive(Default)]
pub(crate) struct Gates {
    pub(crate) allowed: [AtomicUsize; PARTS],
    pub(crate) written: [AtomicUsize; PARTS],
}

struct Answer {
    stream: TcpStream,
    part: usize,
    /// Bytes of the part that are written.
    at: usize,
}

/// Answers until all that were let in have ended.
pub(crate) fn run(
    listener: &TcpListener,
    shape: &Shape,
    gates: &Gates,
    streams: usize,
) -> Result<()> {
    listener.set_nonblocking(true)?;
    let parts = [&shape.opening, &shape.event, &shape.event, &shape.end];
    let mut answers: Vec<Option<Answer>> = Vec::new();
    while gates.written[PARTS - 1].load(Relaxed) < streams {
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true)?;
            answers.push(Some(Answer {
                stream,
                part: 0,
                at: 0,
            }));
        }
        for (place, slot) in answers.iter_mut().enumerate() {
            if let Some(answer) = slot
                && !answer.go_on(place, &parts, gates)?
            {
                *slot = None;
            }
        }
        std::thread::yield_now();
    }
    Ok(())
}

impl Answer {
    /// Writes what it may and can; false at its end.
    fn go_on(&mut self, place: usize, parts: &[&Vec<u8>; PARTS], gates: &Gates) -> Result<bool> {
        while self.part < PARTS && place < gates.allowed[self.part].load(Relaxed) {
            if self.part == 0 && !self.is_asked()? {
                return Ok(true);
            }
            match self.stream.write(&parts[self.part][self.at..]) {
                Ok(written) => self.at += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error.into()),
            }
            if self.at == parts[self.part].len() {
                gates.written[self.part].fetch_add(1, Relaxed);
                (self.part, self.at) = (self.part + 1, 0);
            }
        }
        Ok(self.part < PARTS)
    }

    /// Whether the request has come: it is short, and comes at once.
    fn is_asked(&mut self) -> Result<bool> {
        match self.stream.read(&mut [0; 4096]) {
            Ok(read) => Ok(read > 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(self.at > 0),
            Err(error) => Err(error.into()),
        }
    }
}

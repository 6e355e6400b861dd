//! Content codings: what a compressed answer stands for, so that it can be read while it passes.
//!
//! The bytes themselves pass as they are. Decoding goes along with them: each call gives out all that
//! the bytes so far stand for, so the event that ends a stream is seen when its last byte came. What
//! an answer may cost is bounded in memory (by the codings' own windows, and for all answers together
//! by a [`Room`]) and in work (by [`Budget`]).

use crate::call::Flag;

mod brotli;
mod deflate;
mod gzip;
mod room;
mod zstd;

use brotli::Brotli;
use deflate::Deflate;
use gzip::Gzip;
use room::{DECODERS, Held, Memory, Room};
use zstd::Zstd;

/// Codings in a row that are read. No server is known to use more than one; RFC 9110 allows any number.
const CODINGS_MAX: usize = 2;

/// Decoded bytes are given out in pieces of this size at most.
const CHUNK_BYTES: usize = 4 * 1024;

/// Bytes that may come out of an answer whatever its length. Longer than the answers of today's models
/// are as streams of events, but for some that are sent word by word.
const FREE_BYTES: usize = 8 * 1024 * 1024;

/// What each further byte may stand for. Recorded streams, compressed as a whole and as hard as can
/// be, stand for up to 46 bytes a byte; gzip can say 1,032, zstd and brotli many thousands.
const RATIO_MAX: usize = 250;

/// How the bytes of a body are to be read.
#[derive(Default)]
pub enum Coding {
    /// As they are.
    #[default]
    Identity,
    /// Decoded.
    Coded(Box<Decoder>),
    /// Not at all: the coding is not known here, or there is no room for a decoder.
    Opaque,
}

impl Coding {
    /// Reads the values of `Content-Encoding`, in their order.
    #[must_use]
    pub fn of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        Self::within(&DECODERS, values)
    }

    fn within<'a>(room: &'static Room, values: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut stages = Vec::new();
        let names = values.flat_map(|value| value.split(|byte| *byte == b','));
        for name in names.map(<[u8]>::trim_ascii).filter(|name| is_coded(name)) {
            let stage = stage(name).filter(|_| stages.len() < CODINGS_MAX);
            match stage.and_then(|stage| Roomed::within(room, stage)) {
                Some(stage) => stages.push(stage),
                None => return Self::Opaque,
            }
        }
        if stages.is_empty() {
            return Self::Identity;
        }
        // They are named as they were applied: the last one is taken off first.
        stages.reverse();
        Self::Coded(Box::new(Decoder {
            stages,
            budget: Budget(FREE_BYTES),
            fault: None,
        }))
    }

    /// Takes the next bytes of the body and gives out, in pieces, all that they stand for.
    pub fn feed(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Identity => out(bytes),
            Self::Coded(decoder) => decoder.feed(bytes, out),
            Self::Opaque => {}
        }
    }

    /// Whether nothing of the body can be read.
    #[must_use]
    pub const fn is_opaque(&self) -> bool {
        matches!(self, Self::Opaque)
    }

    /// Why not all of the body could be read.
    #[must_use]
    pub fn oddity(&self) -> Option<Flag> {
        match self {
            Self::Identity => None,
            Self::Opaque => Some(Flag::Compressed),
            Self::Coded(decoder) => match decoder.fault? {
                Fault::Damaged => Some(Flag::Malformed),
                Fault::TooLarge | Fault::NoRoom => Some(Flag::Compressed),
            },
        }
    }
}

/// Whether a name is that of a coding; "identity" and nothing at all name none.
fn is_coded(name: &[u8]) -> bool {
    !name.is_empty() && !name.eq_ignore_ascii_case(b"identity")
}

fn stage(name: &[u8]) -> Option<Box<dyn Stage>> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => Box::new(Gzip::default()),
        b"deflate" => Box::new(Deflate::default()),
        b"br" => Box::new(Brotli::default()),
        b"zstd" => Box::new(Zstd::new()?),
        _ => return None,
    })
}

/// Decodes one body; after a fault it gives out nothing more.
pub struct Decoder {
    stages: Vec<Roomed>,
    budget: Budget,
    fault: Option<Fault>,
}

impl Decoder {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) {
        if self.fault.is_none() {
            self.budget.earn(bytes.len());
            self.fault = pass(&mut self.stages, &mut self.budget, bytes, out).err();
            if self.fault.is_some() {
                // What they hold is for those that can go on.
                self.stages = Vec::new();
            }
        }
    }
}

/// A coding, and the room it takes.
struct Roomed {
    stage: Box<dyn Stage>,
    held: Held,
}

impl Roomed {
    fn within(room: &'static Room, stage: Box<dyn Stage>) -> Option<Self> {
        let held = room.hold(stage.memory())?;
        Some(Self { stage, held })
    }
}

/// Sends bytes through the stages that are left.
fn pass(
    stages: &mut [Roomed],
    budget: &mut Budget,
    bytes: &[u8],
    out: &mut dyn FnMut(&[u8]),
) -> Result<(), Fault> {
    let Some((Roomed { stage, held }, rest)) = stages.split_first_mut() else {
        out(bytes);
        return Ok(());
    };
    stage.feed(bytes, &mut |piece| {
        budget.spend(piece.len())?;
        held.grow(piece.len())?;
        pass(rest, budget, piece, out)
    })
}

/// One coding.
trait Stage: Send {
    /// What it holds.
    fn memory(&self) -> Memory;

    /// Gives out, in pieces of up to [`CHUNK_BYTES`], all that the bytes so far stand for.
    fn feed(&mut self, bytes: &[u8], out: &mut Out<'_>) -> Result<(), Fault>;
}

/// Takes a piece; a fault ends the decoding.
type Out<'a> = dyn FnMut(&[u8]) -> Result<(), Fault> + 'a;

/// Why decoding ended before the body did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The bytes are not of the coding, or ask for a larger window than it allows.
    Damaged,
    /// They stand for more than the budget allows.
    TooLarge,
    /// The decoders of all answers hold all they may.
    NoRoom,
}

/// How many bytes may still come out of all stages.
struct Budget(usize);

impl Budget {
    const fn earn(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(bytes.saturating_mul(RATIO_MAX));
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(bytes).ok_or(Fault::TooLarge)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A megabyte that does not shrink to nothing.
    fn compressed() -> Vec<u8> {
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut writer = ::brotli::CompressorWriter::new(Vec::new(), 4096, 2, 24);
        writer.write_all(&text).unwrap();
        writer.into_inner()
    }

    fn of(room: &'static Room, name: &'static str) -> Coding {
        Coding::within(room, [name.as_bytes()].into_iter())
    }

    #[test]
    fn answers_that_find_no_room_to_be_decoded_are_not_read_and_others_are() {
        let room: &'static Room = Box::leak(Box::new(Room::new(700 * 1024)));
        let whole = compressed();
        let read = |coding: &mut Coding| {
            let mut read = 0;
            coding.feed(&whole, &mut |piece| read += piece.len());
            (read, coding.oddity())
        };
        let mut first = of(room, "br");
        let (many, oddity) = read(&mut first);
        assert!((1..800_000).contains(&many), "{many}");
        assert_eq!(oddity, Some(Flag::Compressed));
        // What it held is free at once, though its call goes on.
        let second = [of(room, "gzip, br"), of(room, "br")];
        assert!(second.iter().all(|coding| !coding.is_opaque()));
        let third = of(room, "zstd");
        assert!(third.is_opaque());
        assert_eq!(third.oddity(), Some(Flag::Compressed));
        drop(second);
        let large: &'static Room = Box::leak(Box::new(Room::new(2_000 * 1024)));
        assert_eq!(read(&mut of(large, "br")), (800_000, None));
    }
}

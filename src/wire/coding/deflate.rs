//! `deflate`: with the frame of zlib, as RFC 9110 has it, or without, as some servers send it.

use flate2::{Decompress, FlushDecompress, Status};

use super::{CHUNK_BYTES, Fault, Memory, Out, Stage};

/// The window of 32 KiB, and the tables.
pub(super) const MEMORY: Memory = Memory {
    at_once: 43 * 1024,
    window: 0,
};

/// A body of one such stream.
#[derive(Default)]
pub(super) enum Deflate {
    /// The first two bytes tell, and so many have not come.
    #[default]
    Unseen,
    Seen(u8),
    Told(Inflate),
    Over,
}

impl Stage for Deflate {
    fn memory(&self) -> Memory {
        MEMORY
    }

    fn feed(&mut self, bytes: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        let Some((next, rest)) = bytes.split_first() else {
            return Ok(());
        };
        match self {
            Self::Unseen => {
                *self = Self::Seen(*next);
                self.feed(rest, out)
            }
            Self::Seen(first) => {
                let first = *first;
                let mut inflate = Inflate::new(is_zlib(first, *next));
                // One byte ends no stream of this coding.
                inflate.feed(&[first], out)?;
                *self = Self::Told(inflate);
                self.feed(bytes, out)
            }
            Self::Told(inflate) => match inflate.feed(bytes, out)? {
                Some(rest) => {
                    *self = Self::Over;
                    self.feed(rest, out)
                }
                None => Ok(()),
            },
            Self::Over => Err(Fault::Damaged),
        }
    }
}

/// Whether these bytes begin zlib's frame (RFC 1950, 2.2).
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0F == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// A stream of the deflate format.
pub(super) struct Inflate(Decompress);

impl Inflate {
    /// A stream before its first byte, in zlib's frame or without one.
    pub(super) fn new(zlib: bool) -> Self {
        Self(Decompress::new(zlib))
    }

    /// Gives out all that the bytes so far stand for; once the stream is over, also what follows it.
    pub(super) fn feed<'a>(
        &mut self,
        mut bytes: &'a [u8],
        out: &mut Out<'_>,
    ) -> Result<Option<&'a [u8]>, Fault> {
        let mut chunk = [0; CHUNK_BYTES];
        loop {
            let (taken, made) = (self.0.total_in(), self.0.total_out());
            let result = self.0.decompress(bytes, &mut chunk, FlushDecompress::None);
            let taken = counted(self.0.total_in(), taken);
            let made = counted(self.0.total_out(), made);
            out(chunk.get(..made).unwrap_or_default())?;
            bytes = bytes.get(taken..).unwrap_or_default();
            let is_over = result.map_err(|_| Fault::Damaged)? == Status::StreamEnd;
            if is_over {
                return Ok(Some(bytes));
            }
            // It may hold something back until it has nothing more to take.
            if taken == 0 && made == 0 {
                return if bytes.is_empty() {
                    Ok(None)
                } else {
                    Err(Fault::Damaged)
                };
            }
        }
    }
}

fn counted(now: u64, before: u64) -> usize {
    usize::try_from(now.saturating_sub(before)).unwrap_or(0)
}

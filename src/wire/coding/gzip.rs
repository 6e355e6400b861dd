//! `gzip`: members in a row (RFC 1952), each a head, a deflate stream, and its checksum.

use flate2::Crc;

use super::deflate::{self, Inflate};
use super::{Fault, Memory, Out, Stage};

/// What every head begins with: the magic number, and the one method there is.
const MAGIC: [u8; 3] = [0x1F, 0x8B, 8];

/// Bytes that every head has, and which of them says what else it has.
const HEAD_BYTES: u8 = 10;
const FLAGS_AT: u8 = 3;
const RESERVED_FLAGS: u8 = 0b1110_0000;

/// What else a head may have, in this order.
const OPTIONAL: [(u8, Part); 4] = [
    (1 << 2, Part::ExtraLength),
    (1 << 3, Part::Text),
    (1 << 4, Part::Text),
    (1 << 1, Part::Extra(2)),
];

/// A body of members.
pub(super) struct Gzip {
    part: Part,
    /// The optional parts that are still to come.
    flags: u8,
    inflate: Inflate,
    check: Crc,
}

/// Where in a member the next byte stands.
#[derive(Clone, Copy)]
enum Part {
    Head(u8),
    ExtraLength,
    ExtraLengthHigh(u8),
    /// So many bytes that say nothing here; the head's own checksum is none we need.
    Extra(u16),
    /// A name or a comment, up to a zero.
    Text,
    Data,
    /// The checksum and the length of what came out, as far as they have come.
    Check(u8, u64),
    /// After a member: another one, or zeros, with which some writers fill up.
    Between,
    Padding,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            part: Part::Head(0),
            flags: 0,
            inflate: Inflate::new(false),
            check: Crc::new(),
        }
    }
}

impl Stage for Gzip {
    fn memory(&self) -> Memory {
        deflate::MEMORY
    }

    fn feed(&mut self, mut bytes: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        while let Some((byte, rest)) = bytes.split_first() {
            bytes = if let Part::Data = self.part {
                self.data(bytes, out)?
            } else {
                self.part = self.after(*byte)?;
                rest
            };
        }
        Ok(())
    }
}

impl Gzip {
    /// Bytes of the deflate stream; gives back what follows it.
    fn data<'a>(&mut self, bytes: &'a [u8], out: &mut Out<'_>) -> Result<&'a [u8], Fault> {
        let Self { inflate, check, .. } = self;
        let rest = inflate.feed(bytes, &mut |piece| {
            check.update(piece);
            out(piece)
        })?;
        if rest.is_some() {
            self.part = Part::Check(0, 0);
        }
        Ok(rest.unwrap_or_default())
    }

    /// What follows a byte before or after the deflate stream.
    fn after(&mut self, byte: u8) -> Result<Part, Fault> {
        Ok(match self.part {
            Part::Head(at) => self.after_head(at, byte)?,
            Part::ExtraLength => Part::ExtraLengthHigh(byte),
            Part::ExtraLengthHigh(low) => match u16::from_le_bytes([low, byte]) {
                0 => self.next(),
                length => Part::Extra(length),
            },
            Part::Extra(left) if left > 1 => Part::Extra(left.saturating_sub(1)),
            Part::Extra(_) => self.next(),
            Part::Text if byte == 0 => self.next(),
            same @ (Part::Text | Part::Data) => same,
            Part::Check(at, seen) => self.after_check(at, seen | u64::from(byte) << (8 * at))?,
            Part::Between if byte != 0 => {
                *self = Self::default();
                self.after_head(0, byte)?
            }
            Part::Between | Part::Padding if byte == 0 => Part::Padding,
            Part::Between | Part::Padding => return Err(Fault::Damaged),
        })
    }

    fn after_head(&mut self, at: u8, byte: u8) -> Result<Part, Fault> {
        let magic = MAGIC.get(usize::from(at));
        let is_wrong = magic.is_some_and(|magic| *magic != byte);
        if is_wrong || (at == FLAGS_AT && byte & RESERVED_FLAGS != 0) {
            return Err(Fault::Damaged);
        }
        if at == FLAGS_AT {
            self.flags = byte;
        }
        let next = at.saturating_add(1);
        Ok(if next < HEAD_BYTES {
            Part::Head(next)
        } else {
            self.next()
        })
    }

    /// The next part that the head announced.
    fn next(&mut self) -> Part {
        for (flag, part) in OPTIONAL {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                return part;
            }
        }
        Part::Data
    }

    fn after_check(&self, at: u8, seen: u64) -> Result<Part, Fault> {
        let said = u64::from(self.check.amount()) << 32 | u64::from(self.check.sum());
        match at {
            0..7 => Ok(Part::Check(at.saturating_add(1), seen)),
            _ if seen == said => Ok(Part::Between),
            _ => Err(Fault::Damaged),
        }
    }
}

//! One frame: `len u32 | crc32c u32 | kind u8 | seq u64 | ts_ms u64 | body`, little-endian.
//!
//! `len` and `crc32c` are of what follows them. A frame of zeros is no frame, since `len` is never
//! below the fixed part: a file that grew without its data ends there.

use std::io::{self, Read};

/// The longest body a frame carries.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// `len` and `crc32c`.
const PREFIX_BYTES: usize = 8;
/// `kind`, `seq` and `ts_ms`.
const FIXED_BYTES: usize = 17;
/// All that stands before the body.
pub(super) const HEADER_BYTES: usize = PREFIX_BYTES + FIXED_BYTES;

/// What a frame says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// It was admitted.
    Begin,
    /// It lasts: what is known of it by now.
    Facts,
    /// The same later, when more is known.
    Progress,
    /// It is over: the record.
    End,
}

impl FrameKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Begin => 1,
            Self::Facts => 2,
            Self::Progress => 3,
            Self::End => 4,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Begin),
            2 => Some(Self::Facts),
            3 => Some(Self::Progress),
            4 => Some(Self::End),
            _ => None,
        }
    }
}

/// A frame as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it says.
    pub kind: FrameKind,
    /// Its number; numbers start at 1 and leave no holes.
    pub seq: u64,
    /// When it was queued, milliseconds since 1970.
    pub ts_ms: u64,
    /// What it carries; the journal does not look into it.
    pub body: Vec<u8>,
}

impl Frame {
    /// Its length in the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::try_from(HEADER_BYTES.saturating_add(self.body.len())).unwrap_or(u64::MAX)
    }
}

/// Appends one frame to a group. The caller has checked the body against [`BODY_BYTES_MAX`].
pub(super) fn encode(group: &mut Vec<u8>, kind: FrameKind, seq: u64, ts_ms: u64, body: &[u8]) {
    let len = u32::try_from(FIXED_BYTES.saturating_add(body.len())).unwrap_or(u32::MAX);
    let mut fixed = [0; FIXED_BYTES];
    let (kind_at, rest) = fixed.split_at_mut(1);
    let (seq_at, ts_at) = rest.split_at_mut(8);
    kind_at.copy_from_slice(&[kind.byte()]);
    seq_at.copy_from_slice(&seq.to_le_bytes());
    ts_at.copy_from_slice(&ts_ms.to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&fixed), body);
    group.extend_from_slice(&len.to_le_bytes());
    group.extend_from_slice(&crc.to_le_bytes());
    group.extend_from_slice(&fixed);
    group.extend_from_slice(body);
}

/// What stands next in a segment.
#[derive(Debug)]
pub(super) enum Next {
    /// A good frame.
    Frame(Frame),
    /// Nothing: the file ends between two frames.
    End,
    /// Something that is not a whole good frame.
    Torn,
}

/// Reads the next frame. Only a failing disk is an error.
pub(super) fn read(from: &mut impl Read) -> io::Result<Next> {
    let mut header = [0; HEADER_BYTES];
    match fill(from, &mut header)? {
        HEADER_BYTES => {}
        0 => return Ok(Next::End),
        _ => return Ok(Next::Torn),
    }
    let Some(head) = Header::of(header) else {
        return Ok(Next::Torn);
    };
    let mut body = vec![0; head.body_bytes];
    if fill(from, &mut body)? < body.len() || !head.fits(&body) {
        return Ok(Next::Torn);
    }
    Ok(Next::Frame(Frame {
        kind: head.kind,
        seq: head.seq,
        ts_ms: head.ts_ms,
        body,
    }))
}

/// What a header says, if it can be one.
pub(super) struct Header {
    pub(super) kind: FrameKind,
    pub(super) seq: u64,
    pub(super) ts_ms: u64,
    pub(super) body_bytes: usize,
    crc: u32,
    fixed: [u8; FIXED_BYTES],
}

impl Header {
    pub(super) fn of(header: [u8; HEADER_BYTES]) -> Option<Self> {
        let (len, rest) = header.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let fixed = <[u8; FIXED_BYTES]>::try_from(rest).ok()?;
        let (kind, rest) = fixed.split_first_chunk::<1>()?;
        let (seq, ts_ms) = rest.split_first_chunk::<8>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let body_bytes = len.checked_sub(FIXED_BYTES)?;
        (body_bytes <= BODY_BYTES_MAX).then_some(Self {
            kind: FrameKind::of(u8::from_le_bytes(*kind))?,
            seq: u64::from_le_bytes(*seq),
            ts_ms: u64::from_le_bytes(ts_ms.try_into().ok()?),
            body_bytes,
            crc: u32::from_le_bytes(*crc),
            fixed,
        })
    }

    /// Whether this is the body the header was written for.
    pub(super) fn fits(&self, body: &[u8]) -> bool {
        body.len() == self.body_bytes
            && crc32c::crc32c_append(crc32c::crc32c(&self.fixed), body) == self.crc
    }
}

/// Reads until the buffer is full or the file ends; says how much it got.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}

//! The checksum of a day file's footer, in the footer.
//!
//! Parquet has none, and a footer with one wrong bit can name other columns or other bytes. It is
//! computed with zeros in its own place, and written over them once the file is whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Under this name it is in the footer.
pub(super) const KEY: &str = "tollgate.footer";
/// What stands there before the file is whole.
pub(super) const UNSEALED: &str = "crc32c:00000000";

/// What comes before the digits.
const MARK: &[u8] = b"crc32c:";
/// Hexadecimal digits of a CRC32C.
const DIGITS: usize = 8;
/// The length of the footer and the magic at the end of each Parquet file.
const TAIL_BYTES: u64 = 8;
/// A footer that claims to be longer is none: one of a day is some hundred kilobytes.
const FOOTER_BYTES_MAX: u64 = 1 << 28;

/// Writes the checksum into the footer of a whole file.
pub(super) fn seal(file: &File) -> io::Result<()> {
    let Some(footer) = Footer::read(file)? else {
        return Err(io::Error::other("the footer has no place for its checksum"));
    };
    let digits = format!("{:08x}", footer.crc);
    file.write_all_at(digits.as_bytes(), footer.digits_at)
}

/// Whether the footer is the one that was sealed.
pub(super) fn holds(file: &File) -> io::Result<bool> {
    Ok(footer(file)?.is_some())
}

/// The bytes of the footer, with zeros for the digits; `None` if it is not the one that was sealed.
pub(super) fn footer(file: &File) -> io::Result<Option<Vec<u8>>> {
    let footer = Footer::read(file)?;
    let sealed = footer.filter(|it| it.digits == format!("{:08x}", it.crc).as_bytes());
    Ok(sealed.map(|footer| footer.bytes))
}

struct Footer {
    bytes: Vec<u8>,
    digits: Vec<u8>,
    digits_at: u64,
    /// Of all its bytes, with zeros for the digits.
    crc: u32,
}

impl Footer {
    /// Reads it; `None` if it is not a footer of ours.
    fn read(file: &File) -> io::Result<Option<Self>> {
        let len = file.metadata()?.len();
        let Some(tail_at) = len.checked_sub(TAIL_BYTES) else {
            return Ok(None);
        };
        let mut footer_bytes = [0; 4];
        file.read_exact_at(&mut footer_bytes, tail_at)?;
        let footer_bytes = u64::from(u32::from_le_bytes(footer_bytes));
        let at = tail_at.checked_sub(footer_bytes);
        let (Some(at), true) = (at, footer_bytes <= FOOTER_BYTES_MAX) else {
            return Ok(None);
        };
        let all = usize::try_from(len.saturating_sub(at)).unwrap_or(0);
        let mut bytes = vec![0; all];
        file.read_exact_at(&mut bytes, at)?;
        Ok(Self::of(bytes, at))
    }

    fn of(mut bytes: Vec<u8>, at: u64) -> Option<Self> {
        let begin = memchr::memmem::find(&bytes, MARK)?.checked_add(MARK.len())?;
        let place = bytes.get_mut(begin..begin.checked_add(DIGITS)?)?;
        let digits = place.to_vec();
        place.fill(b'0');
        Some(Self {
            digits,
            digits_at: at.checked_add(u64::try_from(begin).ok()?)?,
            crc: crc32c::crc32c(&bytes),
            bytes,
        })
    }
}

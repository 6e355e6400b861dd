//! The files of the journal: their names, and how the last one is opened after a crash.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;

use super::disk::sync_folder_of;
use super::frame::{self, HEADER_BYTES, Header, Next};
use super::mend::mend;
use super::{CutTail, JournalError, holes};

/// Reads of this size keep the disk busy without holding much.
pub(super) const READ_BYTES: usize = 256 * 1024;

/// The end of every segment's name.
const SUFFIX: &str = ".frames";
/// The file that says that a process writes here.
const LOCK: &str = "lock";

/// The path of the segment whose first frame is `first_seq`; names sort as numbers do.
pub(super) fn path(dir: &Path, first_seq: u64) -> PathBuf {
    dir.join(format!("{first_seq:020}{SUFFIX}"))
}

/// The first sequence numbers of all segments, ascending. A missing folder has none.
pub(super) fn list(dir: &Path) -> Result<Vec<u64>, JournalError> {
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(JournalError::io("list", dir)(e)),
    };
    let mut firsts = Vec::new();
    for entry in listing {
        let name = entry.map_err(JournalError::io("list", dir))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        firsts.extend(number.and_then(|digits| digits.parse::<u64>().ok()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Creates the folder and takes its lock, which lasts as long as the file is open.
pub(super) fn prepare(dir: &Path) -> Result<File, JournalError> {
    if !dir.is_dir() {
        std::fs::create_dir_all(dir).map_err(JournalError::io("create", dir))?;
        sync_folder_of(dir).map_err(JournalError::io("sync the folder of", dir))?;
    }
    let path = dir.join(LOCK);
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(JournalError::io("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(e)) => Err(JournalError::io("lock", &path)(e)),
    }
}

/// Where writing continues.
#[derive(Debug)]
pub(super) struct End {
    /// The last segment, if there is one.
    pub(super) file: Option<Arc<File>>,
    /// Its length, all of it good frames.
    pub(super) len: u64,
    /// The number of the next frame.
    pub(super) next_seq: u64,
}

/// Finds the end of the last good frame, cuts the file there, and syncs what is left.
///
/// Only the last segment is read: the ones before it were synced whole before it was begun. Where
/// there is none, numbers begin with `first_seq`. They go on behind what is known to be gone.
pub(super) fn open_end(dir: &Path, first_seq: u64) -> Result<(End, Option<Cut>), JournalError> {
    let (end, cut) = last_good(dir, first_seq)?;
    let next_seq = holes::behind_holes(dir, end.next_seq)?;
    if next_seq == end.next_seq {
        return Ok((end, cut));
    }
    // A segment holds no holes: another one begins.
    let end = End {
        file: None,
        len: 0,
        next_seq,
    };
    Ok((end, cut))
}

fn last_good(dir: &Path, first_seq: u64) -> Result<(End, Option<Cut>), JournalError> {
    let Some(first_seq) = list(dir)?.pop() else {
        let end = End {
            file: None,
            len: 0,
            next_seq: first_seq,
        };
        return Ok((end, None));
    };
    let path = path(dir, first_seq);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(JournalError::io("open", &path))?;
    let (len, next_seq) = good_part(&file, first_seq).map_err(JournalError::io("read", &path))?;
    let tail = tail(&file, len).map_err(JournalError::io("read", &path))?;
    if holds_frames(&tail, next_seq)
        && let Some(mended) = mend(dir, next_seq)?
    {
        // Damage, not a torn write: the good frames behind it are a segment of their own now.
        let (end, cut) = last_good(dir, first_seq)?;
        let bytes = cut.map_or(0, |Cut(cut)| cut.bytes);
        let cut = Cut(CutTail {
            segment: path,
            bytes,
            mended: Some(mended),
        });
        return Ok((end, Some(cut)));
    }
    let cut = cut_tail(&file, &path, len, &tail)?;
    // What a killed process wrote may not be on the disk yet, and totals will be built on it.
    file.sync_data().map_err(JournalError::io("sync", &path))?;
    let end = End {
        file: Some(Arc::new(file)),
        len,
        next_seq,
    };
    Ok((end, cut))
}

/// The length of the good frames, and the number that follows them.
fn good_part(file: &File, first_seq: u64) -> io::Result<(u64, u64)> {
    let mut reader = BufReader::with_capacity(READ_BYTES, file);
    let (mut len, mut next_seq) = (0_u64, first_seq);
    while let Next::Frame(frame) = frame::read(&mut reader)? {
        if frame.seq != next_seq {
            break;
        }
        len = len.saturating_add(frame.bytes());
        next_seq = next_seq.saturating_add(1);
    }
    Ok((len, next_seq))
}

/// A tail that was cut off.
#[derive(Debug)]
pub(super) struct Cut(CutTail);

impl Cut {
    pub(super) fn into_report(self) -> CutTail {
        self.0
    }
}

/// What stands behind the good frames.
fn tail(mut file: &File, len: u64) -> io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(len))?;
    file.read_to_end(&mut tail)?;
    Ok(tail)
}

/// Cuts the file to its good part: what follows is the write that a crash broke.
fn cut_tail(file: &File, path: &Path, len: u64, tail: &[u8]) -> Result<Option<Cut>, JournalError> {
    if tail.is_empty() {
        return Ok(None);
    }
    file.set_len(len).map_err(JournalError::io("cut", path))?;
    let bytes = u64::try_from(tail.len()).unwrap_or(u64::MAX);
    warn!(segment = %path.display(), bytes, "a write that a crash broke is cut off the journal");
    Ok(Some(Cut(CutTail {
        segment: path.to_owned(),
        bytes,
        mended: None,
    })))
}

/// Whether a good frame with a later number stands anywhere in the tail.
fn holds_frames(tail: &[u8], next_seq: u64) -> bool {
    let starts = tail.windows(HEADER_BYTES).enumerate();
    starts
        .filter_map(|(at, header)| Some((at, Header::of(header.try_into().ok()?)?)))
        .any(|(at, head)| {
            let from = at.saturating_add(HEADER_BYTES);
            let body = tail.get(from..from.saturating_add(head.body_bytes));
            head.seq >= next_seq && body.is_some_and(|body| head.fits(body))
        })
}

//! Deletes segments whose frames are kept elsewhere.

use std::path::Path;

use super::JournalError;
use super::disk::sync_folder_of;
use super::segment;

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Files.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Deletes every segment whose frames all have a number below `keep_from`; never the last one, which
/// is being written. The oldest goes first, so that a crash leaves no hole.
pub fn clear_before(dir: &Path, keep_from: u64) -> Result<Cleared, JournalError> {
    let firsts = segment::list(dir)?;
    let mut cleared = Cleared::default();
    for (first, next) in firsts.iter().zip(firsts.iter().skip(1)) {
        if *next > keep_from {
            break;
        }
        let path = segment::path(dir, *first);
        let bytes = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        std::fs::remove_file(&path).map_err(JournalError::io("delete", &path))?;
        cleared.segments = cleared.segments.saturating_add(1);
        cleared.bytes = cleared.bytes.saturating_add(bytes);
    }
    if cleared.segments > 0 {
        let here = segment::path(dir, keep_from);
        sync_folder_of(&here).map_err(JournalError::io("sync", dir))?;
    }
    Ok(cleared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(keep_from: u64, left: &[u64]) {
        let dir = tempfile::TempDir::new().unwrap();
        for first in [1, 10, 20] {
            std::fs::write(segment::path(dir.path(), first), b"frames").unwrap();
        }
        let cleared = clear_before(dir.path(), keep_from).unwrap();
        assert_eq!(segment::list(dir.path()).unwrap(), left);
        let gone = 3 - u64::try_from(left.len()).unwrap();
        assert_eq!((cleared.segments, cleared.bytes), (gone, gone * 6));
    }

    #[test]
    fn a_segment_goes_when_all_its_frames_do_and_the_last_one_stays() {
        check(0, &[1, 10, 20]);
        check(9, &[1, 10, 20]);
        check(10, &[10, 20]);
        check(19, &[10, 20]);
        check(20, &[20]);
        check(u64::MAX, &[20]);
    }
}

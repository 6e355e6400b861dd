//! Reads frames in sequence, also while another thread or process writes them.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::frame::{self, Frame, Next};
use super::holes;
use super::segment::{self, READ_BYTES};

/// All frames from `from_seq` on. Segments before it are skipped by their names.
///
/// Ends after the last whole frame, also when the next one is being written at this moment. A
/// damaged frame with a segment after its own is an error, and then the end; frames that are known to
/// be gone are passed over.
pub fn frames(dir: &Path, from_seq: u64) -> Result<Frames, JournalError> {
    let firsts = segment::list(dir)?;
    let start = firsts.iter().rev().find(|first| **first <= from_seq);
    let segment = match start.or(firsts.first()) {
        Some(first_seq) => Some(Segment::open(dir, *first_seq)?),
        None => None,
    };
    Ok(Frames {
        dir: dir.to_owned(),
        from_seq,
        segment,
    })
}

/// A number from which on no frame written at `ts_ms` or later is missed; cheap, since it reads only
/// the first frame of some segments.
pub fn first_seq_near(dir: &Path, ts_ms: u64) -> Result<u64, JournalError> {
    let firsts = segment::list(dir)?;
    // Segments that begin before the moment: the last of them can hold it, the earlier cannot.
    let mut failed = None;
    let later = firsts.partition_point(|first| match begins_at(dir, *first) {
        Ok(begins) => begins.is_some_and(|begins| begins < ts_ms),
        Err(error) => {
            failed = Some(error);
            false
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(firsts.get(later.saturating_sub(1)).copied().unwrap_or(1)),
    }
}

/// The first number of the segment that follows the one which holds `seq`: where to read on behind a
/// damaged one.
pub fn segment_behind(dir: &Path, seq: u64) -> Result<Option<u64>, JournalError> {
    let firsts = segment::list(dir)?;
    let later = firsts.into_iter().find(|first| *first > seq);
    Ok(later)
}

/// The number of the first frame that is still here, or of those known to be gone right before it;
/// `None` if the journal holds no segment.
pub fn first_seq(dir: &Path) -> Result<Option<u64>, JournalError> {
    let first = segment::list(dir)?.first().copied();
    first.map(|first| holes::before(dir, first)).transpose()
}

/// The number of the last whole frame, 0 if there is none.
pub fn last_seq(dir: &Path) -> Result<u64, JournalError> {
    let Some(first_seq) = segment::list(dir)?.pop() else {
        return Ok(0);
    };
    let mut last = first_seq.saturating_sub(1);
    for frame in frames(dir, first_seq)? {
        last = frame?.seq;
    }
    Ok(last)
}

/// The first numbers of all segments, in order.
pub fn segments(dir: &Path) -> Result<Vec<u64>, JournalError> {
    segment::list(dir)
}

/// Where the segment is that begins with a number.
#[must_use]
pub fn segment_path(dir: &Path, first_seq: u64) -> PathBuf {
    segment::path(dir, first_seq)
}

/// Says what stands behind the last good frame, if anything does: a start cuts it off, or mends it.
pub fn unread_tail(dir: &Path) -> Result<Option<String>, JournalError> {
    let Some(first) = segment::list(dir)?.pop() else {
        return Ok(None);
    };
    let mut segment = Segment::open(dir, first)?;
    while let Step::Frame(_) = segment.step()? {}
    let meta = std::fs::metadata(&segment.path);
    let size = meta
        .map_err(JournalError::io("look at", &segment.path))?
        .len();
    let bytes = size.saturating_sub(segment.offset);
    Ok((bytes > 0).then(|| {
        format!(
            "{}: the last {bytes} bytes, from byte {} on, are no whole frame; the next start sets it right",
            segment.path.display(),
            segment.offset
        )
    }))
}

/// When the first frame of a segment was written.
fn begins_at(dir: &Path, first_seq: u64) -> Result<Option<u64>, JournalError> {
    Ok(match Segment::open(dir, first_seq)?.step()? {
        Step::Frame(frame) => Some(frame.ts_ms),
        Step::End | Step::Torn => None,
    })
}

/// The frames of a journal, in sequence; see [`frames`].
#[derive(Debug)]
pub struct Frames {
    dir: PathBuf,
    from_seq: u64,
    segment: Option<Segment>,
}

impl Frames {
    /// The next frame at or after `from_seq`. An error leaves no segment, so it is also the end.
    fn advance(&mut self) -> Result<Option<Frame>, JournalError> {
        while let Some(mut segment) = self.segment.take() {
            match self.step(&mut segment)? {
                (Step::Frame(frame), _) => {
                    self.segment = Some(segment);
                    if frame.seq >= self.from_seq {
                        return Ok(Some(frame));
                    }
                }
                // What is torn in the last segment is being written, or was when the writer died.
                (Step::End | Step::Torn, None) => {}
                (Step::End, Some(later))
                    if later == segment.next_seq
                        || holes::behind_holes(&self.dir, segment.next_seq)? == later =>
                {
                    self.segment = Some(Segment::open(&self.dir, later)?);
                }
                (Step::End | Step::Torn, Some(_)) => return Err(segment.damaged()),
            }
        }
        Ok(None)
    }

    /// The next step in a segment, and the segment after it where the step is its end.
    ///
    /// The writer may have finished this segment and begun the next one between our read and our
    /// listing, so an end with something behind it is read again before it is believed.
    fn step(&self, segment: &mut Segment) -> Result<(Step, Option<u64>), JournalError> {
        match segment.step()? {
            Step::Frame(frame) => Ok((Step::Frame(frame), None)),
            end @ (Step::End | Step::Torn) => {
                let firsts = segment::list(&self.dir)?;
                match firsts.into_iter().find(|first| *first > segment.first_seq) {
                    Some(later) => {
                        segment.rewind()?;
                        Ok((segment.step()?, Some(later)))
                    }
                    None => Ok((end, None)),
                }
            }
        }
    }
}

impl Iterator for Frames {
    type Item = Result<Frame, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// What stands next in a segment.
#[derive(Debug)]
enum Step {
    Frame(Frame),
    End,
    Torn,
}

/// One file, read from its start.
#[derive(Debug)]
struct Segment {
    path: PathBuf,
    reader: BufReader<File>,
    first_seq: u64,
    /// Where the good frames read so far end.
    offset: u64,
    next_seq: u64,
}

impl Segment {
    fn open(dir: &Path, first_seq: u64) -> Result<Self, JournalError> {
        let path = segment::path(dir, first_seq);
        let file = File::open(&path).map_err(JournalError::io("open", &path))?;
        Ok(Self {
            path,
            reader: BufReader::with_capacity(READ_BYTES, file),
            first_seq,
            offset: 0,
            next_seq: first_seq,
        })
    }

    fn step(&mut self) -> Result<Step, JournalError> {
        match frame::read(&mut self.reader).map_err(JournalError::io("read", &self.path))? {
            Next::Frame(frame) if frame.seq == self.next_seq => {
                self.offset = self.offset.saturating_add(frame.bytes());
                self.next_seq = self.next_seq.saturating_add(1);
                Ok(Step::Frame(frame))
            }
            // Good, but not the frame that belongs here.
            Next::Frame(_) | Next::Torn => Ok(Step::Torn),
            Next::End => Ok(Step::End),
        }
    }

    /// Back to the end of the good frames.
    fn rewind(&mut self) -> Result<(), JournalError> {
        let seek = self.reader.seek(SeekFrom::Start(self.offset));
        seek.map(drop).map_err(JournalError::io("read", &self.path))
    }

    fn damaged(self) -> JournalError {
        JournalError::Damaged {
            segment: self.path,
            offset: self.offset,
            seq: self.next_seq,
        }
    }
}

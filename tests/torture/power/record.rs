//! The recorder's log, read.

use std::ops::Range;

/// The bytes of `struct head` in `recorder.c`.
const HEAD: usize = 40;

/// What the process asked of its disk, in order.
pub(super) struct Record {
    pub(super) bytes: Vec<u8>,
    pub(super) events: Vec<Event>,
}

/// One thing it asked for.
pub(super) struct Event {
    /// By the clock that only goes on, in nanoseconds.
    pub(super) at_ns: u64,
    pub(super) what: What,
}

/// A file or folder is known by its number in the file system.
pub(super) enum What {
    Write {
        file: u64,
        offset: usize,
        bytes: Range<usize>,
    },
    SetLen {
        file: u64,
        len: usize,
    },
    Create {
        file: u64,
        path: String,
        folder: bool,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    SyncBegin {
        id: u64,
    },
    SyncEnd {
        id: u64,
        file: u64,
        /// It was only said to be done.
        dropped: bool,
    },
}

impl Record {
    pub(super) fn read(bytes: Vec<u8>) -> Self {
        let mut events = Vec::new();
        let mut at = 0;
        while at + HEAD <= bytes.len() {
            let body = at + HEAD..at + HEAD + number::<4>(&bytes, at + 4);
            events.push(event(&bytes, at, body.clone()));
            at = body.end;
        }
        Self { bytes, events }
    }
}

fn event(bytes: &[u8], at: usize, body: Range<usize>) -> Event {
    let wide = |offset: usize| u64::try_from(number::<8>(bytes, at + offset)).unwrap();
    let (file, offset, id) = (wide(16), number::<8>(bytes, at + 24), wide(32));
    let text = || String::from_utf8(bytes[body.clone()].to_vec()).unwrap();
    let what = match number::<4>(bytes, at) {
        1 => What::Write {
            file,
            offset,
            bytes: body,
        },
        2 => What::SetLen { file, len: offset },
        kind @ (3 | 4) => What::Create {
            file,
            path: text(),
            folder: kind == 4,
        },
        5 => {
            let names = text();
            let (from, to) = names.split_once('\n').unwrap();
            What::Rename {
                from: from.to_owned(),
                to: to.to_owned(),
            }
        }
        6 => What::Remove { path: text() },
        7 => What::SyncBegin { id },
        8 => What::SyncEnd {
            id,
            file,
            dropped: offset > 0,
        },
        other => panic!("the recorder wrote an event of kind {other}"),
    };
    Event {
        at_ns: wide(8),
        what,
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> usize {
    let digits = bytes[at..at + N].iter().rev();
    digits.fold(0, |number, digit| number << 8 | usize::from(*digit))
}

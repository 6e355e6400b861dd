//! Which moments, and what of the unsynced survives there.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;

use super::disk::{Disk, Survives};
use super::record::What;
use super::stage::{Due, Recording};
use crate::support::tollgate::Home;

/// What survives of the unsynced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nothing,
    /// What was asked for first, the last write of it torn.
    Beginning,
    /// Any half of the writes.
    Half,
    /// Any half of the pages of a size.
    Pages(usize),
}

impl Kind {
    /// In eight images: one without, one with a beginning, six with halves.
    const ORDER: [Self; 8] = [
        Self::Pages(4096),
        Self::Half,
        Self::Pages(512),
        Self::Beginning,
        Self::Pages(4096),
        Self::Half,
        Self::Pages(512),
        Self::Nothing,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Beginning => "beginning",
            Self::Half => "half",
            Self::Pages(_) => "pages",
        }
    }
}

/// A disk after a power cut, in a home of its own.
pub(super) struct Image {
    pub(super) home: Home,
    pub(super) kind: Kind,
    /// The moment, in words.
    pub(super) what: String,
    pub(super) due: Due,
}

/// Images at random moments, half of them where names change or a sync ends.
pub(super) fn images(
    recording: &Recording,
    count: usize,
    random: &mut fastrand::Rng,
) -> Vec<Image> {
    let record = &recording.record;
    let turns: Vec<usize> = (0..record.events.len())
        .filter(|at| is_turn(&record.events[*at].what))
        .collect();
    let mut cuts: Vec<usize> = (0..count)
        .map(|n| match n % 2 {
            0 => random.usize(1..=record.events.len()),
            _ => turns[random.usize(..turns.len())] + random.usize(0..2),
        })
        .collect();
    cuts.sort_unstable();
    let mut disk = Disk::new(
        &recording.root,
        fs::metadata(&recording.root).unwrap().ino(),
    );
    let mut images = Vec::new();
    let (mut taken, first) = (0, random.usize(0..Kind::ORDER.len()));
    for (n, cut) in cuts.into_iter().enumerate() {
        for at in taken..cut {
            disk.take(at, &record.events[at], &record.bytes);
        }
        taken = cut;
        let kind = Kind::ORDER[(first + n) % Kind::ORDER.len()];
        images.push(image(recording, &disk, cut, kind, random));
    }
    images
}

/// Where something begins or ends to be safe, or is named anew.
const fn is_turn(what: &What) -> bool {
    match what {
        What::Write { .. } | What::SyncBegin { .. } => false,
        What::SetLen { .. }
        | What::Create { .. }
        | What::Rename { .. }
        | What::Remove { .. }
        | What::SyncEnd { .. } => true,
    }
}

fn image(
    recording: &Recording,
    disk: &Disk,
    cut: usize,
    kind: Kind,
    random: &mut fastrand::Rng,
) -> Image {
    let home = Home::new(&recording.config);
    let pending = disk.pending();
    let mut lot = Lot {
        kind,
        until: match pending.len() {
            0 => 0,
            some => pending[random.usize(..some)],
        },
        names: HashMap::new(),
        random: random.fork(),
    };
    let target = tempfile::tempdir().unwrap();
    disk.write_to(target.path(), &recording.record.bytes, &mut lot);
    let data = target.path().join("data");
    if data.exists() {
        // Not a rename: the two may be on file systems of their own.
        copy(&data, &home.data_dir());
    }
    Image {
        home,
        kind,
        what: format!(
            "cut at event {cut} of {}, {} unsynced, {}{}",
            recording.record.events.len(),
            pending.len(),
            kind.name(),
            recording.run
        ),
        due: recording.due(cut),
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Draws what survives.
struct Lot {
    kind: Kind,
    /// The last event of a beginning.
    until: usize,
    names: HashMap<usize, bool>,
    random: fastrand::Rng,
}

impl Survives for Lot {
    fn name(&mut self, event: usize) -> bool {
        match self.kind {
            Kind::Nothing => false,
            Kind::Beginning => event <= self.until,
            Kind::Half | Kind::Pages(_) => {
                let random = &mut self.random;
                *self.names.entry(event).or_insert_with(|| random.bool())
            }
        }
    }

    fn write(&mut self, event: usize, offset: usize, bytes: usize) -> Vec<Range<usize>> {
        let whole = |kept: bool| kept.then_some(0..bytes).into_iter().collect();
        match self.kind {
            Kind::Nothing => Vec::new(),
            Kind::Beginning if event == self.until => {
                std::iter::once(0..self.random.usize(0..=bytes)).collect()
            }
            Kind::Beginning => whole(event < self.until),
            Kind::Half => whole(self.random.bool()),
            Kind::Pages(size) => pages(offset, bytes, size)
                .into_iter()
                .filter(|_| self.random.bool())
                .collect(),
        }
    }

    fn len(&mut self, event: usize) -> bool {
        match self.kind {
            Kind::Nothing => false,
            Kind::Beginning => event <= self.until,
            Kind::Half | Kind::Pages(_) => self.random.bool(),
        }
    }
}

/// The parts of a write that lie on pages of their own.
fn pages(offset: usize, bytes: usize, size: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < bytes {
        let end = bytes.min(at + size - (offset + at) % size);
        parts.push(at..end);
        at = end;
    }
    parts
}

#[test]
fn a_write_is_cut_where_pages_end() {
    assert_eq!(pages(100, 1_000, 512), [0..412, 412..924, 924..1_000]);
    assert_eq!(pages(512, 512, 512), [Range { start: 0, end: 512 }]);
}

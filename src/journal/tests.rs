use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::sync::mpsc as std_mpsc;
use std::time::Instant;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

mod turns;

/// What the sink got.
type Seen = Arc<Mutex<Vec<(u64, u64)>>>;

fn settings(dir: &TempDir) -> Settings {
    Settings::in_dir(dir.path())
}

fn open(settings: Settings) -> (Journal<u64>, Seen) {
    open_on(RealDisk, settings)
}

fn open_on(disk: impl Disk, settings: Settings) -> (Journal<u64>, Seen) {
    let seen = Seen::default();
    let sink = Arc::clone(&seen);
    let journal = Journal::open_on(disk, settings, move |seq, payload| {
        sink.lock().unwrap().push((seq, payload));
    });
    (journal.unwrap(), seen)
}

/// Appends `n` numbered frames and waits for them.
fn write(journal: &Journal<u64>, numbers: impl IntoIterator<Item = u64>) {
    let acks: Vec<Ack> = numbers
        .into_iter()
        .map(|n| journal.append(FrameKind::End, n, body(n), Some(n)).unwrap())
        .collect();
    for ack in acks {
        ack.wait().unwrap();
    }
}

/// Bodies of several lengths, without the zeros that stand for bytes that were never written.
fn body(n: u64) -> Vec<u8> {
    let mark = 0x80 | u8::try_from(n % 100).unwrap();
    vec![mark; usize::try_from(n % 7 * 8).unwrap()]
}

fn seqs(dir: &TempDir, from: u64) -> Vec<u64> {
    frames(dir.path(), from)
        .unwrap()
        .map(|frame| frame.unwrap().seq)
        .collect()
}

/// A journal of one segment, as bytes.
fn bytes_of(numbers: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(settings(&dir));
    write(&journal, numbers);
    journal.close();
    std::fs::read(segment::path(dir.path(), 1)).unwrap()
}

/// The same, of a journal that begins with a later number.
fn bytes_from(first_seq: u64, numbers: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(Settings {
        first_seq,
        ..settings(&dir)
    });
    write(&journal, numbers);
    journal.close();
    std::fs::read(segment::path(dir.path(), first_seq)).unwrap()
}

fn dir_with(first_seq: u64, bytes: &[u8]) -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::write(segment::path(dir.path(), first_seq), bytes).unwrap();
    dir
}

#[test]
fn what_is_appended_is_read_back_in_sequence() {
    let dir = TempDir::new().unwrap();
    let (journal, seen) = open(settings(&dir));
    assert!(seqs(&dir, 0).is_empty());
    write(&journal, 1..=20);
    let read: Vec<Frame> = frames(dir.path(), 3).unwrap().map(Result::unwrap).collect();
    let expected: Vec<Frame> = (3..=20)
        .map(|n| Frame {
            kind: FrameKind::End,
            seq: n,
            ts_ms: n,
            body: body(n),
        })
        .collect();
    assert_eq!(read, expected);
    journal.close();
    assert_eq!(
        *seen.lock().unwrap(),
        (1..=20).map(|n| (n, n)).collect::<Vec<_>>()
    );
    let (journal, _) = open(settings(&dir));
    write(&journal, [21]);
    assert_eq!(seqs(&dir, 0), (1..=21).collect::<Vec<_>>());
    assert_eq!(last_seq(dir.path()).unwrap(), 21);
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_the_sequence_goes_on() {
    let whole = bytes_of(1..=6);
    let ends: Vec<u64> = (1..=6)
        .scan(0, |len, n| {
            *len += frame::HEADER_BYTES + body(n).len();
            Some(u64::try_from(*len).unwrap())
        })
        .collect();
    for (cut, garbage) in (0..=whole.len()).flat_map(|cut| [(cut, 0), (cut, 40)]) {
        let mut bytes = whole[..cut].to_vec();
        bytes.resize(cut + garbage, 0);
        let dir = dir_with(1, &bytes);
        let good = ends
            .iter()
            .filter(|end| **end <= u64::try_from(cut).unwrap())
            .count();
        let good = u64::try_from(good).unwrap();
        assert_eq!(
            seqs(&dir, 0),
            (1..=good).collect::<Vec<_>>(),
            "read at {cut}"
        );
        let (journal, _) = open(settings(&dir));
        assert!(journal.cut_tail().is_none_or(|cut| cut.mended.is_none()));
        write(&journal, [77]);
        journal.close();
        let kept = usize::try_from(good).unwrap();
        let kept = kept.checked_sub(1).map_or(0, |last| ends[last]);
        let len = std::fs::metadata(segment::path(dir.path(), 1))
            .unwrap()
            .len();
        let frame = u64::try_from(frame::HEADER_BYTES + body(77).len()).unwrap();
        assert_eq!(len, kept + frame, "cut at {cut}");
        assert_eq!(
            seqs(&dir, 0),
            (1..=good + 1).collect::<Vec<_>>(),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_damaged_byte_is_never_read_as_a_frame() {
    let whole = bytes_of(1..=4);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let dir = dir_with(1, &bytes);
        for frame in frames(dir.path(), 0).unwrap() {
            let frame = frame.unwrap();
            assert_eq!(
                (frame.ts_ms, frame.body),
                (frame.seq, body(frame.seq)),
                "byte {at}"
            );
        }
    }
}

#[test]
fn good_frames_behind_damage_at_the_end_stay_readable() {
    let mut bytes = bytes_of(1..=6);
    bytes[frame::HEADER_BYTES + 3] ^= 1;
    let dir = dir_with(1, &bytes);
    let (journal, _) = open(settings(&dir));
    let mended = journal.cut_tail().unwrap().mended.clone().unwrap();
    assert_eq!(mended.lost, [1..=1]);
    assert_eq!(std::fs::read(mended.moved_to.unwrap()).unwrap(), bytes);
    write(&journal, [9]);
    assert_eq!(seqs(&dir, 0), (2..=7).collect::<Vec<_>>());
}

#[test]
fn a_mended_segment_loses_only_what_is_damaged() {
    let whole = bytes_of(1..=6);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let dir = dir_with(1, &bytes);
        let next: Vec<u8> = bytes_from(7, 7..=8);
        std::fs::write(segment::path(dir.path(), 7), next).unwrap();
        let mended = mend(dir.path(), 1).unwrap().unwrap();
        assert_eq!(mended.frames(), 1, "byte {at}");
        let lost = *mended.lost[0].start();
        let left: Vec<u64> = (1..=8).filter(|seq| *seq != lost).collect();
        assert_eq!(seqs(&dir, 0), left, "byte {at}");
        assert_eq!(std::fs::read(mended.moved_to.unwrap()).unwrap(), bytes);
        assert_eq!(mend(dir.path(), 1).unwrap(), None, "once is enough");
    }
}

#[test]
fn a_missing_segment_is_noted_and_read_over() {
    let dir = dir_with(1, &bytes_of(1..=3));
    std::fs::write(segment::path(dir.path(), 7), bytes_from(7, 7..=8)).unwrap();
    assert!(frames(dir.path(), 0).unwrap().any(|frame| frame.is_err()));
    let mended = mend(dir.path(), 4).unwrap().unwrap();
    assert_eq!((mended.lost, mended.moved_to), (vec![4..=6], None));
    assert_eq!(seqs(&dir, 0), [1, 2, 3, 7, 8]);
    assert_eq!(holes(dir.path()).unwrap(), [4..=6]);
}

#[test]
fn damage_in_an_older_segment_is_an_error_and_deletes_nothing() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(small(&dir));
    for n in 1..=40 {
        write(&journal, [n]);
    }
    journal.close();
    let before = segment::list(dir.path()).unwrap();
    assert!(before.len() > 4, "{before:?}");
    let damaged = segment::path(dir.path(), before[1]);
    let file = OpenOptions::new().write(true).open(&damaged).unwrap();
    file.write_all_at(b"x", 9).unwrap();
    let read: Vec<_> = frames(dir.path(), 0).unwrap().collect();
    assert_eq!(
        u64::try_from(read.len()).unwrap(),
        before[1],
        "the good frames before it, then the error"
    );
    let error = read.last().unwrap().as_ref().unwrap_err();
    assert_eq!(error.reason(), "damaged");
    assert!(
        error.to_string().contains(damaged.to_str().unwrap()),
        "{error}"
    );
    // Later segments are whole and can be read from their own start.
    assert_eq!(seqs(&dir, before[2]), (before[2]..=40).collect::<Vec<_>>());
    let (journal, _) = open(small(&dir));
    write(&journal, [41]);
    assert_eq!(segment::list(dir.path()).unwrap()[..before.len()], before);
}

/// Segments of a few frames.
fn small(dir: &TempDir) -> Settings {
    Settings {
        segment_bytes_max: 300,
        ..settings(dir)
    }
}

#[test]
fn a_full_segment_is_followed_by_the_next_and_skipped_by_its_name() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(small(&dir));
    for n in 1..=50 {
        write(&journal, [n]);
    }
    let firsts = segment::list(dir.path()).unwrap();
    assert!(firsts.len() > 5);
    for from in 0..=51 {
        assert_eq!(seqs(&dir, from), (from.max(1)..=50).collect::<Vec<_>>());
    }
    for ts_ms in 0..=51 {
        let near = first_seq_near(dir.path(), ts_ms).unwrap();
        let owner = firsts.iter().rev().find(|first| **first < ts_ms).copied();
        assert_eq!(near, owner.unwrap_or(1), "at {ts_ms}");
    }
}

#[test]
fn many_threads_append_each_frame_once_in_fewer_writes_than_frames() {
    const THREADS: u64 = 8;
    const EACH: u64 = 2_000;
    let dir = TempDir::new().unwrap();
    let (journal, seen) = open(Settings {
        segment_bytes_max: 64 * 1024,
        ..settings(&dir)
    });
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let journal = &journal;
            scope.spawn(move || write(journal, (0..EACH).map(|n| thread * EACH + n)));
        }
    });
    let stats = journal.stats();
    assert_eq!(
        (stats.appended, stats.queued, stats.queued_bytes),
        (THREADS * EACH, 0, 0)
    );
    assert!(stats.groups < stats.appended, "{stats:?}");
    journal.close();
    let seen = seen.lock().unwrap();
    let read: Vec<(u64, u64)> = frames(dir.path(), 0)
        .unwrap()
        .map(|frame| frame.map(|frame| (frame.seq, frame.ts_ms)).unwrap())
        .collect();
    assert_eq!(read, *seen);
    assert!(read.iter().map(|(seq, _)| *seq).eq(1..=THREADS * EACH));
    for thread in 0..THREADS {
        let own = read.iter().map(|(_, n)| *n).filter(|n| n / EACH == thread);
        assert!(
            own.eq(thread * EACH..(thread + 1) * EACH),
            "a thread's frames keep their order"
        );
    }
}

#[test]
fn a_reader_follows_a_writer_and_sees_no_half_frame() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(small(&dir));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=600 {
                write(&journal, [n]);
            }
        });
        let mut last = 0;
        while last < 600 {
            for frame in frames(dir.path(), last + 1).unwrap() {
                let frame = frame.unwrap();
                assert_eq!((frame.seq, frame.ts_ms), (last + 1, last + 1));
                last = frame.seq;
            }
        }
    });
}

#[test]
fn a_second_writer_is_refused() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(settings(&dir));
    let second = Journal::<u64>::open(settings(&dir), |_, _| {}).unwrap_err();
    assert_eq!(second.reason(), "in_use");
    assert!(second.to_string().starts_with("data directory is in use"));
    journal.close();
    open(settings(&dir)).0.close();
}

#[test]
fn what_was_written_is_synced_soon_and_at_the_close() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(Settings {
        sync_interval: Duration::from_hours(1),
        sync_records: 10,
        ..settings(&dir)
    });
    let durable = journal.durable();
    write(&journal, 1..=9);
    assert!(!durable.wait(9, Duration::from_millis(50)));
    assert!(journal.stats().unsynced > Duration::ZERO);
    write(&journal, [10]);
    assert!(durable.wait(10, Duration::from_mins(1)));
    assert_eq!(journal.stats().unsynced, Duration::ZERO);
    write(&journal, [11]);
    journal.close();
    assert_eq!(durable.seq(), 11);
}

/// A disk that answers the next writes from a list: after so many bytes it is full.
#[derive(Clone, Default)]
struct FullDisk {
    answers: Arc<Mutex<VecDeque<Option<usize>>>>,
    cuts_fail: Arc<Mutex<u32>>,
}

impl Disk for FullDisk {
    fn create(&mut self, path: &Path) -> io::Result<File> {
        RealDisk.create(path)
    }

    fn write(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.answers.lock().unwrap().pop_front().flatten() {
            None => RealDisk.write(file, bytes, offset),
            Some(room) => {
                RealDisk.write(file, &bytes[..room.min(bytes.len())], offset)?;
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    fn cut(&mut self, file: &File, len: u64) -> io::Result<()> {
        let mut fail = self.cuts_fail.lock().unwrap();
        if *fail > 0 {
            *fail -= 1;
            return Err(io::Error::from_raw_os_error(5));
        }
        RealDisk.cut(file, len)
    }
}

#[test]
fn a_full_disk_delays_frames_and_loses_none() {
    let dir = TempDir::new().unwrap();
    let disk = FullDisk::default();
    let (journal, seen) = open_on(disk.clone(), settings(&dir));
    write(&journal, [1]);
    // Refused after half a frame, then after 70 bytes with a cut that fails too, then written.
    *disk.answers.lock().unwrap() = VecDeque::from([Some(20), Some(70), None]);
    *disk.cuts_fail.lock().unwrap() = 1;
    let delayed = journal.append(FrameKind::End, 2, body(2), Some(2)).unwrap();
    assert_eq!(delayed.wait().unwrap_err().reason(), "delayed");
    assert!(!journal.healthy());
    assert_eq!(journal.stats().queued, 1);
    write(&journal, [3]);
    assert!(journal.healthy());
    assert!(journal.stats().errors >= 2);
    assert_eq!(seqs(&dir, 0), [1, 2, 3]);
    journal.close();
    assert_eq!(*seen.lock().unwrap(), [(1, 1), (2, 2), (3, 3)]);
}

#[test]
fn frames_refused_until_the_close_leave_no_trace_in_the_file() {
    let dir = TempDir::new().unwrap();
    let disk = FullDisk::default();
    let (journal, _) = open_on(disk.clone(), settings(&dir));
    write(&journal, 1..=3);
    *disk.answers.lock().unwrap() = std::iter::repeat_n(Some(60), 1_000).collect();
    let ack = journal.append(FrameKind::End, 4, body(4), Some(4)).unwrap();
    assert_eq!(ack.wait().unwrap_err().reason(), "delayed");
    let other = journal.clone();
    let started = Instant::now();
    journal.close();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(other.stats().lost, 1);
    let refused = other.append(FrameKind::End, 5, body(5), None).unwrap_err();
    assert_eq!(refused.reason(), "closed");
    assert_eq!(
        std::fs::read(segment::path(dir.path(), 1)).unwrap(),
        bytes_of(1..=3)
    );
}

/// A disk that writes when it is told to.
struct HeldDisk(std_mpsc::Receiver<()>);

impl Disk for HeldDisk {
    fn create(&mut self, path: &Path) -> io::Result<File> {
        RealDisk.create(path)
    }

    fn write(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.recv().unwrap();
        RealDisk.write(file, bytes, offset)
    }

    fn cut(&mut self, file: &File, len: u64) -> io::Result<()> {
        RealDisk.cut(file, len)
    }
}

#[test]
fn a_full_queue_is_said_at_once_and_what_waits_goes_in_one_write() {
    let dir = TempDir::new().unwrap();
    let (release, held) = std_mpsc::sync_channel(10);
    let (journal, _) = open_on(
        HeldDisk(held),
        Settings {
            queue_max: 4,
            ..settings(&dir)
        },
    );
    let append = |n| journal.append(FrameKind::Begin, n, body(n), None);
    let first = append(1).unwrap();
    // Taken from the queue, and so in the write that is held.
    while (journal.stats().queued, journal.stats().queued_bytes) != (1, 0) {
        std::thread::yield_now();
    }
    let waiting: Vec<Ack> = (2..=5).map(|n| append(n).unwrap()).collect();
    assert_eq!(append(6).unwrap_err().reason(), "queue_full");
    let too_large = journal.append(FrameKind::End, 0, vec![0; BODY_BYTES_MAX + 1], None);
    assert_eq!(too_large.unwrap_err().reason(), "too_large");
    release.send(()).unwrap();
    release.send(()).unwrap();
    for ack in std::iter::once(first).chain(waiting) {
        ack.wait().unwrap();
    }
    assert_eq!(journal.stats().groups, 2);
    assert_eq!(seqs(&dir, 0), [1, 2, 3, 4, 5]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let dir = dir_with(1, &bytes);
        prop_assert!(frames(dir.path(), 0).unwrap().all(|frame| frame.is_ok()));
        let (journal, _) = open(settings(&dir));
        write(&journal, [1]);
        journal.close();
    }
}

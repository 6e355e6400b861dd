//! Who writes a frame, and that it makes no difference to the file.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;
use crate::journal::backlog::Seat;

/// The thread that does what a client's may not.
const OWN: &str = "journal-write";
/// No write is slow.
const PATIENT: Duration = Duration::from_hours(1);

/// What a disk does with one write: everything, or so many bytes and an error.
type Plan = Box<dyn FnMut() -> Option<usize> + Send>;

/// Notes who writes, and does as planned.
struct Noting {
    writers: SyncSender<String>,
    plan: Plan,
}

impl Noting {
    fn new(plan: impl FnMut() -> Option<usize> + Send + 'static) -> (Self, Receiver<String>) {
        let (writers, noted) = sync_channel(100_000);
        let plan = Box::new(plan);
        (Self { writers, plan }, noted)
    }
}

impl Disk for Noting {
    fn create(&mut self, path: &Path) -> io::Result<File> {
        RealDisk.create(path)
    }

    fn write(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        self.writers.send(name).unwrap();
        let Some(room) = (self.plan)() else {
            return RealDisk.write(file, bytes, offset);
        };
        RealDisk.write(file, &bytes[..room.min(bytes.len())], offset)?;
        Err(io::ErrorKind::StorageFull.into())
    }

    fn cut(&mut self, file: &File, len: u64) -> io::Result<()> {
        RealDisk.cut(file, len)
    }
}

/// No sync and no slow write sends a frame to the thread.
fn undisturbed(dir: &TempDir) -> Settings {
    Settings {
        sync_interval: PATIENT,
        sync_records: usize::MAX,
        quick_write_max: PATIENT,
        ..settings(dir)
    }
}

fn append(journal: &Journal<u64>, n: u64) -> Ack {
    let ack = journal.append(FrameKind::End, n, body(n), Some(n));
    ack.unwrap()
}

/// Writes the first frame, whose segment the thread begins, and waits until nobody writes.
fn begin(journal: &Journal<u64>) {
    write(journal, [1]);
    while !matches!(journal.inner.core.backlog().seat, Seat::Free(_)) {
        std::thread::yield_now();
    }
}

fn is_settled(ack: &Ack) -> bool {
    matches!(ack, Ack::Settled(Ok(())))
}

/// What was read back, and what the sink got.
fn assert_kept(dir: &TempDir, seen: &Seen, last: u64) {
    let expected: Vec<(u64, u64)> = (1..=last).map(|n| (n, n)).collect();
    let read: Vec<(u64, u64)> = frames(dir.path(), 0)
        .unwrap()
        .map(|frame| frame.map(|frame| (frame.seq, frame.ts_ms)).unwrap())
        .collect();
    assert_eq!(read, expected);
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_frame_is_in_the_file_when_its_append_returns() {
    let dir = TempDir::new().unwrap();
    let (disk, noted) = Noting::new(|| None);
    let (journal, seen) = open_on(disk, undisturbed(&dir));
    begin(&journal);
    for n in 2..=20 {
        // Nobody waits for it, and nothing comes after it.
        drop(append(&journal, n));
        assert_kept(&dir, &seen, n);
    }
    let writers: Vec<String> = noted.try_iter().collect();
    assert_eq!(writers[0], OWN, "a segment is begun by the thread");
    assert!(!writers[1..].contains(&OWN.to_owned()), "{writers:?}");
    assert_eq!(journal.stats().by_thread, 1);
}

#[test]
fn who_writes_takes_what_came_meanwhile_and_leaves_the_rest_to_the_thread() {
    let dir = TempDir::new().unwrap();
    let (release, held) = sync_channel::<()>(10);
    let (disk, noted) = Noting::new(move || {
        held.recv().unwrap();
        None
    });
    let (journal, seen) = open_on(disk, undisturbed(&dir));
    release.send(()).unwrap();
    begin(&journal);
    assert_eq!(noted.recv().unwrap(), OWN);
    std::thread::scope(|scope| {
        let leader = std::thread::Builder::new().name("leader".into());
        let leads = leader.spawn_scoped(scope, || append(&journal, 2)).unwrap();
        assert_eq!(noted.recv().unwrap(), "leader");
        // None of these waits for the write that is held.
        let mut acks: Vec<Ack> = (3..=5).map(|n| append(&journal, n)).collect();
        assert_eq!(journal.stats().queued, 4);
        release.send(()).unwrap();
        assert_eq!(noted.recv().unwrap(), "leader", "its own, and one more");
        acks.extend((6..=8).map(|n| append(&journal, n)));
        assert!(!acks.iter().any(is_settled));
        release.send(()).unwrap();
        assert!(is_settled(&leads.join().unwrap()));
        assert_eq!(noted.recv().unwrap(), OWN);
        release.send(()).unwrap();
        for ack in acks {
            ack.wait().unwrap();
        }
    });
    assert_eq!(journal.stats().groups, 4);
    assert_kept(&dir, &seen, 8);
}

#[test]
fn a_slow_disk_keeps_a_client_waiting_once() {
    let dir = TempDir::new().unwrap();
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let (disk, noted) = Noting::new(move || {
        if is_slow.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(3));
        }
        None
    });
    let (journal, seen) = open_on(
        disk,
        Settings {
            quick_write_max: Duration::from_millis(2),
            ..undisturbed(&dir)
        },
    );
    write(&journal, [1]);
    slow.store(true, Ordering::Relaxed);
    write(&journal, 2..=30);
    for n in 31..=60 {
        write(&journal, [n]);
    }
    let clients = noted.try_iter().filter(|name| name != OWN).count();
    assert!(clients <= 1, "{clients}");
    assert!(journal.stats().slow > 30, "{:?}", journal.stats());
    // It is trusted again when it is quick again.
    slow.store(false, Ordering::Relaxed);
    let mut last = 60;
    while noted.try_iter().all(|name| name == OWN) {
        last += 1;
        write(&journal, [last]);
    }
    assert_kept(&dir, &seen, last);
}

#[test]
fn no_client_writes_beside_a_sync() {
    let dir = TempDir::new().unwrap();
    let (disk, noted) = Noting::new(|| None);
    let (journal, seen) = open_on(disk, undisturbed(&dir));
    write(&journal, 1..=2);
    noted.try_iter().for_each(drop);
    journal.durable().set_syncing(true);
    for n in 3..=6 {
        let ack = append(&journal, n);
        assert!(!is_settled(&ack));
        ack.wait().unwrap();
    }
    assert!(noted.try_iter().all(|name| name == OWN));
    journal.durable().set_syncing(false);
    let mut last = 6;
    while noted.try_iter().all(|name| name == OWN) {
        last += 1;
        write(&journal, [last]);
    }
    assert_kept(&dir, &seen, last);
}

#[test]
fn a_disk_that_refuses_now_and_then_keeps_the_order_whoever_writes() {
    const THREADS: u64 = 6;
    const EACH: u64 = 400;
    let dir = TempDir::new().unwrap();
    let writes = AtomicU32::new(0);
    let (disk, noted) = Noting::new(move || {
        let n = writes.fetch_add(1, Ordering::Relaxed);
        (n < 300 && n % 60 == 7).then_some(35)
    });
    let (journal, seen) = open_on(disk, undisturbed(&dir));
    let delayed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for n in 0..EACH {
                    if append(&journal, n).wait().is_err() {
                        delayed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let stats = journal.stats();
    journal.close();
    assert!(
        stats.errors > 0 && delayed.load(Ordering::Relaxed) > 0,
        "{stats:?}"
    );
    let (own, clients): (Vec<String>, Vec<String>) = noted.try_iter().partition(|name| name == OWN);
    assert!(!own.is_empty() && !clients.is_empty());
    assert!(seqs(&dir, 0).into_iter().eq(1..=THREADS * EACH));
    let handed_on: Vec<u64> = seen.lock().unwrap().iter().map(|(seq, _)| *seq).collect();
    assert!(handed_on.into_iter().eq(1..=THREADS * EACH));
}

#[test]
fn what_nobody_waits_for_is_in_the_file_without_another_append() {
    let dir = TempDir::new().unwrap();
    let (journal, seen) = open(undisturbed(&dir));
    for n in 1..=3 {
        journal
            .leave(FrameKind::Begin, n, body(n), Some(n))
            .unwrap();
        // Comes by itself, or this test never ends.
        while seen.lock().unwrap().last().is_none_or(|(seq, _)| *seq < n) {
            std::thread::yield_now();
        }
        assert_kept(&dir, &seen, n);
    }
    assert_eq!(journal.stats().by_thread, 3);
    journal
        .leave(FrameKind::Begin, 4, body(4), Some(4))
        .unwrap();
    journal.close();
    assert_kept(&dir, &seen, 4);
}

#[test]
fn who_writes_takes_along_what_was_left_before() {
    let dir = TempDir::new().unwrap();
    let (journal, seen) = open(undisturbed(&dir));
    begin(&journal);
    for n in (2..=60).step_by(2) {
        journal
            .leave(FrameKind::Begin, n, body(n), Some(n))
            .unwrap();
        append(&journal, n + 1).wait().unwrap();
        assert_kept(&dir, &seen, n + 1);
    }
    assert!(journal.stats().groups < 61, "{:?}", journal.stats());
}

#[test]
fn the_thread_takes_along_what_was_left_before() {
    let dir = TempDir::new().unwrap();
    let (release, held) = sync_channel::<()>(10);
    let (disk, noted) = Noting::new(move || {
        held.recv().unwrap();
        None
    });
    let (journal, seen) = open_on(disk, undisturbed(&dir));
    let first = append(&journal, 1);
    assert_eq!(noted.recv().unwrap(), OWN);
    for n in 2..=4 {
        journal
            .leave(FrameKind::Begin, n, body(n), Some(n))
            .unwrap();
    }
    let last = append(&journal, 5);
    release.send(()).unwrap();
    release.send(()).unwrap();
    for ack in [first, last] {
        ack.wait().unwrap();
    }
    assert_eq!(journal.stats().groups, 2);
    assert_kept(&dir, &seen, 5);
}

#[test]
fn a_panic_while_writing_closes_the_journal_and_hangs_nobody() {
    let dir = TempDir::new().unwrap();
    let sink = |seq, _: u64| assert_ne!(seq, 2, "on purpose");
    let journal = Journal::open_on(RealDisk, undisturbed(&dir), sink).unwrap();
    begin(&journal);
    let panicking = std::panic::AssertUnwindSafe(|| append(&journal, 2));
    assert!(std::panic::catch_unwind(panicking).is_err());
    let refused = journal.append(FrameKind::End, 3, body(3), Some(3));
    assert_eq!(refused.unwrap_err().reason(), "closed");
    assert!(!journal.healthy());
    journal.close();
    assert_eq!(seqs(&dir, 0), [1, 2]);
}

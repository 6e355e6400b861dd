//! One recorded run: a day of calls, a kill, a start on a later day that closes the first one, and
//! calls meanwhile. What clients saw is kept beside it, by the same clock.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::record::{Record, What};
use crate::load;
use crate::preload::{Environment, preloaded};
use crate::support::client::Client;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::Upstream;

const CLIENTS: u64 = 8;
const LIFE: Duration = Duration::from_millis(700);
/// A day file comes in its own time, on a busy machine late.
const CLOSE_WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
/// Two days back: over, whatever the hour is now.
const EARLIER: &str = "-172800";
/// The journal's own promise.
const SYNC_INTERVAL_NS: u64 = 20_000_000;
/// What a busy machine may add to it.
const SLACK_NS: u64 = 1_000_000_000;

/// How a run is made.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// Answers wait until their record is on the disk.
    pub(super) strict: bool,
    /// A part of the paths whose syncs are left out.
    pub(super) drop: Option<&'static str>,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.strict {
            f.write_str(", strict_ack")?;
        }
        self.drop
            .map_or(Ok(()), |part| write!(f, ", {part} unsynced"))
    }
}

/// A call whose end a client saw.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) call_id: String,
    pub(super) number: u64,
    at_ns: u64,
}

/// What a disk of one moment owes.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    /// These must be there.
    pub(super) kept: Vec<Seen>,
    /// These may be.
    pub(super) open: Vec<Seen>,
    /// From the oldest of these to the cut.
    pub(super) window: Duration,
}

pub(super) struct Recording {
    pub(super) record: Record,
    pub(super) config: String,
    pub(super) root: PathBuf,
    pub(super) run: Run,
    seen: Vec<Seen>,
    /// Syncs of the journal that were told to have ended: where in the record, and when they began.
    synced: Vec<(usize, u64)>,
    longest_sync_ns: u64,
    /// Kept so that nothing else gets its path.
    _home: Home,
}

impl Recording {
    pub(super) async fn make(run: Run) -> Self {
        let upstream = Upstream::start(load::answer).await;
        let config = format!(
            "[ledger]\nack_wait = \"10s\"\nsegment_bytes_max = \"32KiB\"\nstrict_ack = {}\n{}",
            run.strict,
            load::upstreams(&upstream)
        );
        let home = Home::new(&config);
        let log = TempDir::new().unwrap();
        let log = log.path().join("log");
        let root = home.config().parent().unwrap().to_owned();
        let witness = Arc::default();
        lived(
            &home,
            &environment(&log, &root, run, EARLIER),
            &witness,
            false,
        )
        .await;
        lived(&home, &environment(&log, &root, run, "0"), &witness, true).await;
        let record = Record::read(fs::read(log).unwrap());
        let (synced, longest_sync_ns) = syncs_of_journal(&record);
        let mut seen = std::mem::take(&mut *witness.seen.lock().unwrap());
        seen.sort_unstable_by_key(|seen| seen.at_ns);
        println!(
            "recorded{run}: {} events, {} calls seen to end",
            record.events.len(),
            seen.len()
        );
        Self {
            record,
            config,
            root,
            run,
            seen,
            synced,
            longest_sync_ns,
            _home: home,
        }
    }

    /// What must be on a disk that lost its power behind so many events.
    pub(super) fn due(&self, cut: usize) -> Due {
        let now = self.record.events[cut - 1].at_ns;
        let synced = self.synced.iter().filter(|(ended, _)| *ended < cut);
        let synced = synced.map(|(_, began)| *began).max().unwrap_or(0);
        // A sync that never came must not excuse anything.
        let late = now.saturating_sub(SYNC_INTERVAL_NS + self.longest_sync_ns + SLACK_NS);
        let safe = if self.run.strict {
            now
        } else {
            synced.max(late)
        };
        let seen = self.seen.iter().filter(|seen| seen.at_ns < now);
        let (kept, open): (Vec<Seen>, Vec<Seen>) = seen.cloned().partition(|s| s.at_ns < safe);
        let oldest = open.first().map_or(now, |seen| seen.at_ns);
        Due {
            kept,
            open,
            window: Duration::from_nanos(now - oldest),
        }
    }
}

/// When syncs of segments began, by where they ended; and the longest of them.
fn syncs_of_journal(record: &Record) -> (Vec<(usize, u64)>, u64) {
    let mut journal = std::collections::HashSet::new();
    let mut starts = std::collections::HashMap::new();
    let (mut synced, mut longest) = (Vec::new(), 0);
    for (at, event) in record.events.iter().enumerate() {
        match &event.what {
            What::Create { file, path, .. } => {
                if path.ends_with(".frames") {
                    journal.insert(*file);
                } else {
                    journal.remove(file);
                }
            }
            What::SyncBegin { id } => {
                starts.insert(*id, event.at_ns);
            }
            What::SyncEnd { id, file, .. } if journal.contains(file) => {
                let began = starts[id];
                longest = longest.max(event.at_ns - began);
                synced.push((at, began));
            }
            What::Write { .. }
            | What::SetLen { .. }
            | What::Rename { .. }
            | What::Remove { .. }
            | What::SyncEnd { .. } => {}
        }
    }
    (synced, longest)
}

/// What the clients know, told by nobody but the bytes they got.
#[derive(Default)]
struct Witness {
    seen: Mutex<Vec<Seen>>,
    next: AtomicU64,
}

/// Serves under load for a while, or until a day is closed, and kills.
async fn lived(home: &Home, environment: &Environment, witness: &Arc<Witness>, closes: bool) {
    let environment: Vec<(&str, &OsStr)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_os_str()))
        .collect();
    let tollgate = home.serve_in(&environment).await;
    let clients = load(&tollgate, witness);
    tokio::time::sleep(LIFE).await;
    if closes {
        let began = Instant::now();
        while !is_closed(&home.data_dir()) {
            assert!(began.elapsed() < CLOSE_WAIT, "{}", tollgate.said());
            tokio::time::sleep(POLL).await;
        }
        tokio::time::sleep(LIFE).await;
    }
    tollgate.kill();
    clients.join_all().await;
}

/// The first day has its file and its checkpoint, and its first segment is gone.
fn is_closed(data: &Path) -> bool {
    let holds = |folder: &str, end: &str| {
        let files = fs::read_dir(data.join(folder)).into_iter().flatten();
        files
            .flatten()
            .any(|file| file.file_name().to_string_lossy().ends_with(end))
    };
    holds("calls", ".parquet")
        && holds("checkpoints", ".totals")
        && !data.join("journal/00000000000000000001.frames").exists()
}

/// Clients that call as fast as they are answered, until the process is gone.
fn load(tollgate: &Tollgate, witness: &Arc<Witness>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let witness = Arc::clone(witness);
        let mut client = Client::new(tollgate.traffic);
        clients.spawn(async move {
            loop {
                let number = witness.next.fetch_add(1, Ordering::Relaxed);
                let Ok(answer) = client.send(load::request(number)).await else {
                    return;
                };
                // A call that was broken off by the upstream looks like one by the kill.
                if answer.broken.is_none() {
                    let seen = Seen {
                        call_id: answer.call_id().unwrap().to_owned(),
                        number,
                        at_ns: now_ns(),
                    };
                    witness.seen.lock().unwrap().push(seen);
                }
            }
        });
    }
    clients
}

fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap()
}

fn environment(log: &Path, root: &Path, run: Run, shift: &str) -> Environment {
    let mut environment = vec![
        preloaded(&["power/recorder.c", "clock.c"]),
        ("TORTURE_LOG", log.into()),
        ("TORTURE_ROOT", root.into()),
        ("CLOCK_SHIFT", shift.into()),
    ];
    environment.extend(run.drop.map(|part| ("TORTURE_DROP", part.into())));
    environment
}

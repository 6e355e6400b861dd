//! The ledger over a real journal in a folder of its own; calls are made by number.

mod believe;
mod damage;
mod days;
pub(crate) mod dying;
mod expired;
mod fixture;
mod hours;
pub(crate) mod journalled;
mod kill;
mod newer;
mod passes;
mod read;
mod retention;
mod upkeep;
mod watch;
mod whole;

use std::collections::BTreeMap;
use std::sync::mpsc;

use jiff::SignedDuration;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::call::{Flag, Origins, Pricing, Role, Settled, StreamEnd};
use crate::economics::{CallDemand, DemandMinute};
use crate::journal::{self, FrameKind, Journal};
use crate::money::{Currency, Pico};
use crate::usage::{TokenUsage, UsageSource};

/// When call 0 arrived: a moment before midnight of UTC, so that calls fall on two days.
const START: &str = "2026-11-21T23:50:00Z";

/// Small segments, so that every test crosses some.
const SEGMENT_BYTES: u64 = 32 * 1024;

/// What rides along in the journal.
enum Ride {
    Begun(CallId),
    Ended(Box<CallRecord>),
}

/// A journal, its ledger, and what waits between the two.
struct House {
    journal: Journal<Ride>,
    ledger: Ledger,
    waiting: mpsc::Receiver<(u64, Ride)>,
    recovery: Recovery,
}

fn settings(dir: &Path) -> Settings {
    Settings {
        dir: dir.join("ledger"),
        journal_dir: dir.join("journal"),
        calls_dir: dir.join("calls"),
        checkpoints_dir: dir.join("checkpoints"),
        retention: Retention::default(),
        timezone: TimeZone::UTC,
        sync: false,
        durable: None,
    }
}

/// From now on every clock is believed, however far ahead it is.
fn believe(ledger: &Ledger) {
    let belief = Belief {
        reached: Some(jiff::civil::Date::constant(9000, 1, 1)),
        ahead_since: None,
    };
    let store = ledger.status.store().unwrap();
    store.commit(&meta::put_belief(belief)).unwrap();
    *ledger.belief() = belief;
}

/// Tries again while a folder is in use: the child that another test starts holds copies of all our
/// locks for the moment between its fork and its exec.
fn once_free<T>(mut open: impl FnMut() -> Option<T>) -> T {
    for _ in 0..100_000 {
        if let Some(opened) = open() {
            return opened;
        }
        std::thread::yield_now();
    }
    panic!("the folder stays in use");
}

impl House {
    fn open(dir: &Path) -> Self {
        Self::with(settings(dir))
    }

    fn with(settings: Settings) -> Self {
        Self::with_segments(settings, SEGMENT_BYTES)
    }

    fn with_segments(settings: Settings, segment_bytes_max: u64) -> Self {
        let (sink, waiting) = mpsc::sync_channel(100_000);
        let journal = once_free(|| {
            let sink = sink.clone();
            let settings = journal::Settings {
                segment_bytes_max,
                first_seq: next_seq(&settings.calls_dir),
                ..journal::Settings::in_dir(&settings.journal_dir)
            };
            match Journal::open(settings, move |seq, ride| sink.send((seq, ride)).unwrap()) {
                Err(JournalError::InUse { .. }) => None,
                opened => Some(opened.unwrap()),
            }
        });
        let settings = Settings {
            durable: Some(journal.durable()),
            ..settings
        };
        let (ledger, recovery) = once_free(|| match Ledger::open(settings.clone()) {
            Err(LedgerError::InUse { .. }) => None,
            opened => Some(opened.unwrap()),
        });
        Self {
            journal,
            ledger,
            waiting,
            recovery,
        }
    }

    fn begin(&self, id: CallId) {
        let body = format!(r#"{{"call_id":"{id}","path":"/v1"}}"#).into_bytes();
        let ack = self
            .journal
            .append(FrameKind::Begin, 0, body, Some(Ride::Begun(id)));
        ack.unwrap().wait().unwrap();
    }

    fn end(&self, call: &CallRecord) {
        let body = serde_json::to_vec(call).unwrap();
        let ride = Some(Ride::Ended(Box::new(call.clone())));
        let ack = self
            .journal
            .append(FrameKind::End, ended_ms(call), body, ride);
        ack.unwrap().wait().unwrap();
    }

    /// Counts what waits, in batches of a size.
    fn count(&self, batch: usize) {
        let rides = self.rides();
        for rides in rides.chunks(batch) {
            self.ledger.apply(&entries(rides)).unwrap();
        }
    }

    /// Takes what the journal has handed on; the last frame is waited for.
    fn rides(&self) -> Vec<(u64, Ride)> {
        let last = journal::last_seq(&self.ledger.settings.journal_dir).unwrap();
        let mut rides = Vec::new();
        while rides
            .last()
            .map_or(self.ledger.watermark(), |(seq, _)| *seq)
            < last
        {
            rides.push(self.waiting.recv().unwrap());
        }
        rides
    }

    fn close(self) {
        self.journal.close();
        self.ledger.close().unwrap();
    }
}

fn entries(rides: &[(u64, Ride)]) -> Vec<(u64, Entry<'_>)> {
    let entry = |ride| match ride {
        &Ride::Begun(id) => Entry::Begun(id),
        Ride::Ended(call) => Entry::Ended(call),
    };
    rides
        .iter()
        .map(|(seq, ride)| (*seq, entry(ride)))
        .collect()
}

fn ended_ms(call: &CallRecord) -> u64 {
    u64::try_from(call.started_at.as_millisecond()).unwrap() + call.duration_ms
}

fn id(n: u64) -> CallId {
    CallId(Uuid::from_u128(u128::from(n) | 7 << 76))
}

fn start() -> Timestamp {
    START.parse().unwrap()
}

/// The call of a number: always the same, and few are alike.
pub(super) fn call(n: u64) -> CallRecord {
    let failed = n % 11 == 10;
    let priced = !failed && n % 7 != 6;
    let money = |pico: u64| priced.then(|| Pico(i128::from(pico)));
    let usage = TokenUsage {
        input: Some(1_000 + n),
        cache_read: Some(n % 50),
        output: Some(10 + n % 300),
        ..TokenUsage::default()
    };
    CallRecord {
        call_id: id(n),
        attempt_of: None,
        started_at: start() + SignedDuration::from_millis(i64::try_from(n * 1_700).unwrap()),
        upstream: ["openai", "anthropic", "litellm"][usize::try_from(n % 3).unwrap()].into(),
        role: if n % 3 == 2 {
            Role::Gateway
        } else {
            Role::Provider
        },
        format: "openai".into(),
        operation: if n % 13 == 6 { "batches" } else { "chat" }.into(),
        model_requested: Some(format!("model-{}", n % 5)),
        model: None,
        tenant: (!n.is_multiple_of(4)).then(|| format!("tenant-{}", n % 4)),
        dimensions: BTreeMap::from([("team".into(), format!("t{}", n % 2))]),
        capability: if n.is_multiple_of(2) {
            "8k"
        } else {
            "32k+vision"
        }
        .into(),
        status: Some(if failed { 500 } else { 200 }),
        stream: n.is_multiple_of(2),
        end: if n % 13 == 12 {
            StreamEnd::ClientGone
        } else {
            StreamEnd::Complete
        },
        complete: true,
        source: (!failed).then_some(UsageSource::Reported),
        tokenizer: None,
        usage: if failed { TokenUsage::default() } else { usage },
        units: BTreeMap::new(),
        side: Vec::new(),
        pricing: match (failed, priced) {
            (true, _) => Pricing::Free,
            (_, true) => Pricing::Priced,
            (_, false) => Pricing::Unpriced,
        },
        cost_native: money(n * 7 + 1),
        currency: priced.then(|| ["CNY", "USD"][usize::from(n % 2 == 1)].parse().unwrap()),
        cost_usd: money(n + 1),
        cost_lines: Vec::new(),
        price_id: None,
        would_cost_usd: None,
        service_tier: None,
        speed: None,
        region: None,
        origins: Origins::default(),
        thinking: None,
        finish_reason: Some("stop".into()),
        response_id: Some(format!("chatcmpl-{n}")),
        request_id: None,
        ttft_ms: n.is_multiple_of(2).then_some(n % 400),
        duration_ms: n % 90_000,
        flags: Vec::new(),
    }
}

/// What a call adds to, by the names it was written with.
type Sums = BTreeMap<String, Totals>;

fn sums<'a>(rollups: impl IntoIterator<Item = &'a Rollup>) -> Sums {
    let mut sums = Sums::new();
    for rollup in rollups {
        let name = format!("{:?}", (rollup.period, &rollup.group));
        sums.entry(name).or_default().merge(&rollup.totals);
    }
    sums
}

/// All periods, as the ledger has them on its disk.
fn stored(ledger: &Ledger) -> Sums {
    let ever = Timestamp::UNIX_EPOCH..Timestamp::MAX;
    let days = ledger.rollups(Grain::Day, ever.clone()).unwrap();
    let hours = ledger.rollups(Grain::Hour, ever.clone()).unwrap();
    let minutes = ledger.rollups(Grain::Minute, ever).unwrap();
    let paged = days.chain(hours).chain(minutes).map(Result::unwrap);
    let paged: Vec<Rollup> = paged.collect();
    sums(paged.iter().chain(&ledger.all_time()))
}

/// The same, counted again from the rows by the plainest way there is. A name is a name from its
/// first accepted call on.
fn recounted(ledger: &Ledger) -> Sums {
    let mut known = std::collections::BTreeSet::new();
    let mut rollups = Vec::new();
    for row in ledger.rows(Timestamp::MIN, Timestamp::MAX, 0).unwrap() {
        let (_, call) = row.unwrap();
        let accepted = call
            .status
            .is_some_and(|status| (200..300).contains(&status));
        let mut name = |kind: &str, name: &str| -> Arc<str> {
            let key = format!("{kind} {name}");
            if accepted {
                known.insert(key.clone());
            }
            if known.contains(&key) {
                name.into()
            } else {
                "other".into()
            }
        };
        let group = Group {
            origin: if call.flags.contains(&Flag::Imported) {
                Origin::Imported
            } else {
                Origin::Live
            },
            role: call.role,
            settled: Settled::of(&call.flags),
            currency: call.currency,
            upstream: Some(call.upstream.as_str().into()),
            model: call.model_name().map(|model| name("model", model)),
            tenant: call.tenant.as_deref().map(|tenant| name("tenant", tenant)),
            dimensions: call
                .dimensions
                .iter()
                .map(|(dimension, value)| name("dimension", &format!("{dimension}={value}")))
                .collect(),
        };
        let hour = call.started_at.as_second() / 3_600 * 3_600;
        for period in [
            Period::AllTime,
            Period::Day(ledger.day_of(call.started_at)),
            Period::Hour(Timestamp::from_second(hour).unwrap()),
        ] {
            rollups.push(Rollup {
                period,
                group: group.clone(),
                totals: Totals::of(&call),
            });
        }
        let minute = call.started_at.as_second() / 60 * 60;
        rollups.push(Rollup {
            period: Period::Minute(Timestamp::from_second(minute).unwrap()),
            group: Group {
                tenant: None,
                dimensions: Vec::new(),
                ..group
            },
            totals: Totals::of(&call),
        });
    }
    sums(&rollups)
}

#[track_caller]
fn assert_rows_are_totals(ledger: &Ledger) {
    assert_eq!(stored(ledger), recounted(ledger));
    assert_eq!(stored_demand(ledger), recounted_demand(ledger));
}

/// Demand by minute and stream.
type Demand = BTreeMap<(u32, String), DemandMinute>;

fn stored_demand(ledger: &Ledger) -> Demand {
    let found = ledger
        .demand(Timestamp::UNIX_EPOCH..Timestamp::MAX)
        .unwrap();
    let named = found.map(|found| {
        let found = found.unwrap();
        let stream = format!("{} {:?} {}", found.upstream, found.model, found.capability);
        ((found.minute, stream), found.demand)
    });
    named.collect()
}

/// Whether the live verdict counts a call: what is loaded must be what was recorded.
fn is_demand(call: &CallRecord) -> bool {
    (call.is_billable() && call.role == Role::Provider
        || call.source.is_some() && call.role == Role::Own)
        && call.operation != "batches"
}

/// The same from the rows. What is billed was accepted, so its names are names.
fn recounted_demand(ledger: &Ledger) -> Demand {
    let mut demand = Demand::new();
    for row in ledger.rows(Timestamp::MIN, Timestamp::MAX, 0).unwrap() {
        let (_, call) = row.unwrap();
        if !is_demand(&call) {
            continue;
        }
        let one = CallDemand {
            started_ms: call.started_at.as_millisecond(),
            duration_ms: call.duration_ms,
            usage: &call.usage,
            side: &call.side,
            cost_usd: call.cost_usd,
            imported: false,
        };
        let minute = u32::try_from(one.place().minute).unwrap();
        let stream = format!(
            "{} {:?} {}",
            call.upstream,
            call.model_name(),
            call.capability
        );
        demand.entry((minute, stream)).or_default().add(&one);
    }
    demand
}

/// The numbers of the rows, in their order in the journal.
fn numbers(ledger: &Ledger) -> Vec<u64> {
    let rows = ledger.rows(Timestamp::MIN, Timestamp::MAX, 0).unwrap();
    rows.map(|row| number(row.unwrap().1.call_id)).collect()
}

fn number(id: CallId) -> u64 {
    u64::try_from(id.0.as_u128() & u128::from(u32::MAX)).unwrap()
}

/// All calls there are.
fn grand(rollups: &[Rollup]) -> Totals {
    let mut totals = Totals::default();
    for rollup in rollups.iter().filter(|rollup| rollup.group.in_total()) {
        totals.merge(&rollup.totals);
    }
    totals
}

fn usd() -> Currency {
    Currency::USD
}

//! Alerts over a real ledger, told to a receiver that answers by script; the clock is an argument.

mod delivery;
mod disk;
mod facts;
mod receiving;
mod repriced;
mod words;
mod zones;

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::call::{CallRecord, Pricing};
use crate::economics::projection::AlternativeKind;
use crate::ledger::{self, Entry};
use crate::money::Pico;
use crate::verdict::StateView;

/// A Monday.
fn monday() -> Timestamp {
    "2026-11-23T09:30:00Z".parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// A ledger in a folder of its own, which lives on when it is opened again.
struct House {
    dir: TempDir,
    zone: TimeZone,
    ledger: Arc<Ledger>,
    calls: u64,
}

impl House {
    fn new() -> Self {
        Self::of_zone("UTC")
    }

    /// A house whose days are those of a time zone.
    fn of_zone(zone: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let ledger = open(dir.path(), &zone);
        let calls = 0;
        Self {
            dir,
            zone,
            ledger,
            calls,
        }
    }

    fn alerts(&self, receivers: Vec<Receiver>, budgets: Vec<Budget>) -> Arc<Alerts> {
        let settings = Settings { receivers, budgets };
        Arc::new(Alerts::new(&settings, Arc::clone(&self.ledger)).unwrap())
    }

    /// The next process; everything of the last one must be gone.
    fn restart(self) -> Self {
        let Self {
            dir,
            zone,
            ledger,
            calls,
        } = self;
        drop(Arc::into_inner(ledger).unwrap());
        let ledger = open(dir.path(), &zone);
        Self {
            dir,
            zone,
            ledger,
            calls,
        }
    }

    /// One call; its record.
    fn call(&mut self, at: Timestamp, change: impl FnOnce(&mut CallRecord)) -> CallRecord {
        let mut call = CallRecord {
            started_at: at,
            ..crate::call::tests::full()
        };
        change(&mut call);
        self.calls += 1;
        let entries = [(self.calls, Entry::Ended(&call))];
        self.ledger.apply(&entries).unwrap();
        call
    }

    /// One call of the tenant `search` that costs so many dollars.
    fn spend(&mut self, at: Timestamp, usd: i64) {
        self.call(at, |call| call.cost_usd = Some(Pico::from_units(usd)));
    }

    fn unpriced(&mut self, at: Timestamp, model: &str) {
        self.call(at, |call| {
            call.model = Some(model.into());
            call.pricing = Pricing::Unpriced;
            (call.cost_usd, call.cost_native) = (None, None);
        });
    }
}

/// Tries again while the folder is in use: the child that another test starts holds copies of all our
/// locks for the moment between its fork and its exec.
fn open(dir: &Path, zone: &TimeZone) -> Arc<Ledger> {
    let settings = ledger::Settings {
        dir: dir.join("ledger"),
        journal_dir: dir.join("journal"),
        calls_dir: dir.join("calls"),
        checkpoints_dir: dir.join("checkpoints"),
        retention: ledger::Retention::default(),
        timezone: zone.clone(),
        sync: false,
        durable: None,
    };
    for _ in 0..100_000 {
        match Ledger::open(settings.clone()) {
            Err(LedgerError::InUse { .. }) => std::thread::yield_now(),
            opened => return Arc::new(opened.unwrap().0),
        }
    }
    panic!("the folder stays in use");
}

/// No window yet, and these states.
fn report(states: Vec<StateView>) -> Report {
    Report {
        closed: Vec::new(),
        streams: Vec::new(),
        end_minute: None,
        windows: Vec::new(),
        hosting: Vec::new(),
        states,
        settings: Arc::default(),
    }
}

fn state(name: &str, since: Option<&str>) -> StateView {
    StateView {
        name: name.to_owned(),
        kind: AlternativeKind::Selfhost,
        cheaper: since.is_some(),
        since: since.map(|since| since.parse().unwrap()),
        lacks: Vec::new(),
    }
}

/// The keys that wait, oldest first.
fn keys(alerts: &Alerts) -> Vec<String> {
    let outbox = lock(&alerts.outbox);
    outbox.pending.iter().map(|it| it.key.clone()).collect()
}

fn receiver() -> Receiver {
    Receiver::new("ops", "http://127.0.0.1:9/hook", Format::Json)
}

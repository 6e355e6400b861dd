//! A past from before a test begins, in a home where nothing has run yet: calls as the journal has
//! them, and texts that the ledger keeps.

use std::ops::Range;

use jiff::tz::TimeZone;
use serde_json::Value;
use tollgate::journal::{self, FrameKind, Journal};
use tollgate::ledger::{self, Ledger};

use super::tollgate::Home;

/// Writes a call into the journal for every minute since 1970 of a range.
pub(crate) fn call_every_minute(home: &Home, minutes: Range<i64>, call: impl Fn(i64) -> Value) {
    let dir = home.data_dir();
    std::fs::create_dir_all(&dir).unwrap();
    let settings = journal::Settings::in_dir(dir.join("journal"));
    let journal = Journal::<()>::open(settings, |_, ()| {}).unwrap();
    for minute in minutes {
        let ended = u64::try_from(minute * 60 + 1).unwrap() * 1_000;
        let body = serde_json::to_vec(&call(minute)).unwrap();
        let ack = journal.append(FrameKind::End, ended, body, None).unwrap();
        // The journal holds a bounded number of frames that are not written.
        if minute % 1_000 == 0 {
            ack.wait().unwrap();
        }
    }
    journal.close();
}

/// Keeps texts by their names, as a process before has.
pub(crate) fn keep(home: &Home, texts: impl IntoIterator<Item = (String, String)>) {
    let dir = home.data_dir();
    let (ledger, _) = Ledger::open(ledger::Settings {
        dir: dir.join("ledger"),
        journal_dir: dir.join("journal"),
        calls_dir: dir.join("calls"),
        checkpoints_dir: dir.join("checkpoints"),
        retention: ledger::Retention::default(),
        timezone: TimeZone::UTC,
        sync: false,
        durable: None,
    })
    .unwrap();
    for (name, text) in texts {
        ledger.keep(&name, &text).unwrap();
    }
    ledger.close().unwrap();
}

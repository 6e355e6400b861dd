//! Days before a replay begins: a call in every minute of them, as the journal has it.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tollgate::journal::{self, FrameKind, Journal};
use tollgate::ledger::{self, Ledger};

use crate::clock::DAY;
use crate::provider::MODEL;
use crate::support::tollgate::Home;

/// Writes them into a home where nothing has run yet, each day's calls at a price in dollars, and
/// that all days up to `decided` have been decided. Days are since 1970.
pub(crate) fn write(home: &Home, days: Range<i64>, decided: i64, cost_usd: impl Fn(i64) -> u32) {
    let dir = home.data_dir();
    std::fs::create_dir_all(&dir).unwrap();
    let settings = journal::Settings::in_dir(dir.join("journal"));
    let journal = Journal::<()>::open(settings, |_, ()| {}).unwrap();
    for minute in days.start * DAY..days.end * DAY {
        let ended = u64::try_from(minute * 60 + 1).unwrap() * 1_000;
        let body = serde_json::to_vec(&call(minute, cost_usd(minute / DAY))).unwrap();
        let ack = journal.append(FrameKind::End, ended, body, None).unwrap();
        // The journal holds a bounded number of frames that are not written.
        if minute % 1_000 == 0 {
            ack.wait().unwrap();
        }
    }
    journal.close();
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
    let state = json!({ "last_day": decided, "held": {} });
    ledger.keep("verdict", &state.to_string()).unwrap();
    ledger.close().unwrap();
}

/// A call of one second at the beginning of a minute.
fn call(minute: i64, cost_usd: u32) -> Value {
    let started = Timestamp::from_second(minute * 60).unwrap();
    json!({
        "call_id": format!("01910000-0000-7000-8000-{minute:012x}"),
        "started_at": started,
        "upstream": "openai",
        "role": "provider",
        "format": "openai",
        "operation": "chat",
        "model_requested": MODEL,
        "model": MODEL,
        "capability": "8k",
        "status": 200,
        "stream": false,
        "end": "complete",
        "complete": true,
        "source": "reported",
        "input_tokens": 100,
        "output_tokens": 10,
        "pricing": "priced",
        "cost_native": cost_usd.to_string(),
        "currency": "USD",
        "cost_usd": cost_usd.to_string(),
        "duration_ms": 1_000,
    })
}

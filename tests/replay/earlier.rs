//! Days before a replay begins: a call in every minute of them, as the journal has it.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::DAY;
use crate::provider::MODEL;
use crate::support::before;
use crate::support::tollgate::Home;

/// Writes them into a home where nothing has run yet, each day's calls at a price in dollars, and
/// that all days up to `decided` have been decided. Days are since 1970.
pub(crate) fn write(home: &Home, days: Range<i64>, decided: i64, cost_usd: impl Fn(i64) -> u32) {
    let minutes = days.start * DAY..days.end * DAY;
    let priced = |minute| call(minute, cost_usd(minute / DAY));
    before::call_every_minute(home, minutes, priced);
    let state = json!({ "last_day": decided, "held": {} });
    before::keep(home, [("verdict".to_owned(), state.to_string())]);
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

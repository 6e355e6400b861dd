//! Ninety days that ended yesterday, already summed: as many groups as a large house has.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tollgate::ledger::{History, ImportedHour, Retention, Settings, Totals};
use tollgate::money::Pico;

pub(crate) const CALLS: u64 = 90_000_000;
pub(crate) const DAYS: i64 = 90;
/// Days of which every group is in every hour; of the others it is in one.
const FULL_DAYS: i64 = 8;
const MODELS: i64 = 20;
const TENANTS: i64 = 50;

/// Where the ledger of a folder is.
pub(crate) fn settings(dir: &std::path::Path) -> Settings {
    Settings {
        dir: dir.join("ledger"),
        journal_dir: dir.join("journal"),
        calls_dir: dir.join("calls"),
        checkpoints_dir: dir.join("checkpoints"),
        retention: Retention::default(),
        timezone: TimeZone::UTC,
        sync: true,
        durable: None,
    }
}

/// Midnight behind the last of the days.
pub(crate) fn end() -> anyhow::Result<Timestamp> {
    Ok("2026-11-22T00:00:00Z".parse()?)
}

/// Ninety million calls of twenty models and fifty tenants.
pub(crate) fn ninety_million(end: Timestamp) -> anyhow::Result<History> {
    let hours = move |day: i64| if day < FULL_DAYS { 0..24 } else { 0..1 };
    let each = (0..DAYS).flat_map(move |day| hours(day).map(move |hour| day * 24 + hour));
    let each: Vec<i64> = each.collect();
    let groups = u64::try_from(MODELS * TENANTS)?;
    let calls = CALLS.div_ceil(groups * u64::try_from(each.len())?);
    let currency = "USD".parse()?;
    let hour = move |ago: i64, group: i64| ImportedHour {
        start: end - SignedDuration::from_hours(ago + 1),
        upstream: format!("upstream-{}", group % 4),
        model: format!("model-{}", group % MODELS),
        tenant: Some(format!("tenant-{}", group / MODELS)),
        currency,
        totals: Totals {
            calls,
            priced: calls,
            reported: calls,
            input_tokens: calls * 1_800,
            output_tokens: calls * 310,
            ttft_calls: calls,
            ttft_ms: calls * 240,
            duration_ms: calls * 3_100,
            cost_native: Pico(i128::from(calls) * 4_000_000_000),
            cost_usd: Pico(i128::from(calls) * 4_000_000_000),
            ..Totals::default()
        },
    };
    let hours = each.into_iter();
    let hours = hours.flat_map(|ago| (0..MODELS * TENANTS).map(move |group| hour(ago, group)));
    Ok(History {
        hours: hours.collect(),
        ..History::default()
    })
}

/// How many of one there are for each of another.
pub(crate) fn ratio(of: u64, each: u64) -> f64 {
    let float = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    float(of) / float(each)
}

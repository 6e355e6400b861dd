//! `[ledger]`, `[metrics]` and the reporting keys: how calls are kept and shown.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::section::Section;
use super::value::Value;
use crate::money::Currency;
use crate::proxy::OnLedgerFailure;

/// How calls are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// What happens to new calls while the ledger is behind.
    pub on_ledger_failure: OnLedgerFailure,
    /// Finished calls that may wait for the ledger.
    pub backlog_max: usize,
    /// How long the last frame of an answer waits for its record to be written.
    pub ack_wait: Duration,
    /// Whether it waits instead until its record is on the disk.
    pub strict_ack: bool,
    /// How often the journal is synced to the disk.
    pub sync_interval: Duration,
    /// Bytes of one journal file.
    pub segment_bytes_max: usize,
    /// Days whose calls are kept, today not counted; totals are kept for ever.
    pub retention_days: usize,
    /// Bytes that the files of these calls may take together; the oldest go first.
    pub retention_bytes: Option<usize>,
    /// Days whose hours are kept.
    pub hours_retention_days: usize,
    /// Days whose minutes are kept.
    pub minutes_retention_days: usize,
    /// Whether totals wait for the disk. No key of the file: only what is thrown away afterwards,
    /// such as the demo's own folder, may do without.
    pub sync: bool,
}

/// What may happen to a call that cannot be recorded, by its names.
const ON_FAILURE: [(&str, OnLedgerFailure); 2] = [
    (OnLedgerFailure::Pass.label(), OnLedgerFailure::Pass),
    (OnLedgerFailure::Refuse.label(), OnLedgerFailure::Refuse),
];

impl Default for Ledger {
    fn default() -> Self {
        Self {
            on_ledger_failure: OnLedgerFailure::Pass,
            backlog_max: 65_536,
            ack_wait: Duration::from_millis(5),
            strict_ack: false,
            sync_interval: Duration::from_millis(20),
            segment_bytes_max: 64 << 20,
            retention_days: 400,
            retention_bytes: None,
            hours_retention_days: 400,
            minutes_retention_days: 14,
            sync: true,
        }
    }
}

impl Ledger {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let base = Self::default();
        let s = &mut section;
        let ledger = Self {
            on_ledger_failure: s
                .read("on_ledger_failure", |value| value.choice(&ON_FAILURE))
                .unwrap_or(base.on_ledger_failure),
            backlog_max: s
                .read("backlog_max", Value::count)
                .unwrap_or(base.backlog_max),
            ack_wait: s.read("ack_wait", Value::duration).unwrap_or(base.ack_wait),
            strict_ack: s
                .read("strict_ack", Value::boolean)
                .unwrap_or(base.strict_ack),
            sync_interval: s
                .read("sync_interval", Value::duration)
                .unwrap_or(base.sync_interval),
            segment_bytes_max: s
                .read("segment_bytes_max", Value::bytes)
                .unwrap_or(base.segment_bytes_max),
            retention_days: s
                .read("retention_days", Value::count)
                .unwrap_or(base.retention_days),
            retention_bytes: s.read("retention_bytes", Value::bytes),
            hours_retention_days: s
                .read("hours_retention_days", Value::count)
                .unwrap_or(base.hours_retention_days),
            minutes_retention_days: s
                .read("minutes_retention_days", Value::count)
                .unwrap_or(base.minutes_retention_days),
            sync: base.sync,
        };
        section.finish(&[]);
        ledger
    }
}

/// How metrics are bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Values of one label before the rest becomes `other`.
    pub label_values_max: usize,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            label_values_max: 200,
        }
    }
}

impl Metrics {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let max = section.read("label_values_max", Value::count);
        section.finish(&[]);
        max.map_or_else(Self::default, |label_values_max| Self { label_values_max })
    }
}

/// What page, reports and verdict speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporting {
    /// The currency of sums.
    pub currency: Currency,
    /// Where a day and a month begin.
    pub timezone: TimeZone,
}

impl Default for Reporting {
    fn default() -> Self {
        Self {
            currency: Currency::USD,
            timezone: TimeZone::UTC,
        }
    }
}

impl Reporting {
    pub(super) fn read(root: &mut Section<'_>) -> Self {
        let base = Self::default();
        Self {
            currency: root
                .read("reporting_currency", currency)
                .unwrap_or(base.currency),
            timezone: root
                .read("reporting_timezone", timezone)
                .unwrap_or(base.timezone),
        }
    }
}

fn currency(value: &Value<'_>) -> Option<Currency> {
    let currency: Option<Currency> = value.text()?.parse().ok();
    currency.filter(|code| *code == Currency::USD).or_else(|| {
        value.is_not("a currency that reports can speak yet; write \"USD\" or leave it out")
    })
}

fn timezone(value: &Value<'_>) -> Option<TimeZone> {
    let name = value.text()?;
    if name == "UTC" {
        // Known without a time zone database, which small images lack.
        return Some(TimeZone::UTC);
    }
    let zone = TimeZone::get(name).ok();
    zone.or_else(|| value.is_not("a time zone known here, such as \"Europe/Berlin\" or \"UTC\""))
}

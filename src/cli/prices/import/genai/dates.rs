//! `prices` by day and hour, and `price_variants` on top: a price for each day on which one changes.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::super::found::{Model, Reason};
use super::super::json::{Json, Table};
use crate::pricing::{BilledAt, Hours, Since, Window};

/// When a price of the map holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    From(Date),
    At(Window),
}

/// Reads a constraint; `None` for one that cannot be said.
pub(super) fn when(model: &mut Model, table: &Table<'_>) -> Option<When> {
    let Some(constraint) = table.get("constraint") else {
        return Some(When::Always);
    };
    let read = constraint.table().and_then(|constraint| {
        if let Some(day) = constraint.get("start_date") {
            return day.text()?.parse().ok().map(When::From);
        }
        let time = |key: &str| utc(&constraint.get(key).and_then(Json::text)?);
        let hours = Hours {
            from: time("start_time")?,
            to: time("end_time")?,
        };
        Some(When::At(Window {
            hours: Some(hours),
            weekdays: Vec::new(),
            zone: TimeZone::UTC,
            billed_at: BilledAt::Start,
        }))
    });
    if read.is_none() {
        model.tell("constraint", Reason::Hours);
    }
    read
}

/// `00:30:00Z`.
fn utc(text: &str) -> Option<Time> {
    let time: Time = text.strip_suffix('Z')?.parse().ok()?;
    // Hours are written to the minute here.
    (time.second() == 0 && time.subsec_nanosecond() == 0).then_some(time)
}

/// The days on which prices begin: the first of them is `seen` where no day is said, else the last day
/// before the first that is.
pub(super) fn days(mut starts: Vec<Date>, seen: Since) -> Vec<Since> {
    starts.sort_unstable();
    starts.dedup();
    let first = match starts.first() {
        Some(first) => first.yesterday().ok().map(Since::Seen),
        None => Some(seen),
    };
    let later = starts.into_iter().map(Since::From);
    first.into_iter().chain(later).collect()
}

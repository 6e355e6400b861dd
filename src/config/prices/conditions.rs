//! Which calls an entry of `[[prices]]` is for.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::config::section::Section;
use crate::config::value::Value;
use crate::pricing::{BilledAt, Conditions, Window};

/// The days of a week as they are written.
pub(in crate::config) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

pub(super) fn conditions(section: &mut Section<'_>) -> Conditions {
    let word = |value: &Value<'_>| value.text().map(str::to_owned);
    let length = |value: &Value<'_>| value.count().and_then(|tokens| tokens.try_into().ok());
    Conditions {
        above_input_tokens: section.read("above_input_tokens", length),
        above_output_tokens: section.read("above_output_tokens", length),
        thinking: section.read("thinking", Value::boolean),
        window: window(section),
        service_tier: section.read("service_tier", word),
        speed: section.read("speed", word),
        region: section.read("region", word),
    }
}

/// `hours`, `weekdays`, `zone` and `billed_at`.
fn window(section: &mut Section<'_>) -> Option<Window> {
    let (hours, days) = (section.value("hours"), section.value("weekdays"));
    let (zone, billed_at) = (section.value("zone"), section.value("billed_at"));
    if hours.is_none() && days.is_none() {
        for lone in zone.iter().chain(&billed_at) {
            lone.problem("says nothing without hours = \"16:30-00:30\" or weekdays = [\"sat\"]");
        }
        return None;
    }
    let hours = hours.and_then(|value| {
        let hours = value.text()?.parse().ok();
        hours.or_else(|| value.is_not("hours of a day, such as \"16:30-00:30\""))
    });
    let days: Vec<Value<'_>> = days.iter().flat_map(Value::items).collect();
    let days = days.iter().filter_map(|day| day.choice(&WEEKDAYS));
    let mut weekdays: Vec<Weekday> = days.collect();
    // In the order of a week, so that a price has one name.
    weekdays.sort_by_key(|day| day.to_monday_zero_offset());
    weekdays.dedup();
    if hours.is_none() && weekdays.is_empty() {
        return None;
    }
    let Some(zone) = zone else {
        section.problem("does not say on whose clock; add zone = \"UTC\" or \"Asia/Shanghai\"");
        return None;
    };
    let name = zone.text()?;
    let Ok(known) = TimeZone::get(name) else {
        return zone.is_not("a time zone, such as \"Asia/Shanghai\"");
    };
    let moments = [("start", BilledAt::Start), ("end", BilledAt::End)];
    let billed_at = billed_at.map_or(Some(BilledAt::Start), |value| value.choice(&moments));
    Some(Window {
        hours,
        weekdays,
        zone: known,
        billed_at: billed_at?,
    })
}

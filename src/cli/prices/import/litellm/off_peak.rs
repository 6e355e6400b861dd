//! `off_peak_pricing`: other rates at certain hours, as `DeepSeek` has them.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::super::found::{Model, Price, Reason, over};
use super::super::json::{Json, Table};
use super::super::number::Per;
use super::field::{self, Part};
use crate::call::LineKind;
use crate::pricing::{BilledAt, Conditions, Hours, Rates, Since, Window};

const FIELD: &str = "off_peak_pricing";

/// Adds the prices of the hours, if they can be said.
pub(super) fn read(model: &mut Model, table: &Table<'_>, since: Since) {
    let Some(json) = table.get(FIELD) else {
        return;
    };
    let off_peak = json.table().unwrap_or_default();
    let rates = rates(model, &off_peak);
    let plain = |price: &&Price| price.conditions == Conditions::default();
    let Some(standard) = model.prices.iter().find(plain).cloned() else {
        return model.tell(FIELD, Reason::NoPart);
    };
    let Some(windows) = windows(&off_peak) else {
        return model.tell(FIELD, Reason::Hours);
    };
    model.prices.extend(windows.into_iter().map(|window| Price {
        since,
        conditions: Conditions {
            window: Some(window),
            ..Conditions::default()
        },
        rates: over(&standard.rates, &rates, |_| true),
    }));
}

fn rates(model: &mut Model, off_peak: &Table<'_>) -> Rates {
    let mut rates = Rates::default();
    for (name, json) in off_peak
        .values
        .iter()
        .filter(|(name, _)| name.contains("cost"))
    {
        let field = format!("{FIELD}.{name}");
        let kind = match field::parse(name).map(|field| field.part) {
            Some(Part::Kind(kind)) => kind,
            Some(Part::CacheHit) => LineKind::CacheRead,
            Some(Part::CacheWrite) => LineKind::CacheWrite,
            Some(Part::Unit(_) | Part::Not(_)) | None => {
                model.tell(&field, Reason::Unknown);
                continue;
            }
        };
        if let Some(rate) = model.rate(&field, *json, Per::One) {
            rates.set(kind, rate);
        }
    }
    rates
}

/// All hours on all days, or nothing: a price for some of them would be wrong at the others.
fn windows(off_peak: &Table<'_>) -> Option<Vec<Window>> {
    // Days on one clock and hours on another cannot be said.
    if off_peak.get("weekday_timezone").is_some() {
        return None;
    }
    let windows = off_peak.get("windows")?.list()?.into_iter();
    let windows: Option<Vec<Vec<Window>>> = windows.map(|json| window(&json.table()?)).collect();
    windows.map(|windows| windows.concat())
}

fn window(table: &Table<'_>) -> Option<Vec<Window>> {
    let hours = table.get("hours_utc")?;
    let hours = match hours.text() {
        Some(hours) => vec![hours],
        None => hours
            .list()?
            .into_iter()
            .map(Json::text)
            .collect::<Option<_>>()?,
    };
    let weekdays = match table.get("weekdays") {
        Some(days) => days
            .list()?
            .into_iter()
            .map(weekday)
            .collect::<Option<_>>()?,
        None => Vec::new(),
    };
    let window = |hours: &String| {
        let hours: Hours = hours.parse().ok()?;
        // A day is the one its hours begin on here, the one it is now there.
        let over_midnight = hours.to < hours.from && hours.to != jiff::civil::Time::midnight();
        if over_midnight && !weekdays.is_empty() {
            return None;
        }
        Some(Window {
            hours: Some(hours),
            weekdays: weekdays.clone(),
            zone: TimeZone::UTC,
            billed_at: BilledAt::Start,
        })
    };
    hours.iter().map(window).collect()
}

/// Monday is 1.
fn weekday(json: Json<'_>) -> Option<Weekday> {
    let day = i8::try_from(json.whole()?).ok()?;
    Weekday::from_monday_one_offset(day).ok()
}

//! The demo's made past, priced by the catalogue and put into the ledger's terms.

use jiff::{SignedDuration, Timestamp};

use crate::call::Origins;
use crate::demo::{HistorySettings, HourOfHistory, MadeCall, MinuteOfHistory, Sums};
use crate::economics::{DemandMinute, DemandSums};
use crate::ledger::{History, ImportedHour, ImportedMinute, Minutes, Totals};
use crate::money::{Currency, Pico};
use crate::pricing::{PriceBook, Priceable};
use crate::usage::{TokenUsage, Units};

/// How far back the verdict looks; older demand would be written for nobody.
const DEMAND_DAYS: i64 = 30;

/// The past of these settings at the catalogue's prices.
pub(super) fn priced(settings: HistorySettings, prices: &PriceBook) -> History {
    let made = crate::demo::History::new(settings, |call| price(call, settings.until, prices));
    let day = SignedDuration::from_hours(24);
    let back = |days: i64| {
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        settings
            .until
            .saturating_sub(day * days)
            .unwrap_or(Timestamp::MIN)
    };
    let began = back(i64::from(settings.days));
    let hours = made.hours().map(|made| hour(&made)).collect();
    let minutes = made.into_minutes(back(DEMAND_DAYS));
    History {
        hours,
        minutes: Minutes::new(minutes.map(|made| minute(&made))),
        up: vec![began..settings.until],
    }
}

/// What one made call costs. An hour's sum is not a call: its tokens would meet long-context rates.
fn price(call: &MadeCall, at: Timestamp, prices: &PriceBook) -> Option<Pico> {
    let usage = TokenUsage {
        input: Some(call.input),
        cache_read: Some(call.cached),
        output: Some(call.output),
        ..TokenUsage::default()
    };
    let bill = prices.price(&Priceable {
        upstream: None,
        list: call.upstream,
        model: Some(call.model),
        asked: None,
        at,
        ended_at: at,
        hours_known: true,
        usage: Some(&usage),
        side: &[],
        units: &Units::default(),
        service_tier: None,
        speed: None,
        region: None,
        origins: Origins::default(),
        thinking: None,
    });
    bill.cost_usd
}

fn hour(made: &HourOfHistory) -> ImportedHour {
    let HourOfHistory {
        start,
        tenant,
        like,
        sums,
    } = made;
    ImportedHour {
        start: *start,
        upstream: like.upstream.to_owned(),
        model: like.model.to_owned(),
        tenant: Some((*tenant).to_owned()),
        currency: Currency::USD,
        totals: Totals {
            calls: sums.calls,
            priced: sums.calls.saturating_sub(sums.unpriced_calls),
            unpriced: sums.unpriced_calls,
            reported: sums.calls,
            input_tokens: sums.input,
            cache_read_tokens: sums.cached,
            output_tokens: sums.output,
            duration_ms: sums.duration_ms,
            cost_native: sums.cost_usd,
            cost_usd: sums.cost_usd,
            ..Totals::default()
        },
    }
}

fn minute(made: &MinuteOfHistory) -> ImportedMinute {
    let MinuteOfHistory { start, like, slots } = made;
    let sum = |part: fn(&Sums) -> u64| slots.iter().map(part).sum();
    ImportedMinute {
        start: *start,
        upstream: like.upstream.to_owned(),
        model: like.model.to_owned(),
        capability: like.capability.to_owned(),
        demand: DemandMinute {
            unpriced_calls: sum(|slot| slot.unpriced_calls),
            unpriced_tokens: sum(|slot| slot.unpriced_tokens),
            imported_calls: sum(|slot| slot.calls),
            slots: slots.map(|sums| slot(&sums)),
            ..DemandMinute::default()
        },
    }
}

fn slot(sums: &Sums) -> DemandSums {
    DemandSums {
        calls: sums.calls,
        uncached_input: sums.input.saturating_sub(sums.cached),
        cached_input: sums.cached,
        output: sums.output,
        output_by_input: sums.output_by_input,
        output_squared: sums.output_squared,
        cost_usd: sums.cost_usd,
        duration_ms: sums.duration_ms,
    }
}

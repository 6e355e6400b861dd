//! Who pays: what of the total no invoice bills, what reserved hours cost, and what is spent in all.

use crate::cli::numbers::{count, grouped, money, share};
use crate::cli::totals::{Part, Reserved, Spend, Totals};
use crate::money::Pico;

/// Seconds in an hour.
const HOUR_SECONDS: i128 = 3_600;

/// Nothing where an invoice bills every call and nothing is reserved: the total is what is spent.
pub(super) fn notes(totals: &Totals) -> Vec<String> {
    let total = &totals.total;
    let parts = [
        (
            total.free_quota_cost_usd,
            "came from a free quota, which nobody pays",
        ),
        (total.prepaid_cost_usd, "came from packs paid before"),
        (total.reserved_cost_usd, "was served by reserved hours"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(cost, _)| *cost != Pico::ZERO)
        .map(|(cost, how)| format!("{} {how}", money(cost, &totals.currency)))
        .collect();
    let mut notes = Vec::new();
    if !parts.is_empty() {
        notes.push(format!(
            "worth: the total is what the calls cost by the price list; of it {}.",
            parts.join(", ")
        ));
    }
    notes.extend(totals.reserved.iter().map(|one| reserved(one, totals)));
    if totals.since.is_none() && !totals.reserved.is_empty() {
        notes.push(
            "reserved hours count from the first that was paid, calls only since they are metered; \
             --since DAY begins both on one day."
                .to_owned(),
        );
    }
    if !notes.is_empty() {
        notes.push(spend(&totals.spend, &totals.currency));
    }
    notes
}

/// `reserved azure: 720 h x 3 units x $2.00 = $4,320.00; the 12,345 calls …`
fn reserved(one: &Reserved, totals: &Totals) -> String {
    let Reserved {
        name,
        cost_usd,
        calls,
        worth_usd,
        parts,
    } = one;
    let currency = &totals.currency;
    let each: Vec<String> = parts.iter().map(part).collect();
    let foreign = parts.iter().any(|part| part.currency != *currency);
    let sum = if foreign || parts.len() > 1 {
        format!(", {} together", money(*cost_usd, currency))
    } else {
        String::new()
    };
    let used = match share(*worth_usd, *cost_usd) {
        used if used.is_empty() => used,
        used => format!(", utilisation in money {used}"),
    };
    format!(
        "reserved {}: {}{sum}; the {} calls it served are worth {} at list price{used}.",
        super::plain(name),
        each.join(" + "),
        count(*calls),
        money(*worth_usd, currency),
    )
}

fn part(part: &Part) -> String {
    let Part {
        units,
        amount,
        currency,
        per,
        seconds,
        cost_native,
        cost_usd: _,
    } = part;
    let each = money(*amount, currency);
    let each = match per.as_str() {
        "hour" => each,
        per => format!("{each} a {per}"),
    };
    let unit = if *units == 1 { "unit" } else { "units" };
    format!(
        "{} h x {units} {unit} x {each} = {}",
        hours(*seconds),
        money(*cost_native, currency)
    )
}

/// Whole hours, or as many decimals as a second can need.
fn hours(seconds: u64) -> String {
    let hours = Pico::from_units(1).scaled(seconds.into(), HOUR_SECONDS);
    let text = hours.rounded(2);
    grouped(text.strip_suffix(".00").unwrap_or(&text))
}

fn spend(spend: &Spend, currency: &str) -> String {
    let Spend {
        invoice_usd,
        prepaid_usd,
        reserved_usd,
        total_usd,
        total_without_reserved_usd,
    } = spend;
    let mut ways = vec![format!("{} by invoice", money(*invoice_usd, currency))];
    if *prepaid_usd != Pico::ZERO {
        ways.push(format!("{} from packs", money(*prepaid_usd, currency)));
    }
    if *reserved_usd == Pico::ZERO {
        return format!(
            "spent: {} = {}.",
            ways.join(" + "),
            money(*total_usd, currency)
        );
    }
    ways.push(format!(
        "{} for reserved hours",
        money(*reserved_usd, currency)
    ));
    format!(
        "spent: {} = {}; without reserved hours {}.",
        ways.join(" + "),
        money(*total_usd, currency),
        money(*total_without_reserved_usd, currency),
    )
}

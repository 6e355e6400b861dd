#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! The verdict in plain English: the cheapest way, every other way, and what is not known.

mod arm;
mod assumed;
mod hosting;
mod plan;
mod standing;

pub use plan::owed;

use std::fmt::{self, Write as _};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::evidence::Lack;
use super::report::{Report, ReservedView, WindowReport};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{AlternativeKind, Committed, FORTNIGHT};
use crate::economics::{Alternative, AsOf};
use crate::money::Avoidable;

/// Prices older than this are named as old.
const STALE_DAYS: i64 = 90;

/// The verdict of the longest window, scaled to a month.
#[must_use]
pub fn words(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = Words(report).write(&mut text);
    let _ = hosting::hosting(&mut text, report);
    text
}

/// Dollars for people: cents below a hundred, thousands apart.
#[must_use]
pub fn dollars(usd: f64) -> String {
    let shown = if usd.abs() < 100.0 {
        format!("{:.2}", usd.abs())
    } else {
        format!("{:.0}", usd.abs())
    };
    let (whole, cents) = shown
        .split_once('.')
        .map_or((shown.as_str(), ""), |parts| parts);
    let sign = if usd < 0.0 && shown.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        "-"
    } else {
        ""
    };
    let point = if cents.is_empty() { "" } else { "." };
    format!("{sign}${}{point}{cents}", grouped(whole))
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && digits.len().saturating_sub(i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count for people.
pub(super) fn count(number: f64) -> String {
    grouped(&format!("{:.0}", number.max(0.0)))
}

/// A share for people, rounded down, so that what misses 90 % is not shown as 90 %.
pub(super) fn percent(share: f64) -> String {
    let tenths = (share * 1_000.0 + 1e-9).floor() / 10.0;
    format!("{tenths} %")
}

/// Joins reasons as a list.
pub(super) fn listed(lacks: &[Lack]) -> String {
    let all: Vec<String> = lacks.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// When a price was read, and how long ago on the day of the report: at most, where its day is not
/// known. Somewhere it is tomorrow already; what is dated later is a slip of the pen.
pub(super) fn age(as_of: impl Into<AsOf>, today: Date) -> String {
    let as_of = as_of.into();
    let days = today
        .since(as_of.earliest())
        .map_or(0, |span| i64::from(span.get_days()));
    let (on, at_most) = if as_of.is_a_day() {
        ("on", "")
    } else {
        ("in", "at most ")
    };
    match days {
        ..=-2 => format!("dated in the future, {as_of}"),
        -1..=1 => "read today or yesterday".to_owned(),
        2..=STALE_DAYS => format!("read {on} {as_of}, {at_most}{days} days ago"),
        _ => format!("read {on} {as_of}, {at_most}{days} days ago, which is old"),
    }
}

/// The report as it is written.
struct Words<'a>(&'a Report);

impl Words<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        let Some(window) = self.0.window(FORTNIGHT) else {
            return writeln!(out, "No minute of traffic has been seen yet: no verdict.");
        };
        let settings = &self.0.settings;
        let alone = settings.plans.is_empty()
            && settings.endpoints.is_empty()
            && settings.optimised.is_empty();
        if alone {
            return writeln!(
                out,
                "No plan and no endpoint is configured: nothing to compare with."
            );
        }
        if window.evidence.calls <= 0.0 {
            return writeln!(
                out,
                "Not enough evidence: no priced call was seen in the last {} days, up to the last \
                 closed minute.",
                window.span.days
            );
        }
        let monthly = HOURS_PER_MONTH / window.hours;
        self.headline(out, window, monthly)?;
        for projection in &window.optimised {
            self.optimised(out, projection, monthly)?;
        }
        for projection in &window.endpoints {
            self.endpoint(out, projection, monthly)?;
        }
        for projection in &window.plans {
            self.plan(out, projection, monthly)?;
        }
        self.unknown(out, window)
    }

    /// The verdict in two sentences, and what it stands on.
    fn headline(&self, out: &mut String, window: &WindowReport, monthly: f64) -> fmt::Result {
        let paid = window.api_cost.to_f64();
        if let Some(cheapest) = window.cheapest() {
            self.verdict(out, cheapest, paid * monthly, monthly)?;
            assumed::assumed(out, &self.0.settings, cheapest)?;
            together(out, window, cheapest, monthly)?;
        }
        writeln!(
            out,
            "Seen in the last {} days: {} calls for {} on the API, {} a month; {} of the minutes \
             were observed.",
            window.span.days,
            count(window.evidence.calls),
            dollars(paid),
            dollars(paid * monthly),
            percent(window.evidence.coverage),
        )?;
        let all = self.0.api_prices_of(|_| true);
        standing::prices(out, "", &all, self.today())?;
        reserved(out, window, monthly)
    }

    /// Whether the cheapest way is a verdict, or only a figure.
    fn verdict(
        &self,
        out: &mut String,
        cheapest: &Alternative,
        paid: f64,
        monthly: f64,
    ) -> fmt::Result {
        let cost = cheapest.cost_usd * monthly;
        let figures = match cheapest.kind {
            AlternativeKind::Stay | AlternativeKind::Api => format!(
                "staying on the API is cheapest, at {} a month",
                dollars(cost)
            ),
            AlternativeKind::Endpoint | AlternativeKind::Optimised | AlternativeKind::Selfhost => {
                format!(
                    "{} is cheapest, at {} a month instead of {} for the same calls: {} less",
                    way(cheapest),
                    dollars(cost),
                    dollars(paid),
                    dollars(paid - cost),
                )
            }
        };
        let Some(view) = self.0.state_of(cheapest) else {
            return writeln!(out, "{} On these figures {figures}.", stay(cheapest.kind));
        };
        if !view.lacks.is_empty() && !view.cheaper {
            let lacks = listed(&view.lacks);
            return writeln!(out, "No verdict yet: {lacks}. On these figures {figures}.");
        }
        match (cheapest.kind, view.cheaper) {
            (AlternativeKind::Stay | AlternativeKind::Api | AlternativeKind::Optimised, _) => {
                writeln!(out, "{} On these figures {figures}.", stay(cheapest.kind))
            }
            (AlternativeKind::Endpoint | AlternativeKind::Selfhost, true) => {
                let since = view.since.map_or_else(String::new, |since| {
                    format!(" since {}", since.to_zoned(TimeZone::UTC).date())
                });
                writeln!(
                    out,
                    "{} is cheaper{since}. On these figures {figures}.",
                    view.name
                )
            }
            (AlternativeKind::Endpoint | AlternativeKind::Selfhost, false) => writeln!(
                out,
                "No verdict yet: a saving must be clear for days in a row. On these figures {figures}."
            ),
        }
    }

    /// What the figures do not contain.
    fn unknown(&self, out: &mut String, window: &WindowReport) -> fmt::Result {
        writeln!(out, "\nNot known:")?;
        if window.evidence.doubtful_share > 0.0 {
            let share = window.evidence.doubtful_share;
            let share = if share < 0.001 {
                "less than 0.1 %".to_owned()
            } else {
                format!("about {}", percent(share))
            };
            writeln!(
                out,
                "- what {share} of the money really is: it is unpriced or of unknown tokens"
            )?;
        }
        if window.evidence.imported_calls > 0.0 {
            let calls = count(window.evidence.imported_calls);
            writeln!(
                out,
                "- whether imported history is true: {calls} of the calls were not metered here"
            )?;
        }
        writeln!(
            out,
            "- whether an open model answers your calls well enough: nobody measured it here"
        )?;
        if self.0.settings.paid.is_empty() && self.0.settings.tiers.is_empty() {
            writeln!(
                out,
                "- what moving does not save, such as commitments to the provider"
            )?;
        }
        Ok(())
    }

    /// The UTC day on which the windows end.
    fn today(&self) -> Date {
        self.0.day()
    }
}

/// What is in the money although no call brought it.
fn reserved(out: &mut String, window: &WindowReport, monthly: f64) -> fmt::Result {
    for ReservedView { name, cost, worth } in &window.reserved {
        writeln!(
            out,
            "Of it {} a month is for the reserved hours of {name}, used or not; the calls they serve \
             are worth {} a month at list price.",
            dollars(cost.to_f64() * monthly),
            dollars(worth.to_f64() * monthly),
        )?;
    }
    Ok(())
}

/// What of the money moving does not save.
fn committed(out: &mut String, committed: &[Committed], monthly: f64) -> fmt::Result {
    for Committed { cost, avoidable } in committed {
        let usd = dollars(cost.to_f64() * monthly);
        match avoidable {
            Avoidable::Now => {}
            Avoidable::From(day) => writeln!(
                out,
                "  {usd} a month of it is committed until {day} and is not saved."
            )?,
            Avoidable::Never => writeln!(
                out,
                "  {usd} a month of it is paid whatever happens and is not saved."
            )?,
        }
    }
    Ok(())
}

/// Arms together that are cheaper than the cheapest single way, if they are.
fn together(
    out: &mut String,
    window: &WindowReport,
    cheapest: &Alternative,
    monthly: f64,
) -> fmt::Result {
    let cost_usd = window.rival.cost_usd(window.api_cost.to_f64());
    if window.rival.parts.len() < 2 || cost_usd >= cheapest.cost_usd {
        return Ok(());
    }
    writeln!(
        out,
        "Cheaper than any one way are {} together, each where it saves most: {} a month.",
        window.rival.names(),
        dollars(cost_usd * monthly),
    )
}

/// An alternative as a phrase.
fn way(alternative: &Alternative) -> String {
    match alternative.kind {
        AlternativeKind::Stay | AlternativeKind::Api => "staying on the API".to_owned(),
        AlternativeKind::Endpoint => format!("moving to the endpoint {}", alternative.name),
        AlternativeKind::Optimised => {
            format!("paying the same provider less by {}", alternative.name)
        }
        AlternativeKind::Selfhost => format!("hosting by the plan {}", alternative.name),
    }
}

/// What to do where nothing moves.
const fn stay(kind: AlternativeKind) -> &'static str {
    match kind {
        AlternativeKind::Optimised => "Stay with the provider and pay it less.",
        AlternativeKind::Stay
        | AlternativeKind::Api
        | AlternativeKind::Endpoint
        | AlternativeKind::Selfhost => "Stay on the API.",
    }
}

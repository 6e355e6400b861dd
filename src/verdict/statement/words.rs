#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! A statement in words that need no knowledge of tollgate.

mod leaving;

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::{ApiPrice, Change, Counted, Days, Side, Statement};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::verdict::words::{count, dollars, percent};

impl Statement {
    /// What was said, what it stood on, and what led to it.
    #[must_use]
    pub fn words(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    /// What it said, in one sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let what = subject(&self.kind, &self.name);
        match self.to {
            Side::On => format!("{}: {what} is cheaper.", self.decided),
            Side::Off => format!("{}: {what} is no longer cheaper.", self.decided),
        }
    }

    /// A figure by its place among [`Statement::figures`].
    #[must_use]
    pub fn figure(&self, place: &str) -> Option<f64> {
        self.figures.pointer(place)?.as_f64()
    }

    /// An amount of the window as one of a month.
    #[must_use]
    pub fn monthly(&self, place: &str) -> Option<f64> {
        let hours = self.figure("/hours").filter(|hours| *hours > 0.0)?;
        Some(self.figure(place)? * HOURS_PER_MONTH / hours)
    }

    /// What it said would be saved, dollars a month: pessimistic, expected, optimistic.
    #[must_use]
    pub fn said_usd_per_month(&self) -> Option<[f64; 3]> {
        Some([
            self.monthly("/savings_usd/pessimistic")?,
            self.monthly("/savings_usd/expected")?,
            self.monthly("/savings_usd/optimistic")?,
        ])
    }

    /// The two most influential of what is not known, if anything is.
    #[must_use]
    pub fn influences(&self) -> Vec<&str> {
        let all = self.figures.get("sensitivity").and_then(Value::as_object);
        let mut all: Vec<(&str, f64)> = all
            .into_iter()
            .flatten()
            .filter_map(|(name, ends)| {
                let end = |of| ends.get(of).and_then(Value::as_f64);
                Some((name.as_str(), (end("high_usd")? - end("low_usd")?).abs()))
            })
            .collect();
        all.sort_by(|one, two| two.1.total_cmp(&one.1));
        all.into_iter().take(2).map(|(name, _)| name).collect()
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}", self.headline())?;
        self.money(out)?;
        self.rivals(out)?;
        self.why(out)?;
        self.evidence(out)?;
        self.sources(out)?;
        writeln!(
            out,
            "Made by tollgate {} from {} calls in {} minutes of traffic; check it with `tollgate verdict verify`.",
            self.tollgate,
            count(real(self.demand.calls)),
            count(real(self.demand.stream_minutes)),
        )
    }

    fn money(&self, out: &mut String) -> fmt::Result {
        if let Some(hosting) = self.monthly("/hosting_usd") {
            return leaving::money(self, out, hosting);
        }
        let Days { first, last } = self.window;
        let (Some(api), Some(cost)) =
            (self.monthly("/api_usd"), self.monthly("/cost_usd/expected"))
        else {
            return writeln!(
                out,
                "From {first} to {last} it could not have served the calls at all."
            );
        };
        writeln!(
            out,
            "The calls of {first} to {last} cost {} a month on the API; this way they would have cost {}.",
            dollars(api),
            dollars(cost),
        )?;
        self.saving(out)?;
        if let (Some(mean), Some(peak)) =
            (self.figure("/replicas/mean"), self.figure("/replicas/peak"))
        {
            writeln!(
                out,
                "It takes {mean:.1} machines on average; the busiest minute needs {}.",
                count(peak)
            )?;
        }
        Ok(())
    }

    /// What it said would be saved.
    fn saving(&self, out: &mut String) -> fmt::Result {
        if let Some([low, expected, high]) = self.said_usd_per_month() {
            writeln!(
                out,
                "That is {} a month {}; with all that is not known, between {} and {}.",
                dollars(expected.abs()),
                if expected < 0.0 { "more" } else { "less" },
                saved(low),
                saved(high),
            )?;
        }
        Ok(())
    }

    /// What else there was.
    fn rivals(&self, out: &mut String) -> fmt::Result {
        let parts = self.figures.pointer("/rival/parts");
        let parts = parts.and_then(Value::as_array).into_iter().flatten();
        let names: Vec<&str> = parts
            .filter_map(|part| part.get("name")?.as_str())
            .collect();
        if self.figure("/hosting_usd").is_some() {
            return leaving::to(out, &names);
        }
        if names.is_empty() {
            return writeln!(out, "No other way saved anything beside staying.");
        }
        let usd = self.monthly("/rival/saved_usd").unwrap_or_default();
        writeln!(
            out,
            "The best other way ({}) saves {} a month; the decision counts what is saved beyond that.",
            names.join(", "),
            dollars(usd)
        )
    }

    /// What made it switch.
    fn why(&self, out: &mut String) -> fmt::Result {
        for Change { key, was, is } in &self.changed {
            writeln!(out, "Its settings had changed: {key} was {was}, is {is}.")?;
        }
        if self.counted.is_empty() {
            return writeln!(
                out,
                "Its settings as they are now ended it; no day was counted for that."
            );
        }
        let of = match self.figure("/hosting_usd") {
            Some(_) => leaving::SAVED_OF,
            None => "of the API cost saved beyond the best other way",
        };
        let days = if self.changed.is_empty() {
            "Days in a row that said so:"
        } else {
            "Decided again by the settings as they are now, over these days:"
        };
        writeln!(out, "{days}")?;
        for day in &self.counted {
            let Counted {
                day,
                ratio,
                pessimistic_ratio,
                coverage,
                may_enter: _,
            } = day;
            writeln!(
                out,
                "- {day}: {} {of}, {} at worst; {} of the day observed",
                percent(*ratio),
                percent(*pessimistic_ratio),
                percent(*coverage),
            )?;
        }
        Ok(())
    }

    fn evidence(&self, out: &mut String) -> fmt::Result {
        let share = |place| self.figure(place).map(percent).unwrap_or_default();
        writeln!(
            out,
            "Observed: {} of the minutes; {} of the money is a guess.",
            share("/evidence/coverage"),
            share("/evidence/doubtful_share"),
        )?;
        leaving::servers(self, out)
    }

    /// Where prices and throughput come from, and who moved what.
    fn sources(&self, out: &mut String) -> fmt::Result {
        let list = |place| {
            let found = self.stands_on.pointer(place).and_then(Value::as_array);
            found.into_iter().flatten()
        };
        let text = |value: &Value, key| {
            let found = value.get(key).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        for source in list("/sources") {
            let age = source.get("age_days").and_then(Value::as_i64).unwrap_or(0);
            writeln!(
                out,
                "- {}: {} (read {}, {age} days before)",
                text(source, "what"),
                text(source, "source"),
                text(source, "as_of"),
            )?;
        }
        for price in &self.api_prices {
            let ApiPrice {
                kind,
                name,
                as_of,
                age_days,
            } = price;
            let what = if kind == "fx" {
                "exchange rate"
            } else {
                "API price"
            };
            writeln!(
                out,
                "- {what} of {name}: read on {as_of}, {age_days} days before"
            )?;
        }
        for moved in list("/moved") {
            writeln!(
                out,
                "- {} was set in favour of hosting by {} on {}: {}",
                text(moved, "parameter"),
                text(moved, "by"),
                text(moved, "date"),
                text(moved, "basis"),
            )?;
        }
        Ok(())
    }
}

/// What is decided about, as a phrase.
pub(in crate::verdict) fn subject(kind: &str, name: &str) -> String {
    match kind {
        "selfhost" => format!("hosting by the plan {name}"),
        "endpoint" => format!("moving to the endpoint {name}"),
        "api" => format!("going back to the API from {name}"),
        other => format!("{other} {name}"),
    }
}

/// `$3 less` or `$3 more`.
fn saved(usd: f64) -> String {
    let which = if usd < 0.0 { "more" } else { "less" };
    format!("{} {which}", dollars(usd.abs()))
}

fn real(count: u64) -> f64 {
    crate::economics::work::real(count.into())
}

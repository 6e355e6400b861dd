//! Totals grouped by what was asked for; money as decimal strings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value, json};

use super::by::{By, TotalsQuery};
use super::reserved::Reserved;
use crate::call::Settled;
use crate::ledger::{Grain, Group, Origin, Period, Rollup, Totals};
use crate::money::Pico;

/// Seconds in an hour.
const HOUR_SECONDS: i64 = 3_600;
/// Seconds in a minute.
const MINUTE_SECONDS: i64 = 60;

/// The answer of `/api/v1/totals`, also for reports made without a listener.
///
/// A gateway's money is the bill of the provider behind it seen a second time: it is shown only
/// where upstreams are told apart, and it is never in the total. Costs of calls are what they are
/// worth; `spend` is what is paid: reserved hours, and none of the calls that they serve.
#[must_use]
pub fn totals(
    asked: &TotalsQuery,
    zone: &TimeZone,
    read: &[Rollup],
    reserved: &[Reserved],
    missing_rows: &[String],
) -> Value {
    let by = &asked.by;
    let mut total = Sums::default();
    let mut rows: BTreeMap<Row, Sums> = BTreeMap::new();
    for rollup in read {
        let in_total = rollup.group.in_total();
        if in_total {
            total.add(rollup);
        } else if !by.contains(&By::Upstream) {
            continue;
        }
        let row = Row {
            cells: by.iter().map(|by| cell(by, rollup, zone)).collect(),
            is_gateway: !in_total,
            others: None,
        };
        rows.entry(row).or_default().add(rollup);
    }
    if let Some(top) = asked.top {
        rows = largest(rows, by, top);
    }
    let rows = rows.iter().map(|(row, sums)| row.object(by, sums));
    let bound = |at: Option<Timestamp>| at.map(|at| bound(at, asked.grain, zone));
    json!({
        "currency": "USD",
        "timezone": zone.iana_name().unwrap_or("UTC"),
        "since": bound(asked.since),
        "until": bound(asked.until),
        "by": by.iter().map(By::label).collect::<Vec<_>>(),
        "total": total.object(),
        "spend": spend(&total, reserved),
        "reserved": reserved.iter().map(Reserved::json).collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
        "missing_rows": missing_rows,
    })
}

/// What is paid, by how: what a free quota gives, and what nobody was billed for, is not in it.
fn spend(total: &Sums, reserved: &[Reserved]) -> Value {
    let hours: Pico = reserved.iter().map(Reserved::cost_usd).sum();
    let (invoice, prepaid) = (total.by_invoice(), total.settled(Settled::Prepaid));
    json!({
        "invoice_usd": invoice,
        "prepaid_usd": prepaid,
        "reserved_usd": hours,
        "total_usd": invoice + prepaid + hours,
        "total_without_reserved_usd": invoice + prepaid,
    })
}

/// What names a row; in the order in which rows are shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    cells: Vec<Cell>,
    is_gateway: bool,
    /// How many groups it sums, if they are no longer told apart.
    others: Option<usize>,
}

/// What a row is under one heading.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    /// Its calls had none.
    Absent,
    /// An hour or a minute; where clocks are put back, its words alone are not in order.
    Moment(Timestamp, String),
    Name(String),
    /// Those that are not told apart.
    Others,
}

impl Cell {
    fn json(&self) -> Value {
        match self {
            Self::Absent | Self::Others => Value::Null,
            Self::Moment(_, name) | Self::Name(name) => json!(name),
        }
    }
}

impl Row {
    fn object(&self, by: &[By], sums: &Sums) -> Value {
        let mut row = sums.object();
        for (by, cell) in by.iter().zip(&self.cells) {
            row.insert(by.label().to_owned(), cell.json());
        }
        if self.is_gateway {
            row.insert("in_total".to_owned(), json!(false));
        }
        if let Some(others) = self.others {
            row.insert("others".to_owned(), json!(others));
        }
        Value::Object(row)
    }

    /// What it is ranked by: its group over all times, or its time where there is no group.
    fn group(&self, by: &[By]) -> (Vec<Cell>, bool) {
        let only_time = by.iter().all(By::is_time);
        let ranked = by.iter().zip(&self.cells);
        let ranked = ranked.filter(|(by, _)| only_time || !by.is_time());
        let cells = ranked.map(|(_, cell)| cell.clone()).collect();
        (cells, self.is_gateway)
    }

    /// The row of the others of its time.
    fn others(mut self, by: &[By]) -> Self {
        let only_time = by.iter().all(By::is_time);
        for (by, cell) in by.iter().zip(&mut self.cells) {
            if only_time || !by.is_time() {
                *cell = Cell::Others;
            }
        }
        self
    }
}

/// Keeps the groups with the largest bills over all times; the others of a time become one row.
fn largest(rows: BTreeMap<Row, Sums>, by: &[By], top: usize) -> BTreeMap<Row, Sums> {
    let mut groups: BTreeMap<(Vec<Cell>, bool), Totals> = BTreeMap::new();
    for (row, sums) in &rows {
        groups.entry(row.group(by)).or_default().merge(&sums.all);
    }
    let mut ranked: Vec<_> = groups.into_iter().collect();
    ranked.sort_by_key(|(_, sums)| std::cmp::Reverse((sums.cost_usd, sums.calls)));
    let kept: BTreeSet<_> = ranked.into_iter().take(top).map(|(it, _)| it).collect();
    let mut shown = BTreeMap::new();
    let mut others: BTreeMap<Row, (usize, Sums)> = BTreeMap::new();
    for (row, sums) in rows {
        if kept.contains(&row.group(by)) {
            shown.insert(row, sums);
        } else {
            let (many, rest) = others.entry(row.others(by)).or_default();
            *many += 1;
            rest.merge(&sums);
        }
    }
    for (row, (many, sums)) in others {
        let others = Some(many);
        shown.insert(Row { others, ..row }, sums);
    }
    shown
}

/// What a roll-up is under one heading.
fn cell(by: &By, rollup: &Rollup, zone: &TimeZone) -> Cell {
    let Group {
        upstream,
        model,
        tenant,
        dimensions,
        ..
    } = &rollup.group;
    let name = match by {
        By::Month => day(rollup.period, zone).map(|day| day.strftime("%Y-%m").to_string()),
        By::Day => day(rollup.period, zone).map(|day| day.to_string()),
        By::Hour => return hour(rollup.period, zone),
        By::Minute => return minute(rollup.period, zone),
        By::Upstream => upstream.as_deref().map(str::to_owned),
        By::Model => model.as_deref().map(str::to_owned),
        By::Tenant => tenant.as_deref().map(str::to_owned),
        By::Dimension(name) => dimension(name, dimensions),
    };
    name.map_or(Cell::Absent, Cell::Name)
}

/// The value of a dimension. One without a name of its own is whichever is not there.
fn dimension(name: &str, pairs: &[Arc<str>]) -> Option<String> {
    let mut named = pairs.iter().filter_map(|pair| pair.split_once('='));
    let known = named.find(|(known, _)| *known == name);
    let other = || pairs.iter().find(|pair| !pair.contains('='));
    let value = known.map(|(_, value)| value);
    let value = value.or_else(|| other().map(|other| &**other));
    value.map(str::to_owned)
}

fn day(period: Period, zone: &TimeZone) -> Option<Date> {
    match period {
        Period::Day(day) => Some(day),
        Period::Hour(start) | Period::Minute(start) => Some(start.to_zoned(zone.clone()).date()),
        Period::AllTime => None,
    }
}

fn hour(period: Period, zone: &TimeZone) -> Cell {
    match period {
        Period::Hour(start) => moment(start, zone),
        Period::Minute(start) => moment(begin_of(start, HOUR_SECONDS), zone),
        Period::Day(_) | Period::AllTime => Cell::Absent,
    }
}

fn minute(period: Period, zone: &TimeZone) -> Cell {
    match period {
        Period::Minute(start) => moment(start, zone),
        Period::Hour(_) | Period::Day(_) | Period::AllTime => Cell::Absent,
    }
}

fn moment(at: Timestamp, zone: &TimeZone) -> Cell {
    Cell::Moment(at, words(&at.to_zoned(zone.clone())))
}

/// To the minute, with the offset: where clocks are put back, an hour comes twice.
fn words(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M%:z").to_string()
}

/// The hour or minute of UTC, in seconds, that a moment lies in.
fn begin_of(at: Timestamp, seconds: i64) -> Timestamp {
    let past = at.as_second().rem_euclid(seconds);
    Timestamp::from_second(at.as_second().saturating_sub(past)).unwrap_or(at)
}

/// Where a stretch really begins or ends, in words.
fn bound(at: Timestamp, grain: Grain, zone: &TimeZone) -> String {
    let begin = begin(at, grain, zone).to_zoned(zone.clone());
    match grain {
        Grain::Day => begin.date().to_string(),
        Grain::Hour | Grain::Minute => words(&begin),
    }
}

/// Where the day, hour or minute of a moment begins.
#[must_use]
pub fn begin(at: Timestamp, grain: Grain, zone: &TimeZone) -> Timestamp {
    match grain {
        Grain::Day => {
            let begin = at.to_zoned(zone.clone()).start_of_day();
            begin.map_or(at, |begin| begin.timestamp())
        }
        Grain::Hour => begin_of(at, HOUR_SECONDS),
        Grain::Minute => begin_of(at, MINUTE_SECONDS),
    }
}

/// Everything, and what of it no invoice bills: made history, and what is paid otherwise.
#[derive(Default)]
struct Sums {
    all: Totals,
    imported: Totals,
    settled: BTreeMap<Settled, Pico>,
}

impl Sums {
    fn add(&mut self, rollup: &Rollup) {
        self.all.merge(&rollup.totals);
        match rollup.group.origin {
            Origin::Live => {
                *self.settled.entry(rollup.group.settled).or_default() += rollup.totals.cost_usd;
            }
            Origin::Imported => self.imported.merge(&rollup.totals),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.imported.merge(&other.imported);
        for (settled, cost) in &other.settled {
            *self.settled.entry(*settled).or_default() += *cost;
        }
    }

    fn settled(&self, how: Settled) -> Pico {
        self.settled.get(&how).copied().unwrap_or_default()
    }

    fn by_invoice(&self) -> Pico {
        self.settled(Settled::Invoice)
    }

    fn object(&self) -> Map<String, Value> {
        let Self { all, imported, .. } = self;
        let pairs = [
            ("calls", json!(all.calls)),
            ("imported_calls", json!(imported.calls)),
            ("unpriced_calls", json!(all.unpriced)),
            ("unknown_calls", json!(all.unknown)),
            ("input_tokens", json!(all.input_tokens)),
            ("cache_read_tokens", json!(all.cache_read_tokens)),
            ("cache_write_tokens", json!(all.cache_write_tokens)),
            ("output_tokens", json!(all.output_tokens)),
            ("reasoning_tokens", json!(all.reasoning_tokens)),
            ("cost_usd", json!(all.cost_usd)),
            ("imported_cost_usd", json!(imported.cost_usd)),
            (
                "free_quota_cost_usd",
                json!(self.settled(Settled::FreeQuota)),
            ),
            ("prepaid_cost_usd", json!(self.settled(Settled::Prepaid))),
            ("reserved_cost_usd", json!(self.settled(Settled::Reserved))),
        ];
        pairs
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests;

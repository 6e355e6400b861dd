//! The few values that say what the database is and how far it has come.

use jiff::Timestamp;

use super::LedgerError;
use super::believe::Belief;
use super::codec::{Reader, Writer};
use super::key::{Period, Span};
use super::retention::HoursFrom;
use super::store::{In, Store, Write};

/// The version of all keys and values together, and of the fields and words that rows can have: each
/// new one, a flag too, raises it before it is released. So a release that would drop it refuses the
/// ledger instead. A newer one is not guessed at; older ones are read, and become this one.
///
/// 2: rows may have the flags `billed_later`, `background`, `lower_bound`, `text_dropped`,
/// `tier_assumed` and `region_assumed`, `would_cost_usd`, `tokenizer` and the origins of tier, speed
/// and region; keys of totals say who pays, those of demand whether own hosting served it; old demand
/// is kept by hour.
pub(super) const SCHEMA_VERSION: u8 = 2;
/// The first that was released.
const SCHEMA_OLDEST: u8 = 1;
/// The version of the values in this tree.
const VERSION: u8 = 1;

pub(super) const SCHEMA: &str = "schema";
/// A random name, so that another database in this place is noticed.
pub(super) const DB_ID: &str = "db_id";
/// Every frame up to this number is in the totals.
pub(super) const WATERMARK: &str = "watermark";
/// No call that began before this number was open at the watermark.
pub(super) const OPEN_FROM: &str = "open_from";
/// Rows before this number are past their retention.
pub(super) const ROWS_FROM: &str = "rows_from";
/// The first hour that is kept, in hours since 1970 …
const HOURS_FROM: &str = "hours_from";
/// … and the day it begins, as `20261122`.
const DAYS_FROM: &str = "days_from";
/// When that day begins, in seconds since 1970: not with an hour where clocks are half an hour off.
const MIDNIGHT_FROM: &str = "midnight_from";
/// The first minute that is kept, in minutes since 1970; 0 while none was deleted.
const MINUTES_FROM: &str = "minutes_from";
/// Demand before this minute since 1970 is forgotten; 0 while none is.
const DEMAND_FROM: &str = "demand_from";
/// Minutes of demand before this one stand in their hours, or will in a moment.
const DEMAND_FOLDED: &str = "demand_folded";
/// The day by which was deleted last, as `20261122` …
const REACHED: &str = "reached";
/// … and since when the clock is ahead of it, in seconds since 1970; 0 if it is not.
const AHEAD_SINCE: &str = "ahead_since";
/// The time zone of the day totals.
pub(super) const TIMEZONE: &str = "timezone";

/// Passes over the rows up to this number are in the totals.
pub(super) const PASSES: &str = "passes";
/// How far the next one is: its number, that of its file, and the last key that was moved.
const PASS_AT: &str = "pass_at";

/// How often what had been counted was made something else.
const REVISION: &str = "revision";

/// Before the name of something that another room keeps here.
const KEPT: &str = "kept/";

/// The key of something that another room keeps here.
pub(super) fn kept(name: &str) -> String {
    format!("{KEPT}{name}")
}

pub(super) fn put_number(key: &str, number: u64) -> Write {
    let mut value = Writer::new(VERSION);
    value.put(number);
    (In::Meta, key.into(), Some(value.finish()))
}

/// Notes from where on hours are kept.
pub(super) fn put_hours_from(from: HoursFrom) -> [Write; 3] {
    let HoursFrom {
        hour,
        day,
        midnight,
    } = from;
    let number = |span: Span| u64::from(span.number());
    let midnight = u64::try_from(midnight.as_second()).unwrap_or(0);
    [
        put_number(HOURS_FROM, number(Span::hour(hour))),
        put_number(DAYS_FROM, number(day)),
        put_number(MIDNIGHT_FROM, midnight),
    ]
}

/// From where on hours are kept; `None` while none was deleted.
pub(super) fn hours_from(store: &Store) -> Result<Option<HoursFrom>, LedgerError> {
    let of = |key| number(store, key).map(|it| it.and_then(|it| u32::try_from(it).ok()));
    let spans = of(HOURS_FROM)?.zip(of(DAYS_FROM)?);
    let midnight = number(store, MIDNIGHT_FROM)?;
    let midnight = midnight.and_then(|at| Timestamp::from_second(i64::try_from(at).ok()?).ok());
    Ok(spans.and_then(|(hour, day)| {
        let hour = Span::FIRST_HOUR.at(hour).begin()?;
        // Earlier releases noted no midnight.
        let midnight = midnight.unwrap_or(hour);
        let day = Span::FIRST_DAY.at(day);
        Some(HoursFrom {
            hour,
            day,
            midnight,
        })
    }))
}

/// Notes from where on minutes are kept.
pub(super) fn put_minutes_from(minute: Span) -> Write {
    put_number(MINUTES_FROM, u64::from(minute.number()))
}

/// From where on minutes are kept: before every minute while none was deleted, `None` if a release
/// wrote the database that noted it nowhere.
pub(super) fn minutes_from(store: &Store) -> Result<Option<Span>, LedgerError> {
    let noted = number(store, MINUTES_FROM)?.map(u32::try_from);
    Ok(noted.map(|minute| Span::FIRST_MINUTE.at(minute.unwrap_or(u32::MAX))))
}

/// Notes from where on demand is kept, in minutes since 1970.
pub(super) fn put_demand_from(minute: u32) -> Write {
    put_number(DEMAND_FROM, u64::from(minute))
}

/// From where on demand is kept; `None` if a release wrote the database that noted it nowhere.
pub(super) fn demand_from(store: &Store) -> Result<Option<u32>, LedgerError> {
    let noted = number(store, DEMAND_FROM)?.map(u32::try_from);
    Ok(noted.map(|minute| minute.unwrap_or(u32::MAX)))
}

/// Notes before which minute demand is kept by hour.
pub(super) fn put_demand_folded(before: u32) -> Write {
    put_number(DEMAND_FOLDED, u64::from(before))
}

/// Before which minute demand is kept by hour; 0 while all of it is kept by minute.
pub(super) fn demand_folded(store: &Store) -> Result<u32, LedgerError> {
    let noted = number(store, DEMAND_FOLDED)?.unwrap_or(0);
    Ok(u32::try_from(noted).unwrap_or(u32::MAX))
}

/// Notes how far the clock is believed.
pub(super) fn put_belief(belief: Belief) -> [Write; 2] {
    let Belief {
        reached,
        ahead_since,
    } = belief;
    let day = reached.map_or(0, |day| Span::day(day).number());
    let since = ahead_since.and_then(|since| u64::try_from(since.as_second()).ok());
    [
        put_number(REACHED, u64::from(day)),
        put_number(AHEAD_SINCE, since.unwrap_or(0)),
    ]
}

/// How far the clock was believed.
pub(super) fn belief(store: &Store) -> Result<Belief, LedgerError> {
    let reached = number(store, REACHED)?.and_then(|day| u32::try_from(day).ok());
    let reached = reached.and_then(|day| Span::FIRST_DAY.at(day).period());
    let since = number(store, AHEAD_SINCE)?.filter(|since| *since > 0);
    Ok(Belief {
        reached: reached.and_then(|period| match period {
            Period::Day(day) => Some(day),
            Period::AllTime | Period::Hour(_) | Period::Minute(_) => None,
        }),
        ahead_since: since.and_then(|at| Timestamp::from_second(i64::try_from(at).ok()?).ok()),
    })
}

/// Notes that all passes up to a number are in the totals.
pub(super) fn put_passes(number: u64) -> Write {
    put_number(PASSES, number)
}

/// The last pass that is in the totals; 0 if none is.
pub(super) fn passes(store: &Store) -> Result<u64, LedgerError> {
    Ok(number(store, PASSES)?.unwrap_or(0))
}

/// Notes how far a pass is: up to a key of the file that begins with a number.
pub(super) fn put_pass_at(pass: u64, first_seq: u64, key: &[u8]) -> Write {
    let mut value = Writer::new(VERSION);
    value.put(pass);
    value.put(first_seq);
    let mut value = value.finish();
    value.extend_from_slice(key);
    (In::Meta, PASS_AT.into(), Some(value))
}

/// Notes that no pass is on its way.
pub(super) fn no_pass_at() -> Write {
    (In::Meta, PASS_AT.into(), None)
}

/// The pass that is on its way, and how far.
pub(super) fn pass_at(store: &Store) -> Result<Option<(u64, u64, Vec<u8>)>, LedgerError> {
    let read = |value: Vec<u8>| {
        let mut reader = Reader::of(&value, VERSION)?;
        let (pass, first_seq) = (reader.take_u64()?, reader.take_u64()?);
        Some((pass, first_seq, reader.rest().to_vec()))
    };
    let found = store.get(In::Meta, PASS_AT.as_bytes())?;
    let damaged = || LedgerError::damaged("how far a pass is cannot be read");
    found
        .map(|value| read(value).ok_or_else(damaged))
        .transpose()
}

/// How often what had been counted was made something else, by a commit of a pass or by made history.
pub(super) fn revision(store: &Store) -> Result<u64, LedgerError> {
    Ok(number(store, REVISION)?.unwrap_or(0))
}

/// Notes that it is once more: with the change, or before it.
pub(super) fn raise_revision(store: &Store) -> Result<Write, LedgerError> {
    Ok(put_number(REVISION, revision(store)?.saturating_add(1)))
}

pub(super) fn put_text(key: &str, text: &str) -> Write {
    let mut value = Writer::new(VERSION).finish();
    value.extend_from_slice(text.as_bytes());
    (In::Meta, key.into(), Some(value))
}

pub(super) fn number(store: &Store, key: &str) -> Result<Option<u64>, LedgerError> {
    let found = store.get(In::Meta, key.as_bytes())?;
    found.as_deref().map(read_number).transpose()
}

/// A number as it is stored.
pub(super) fn read_number(value: &[u8]) -> Result<u64, LedgerError> {
    let number = Reader::of(value, VERSION).and_then(|mut reader| reader.take_u64());
    number.ok_or_else(|| LedgerError::damaged("a number of the state cannot be read"))
}

pub(super) fn text(store: &Store, key: &str) -> Result<Option<String>, LedgerError> {
    let read = |value: Vec<u8>| {
        let text = Reader::of(&value, VERSION).map(|reader| reader.rest().to_vec());
        text.and_then(|text| String::from_utf8(text).ok())
            .ok_or_else(|| LedgerError::damaged("a text of the state cannot be read"))
    };
    store.get(In::Meta, key.as_bytes())?.map(read).transpose()
}

/// Makes an older database one of this version, before anything of this version is in it.
pub(super) fn raise_schema(store: &Store) -> Result<(), LedgerError> {
    if store.get(In::Meta, SCHEMA.as_bytes())?.as_deref() == Some(&[SCHEMA_VERSION]) {
        return Ok(());
    }
    store.commit(&[(In::Meta, SCHEMA.into(), Some(vec![SCHEMA_VERSION]))])
}

/// Refuses a database of a newer version. True: it has none yet, because it is new.
pub(super) fn check_schema(store: &Store) -> Result<bool, LedgerError> {
    match store.get(In::Meta, SCHEMA.as_bytes())?.as_deref() {
        None => Ok(true),
        Some([SCHEMA_OLDEST..=SCHEMA_VERSION]) => Ok(false),
        Some(other) => Err(LedgerError::Schema {
            found: other.first().copied().unwrap_or(0),
        }),
    }
}

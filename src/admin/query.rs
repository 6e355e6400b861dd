//! What a query string asks for, checked: the first thing wrong is said with what would do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::answer::Refusal;
use super::by::{By, TotalsQuery};
use super::prices::PricesQuery;
use super::source::CallsQuery;
use super::when::{Bound, Clock, bound, moment};
use crate::economics::catalogue::nearest;
use crate::ledger::Grain;

/// Minutes in one answer, which is held in memory: with 20 models some 20 MB.
const MINUTES_MAX: SignedDuration = SignedDuration::from_hours(48);
/// Calls on a page that does not say how many.
const CALLS_LIMIT: usize = 1000;
/// Calls on one page at most: a page is held in memory, at up to 2 KB a call.
const CALLS_LIMIT_MAX: usize = 10_000;
/// Bytes of a query that are read at all.
const QUERY_BYTES_MAX: usize = 4096;

impl TotalsQuery {
    /// Reads the query of `/api/v1/totals`, where calls have these dimensions.
    ///
    /// # Errors
    /// The first thing wrong, with what would do.
    pub fn read(
        query: Option<&str>,
        clock: &Clock,
        dimensions: &BTreeSet<String>,
    ) -> Result<Self, Refusal> {
        let mut given = parameters(query, &["by", "since", "until", "top"])?;
        let by = given.remove("by");
        let by = by.as_deref().unwrap_or_else(|| By::Model.label());
        let mut columns: Vec<By> = Vec::new();
        for word in by.split(',').filter(|word| !word.is_empty()) {
            let column = column(word, dimensions)?;
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        let mut bound = |name| {
            let text = given.remove(name);
            text.map(|text| bound(name, &text, clock)).transpose()
        };
        let (since, until) = (bound("since")?, bound("until")?);
        let is_finer = columns.contains(&By::Hour) || columns.contains(&By::Minute);
        let is_day = |bound: Option<&Bound>| bound.is_none_or(|bound| bound.is_day);
        let by_day = is_day(since.as_ref()) && is_day(until.as_ref()) && !is_finer;
        let (since, until) = (since.map(|it| it.at), until.map(|it| it.at));
        in_order(since.as_ref(), until.as_ref())?;
        let top = given.remove("top").map(|text| top(&text)).transpose()?;
        let grain = if columns.contains(&By::Minute) {
            minutes(&columns, since, until.unwrap_or(clock.now))?;
            Grain::Minute
        } else if by_day {
            Grain::Day
        } else {
            Grain::Hour
        };
        Ok(Self {
            grain,
            since,
            until,
            by: columns,
            top,
        })
    }
}

impl Refusal {
    /// Hours or minutes that were deleted for their age: what is left of them is no answer.
    #[must_use]
    pub fn forgotten(grain: Grain, from: Timestamp, zone: &TimeZone) -> Self {
        let begins = from.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M%:z");
        let (asked, coarser) = match grain {
            Grain::Minute => ("minutes are", "by=hour or by=day"),
            Grain::Hour | Grain::Day => (
                "with by=hour, or a since or until that is not a day, hours are",
                "by=day, with days as since and until",
            ),
        };
        Self::query(
            format!("{asked} read, and they are kept from {begins} on: earlier ones were deleted"),
            format!("begin with since={from}; for what was before, use {coarser}"),
        )
    }
}

/// Refuses what minutes do not tell apart, and more of them than an answer holds.
fn minutes(columns: &[By], since: Option<Timestamp>, until: Timestamp) -> Result<(), Refusal> {
    let untold = columns.iter().find(|by| match by {
        By::Tenant | By::Dimension(_) => true,
        By::Month | By::Day | By::Hour | By::Minute | By::Upstream | By::Model => false,
    });
    if let Some(untold) = untold {
        return Err(Refusal::query(
            format!("by: minutes do not tell {:?} apart", untold.label()),
            "minutes are kept by upstream and model; use hour in place of minute",
        ));
    }
    let asked = since.map(|since| until.duration_since(since));
    if asked.is_none_or(|asked| asked > MINUTES_MAX) {
        let hours = MINUTES_MAX.as_hours();
        return Err(Refusal::query(
            format!("by=minute is for {hours} hours at most, and not of all time"),
            "name a begin, such as since=2h, and for an earlier stretch its end, until",
        ));
    }
    Ok(())
}

/// Reads the query of `/api/v1/calls`.
pub(super) fn calls(query: Option<&str>, clock: &Clock) -> Result<CallsQuery, Refusal> {
    let mut given = parameters(query, &["since", "until", "limit", "after"])?;
    let since = given
        .remove("since")
        .map(|text| moment("since", &text, clock))
        .transpose()?;
    let until = given
        .remove("until")
        .map(|text| moment("until", &text, clock))
        .transpose()?;
    in_order(since.as_ref(), until.as_ref())?;
    let limit = given
        .remove("limit")
        .map_or(Ok(CALLS_LIMIT), |text| limit(&text))?;
    let after = given
        .remove("after")
        .map(|text| cursor(&text))
        .transpose()?;
    Ok(CallsQuery {
        since,
        until,
        limit,
        after,
    })
}

/// Reads the query of `/api/v1/prices`. A day is the vendors', which begins at 00:00 UTC. A list that
/// is none is a mistake: an empty answer would say that its models have no price.
pub(super) fn prices(
    query: Option<&str>,
    now: Timestamp,
    lists: &BTreeSet<&str>,
) -> Result<PricesQuery, Refusal> {
    let mut given = parameters(query, &["at", "list", "model"])?;
    let zone = TimeZone::UTC;
    let at = given.remove("at");
    let at = at.map(|text| moment("at", &text, &Clock { now, zone }));
    let list = given.remove("list");
    if let Some(unknown) = list.as_deref().filter(|list| !lists.contains(list)) {
        let known: Vec<&str> = lists.iter().copied().collect();
        return Err(Refusal::query(
            format!("list: there is no price list {unknown:?}"),
            format!("there are the lists {}", known.join(", ")),
        ));
    }
    Ok(PricesQuery {
        at: at.transpose()?.unwrap_or(now),
        list,
        model: given.remove("model"),
    })
}

/// A time that ends before it begins is a mistake, and an empty answer would hide it.
pub(super) fn in_order<T: PartialOrd>(since: Option<&T>, until: Option<&T>) -> Result<(), Refusal> {
    match (since, until) {
        (Some(since), Some(until)) if since >= until => Err(Refusal::query(
            "until is not after since".to_owned(),
            "since is the first moment or day that is meant, until the first that is not",
        )),
        (_, _) => Ok(()),
    }
}

/// Reads a query where none is taken: an ignored filter would pass for an answer to it.
pub(super) fn none(query: Option<&str>) -> Result<(), Refusal> {
    parameters(query, &[]).map(|_| ())
}

/// The known parameters of a query, each at most once.
pub(super) fn parameters(
    query: Option<&str>,
    known: &[&'static str],
) -> Result<BTreeMap<String, String>, Refusal> {
    let query = query.unwrap_or_default();
    if query.len() > QUERY_BYTES_MAX {
        let message = format!("the query is longer than {QUERY_BYTES_MAX} bytes");
        return Err(Refusal::query(message, "ask for less"));
    }
    let mut given = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        if !known.contains(&name.as_str()) {
            let alike = nearest(&name, known.iter().map(|known| (*known).to_owned()));
            let remedy = match alike.first() {
                None if known.is_empty() => "leave it out: this path takes none".to_owned(),
                None => format!("known here: {}", known.join(", ")),
                Some(alike) => format!("did you mean {alike}? known here: {}", known.join(", ")),
            };
            return Err(Refusal::query(
                format!("{name:?} is not a parameter"),
                remedy,
            ));
        }
        if given.insert(name.clone(), value).is_some() {
            return Err(Refusal::query(
                format!("{name} is given twice"),
                "give it once",
            ));
        }
    }
    Ok(given)
}

/// A text with `%XX` and `+` undone; what is not a valid escape stays as it is.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).filter(|_| *first == b'%');
        let escape = escape.and_then(|two| std::str::from_utf8(two).ok());
        if let Some(byte) = escape.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            out.push(byte);
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        out.push(if *first == b'+' { b' ' } else { *first });
        rest = tail;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn column(word: &str, dimensions: &BTreeSet<String>) -> Result<By, Refusal> {
    if let Some(known) = By::ALWAYS.into_iter().find(|by| by.label() == word) {
        return Ok(known);
    }
    if dimensions.contains(word) {
        return Ok(By::Dimension(word.to_owned()));
    }
    let always = By::ALWAYS.map(|by| by.label().to_owned());
    let known: Vec<String> = always
        .into_iter()
        .chain(dimensions.iter().cloned())
        .collect();
    Err(Refusal::query(
        format!("by: {word:?} is not something totals are kept by"),
        format!(
            "use any of {}; dimensions are named in [attribution]",
            known.join(", ")
        ),
    ))
}

fn top(text: &str) -> Result<usize, Refusal> {
    let top = text.parse().ok().filter(|top| *top > 0);
    top.ok_or_else(|| {
        let message = format!("top: {text:?} is not a number above 0");
        Refusal::query(message, "say how many rows to show, such as 10")
    })
}

fn limit(text: &str) -> Result<usize, Refusal> {
    let limit = text
        .parse()
        .ok()
        .filter(|limit| (1..=CALLS_LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| {
        let message = format!("limit: {text:?} is not a number from 1 to {CALLS_LIMIT_MAX}");
        Refusal::query(
            message,
            "ask for fewer, and go on with the cursor of the answer",
        )
    })
}

fn cursor(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| {
        let message = format!("after: {text:?} is not a cursor");
        Refusal::query(
            message,
            "use the value of `x-next-cursor` of the page before",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::when::tests::clock;

    fn totals(query: &str) -> Result<TotalsQuery, Refusal> {
        TotalsQuery::read(Some(query), &clock(), &BTreeSet::from(["team".to_owned()]))
    }

    #[test]
    fn totals_are_asked_for_by_day() {
        let asked = totals("since=2d&until=2026-11-22&by=day,model,day").unwrap();
        let midnight = |text: &str| Some(text.parse().unwrap());
        assert_eq!(asked.since, midnight("2026-11-19T16:00:00Z"));
        assert_eq!(asked.until, midnight("2026-11-21T16:00:00Z"));
        assert_eq!((asked.grain, asked.top), (Grain::Day, None));
        assert_eq!(asked.by, [By::Day, By::Model]);
        assert!(totals("since=2026-11-22&until=2026-11-22").is_err());
        assert!(totals("since=2026-11-21&until=2026-11-22").is_ok());
        assert_eq!(totals("").unwrap().by, [By::Model]);
    }

    #[test]
    fn hours_are_read_where_days_would_not_do() {
        for hours in ["by=hour", "since=12h", "since=2026-11-22T10:00:00Z"] {
            assert_eq!(totals(hours).unwrap().grain, Grain::Hour, "{hours}");
        }
        let month = totals("by=month,team&since=30d&top=3").unwrap();
        assert_eq!((month.grain, month.top), (Grain::Day, Some(3)));
        assert_eq!(month.by, [By::Month, By::Dimension("team".into())]);
    }

    #[test]
    fn minutes_are_read_by_upstream_and_model_two_days_at_a_time() {
        let two_days = "by=minute&since=2026-11-01&until=2026-11-03";
        for minutes in [
            "by=minute,model,upstream&since=90m",
            "by=hour,minute&since=48h",
            two_days,
        ] {
            assert_eq!(totals(minutes).unwrap().grain, Grain::Minute, "{minutes}");
        }
        for wrong in [
            "by=minute",
            "by=minute&since=49h",
            "by=minute&until=2026-11-20",
            "by=minute,tenant&since=1h",
            "by=minute,team&since=1h",
        ] {
            assert!(totals(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_totals_are_not_kept_by_is_refused() {
        for wrong in [
            "by=colour",
            "by=teams",
            "top=0",
            "top=x",
            "since=x",
            "by=Model",
        ] {
            assert!(totals(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_page_is_bounded_and_its_cursor_a_number() {
        assert_eq!(calls(None, &clock()).unwrap().limit, 1000);
        assert_eq!(
            calls(Some("limit=10000&after=7"), &clock()).unwrap().after,
            Some(7)
        );
        for wrong in [
            "limit=0",
            "limit=10001",
            "limit=x",
            "after=x",
            "limit=1&limit=1",
            "since=1h&until=2h",
            "page=2",
        ] {
            assert!(calls(Some(wrong), &clock()).is_err(), "{wrong}");
        }
        assert!(calls(Some(&"a".repeat(5000)), &clock()).is_err());
    }
}

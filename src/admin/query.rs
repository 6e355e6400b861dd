//! What a query string asks for, checked: the first thing wrong is said with what would do.

use std::collections::BTreeMap;

use super::answer::Refusal;
use super::source::{CallsQuery, Days};
use super::when::{Clock, day, moment};

/// Calls on a page that does not say how many.
const CALLS_LIMIT: usize = 1000;
/// Calls on one page at most: a page is held in memory, at up to 2 KB a call.
const CALLS_LIMIT_MAX: usize = 10_000;
/// Bytes of a query that are read at all.
const QUERY_BYTES_MAX: usize = 4096;

/// What totals are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The day in the reporting time zone.
    Day,
    /// The configured name of the upstream.
    Upstream,
    /// The model that answered.
    Model,
    /// Who pays inside the house.
    Tenant,
}

impl By {
    /// All of them, for those that read a name.
    pub const ALL: [Self; 4] = [Self::Day, Self::Upstream, Self::Model, Self::Tenant];

    /// The name used in the query and in the answer.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Upstream => "upstream",
            Self::Model => "model",
            Self::Tenant => "tenant",
        }
    }
}

/// Reads the query of `/api/v1/totals`.
pub(super) fn totals(query: Option<&str>, clock: &Clock) -> Result<(Days, Vec<By>), Refusal> {
    let mut given = parameters(query, &["by", "since", "until"])?;
    let days = Days {
        since: given
            .remove("since")
            .map(|text| day("since", &text, clock))
            .transpose()?,
        until: given
            .remove("until")
            .map(|text| day("until", &text, clock))
            .transpose()?,
    };
    in_order(days.since.as_ref(), days.until.as_ref())?;
    let by = given
        .remove("by")
        .unwrap_or_else(|| By::Model.label().to_owned());
    let by = by.split(',').filter(|word| !word.is_empty()).map(grouping);
    Ok((days, by.collect::<Result<_, _>>()?))
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

/// A time that ends before it begins is a mistake, and an empty answer would hide it.
fn in_order<T: PartialOrd>(since: Option<&T>, until: Option<&T>) -> Result<(), Refusal> {
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
fn parameters(
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
            let remedy = if known.is_empty() {
                "leave it out: this path takes none".to_owned()
            } else {
                format!("known here: {}", known.join(", "))
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

fn grouping(word: &str) -> Result<By, Refusal> {
    let known = By::ALL.into_iter().find(|by| by.label() == word);
    known.ok_or_else(|| {
        let remedy = format!("use any of {}", By::ALL.map(By::label).join(", "));
        Refusal::query(
            format!("by: {word:?} is not something totals are kept by"),
            remedy,
        )
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

    #[test]
    fn totals_are_asked_for_by_day() {
        let (days, by) = totals(Some("since=2d&until=2026-11-22&by=day,model"), &clock()).unwrap();
        assert_eq!(days.since, Some("2026-11-20".parse().unwrap()));
        assert_eq!(days.until, Some("2026-11-22".parse().unwrap()));
        assert_eq!(by, [By::Day, By::Model]);
        assert!(totals(Some("since=12h"), &clock()).is_err());
        assert!(totals(Some("since=2026-11-22T10:00:00Z"), &clock()).is_err());
        assert!(totals(Some("by=colour"), &clock()).is_err());
        assert!(totals(Some("since=2026-11-22&until=2026-11-22"), &clock()).is_err());
        assert!(totals(Some("since=2026-11-21&until=2026-11-22"), &clock()).is_ok());
        assert_eq!(totals(None, &clock()).unwrap().1, [By::Model]);
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

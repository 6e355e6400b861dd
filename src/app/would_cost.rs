//! Since when each upstream of own hosting is held against the API call that it is held against now. Its
//! minutes before hold what another call would have cost, until they are priced again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tracing::{error, warn};

use super::demand::DEMAND_KEPT;
use crate::admin::RepriceQuery;
use crate::economics::demand::BUCKET_SECONDS;
use crate::ledger::{Ledger, LedgerError};
use crate::verdict::{RunningPlan, RunningUpstream};

/// The name under which the ledger keeps it.
const KEPT: &str = "would-cost-as";

/// What the calls of an upstream are held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Against {
    list: String,
    model: String,
    /// `None` where all of its minutes are.
    since_minute: Option<i64>,
}

/// By the name of the upstream; one that is configured no longer stays.
type Known = BTreeMap<String, Against>;

impl Against {
    fn of(upstream: &RunningUpstream) -> Self {
        Self {
            list: upstream.list.clone(),
            model: upstream.model.clone(),
            since_minute: upstream.since_minute,
        }
    }

    fn is_for(&self, upstream: &RunningUpstream) -> bool {
        self.list == upstream.list && self.model == upstream.model
    }
}

/// Dates each upstream: by what is remembered, and from now on where that is another call.
pub(super) fn date(
    running: &mut [RunningPlan],
    ledger: &Ledger,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let known = kept(ledger)?;
    for upstream in running.iter_mut().flat_map(|it| &mut it.upstreams) {
        upstream.since_minute = match known.get(&upstream.name) {
            None => None,
            Some(known) if known.is_for(upstream) => known.since_minute,
            Some(_) => Some(now.as_second().div_euclid(BUCKET_SECONDS)),
        };
    }
    Ok(())
}

/// Remembers what a verdict that is in its place goes by, and tells what is other than before.
pub(super) fn remember(running: &[RunningPlan], ledger: &Ledger) {
    let remembered = kept(ledger).and_then(|before| {
        let mut known = before.clone();
        for upstream in running.iter().flat_map(|it| &it.upstreams) {
            let was = known.insert(upstream.name.clone(), Against::of(upstream));
            if let Some(was) = was.filter(|was| !was.is_for(upstream)) {
                told(upstream, &was);
            }
        }
        keep(ledger, &before, &known)
    });
    if let Err(error) = remembered {
        let error: &dyn std::error::Error = &error;
        error!(
            error,
            "it could not be noted what calls of own hosting are held against"
        );
    }
}

/// A pass over the calls as it begins: by which call it prices those of each upstream, and what was
/// remembered of them.
pub(super) struct Begun {
    priced: Known,
    before: Known,
    at: Timestamp,
}

impl Begun {
    /// Before the first call is priced by `running`.
    pub(super) fn new(
        running: &[RunningPlan],
        ledger: &Ledger,
        at: Timestamp,
    ) -> Result<Self, LedgerError> {
        let upstreams = running.iter().flat_map(|it| &it.upstreams);
        let priced = upstreams.map(|it| (it.name.clone(), Against::of(it)));
        Ok(Self {
            priced: priced.collect(),
            before: kept(ledger)?,
            at,
        })
    }

    /// Every call that was asked for is priced again: where those are all of the kept minutes, these
    /// are held against one call now. Calls that ended before `rows_from` have no rows any more.
    pub(super) fn end(
        self,
        ledger: &Ledger,
        asked: &RepriceQuery,
        rows_from: Option<Date>,
    ) -> Result<(), LedgerError> {
        if !is_whole(asked, rows_from, self.at) {
            return Ok(());
        }
        let remembered = kept(ledger)?;
        let mut known = remembered.clone();
        for (name, priced) in self.priced {
            let is_asked = asked.upstreams.is_empty() || asked.upstreams.contains(&name);
            // Dated meanwhile: minutes from then on are held against the new call already, and what the
            // pass has priced is still held against the old one.
            let is_dated = remembered.get(&name) != self.before.get(&name);
            if is_asked && !is_dated {
                known.insert(name, priced);
            }
        }
        keep(ledger, &remembered, &known)
    }
}

/// Whether a pass that began at a moment has priced every call of the minutes that are kept.
fn is_whole(asked: &RepriceQuery, rows_from: Option<Date>, at: Timestamp) -> bool {
    let oldest = at.saturating_sub(DEMAND_KEPT).unwrap_or(Timestamp::MIN);
    let first_day = TimeZone::UTC.to_datetime(oldest).date();
    let has_rows = rows_from.is_none_or(|day| day <= first_day);
    has_rows && asked.since <= oldest && asked.until.is_none() && asked.models.is_empty()
}

fn told(upstream: &RunningUpstream, was: &Against) {
    warn!(
        upstream = upstream.name,
        was = format!("{}/{}", was.list, was.model),
        is = format!("{}/{}", upstream.list, upstream.model),
        "would_cost_as is another call: minutes before hold what the old one would have cost, and are no \
         evidence about leaving; tollgate reprice --since 35d --upstream NAME prices them again"
    );
}

fn kept(ledger: &Ledger) -> Result<Known, LedgerError> {
    let text = ledger.kept(KEPT)?;
    Ok(text.map_or_else(Known::default, |text| {
        serde_json::from_str(&text).unwrap_or_else(|error| {
            error!(%error, "what calls of own hosting were held against cannot be read");
            Known::default()
        })
    }))
}

fn keep(ledger: &Ledger, before: &Known, known: &Known) -> Result<(), LedgerError> {
    if known == before {
        return Ok(());
    }
    // Names and numbers have a JSON form.
    ledger.keep(KEPT, &serde_json::to_string(known).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::anew::tests::house;

    fn running(model: &str) -> Vec<RunningPlan> {
        let plan = crate::economics::examples::plan_draft("llama-70b-2xh100");
        vec![RunningPlan {
            plan: crate::economics::examples::checked(plan).unwrap(),
            steps: Vec::new(),
            upstreams: vec![RunningUpstream {
                name: "vllm".into(),
                list: "openai".into(),
                model: model.into(),
                since_minute: None,
            }],
        }]
    }

    fn asked(since: Timestamp) -> RepriceQuery {
        RepriceQuery {
            words: String::new(),
            since,
            until: None,
            models: Vec::new(),
            upstreams: vec!["vllm".into()],
            dry_run: false,
        }
    }

    #[test]
    fn another_call_is_dated_until_the_kept_minutes_are_priced_again() {
        let dir = tempfile::tempdir().unwrap();
        let (_, ledger) = house(dir.path());
        let at = |minute: i64| Timestamp::from_second(29_000_000 * 60 + minute * 60).unwrap();
        let since = |model: &str, minute: i64| {
            let mut running = running(model);
            date(&mut running, &ledger, at(minute)).unwrap();
            (running[0].upstreams[0].since_minute, running)
        };
        let (begun, first) = since("gpt-4o", 0);
        remember(&first, &ledger);
        assert_eq!((begun, since("gpt-4o", 1).0), (None, None));
        let (changed, other) = since("gpt-4o-mini", 2);
        assert_eq!(changed, Some(29_000_002));
        // As long as it is in no verdict, nothing is dated by it.
        assert_eq!(since("gpt-4o", 3).0, None);
        remember(&other, &ledger);
        assert_eq!(since("gpt-4o-mini", 4).0, Some(29_000_002));
        let long_ago = at(-40 * 1_440);
        let repriced = |asked: &RepriceQuery, rows_from: Option<Date>| {
            let begun = Begun::new(&running("gpt-4o-mini"), &ledger, at(5)).unwrap();
            begun.end(&ledger, asked, rows_from).unwrap();
            since("gpt-4o-mini", 6).0
        };
        assert_eq!(repriced(&asked(at(0)), None), Some(29_000_002));
        // The rows of the first of five weeks are gone.
        let day = |ago: i64| Some(TimeZone::UTC.to_datetime(at(-ago * 1_440)).date());
        assert_eq!(repriced(&asked(long_ago), day(28)), Some(29_000_002));
        assert_eq!(repriced(&asked(long_ago), day(35)), None);
    }
}

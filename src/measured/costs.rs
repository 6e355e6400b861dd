//! What the servers cost, hour by hour, as the cluster's cost service says.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use serde_json::json;
use tracing::warn;

use super::allocation::Cost;
use super::fetch::Bearer;
use super::hours::{Hours, Sums, hour_of};
use super::watch::{BACKOFF_MAX, Watch, after, backoff, reached};
use super::{Costs, Measured, Settings, Workload, fetch};

/// An hour is asked for so long after its end: the service reads its own metrics until then.
const SETTLES: Duration = Duration::from_mins(10);
/// So far back an hour is asked for: a night in which nothing ran loses none.
const HOURS_BACK: i64 = 48;
/// The days these are in.
const DAYS_BACK: i64 = 3;
/// A big cluster is added up on being asked.
const ANSWER_WAIT_MAX: Duration = Duration::from_mins(1);
/// From one try to the next after the first failure.
const TRY_EVERY: Duration = Duration::from_secs(30);

/// What is known of the asking.
#[derive(Debug, Default)]
pub(super) struct CostWatch {
    /// Hours that were answered, whether something ran in them or not.
    asked: BTreeSet<i64>,
    failure: Option<String>,
    failures: u32,
    due: Option<Timestamp>,
}

impl CostWatch {
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    /// Whether the cost of any hour that is asked for is known.
    fn is_known(hours: &Hours, now: Timestamp) -> bool {
        hours.window(now, DAYS_BACK).cost_hours > 0
    }

    /// The latest hour that is to be asked for now.
    fn next(&self, now: Timestamp, known: impl Fn(i64) -> bool) -> Option<i64> {
        let waits = |due: Timestamp| !reached(due, now, BACKOFF_MAX);
        if self.due.is_some_and(waits) {
            return None;
        }
        let settled = now.saturating_sub(SETTLES).unwrap_or(Timestamp::MIN);
        let end = hour_of(settled);
        let hours = end.saturating_sub(HOURS_BACK)..end;
        hours
            .rev()
            .find(|hour| !self.asked.contains(hour) && !known(*hour))
    }

    fn note(&mut self, hour: i64, at: Timestamp, answer: &Result<Cost, Why>) {
        match answer {
            Ok(_) => {
                *self = Self {
                    asked: std::mem::take(&mut self.asked),
                    ..Self::default()
                };
            }
            Err(why) => self.failure = Some(why.said.clone()),
        }
        if answer.as_ref().err().is_none_or(|why| why.is_answer) {
            self.asked = self.asked.split_off(&hour.saturating_sub(HOURS_BACK));
            self.asked.insert(hour);
            self.failures = 0;
        } else {
            self.due = Some(after(at, backoff(TRY_EVERY, self.failures)));
            self.failures = self.failures.saturating_add(1);
        }
    }
}

/// Why an hour's cost is not known.
#[derive(Clone, Debug)]
struct Why {
    said: String,
    /// It was answered, and the answer has none.
    is_answer: bool,
}

impl Watch {
    /// What to ask for, of whom.
    fn cost_job(&self, now: Timestamp) -> Option<(Settings, Client, Costs, i64)> {
        let costs = self.settings.costs.clone()?;
        let known = |hour| self.hours.get(hour).is_some_and(|it| it.cost_hours > 0);
        let hour = self.costs.next(now, known)?;
        Some((self.settings.clone(), self.client.clone(), costs, hour))
    }

    fn book_cost(&mut self, hour: i64, at: Timestamp, answer: &Result<Cost, Why>) {
        let failed = self.costs.failure.is_some();
        self.costs.note(hour, at, answer);
        // Before the workload began it is in no answer, and that is no news.
        if answer.as_ref().is_err_and(|why| why.is_answer) && CostWatch::is_known(&self.hours, at) {
            self.costs.failure = None;
        }
        if let Some(why) = self.costs.failure.as_ref().filter(|_| !failed) {
            let upstream = self.upstream();
            warn!(upstream, why, "what the servers cost is not known");
        }
        if let Ok(Cost { total_usd, gpu_usd }) = *answer {
            self.hours.at(hour).add(&Sums {
                cost_usd: total_usd,
                gpu_usd,
                cost_hours: 1,
                ..Sums::default()
            });
            self.unkept.insert(hour);
        }
    }
}

impl Costs {
    /// What is asked for and of whom, as it is kept beside the answers; not what it is asked with.
    pub(super) fn question(&self) -> String {
        let Self {
            url,
            token: _,
            workload,
        } = self;
        let Workload {
            namespace,
            controller,
            label,
            share_idle,
        } = workload;
        json!([url.as_str(), namespace, controller, label, share_idle]).to_string()
    }
}

impl Measured {
    /// Asks each cost service for one hour that is over and not known. Call it every second; not
    /// twice at one time.
    pub async fn look_at_costs(&self, now: Timestamp) {
        let jobs: Vec<_> = {
            let watches = self.watches();
            watches
                .iter()
                .filter_map(|watch| watch.cost_job(now))
                .collect()
        };
        for (settings, client, costs, hour) in jobs {
            let answer = ask(&client, &costs, hour).await;
            let mut watches = self.watches();
            if let Some(watch) = watches.iter_mut().find(|it| it.settings == settings) {
                watch.book_cost(hour, now, &answer);
            }
        }
    }
}

async fn ask(client: &Client, costs: &Costs, hour: i64) -> Result<Cost, Why> {
    let failed = |is_answer| {
        move |error: &dyn std::error::Error| Why {
            said: error.to_string(),
            is_answer,
        }
    };
    let mut url = costs.url.clone();
    let query = costs.workload.query(hour).unwrap_or_default();
    url.query_pairs_mut().extend_pairs(query);
    let token = Bearer {
        key: "opencost_token",
        token: costs.token.as_ref(),
    };
    let body = fetch::get(client, url, token, ANSWER_WAIT_MAX).await;
    let body = body.map_err(|error| failed(false)(&error))?;
    costs
        .workload
        .cost(&body)
        .map_err(|error| failed(true)(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_asked_for_once_they_have_settled_the_latest_first() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let now = at("2026-11-23T07:11:00Z");
        let last = hour_of(now) - 1;
        let mut watch = CostWatch::default();
        assert_eq!(watch.next(now, |_| false), Some(last));
        assert_eq!(
            watch.next(at("2026-11-23T07:09:59Z"), |_| false),
            Some(last - 1)
        );
        watch.note(last, now, &Ok(Cost::default()));
        assert_eq!(watch.next(now, |hour| hour == last - 1), Some(last - 2));
        assert_eq!(watch.next(now, |hour| hour >= last - 47), None);
    }

    #[test]
    fn what_is_answered_without_ours_is_not_asked_again_and_what_fails_is_later() {
        let now: Timestamp = "2026-11-23T07:11:00Z".parse().unwrap();
        let last = hour_of(now) - 1;
        let mut watch = CostWatch::default();
        let why = |is_answer| {
            Err(Why {
                said: "no".to_owned(),
                is_answer,
            })
        };
        watch.note(last, now, &why(true));
        assert_eq!(watch.next(now, |_| false), Some(last - 1));
        watch.note(last - 1, now, &why(false));
        assert_eq!(watch.next(now, |_| false), None);
        assert_eq!(watch.next(now + TRY_EVERY, |_| false), Some(last - 1));
        watch.note(last - 1, now + TRY_EVERY, &why(false));
        assert_eq!(watch.next(now + TRY_EVERY * 2, |_| false), None);
        assert_eq!(watch.failure(), Some("no".to_owned()));
        watch.note(last - 1, now, &Ok(Cost::default()));
        assert_eq!(watch.failure(), None);
    }
}

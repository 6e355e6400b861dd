//! What a closed day came to, for a switch that was decided before it.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::app::{AppError, freeze};
use crate::economics::Stream;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::projection::AlternativeKind;
use crate::ledger::{Ledger, StreamMinute};
use crate::verdict::statement::{Days, Record, Scored, kind_of};
use crate::verdict::{RunningPlan, Settings};

/// Days of demand before a day that its replicas are chosen on.
const CHOSEN_ON_DAYS: i32 = 14;

/// What is known of a closed day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// What its calls cost, and would have cost.
    Scored(Scored),
    /// Own hosting served calls, perhaps these, and no other call is left: what they would cost on the
    /// API is not 0.
    Elsewhere,
    /// Nothing can be said: too little of it was observed.
    Nothing,
}

/// Scores a day. Calls that moved to own hosting which names the plan are at what the API would have
/// taken for them: else hosting would be held against nothing once its advice is followed.
pub(super) fn score(
    settings: &Arc<Settings>,
    record: &Record,
    day: Date,
    (ledger, running): (&Ledger, &[RunningPlan]),
) -> Result<Known, AppError> {
    let Some(kind) = kind_of(&record.kind) else {
        return Ok(Known::Nothing);
    };
    let of = (kind, record.name.as_str());
    let days = Days {
        first: day.saturating_sub(CHOSEN_ON_DAYS.days()),
        last: day,
    };
    let mut may_be_elsewhere = false;
    let was = |minute: &StreamMinute| match RunsOn::of(running, minute) {
        Some(it) if kind == AlternativeKind::Selfhost && it.plan == record.name => Some(it.instead),
        other => {
            let may_be_its = other.is_none_or(|it| settings.takes(of, &it.instead));
            may_be_elsewhere |= may_be_its && is_in(day, minute);
            None
        }
    };
    let Some(gathered) = freeze::gathered(settings, of, days, ledger, was)? else {
        return Ok(Known::Nothing);
    };
    let scored = gathered.scored(day);
    let Some(scored) = scored.filter(|it| it.coverage >= settings.rule.coverage_min) else {
        return Ok(Known::Nothing);
    };
    // Calls that had ended before it served any are served by nobody.
    let had_calls = gathered.seal.calls > 0 || record.elsewhere_days > 0;
    let is_elsewhere = may_be_elsewhere && had_calls && scored.api_usd <= 0.0;
    Ok(if is_elsewhere {
        Known::Elsewhere
    } else {
        Known::Scored(scored)
    })
}

fn is_in(day: Date, minute: &StreamMinute) -> bool {
    let second = i64::from(minute.minute).saturating_mul(BUCKET_SECONDS);
    let began = Timestamp::from_second(second);
    began.is_ok_and(|began| TimeZone::UTC.to_datetime(began).date() == day)
}

/// What a minute of own hosting runs on.
struct RunsOn<'a> {
    /// The name of its plan.
    plan: &'a str,
    /// The stream that it would be on the API.
    instead: Stream,
}

impl<'a> RunsOn<'a> {
    /// `None` where its upstream names no plan, or nothing that it is held against.
    fn of(running: &'a [RunningPlan], minute: &StreamMinute) -> Option<Self> {
        running.iter().find_map(|it| {
            let mut upstreams = it.upstreams.iter();
            let upstream = upstreams.find(|it| *it.name == *minute.upstream)?;
            Some(Self {
                plan: &it.plan.name,
                instead: Stream {
                    model: upstream.model.clone(),
                    ..freeze::stream(minute)
                },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::anew::{self, tests::house};
    use crate::call::{CallRecord, Role};
    use crate::economics::HostPlan;
    use crate::ledger::Entry;
    use crate::money::Pico;
    use crate::verdict::RunningUpstream;

    /// A day that was observed, what is told of it, and who is asked.
    struct Scene {
        _dir: tempfile::TempDir,
        ledger: Ledger,
        settings: Arc<Settings>,
        day: Date,
    }

    /// One call of `vllm` for 5 dollars on the API, and where `before`, one on the API the day before.
    fn scene(before: bool) -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let (config, ledger) = house(dir.path());
        let day = super::super::last_closed(crate::app::now());
        let at = |day: Date, minute: i8| {
            let at = day.at(minute / 60, minute % 60, 0, 0);
            at.to_zoned(TimeZone::UTC).unwrap().timestamp()
        };
        let midnight = at(day, 0);
        for minute in 0..1_440 {
            let at = midnight + jiff::SignedDuration::from_mins(minute);
            ledger.beat(at).unwrap();
        }
        let verdict = anew::verdict(&config, &ledger, None).unwrap();
        let settings = Arc::clone(verdict.settings());
        let own = CallRecord {
            role: Role::Own,
            upstream: "vllm".into(),
            model: Some("llama".into()),
            capability: "8k".into(),
            started_at: at(day, 90),
            would_cost_usd: Some(Pico::from_units(5)),
            ..crate::call::tests::full()
        };
        ledger.apply(&[(1, Entry::Ended(&own))]).unwrap();
        if before {
            let paid = CallRecord {
                model: Some(settings.plans[0].replaces[0].as_str().into()),
                capability: "8k".into(),
                started_at: at(day.saturating_sub(1.day()), 90),
                ..crate::call::tests::full()
            };
            ledger.apply(&[(2, Entry::Ended(&paid))]).unwrap();
        }
        Scene {
            _dir: dir,
            ledger,
            settings,
            day,
        }
    }

    impl Scene {
        fn plan(&self) -> HostPlan {
            self.settings.plans[0].clone()
        }

        /// A plan that `vllm` runs on, held against a model.
        fn running(&self, plan: &str, model: &str) -> RunningPlan {
            RunningPlan {
                plan: HostPlan {
                    name: plan.into(),
                    ..self.plan()
                },
                steps: Vec::new(),
                upstreams: vec![RunningUpstream {
                    name: "vllm".into(),
                    list: "openai".into(),
                    model: model.into(),
                    since_minute: None,
                }],
            }
        }

        /// What the day says, in a record with so many days that went elsewhere before it.
        fn of(&self, kind: &str, name: &str, running: &[RunningPlan], elsewhere: u32) -> Known {
            let record = serde_json::json!({
                "file": "", "sha256": "", "kind": kind, "name": name, "to": "on",
                "decided": self.day, "looked_at": self.day, "days": 0, "unseen_days": 0,
                "elsewhere_days": elsewhere, "hours": 0.0, "api_usd": 0.0, "cost_usd": 0.0,
            });
            let record: Record = serde_json::from_value(record).unwrap();
            let from = (&self.ledger, running);
            score(&self.settings, &record, self.day, from).unwrap()
        }

        fn of_plan(&self, running: &[RunningPlan], elsewhere: u32) -> Known {
            self.of("selfhost", &self.plan().name, running, elsewhere)
        }
    }

    #[track_caller]
    #[expect(clippy::float_arithmetic, reason = "dollars are equal within rounding")]
    fn scored(known: Known, api_usd: f64) -> Scored {
        let Known::Scored(scored) = known else {
            panic!("it was not scored: {known:?}");
        };
        assert!((scored.api_usd - api_usd).abs() < 1e-9, "{scored:?}");
        scored
    }

    #[test]
    fn calls_that_moved_to_own_hosting_are_held_against_the_api_or_not_at_all() {
        let scene = scene(true);
        assert_eq!(scene.of_plan(&[], 0), Known::Elsewhere);
        let plan = scene.plan();
        let named = scene.running(&plan.name, &plan.replaces[0]);
        assert!(scored(scene.of_plan(&[named], 0), 5.0).cost_usd > 0.0);
    }

    #[test]
    fn hosting_by_another_plan_is_elsewhere_only_where_it_serves_such_calls() {
        let scene = scene(true);
        let model = scene.plan().replaces[0].clone();
        let such = [scene.running("other", &model)];
        assert_eq!(scene.of_plan(&such, 0), Known::Elsewhere);
        let mut endpoints = scene.settings.endpoints.iter();
        let endpoint = endpoints.find(|it| it.arm.replaces.contains(&model));
        let of = scene.of("endpoint", &endpoint.unwrap().arm.name, &such, 0);
        assert_eq!(of, Known::Elsewhere);
        // Calls of another model: the machines of this plan would have cost their hours.
        let others = [scene.running("other", "text-embedding-3-large")];
        let lost = scored(scene.of_plan(&others, 0), 0.0);
        assert!(lost.cost_usd > 0.0, "{lost:?}");
    }

    #[test]
    fn calls_that_ended_long_before_own_hosting_served_any_have_not_moved_there() {
        let scene = scene(false);
        assert!(scored(scene.of_plan(&[], 0), 0.0).cost_usd > 0.0);
        // Those that did move do not come back to be counted as lost after a fortnight.
        assert_eq!(scene.of_plan(&[], 1), Known::Elsewhere);
    }

    #[test]
    fn a_day_of_which_too_little_was_observed_says_nothing() {
        let scene = scene(true);
        let before = Scene {
            day: scene.day.saturating_sub(1.day()),
            ..scene
        };
        assert_eq!(before.of_plan(&[], 0), Known::Nothing);
    }
}

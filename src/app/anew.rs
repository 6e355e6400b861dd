//! A verdict made anew in the place of the one before: by other plans, by other prices, or after a clock
//! that was wrong.

use std::sync::{Arc, MutexGuard};

use tracing::error;

use super::shared::lock;
use super::{AppError, demand, now, running, settings, would_cost};
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError};
use crate::recorder::Sinks;
use crate::verdict::{States, Verdict};

/// The name under which the ledger keeps the verdict's states.
const STATES: &str = "verdict";

/// Where the verdict is, held: meanwhile nobody looks at a minute, and no call goes into it.
pub(super) struct Place<'a> {
    sinks: &'a Sinks,
    _look: MutexGuard<'a, ()>,
    _batch: MutexGuard<'a, ()>,
}

impl<'a> Place<'a> {
    pub(super) fn hold(sinks: &'a Sinks) -> Self {
        Self {
            sinks,
            _look: lock(&sinks.look),
            _batch: lock(&sinks.batch),
        }
    }

    /// The verdict over all that the ledger has kept, with the states as they are now. The one that is
    /// there stays as it is.
    pub(super) fn judged_by(&self, config: &Config) -> Result<Verdict, AppError> {
        // Whatever made it necessary: a clock that was wrong has counted days that are none.
        let states = self.sinks.verdict.load().stored().to_count_again();
        verdict(config, &self.sinks.ledger, Some(states))
    }

    /// Puts a verdict there. The last step, and it cannot fail: what the one before has to tell and to
    /// count is in one of them at any time.
    pub(super) fn put(self, anew: Verdict) {
        let before = self.sinks.verdict.load_full();
        let running = anew.settings().running.clone();
        self.sinks.verdict.store(Arc::new(anew.following(&before)));
        would_cost::remember(&running, &self.sinks.ledger);
    }
}

/// The verdict over all that the ledger has kept, with these states or the kept ones.
pub(super) fn verdict(
    config: &Config,
    ledger: &Ledger,
    states: Option<States>,
) -> Result<Verdict, AppError> {
    let states = match states {
        Some(states) => states,
        None => kept_states(ledger)?,
    };
    let mut settings = settings::verdict(config);
    would_cost::date(&mut settings.running, ledger, now())?;
    // Before its minutes: what changes while they are read is another revision.
    let verdict = Verdict::new(settings, states)
        .knowing_to(ledger.watermark())
        .counting_on(ledger.revision()?);
    demand::kept(ledger, now(), |kept, up| verdict.load(kept, up))?;
    running::load(&verdict, ledger, now())?;
    Ok(verdict)
}

fn kept_states(ledger: &Ledger) -> Result<States, LedgerError> {
    let text = ledger.kept(STATES)?;
    Ok(text.map_or_else(States::default, |text| {
        serde_json::from_str(&text).unwrap_or_else(|error| {
            error!(%error, "the verdict's stored state cannot be read; it begins anew");
            States::default()
        })
    }))
}

/// Keeps the states for the next start.
pub(super) fn keep_states(ledger: &Ledger, states: &States) -> Result<(), LedgerError> {
    // Names and numbers have a JSON form.
    let text = serde_json::to_string(states).unwrap_or_default();
    ledger.keep(STATES, &text)
}

#[cfg(test)]
pub(super) mod tests {
    use arc_swap::ArcSwap;

    use super::*;
    use crate::call::CallRecord;
    use crate::config::{self, Overrides};
    use crate::ledger::Entry;
    use crate::metrics::Metrics;
    use crate::verdict::News;

    /// The configuration of a folder, and its ledger.
    pub(in crate::app) fn house(dir: &std::path::Path) -> (Config, Ledger) {
        let overrides = Overrides {
            data_dir: Some(dir.to_owned()),
            ..Overrides::default()
        };
        let config = config::load(None, &overrides).unwrap();
        let (ledger, _) = Ledger::open(settings::ledger(&config, None)).unwrap();
        (config, ledger)
    }

    /// Stores the state of a plan as two days have left it that spoke for a switch.
    pub(in crate::app) fn two_days_are_counted(config: &Config, ledger: &Ledger) {
        let verdict = verdict(config, ledger, None).unwrap();
        verdict.tick(now());
        let mut states = verdict.stored();
        for held in states.held.values_mut() {
            held.hysteresis.days = 2;
        }
        keep_states(ledger, &states).unwrap();
    }

    /// How many days a start takes over that speak for a switch.
    pub(in crate::app) fn days_taken_over(config: &Config, ledger: &Ledger) -> u32 {
        let verdict = verdict(config, ledger, None).unwrap();
        verdict.tick(now());
        let states = verdict.stored();
        let days = states.held.values().map(|held| held.hysteresis.days);
        days.max().unwrap()
    }

    fn dropped(key: &str) -> News {
        News::Dropped {
            key: key.to_owned(),
            was: crate::verdict::statement::Side::On,
        }
    }

    #[test]
    fn what_waits_to_be_told_goes_with_the_verdict_and_stays_where_none_is_made() {
        let dir = tempfile::TempDir::new().unwrap();
        let (config, ledger) = house(dir.path());
        let first = verdict(&config, &ledger, None).unwrap();
        first.put_back(vec![dropped("one")]);
        let sinks = Sinks {
            verdict: Arc::new(ArcSwap::from_pointee(first)),
            ledger: Arc::new(ledger),
            metrics: Metrics::new(&settings::metrics(&config, Vec::new())),
            look: Arc::default(),
            batch: Arc::default(),
        };
        let place = Place::hold(&sinks);
        let anew = place.judged_by(&config).unwrap();
        // What comes after it, such as a proxy that cannot be made, fails.
        drop((place, anew));
        let place = Place::hold(&sinks);
        sinks.verdict.load().put_back(vec![dropped("two")]);
        let anew = place.judged_by(&config).unwrap();
        place.put(anew);
        let told = sinks.verdict.load().take_news();
        assert_eq!(told, [dropped("two"), dropped("one")]);
    }

    #[test]
    fn a_new_verdict_has_the_calls_of_the_running_minute() {
        let dir = tempfile::TempDir::new().unwrap();
        let (config, ledger) = house(dir.path());
        let cost_usd = Some(crate::money::Pico(7));
        let call = CallRecord {
            started_at: now(),
            cost_usd,
            ..crate::call::tests::full()
        };
        ledger.apply(&[(1, Entry::Ended(&call))]).unwrap();
        let verdict = verdict(&config, &ledger, None).unwrap();
        verdict.tick(now() + jiff::SignedDuration::from_mins(1));
        let windows = verdict.report().windows.clone();
        let costs: Vec<_> = windows.iter().map(|window| window.api_cost).collect();
        assert!(
            !costs.is_empty() && costs.iter().all(|cost| Some(*cost) == cost_usd),
            "{costs:?}"
        );
    }
}

//! The pass of each closed minute: some streams with 14 days of minutes against the example plans.

use std::time::Duration;

use anyhow::{anyhow, ensure};
use criterion::Criterion;
use tollgate::config::{self, Overrides};
use tollgate::verdict::{Settings, States, Verdict};

use crate::shared::records::records;

/// Days in the longest window.
const DAYS: u64 = 14;
const DAY_MINUTES: u64 = 1_440;

pub(crate) fn pass(criterion: &mut Criterion) -> anyhow::Result<()> {
    let defaults = config::load_with(None, &Overrides::default(), &|_| None)
        .map_err(|problems| anyhow!("{problems:?}"))?;
    let settings = Settings {
        plans: defaults.plans.plans,
        endpoints: defaults.plans.endpoints,
        ..Settings::default()
    };
    let verdict = Verdict::new(settings, States::default());
    let mut now = jiff::Timestamp::UNIX_EPOCH;
    for mut record in records(DAYS * DAY_MINUTES)? {
        // One call in each minute, of a model after the other.
        let minute = u64::try_from(record.call_id.0.as_u128())?;
        record.started_at += Duration::from_secs(60 * minute);
        now = record.started_at;
        verdict.record(&record);
    }
    ensure!(verdict.tick(now), "there was nothing to do");
    criterion.bench_function("verdict_pass", |bencher| {
        bencher.iter(|| {
            now += Duration::from_mins(1);
            verdict.tick(now)
        });
    });
    Ok(())
}

//! What the verdict costs: a call, and the pass of each minute, over some streams and over the largest
//! case the design knows.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use criterion::Criterion;
use tollgate::config::{self, Overrides};
use tollgate::economics::{CallDemand, DemandMinute, HostPlan, Stream};
use tollgate::money::Pico;
use tollgate::usage::TokenUsage;
use tollgate::verdict::{Settings, States, Verdict};

use crate::shared::records::records;

/// Days in the longest window that decides a state.
const DAYS: u64 = 14;
const DAY_MINUTES: u64 = 1_440;
/// Calls of a round.
const CALLS: u64 = 1_000;
/// The largest case: plans, streams, days of minutes.
const LARGEST: (u32, u32, i64) = (20, 50, 35);

fn settings() -> anyhow::Result<Settings> {
    let defaults = config::load_with(None, &Overrides::default(), &|_| None)
        .map_err(|problems| anyhow!("{problems:?}"))?;
    Ok(Settings {
        plans: defaults.plans.plans,
        endpoints: defaults.plans.endpoints,
        ..Settings::default()
    })
}

/// A call of one of a few streams: the least of many rounds, which other work cannot make less.
pub(crate) fn record(criterion: &mut Criterion) -> anyhow::Result<()> {
    let verdict = Verdict::new(settings()?, States::default());
    let calls = records(CALLS)?;
    let mut least = Duration::MAX;
    criterion.bench_function("verdict_record", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut all = Duration::ZERO;
            for _ in 0..rounds {
                let begun = Instant::now();
                for call in &calls {
                    verdict.record(call);
                }
                let taken = begun.elapsed();
                least = least.min(taken);
                all += taken;
            }
            all
        });
    });
    let calls = u32::try_from(CALLS)?;
    println!(
        "verdict_record: {:?} a call in the quickest round of {calls}",
        least / calls
    );
    Ok(())
}

pub(crate) fn pass(criterion: &mut Criterion) -> anyhow::Result<()> {
    let verdict = Verdict::new(settings()?, States::default());
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

/// 50 streams that do not pool, 20 plans that each take half of them, 35 days of minutes. One pass in
/// sixty is that of the hour.
pub(crate) fn largest(criterion: &mut Criterion) -> anyhow::Result<()> {
    let (plans, streams, days) = LARGEST;
    let settings = settings()?;
    let example = settings.plans.first().context("no example plan")?;
    let plan = |at: u32| HostPlan {
        name: format!("plan-{at}"),
        replaces: (0..streams)
            .filter(|stream| (stream >> (at % 6)) & 1 == 1)
            .map(|stream| format!("model-{stream}"))
            .collect(),
        ..example.clone()
    };
    let before = resident()?;
    let plans = (0..plans).map(plan).collect();
    let verdict = Verdict::new(
        Settings {
            plans,
            ..Settings::default()
        },
        States::default(),
    );
    // Loads in no order, so that ordering them costs what it costs.
    let demand: Vec<_> = (0..997).map(|calls| minute(calls % 40)).collect();
    for stream in 0..streams {
        let name = Stream {
            upstream: "openai".into(),
            model: format!("model-{stream}"),
            capability: "8k".parse().map_err(|_| anyhow!("no such class"))?,
        };
        let kept = (0..days * 1_440).filter_map(|at| {
            let any = (at * 7_919 + i64::from(stream) * 104_729).rem_euclid(997);
            let sums = demand.get(usize::try_from(any).ok()?)?;
            Some((name.clone(), at, *sums))
        });
        verdict.load(kept, []);
    }
    let mut now = jiff::Timestamp::from_second(days * 86_400)?;
    ensure!(verdict.tick(now), "there was nothing to do");
    criterion.bench_function("verdict_pass_largest", |bencher| {
        bencher.iter(|| {
            now += Duration::from_mins(1);
            verdict.tick(now)
        });
    });
    println!(
        "verdict_pass_largest: {} MB resident",
        resident()?.saturating_sub(before) / 1_000_000
    );
    Ok(())
}

/// Bytes of the process that are in memory.
fn resident() -> anyhow::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split(' ').nth(1).context("no resident pages")?;
    Ok(pages.parse::<u64>()? * u64::try_from(rustix::param::page_size())?)
}

/// A minute of so many calls, 2,000 tokens in and 500 out, at half a cent.
fn minute(calls: u64) -> DemandMinute {
    let usage = TokenUsage {
        input: Some(2_000),
        output: Some(500),
        ..TokenUsage::default()
    };
    let mut minute = DemandMinute::default();
    for call in 0..calls {
        minute.add(&CallDemand {
            started_ms: i64::try_from(call).unwrap_or(0) * 1_000,
            duration_ms: 5_000,
            usage: &usage,
            side: &[],
            cost_usd: Some(Pico(5_000_000_000)),
            imported: false,
        });
    }
    minute
}

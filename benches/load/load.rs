//! The load client's role: one thread, one test, one target.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::LocalSet;

use super::job::{Job, Pace, Seen};
use super::probe::Probe;
use super::tally::Tally;
use super::{closed, held, open};

/// Longer than a call may take that is not held.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Does the job that is given in JSON, and prints what was seen in JSON.
pub(crate) fn run(job: &str) -> Result<()> {
    let job: Job = serde_json::from_str(job).context("the job")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let seen = LocalSet::new().block_on(&runtime, seen(Rc::new(job)))?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

async fn seen(job: Rc<Job>) -> Result<Seen> {
    let probe = Probe::new(&job)?;
    let rest_kib = probe.resident_kib();
    let begin = Instant::now() + Duration::from_secs_f64(job.warm_seconds);
    let end = begin + job.window();
    let tally = Rc::new(RefCell::new(Tally::new(begin, end)?));
    let windows = match &job.load.pace {
        Pace::Held { streams } => held::run(&job, streams, &probe, &tally).await?,
        Pace::Closed { connections } => {
            let work = tokio::task::spawn_local(async move { probe.work(begin, end).await });
            closed::run(&job, *connections, end, &tally).await;
            let work = work.await?;
            vec![tally.borrow().window(0, job.seconds, work)]
        }
        Pace::Open { per_second } => {
            let work = tokio::task::spawn_local(async move { probe.work(begin, end).await });
            open::run(&job, *per_second, end, &tally).await?;
            let work = work.await?;
            vec![tally.borrow().window(0, job.seconds, work)]
        }
    };
    let tally = tally.borrow();
    Ok(Seen {
        rest_kib,
        windows,
        failed: tally.failed(),
        first_failure: tally.failure().map(str::to_owned),
    })
}

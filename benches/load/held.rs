//! Streams that stay open while their upstream sends a chunk now and then: what an open stream
//! costs in memory and a chunk in CPU. All are let go at the end, so that each is billed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::connect;
use super::job::{Job, Window};
use super::probe::Probe;
use super::tally::Tally;
use super::web;

/// Streams that are being opened at the same time: fewer than any backlog of connections.
const OPENING_MAX: usize = 64;
/// For all to open, and for all to end.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
/// Between the last stream's opening and the window.
const SETTLING: Duration = Duration::from_secs(1);

/// Holds each number of streams for the job's seconds; the numbers grow.
pub(crate) async fn run(
    job: &Rc<Job>,
    numbers: &[usize],
    probe: &Probe,
    tally: &Rc<RefCell<Tally>>,
) -> Result<Vec<Window>> {
    let holder = Rc::new(Holder {
        job: Rc::clone(job),
        call: job.calls().into_iter().next().unwrap_or_default(),
        opening: Semaphore::new(OPENING_MAX),
        opened: Cell::new(0),
        tally: Rc::clone(tally),
    });
    let mut streams = JoinSet::new();
    let mut windows = Vec::new();
    for number in numbers {
        for place in streams.len()..*number {
            let holder = Rc::clone(&holder);
            streams.spawn_local(async move { holder.stream(place).await });
        }
        holder.wait_for(*number).await?;
        windows.push(holder.window(*number, probe).await);
    }
    web::get(job.mock, "/__release")?;
    let ended = tokio::time::timeout(PATIENCE, streams.join_all()).await;
    ended.context("streams did not end")?;
    Ok(windows)
}

struct Holder {
    job: Rc<Job>,
    call: Vec<u8>,
    opening: Semaphore,
    opened: Cell<usize>,
    tally: Rc<RefCell<Tally>>,
}

impl Holder {
    async fn stream(&self, place: usize) {
        if let Err(error) = self.call(place).await {
            self.tally.borrow_mut().on_failure(&error);
        }
    }

    async fn call(&self, place: usize) -> Result<()> {
        let mut permit = Some(self.opening.acquire().await?);
        let mut connection = connect(self.job.target, self.job.source(place)).await?;
        let mut look = |data: &[u8]| {
            if permit.take().is_some() {
                self.opened.set(self.opened.get() + 1);
            }
            self.tally.borrow_mut().on_data(data);
        };
        let due = Instant::now();
        let answer = connection.call(&self.call, &mut look).await?;
        self.tally.borrow_mut().on_answer(due, answer.first_byte);
        Ok(())
    }

    async fn wait_for(&self, number: usize) -> Result<()> {
        let limit = Instant::now() + PATIENCE;
        while self.opened.get() < number {
            if let Some(failure) = self.tally.borrow().failure() {
                bail!("of {number} streams one failed: {failure}");
            }
            if Instant::now() > limit {
                bail!("only {} of {number} streams opened", self.opened.get());
            }
            tokio::time::sleep(POLL).await;
        }
        tokio::time::sleep(SETTLING).await;
        Ok(())
    }

    async fn window(&self, streams: usize, probe: &Probe) -> Window {
        let begin = Instant::now();
        let end = begin + self.job.window();
        self.tally.borrow_mut().open(begin, end);
        let work = probe.work(begin, end).await;
        self.tally.borrow().window(streams, self.job.seconds, work)
    }
}

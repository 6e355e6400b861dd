//! The open loop: calls start on a schedule whatever the target does, and their time counts from
//! when they were due. A stall is so charged to every call it delayed, not only to one.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::task::JoinSet;

use super::beat::Beat;
use super::client::{Connection, connect};
use super::job::Job;
use super::load::PATIENCE;
use super::tally::Tally;

/// Calls in flight beyond which a target does not hold the rate.
const IN_FLIGHT_MAX: usize = 4_000;

/// Starts calls until `end`, and lets the last ones end.
pub(crate) async fn run(
    job: &Rc<Job>,
    per_second: u32,
    end: Instant,
    tally: &Rc<RefCell<Tally>>,
) -> Result<()> {
    let gap = Duration::from_secs(1) / per_second;
    let starter = Rc::new(Starter {
        job: Rc::clone(job),
        call: job.calls().into_iter().next().unwrap_or_default(),
        idle: RefCell::default(),
        tally: Rc::clone(tally),
    });
    let mut calls = JoinSet::new();
    let mut beat = Beat::each(gap)?;
    let mut due = Instant::now();
    while due < end {
        for _ in 0..beat.next().await? {
            due += gap;
            while calls.try_join_next().is_some() {}
            if calls.len() >= IN_FLIGHT_MAX {
                let error = anyhow!("{IN_FLIGHT_MAX} calls in flight: the rate is not held");
                tally.borrow_mut().on_failure(&error);
                continue;
            }
            let starter = Rc::clone(&starter);
            calls.spawn_local(async move { starter.start(due).await });
        }
    }
    calls.join_all().await;
    Ok(())
}

struct Starter {
    job: Rc<Job>,
    call: Vec<u8>,
    idle: RefCell<Vec<Connection>>,
    tally: Rc<RefCell<Tally>>,
}

impl Starter {
    async fn start(&self, due: Instant) {
        if let Err(error) = self.call(due).await {
            self.tally.borrow_mut().on_failure(&error);
        }
    }

    async fn call(&self, due: Instant) -> Result<()> {
        let idle = self.idle.borrow_mut().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(self.job.target, self.job.source(0)).await?,
        };
        let streams = self.job.load.wish.streams();
        let mut look = |data: &[u8]| {
            if streams {
                self.tally.borrow_mut().on_data(data);
            }
        };
        let answer = connection
            .call_within(PATIENCE, &self.call, &mut look)
            .await?;
        self.tally.borrow_mut().on_answer(due, answer.first_byte);
        if connection.alive() {
            self.idle.borrow_mut().push(connection);
        }
        Ok(())
    }
}

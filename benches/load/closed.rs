//! The closed loop: so many connections, each with one call after another. It shows what a target
//! can do and what that costs; its latencies mean little, for a slow target is asked less.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::client::connect;
use super::job::Job;
use super::load::PATIENCE;
use super::tally::Tally;

/// A target that refuses connections is not asked in a tight loop.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls until `end`, and lets the last calls end.
pub(crate) async fn run(
    job: &Rc<Job>,
    connections: usize,
    end: Instant,
    tally: &Rc<RefCell<Tally>>,
) {
    let calls = Rc::new(job.calls());
    let turn = Rc::new(Cell::new(0));
    let mut loops = JoinSet::new();
    for _ in 0..connections {
        let one = One {
            job: Rc::clone(job),
            calls: Rc::clone(&calls),
            turn: Rc::clone(&turn),
            tally: Rc::clone(tally),
        };
        loops.spawn_local(async move { one.run(end).await });
    }
    loops.join_all().await;
}

struct One {
    job: Rc<Job>,
    calls: Rc<Vec<Vec<u8>>>,
    turn: Rc<Cell<usize>>,
    tally: Rc<RefCell<Tally>>,
}

impl One {
    async fn run(&self, end: Instant) {
        while Instant::now() < end {
            if let Err(error) = self.connection(end).await {
                self.tally.borrow_mut().on_failure(&error);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Calls on one connection as long as it lives.
    async fn connection(&self, end: Instant) -> anyhow::Result<()> {
        let mut connection = connect(self.job.target, self.job.source(0)).await?;
        let streams = self.job.load.wish.streams();
        while connection.alive() && Instant::now() < end {
            let turn = self.turn.get();
            self.turn.set(turn + 1);
            let Some(call) = self.calls.get(turn % self.calls.len()) else {
                break;
            };
            let mut look = |data: &[u8]| {
                if streams {
                    self.tally.borrow_mut().on_data(data);
                }
            };
            let due = Instant::now();
            let answer = connection.call_within(PATIENCE, call, &mut look).await?;
            self.tally.borrow_mut().on_answer(due, answer.first_byte);
        }
        Ok(())
    }
}

//! Some replicas behind a router that gives each call to the one with the fewest calls.

use crate::machine::Machine;
use crate::replica::{Call, Memory, Replica};

/// What the callers of a fleet saw, and what it took.
#[derive(Debug)]
pub(crate) struct Seen {
    /// First-token times, seconds, from the shortest.
    first_tokens: Vec<f64>,
    /// Replica-seconds in which a step was under way.
    pub(crate) busy: f64,
}

/// Serves calls, given in the order of their arrival, with so many replicas.
pub(crate) fn serve(calls: &[Call], replicas: u32, memory: Memory) -> Seen {
    let machine = Machine::llama_70b_on_two_h100();
    let mut fleet: Vec<Replica> = (0..replicas)
        .map(|_| Replica::new(machine, memory))
        .collect();
    for call in calls {
        for replica in &mut fleet {
            replica.run_until(call.arrival);
        }
        let least = fleet.iter_mut().min_by_key(|replica| replica.calls());
        least.unwrap().add(*call);
    }
    for replica in &mut fleet {
        replica.run_until(f64::INFINITY);
    }
    let mut first_tokens: Vec<f64> = fleet
        .iter()
        .flat_map(Replica::first_tokens)
        .copied()
        .collect();
    first_tokens.sort_unstable_by(f64::total_cmp);
    assert_eq!(first_tokens.len(), calls.len(), "a call was lost");
    Seen {
        first_tokens,
        busy: fleet.iter().map(Replica::busy).sum(),
    }
}

impl Seen {
    /// The part of the calls whose first token came later than this.
    pub(crate) fn later_than(&self, seconds: f64) -> f64 {
        let in_time = self.first_tokens.partition_point(|time| *time <= seconds);
        (self.first_tokens.len() - in_time) as f64 / self.first_tokens.len() as f64
    }

    /// The first-token time that 99 % of the calls did not exceed, seconds.
    pub(crate) fn p99(&self) -> f64 {
        self.first_tokens[self.first_tokens.len() * 99 / 100]
    }
}

//! What the load client is told to do, and what it says it saw: the words between the rig and its
//! client, in JSON.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client;
use super::tally::Times;
use super::wish::Wish;

/// Connections from one address of the client, of the 28,000 ports that it has.
const PORTS_EACH: usize = 5_000;

/// One test against one target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) target: SocketAddr,
    /// Where the mock is reached without the target.
    pub(crate) mock: SocketAddr,
    #[serde(flatten)]
    pub(crate) load: Load,
    pub(crate) warm_seconds: f64,
    pub(crate) seconds: f64,
    /// The process under test, with its children.
    pub(crate) target_pid: u32,
    /// Every process of the rig, the target included.
    pub(crate) our_pids: Vec<u32>,
    /// Streams of one round do not meet the closed connections of the round before.
    pub(crate) round: u8,
}

/// What kind of calls, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Load {
    pub(crate) pace: Pace,
    pub(crate) wish: Wish,
    pub(crate) prompt_bytes: usize,
    /// So many models take turns; 0 is the one that everybody knows.
    pub(crate) models: usize,
}

/// When calls start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Pace {
    /// The next call of a connection starts when the one before has ended.
    Closed { connections: usize },
    /// Calls start on a schedule, whatever becomes of those before.
    Open { per_second: u32 },
    /// So many streams are open together, one number after another.
    Held { streams: Vec<usize> },
}

/// What was seen in the whole job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The target's memory before the first call.
    pub(crate) rest_kib: u64,
    /// One, or one for each number of held streams.
    pub(crate) windows: Vec<Window>,
    pub(crate) failed: u64,
    pub(crate) first_failure: Option<String>,
}

/// What was seen in one window of time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Streams held open, if that is what was done.
    pub(crate) streams: usize,
    pub(crate) seconds: f64,
    pub(crate) calls: u64,
    pub(crate) chunks: u64,
    #[serde(flatten)]
    pub(crate) work: Work,
    pub(crate) times: Times,
}

/// What the machine did in a window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Work {
    /// CPU of the target, user and kernel, all threads of all its processes.
    pub(crate) cpu_us: f64,
    /// The target's memory at the end.
    pub(crate) resident_kib: u64,
    /// What everybody else used meanwhile, in cores.
    pub(crate) other_cores: f64,
}

/// A model's name where many take turns.
pub(crate) fn model(number: usize) -> String {
    format!("load-model-{number:04}")
}

impl Job {
    /// How long a window is.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// The calls that take turns, as they go over the wire.
    pub(crate) fn calls(&self) -> Vec<Vec<u8>> {
        let Load {
            wish, prompt_bytes, ..
        } = self.load;
        let call = |model: &str| client::call(self.target, model, wish, prompt_bytes);
        match self.load.models {
            0 => vec![call("gpt-4o-mini")],
            models => (0..models).map(|number| call(&model(number))).collect(),
        }
    }

    /// An address that has ports left for the connection at a place.
    pub(crate) fn source(&self, place: usize) -> Ipv4Addr {
        let host = u8::try_from(place / PORTS_EACH).unwrap_or(u8::MAX);
        Ipv4Addr::new(127, 1, self.round, host.saturating_add(1))
    }
}

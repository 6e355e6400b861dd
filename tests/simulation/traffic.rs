//! The calls that are served: those of a recorded hour, copied or in random order.

use crate::replica::Call;

/// How far the copies of a call are apart at most, seconds.
const JITTER: f64 = 0.5;
/// Enough that filling and draining a server weigh little.
const BACKLOG_CALLS: u32 = 4_000;
/// Of all that is random here.
const SEED: u64 = 1;

/// The calls of a trace as they came.
pub(crate) fn trace(name: &str) -> Vec<Call> {
    let path = format!(
        "{}/tests/fixtures/traces/{name}.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<(f64, u64, u64)>().map(Result::unwrap);
    rows.map(|(ms, input, output)| Call {
        arrival: ms / 1_000.0,
        input,
        output,
    })
    .collect()
}

/// Every call so many times, each a little later; of a fraction, every so many calls once more.
pub(crate) fn copied(calls: &[Call], copies: f64) -> Vec<Call> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut all = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let before = |calls: usize| (calls as f64 * copies) as usize;
        for _ in before(at)..before(at + 1) {
            all.push(Call {
                arrival: call.arrival + random.f64() * JITTER,
                ..*call
            });
        }
    }
    all.sort_by(|x, y| x.arrival.total_cmp(&y.arrival));
    all
}

/// The calls in random order at random (Poisson) times, so many a second.
pub(crate) fn shuffled(calls: &[Call], per_second: f64) -> Vec<Call> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut order = calls.to_vec();
    random.shuffle(&mut order);
    let mut now = 0.0;
    for call in &mut order {
        now -= (1.0 - random.f64()).ln() / per_second;
        call.arrival = now;
    }
    order
}

/// Calls of about such lengths, half to one and a half times, all at once.
pub(crate) fn backlog(input: u64, output: u64) -> Vec<Call> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut about = |tokens: u64| random.u64(tokens / 2..=tokens + tokens / 2);
    let call = |_| Call {
        arrival: 0.0,
        input: about(input),
        output: about(output),
    };
    (0..BACKLOG_CALLS).map(call).collect()
}

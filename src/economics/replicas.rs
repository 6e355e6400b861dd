#![expect(
    clippy::float_arithmetic,
    reason = "loads are estimates; replicas come out as whole numbers"
)]
//! How many whole replicas a load needs, and how many a reactive scaler would have running.

/// Slack that keeps a rounding error from costing a replica.
const SLACK: f64 = 1e-9;

/// Replicas for a load at a utilisation target: ceil(load/u - 1e-9).
#[must_use]
pub fn need(load: f64, utilisation: f64) -> u32 {
    whole(load / utilisation)
}

/// The backlog bound: work of one slot must be done within the slot and the allowed wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Length of a slot, seconds.
    pub slot_seconds: f64,
    /// How long a first token may wait, seconds.
    pub ttft_slo_seconds: f64,
}

/// Replicas for a bucket: the larger of [`need`] and
/// ceil(`slot_work`/(`slot_seconds` + `ttft_slo_seconds`) - 1e-9).
#[must_use]
pub fn need_burst(load: f64, slot_work: f64, utilisation: f64, burst: Option<Burst>) -> u32 {
    let steady = need(load, utilisation);
    match burst {
        None => steady,
        Some(Burst {
            slot_seconds,
            ttft_slo_seconds,
        }) => steady.max(whole(slot_work / (slot_seconds + ttft_slo_seconds))),
    }
}

/// The load for which a bucket needs as many replicas as [`need_burst`] says, before rounding: the
/// larger of its own and u·`slot_work`/(`slot_seconds` + `ttft_slo_seconds`).
#[must_use]
pub fn load_asked(load: f64, slot_work: f64, utilisation: f64, burst: Option<Burst>) -> f64 {
    burst.map_or(load, |burst| {
        let allowed = burst.slot_seconds + burst.ttft_slo_seconds;
        load.max(utilisation * slot_work / allowed)
    })
}

/// The next whole number, with slack; nothing and less need nothing.
pub(super) fn whole(replicas: f64) -> u32 {
    rounded_up(replicas - SLACK)
}

/// The next whole number; 0 for nothing and less. Without a library's `ceil`, which is a call.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and a need beyond u32 is no plan"
)]
pub(super) fn rounded_up(value: f64) -> u32 {
    let down = value as u32;
    down.saturating_add(u32::from(f64::from(down) < value))
}

/// How a reactive scaler behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaler {
    /// Never fewer.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// A start asked for in bucket t is ready at t + 1 + this.
    pub warm_buckets: usize,
    /// A replica stops when the want was lower for this many buckets and the present one.
    pub cool_buckets: usize,
}

/// What a fleet had in one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Paid for: ready or starting.
    pub billed: u32,
    /// Able to serve, before any start or stop in that bucket.
    pub ready: u32,
}

/// What a reactive scaler would have had running, bucket by bucket.
///
/// Each bucket: starts that are due become ready; want = clamp(need, min, max); a want above ready
/// and pending starts the difference; then, if over the last `cool_buckets` + 1 buckets the highest
/// want is below the total and nothing is pending, the fleet drops to it.
#[must_use]
pub fn autoscale(needed: &[u32], scaler: Scaler) -> Vec<Running> {
    let mut ready = scaler.min;
    // Starts under way: (the bucket in which they are ready, how many).
    let mut pending: std::collections::VecDeque<(usize, u32)> = std::collections::VecDeque::new();
    let want = |need: &u32| (*need).min(scaler.max).max(scaler.min);
    let mut fleet = Vec::with_capacity(needed.len());
    for (now, need) in needed.iter().enumerate() {
        while let Some((_, started)) = pending.pop_front_if(|(due, _)| *due <= now) {
            ready = ready.saturating_add(started);
        }
        let able = ready;
        let starting: u32 = pending.iter().map(|(_, started)| started).sum();
        let missing = want(need).saturating_sub(ready.saturating_add(starting));
        if missing > 0 {
            pending.push_back((
                now.saturating_add(1).saturating_add(scaler.warm_buckets),
                missing,
            ));
        }
        let since = now.saturating_sub(scaler.cool_buckets);
        let recent = needed.get(since..=now).unwrap_or_default();
        let highest = recent.iter().map(want).max().unwrap_or(scaler.min);
        if pending.is_empty() {
            ready = ready.min(highest);
        }
        let starting: u32 = pending.iter().map(|(_, started)| started).sum();
        fleet.push(Running {
            billed: ready.saturating_add(starting),
            ready: able,
        });
    }
    fleet
}

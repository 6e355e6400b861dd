//! How many replicas the library would take for some calls, by each rule.

use tollgate::economics::demand::{CallDemand, DemandMinute, DemandSums};
use tollgate::economics::replicas::{Burst, need, need_burst};
use tollgate::economics::roofline::{Machine, roofline};
use tollgate::economics::work::{Coefficients, Conversion, TokenSums, work};
use tollgate::money::Pico;
use tollgate::usage::TokenUsage;

use crate::replica::Call;

/// The load at which a replica counts as full.
const UTILISATION: f64 = 0.7;
/// Seconds until the first token must come.
pub(crate) const FIRST_TOKEN_LIMIT: f64 = 2.0;

/// Demand as the live meter keeps it, minute by minute, and the plan's coefficients.
#[derive(Debug)]
pub(crate) struct Demand {
    minutes: Vec<DemandMinute>,
    coefficients: Coefficients,
}

impl Demand {
    pub(crate) fn of(calls: &[Call]) -> Self {
        let mut minutes = Vec::new();
        for call in calls {
            let usage = TokenUsage {
                input: Some(call.input),
                output: Some(call.output),
                ..TokenUsage::default()
            };
            let demand = CallDemand {
                started_ms: (call.arrival * 1_000.0) as i64,
                duration_ms: 0,
                usage: &usage,
                side: &[],
                cost_usd: Some(Pico(0)),
                imported: false,
            };
            let minute = usize::try_from(demand.place().minute).unwrap();
            minutes.resize(minutes.len().max(minute + 1), DemandMinute::default());
            minutes[minute].add(&demand);
        }
        Self {
            minutes,
            coefficients: roofline(&plan()).unwrap().coefficients,
        }
    }

    /// Replica-seconds of some sums.
    fn seconds(&self, sums: &DemandSums) -> f64 {
        work(
            &self.coefficients,
            &Conversion::SAME,
            None,
            &TokenSums::from(sums),
        )
        .unwrap()
    }

    fn total(minutes: &[DemandMinute]) -> DemandSums {
        let mut total = DemandSums::default();
        for minute in minutes {
            total.merge(&minute.total());
        }
        total
    }

    /// Replica-seconds of all calls.
    pub(crate) fn work(&self) -> f64 {
        self.seconds(&Self::total(&self.minutes))
    }

    /// The load of each run of so many minutes.
    fn loads(&self, minutes: usize) -> impl Iterator<Item = f64> {
        let runs = self.minutes.chunks(minutes);
        runs.map(|run| self.seconds(&Self::total(run)) / (run.len() as f64 * 60.0))
    }

    fn peak(&self, minutes: usize) -> f64 {
        self.loads(minutes).fold(0.0, f64::max)
    }

    pub(crate) fn mean(&self) -> f64 {
        self.peak(self.minutes.len())
    }

    /// The load if every token took what one of a call of 1000 tokens in and 1000 out takes.
    fn by_one_figure(&self) -> f64 {
        let usual = Self::of(&[Call {
            arrival: 0.0,
            input: 1_000,
            output: 1_000,
        }]);
        let total = Self::total(&self.minutes);
        let tokens = (total.uncached_input + total.output) as f64;
        usual.work() / 2_000.0 * tokens / (self.minutes.len() as f64 * 60.0)
    }

    /// Each rule and the replicas it asks for.
    pub(crate) fn fleets(&self) -> [(&'static str, u32); 6] {
        let burst = Burst {
            slot_seconds: 10.0,
            ttft_slo_seconds: FIRST_TOKEN_LIMIT,
        };
        let bursts = self.minutes.iter().map(|minute| {
            let load = self.seconds(&minute.total()) / 60.0;
            let slots = minute.slots.iter().map(|slot| self.seconds(slot));
            let slot = slots.fold(0.0, f64::max);
            need_burst(load, slot, UTILISATION, Some(burst))
        });
        let full = |load| need(load, UTILISATION);
        [
            ("mean load at 100 %", need(self.mean(), 1.0)),
            ("one tokens/s figure", need(self.by_one_figure(), 1.0)),
            ("mean load at u = 0.7", full(self.mean())),
            ("10-minute peak at u = 0.7", full(self.peak(10))),
            ("minute peak at u = 0.7", full(self.peak(1))),
            ("burst bound, 2 s", bursts.max().unwrap()),
        ]
    }
}

/// Llama 3.3 70B at fp8 on two H100 SXM, as the library's roofline takes it.
fn plan() -> Machine {
    Machine {
        total_params: 70.55e9,
        active_params: 70.55e9,
        kv_elements_per_token: 163_840.0,
        gpus: 2.0,
        memory_bytes: 80e9,
        bandwidth: 3.35e12,
        flops: 1.979e15,
        weight_bytes_per_param: 1.0,
        kv_bytes_per_element: 1.0,
        mfu: 0.50,
        mbu: 0.70,
        memory_fraction: 0.9,
        engine_factor: 1.0,
    }
}

//! Calls drawn by chance: few names, any money, four days.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tollgate::call::{CallId, CallRecord, Origins, Pricing, Role, StreamEnd};
use tollgate::money::Pico;
use tollgate::usage::{TokenUsage, UsageSource};

/// Before this moment no call arrives.
const START: &str = "2026-11-20T00:00:00Z";
/// Four days, in seconds.
const SECONDS: i64 = 4 * 86_400;

/// What is drawn of a call.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    second: i64,
    upstream: u8,
    model: u8,
    tenant: Option<u8>,
    team: u8,
    tokens: (u64, u64),
    /// In one of two currencies; `None` is unpriced.
    cost: Option<(i128, bool)>,
}

pub(super) fn drawn() -> impl Strategy<Value = Drawn> {
    let cost = prop_oneof![
        1 => Just(None),
        6 => (0_i128..1_000_000_000_000_000, any::<bool>()).prop_map(Some),
    ];
    (
        0..SECONDS,
        0_u8..3,
        0_u8..4,
        proptest::option::of(0_u8..4),
        0_u8..2,
        (0_u64..1_000_000, 0_u64..100_000),
        cost,
    )
        .prop_map(
            |(second, upstream, model, tenant, team, tokens, cost)| Drawn {
                second,
                upstream,
                model,
                tenant,
                team,
                tokens,
                cost,
            },
        )
}

impl Drawn {
    /// The record, under the id of its place in the journal.
    pub(super) fn record(&self, place: u64) -> CallRecord {
        let start: Timestamp = START.parse().unwrap();
        let currency = |(_, yuan)| if yuan { "CNY" } else { "USD" }.parse().unwrap();
        let (input, output) = self.tokens;
        CallRecord {
            call_id: CallId(uuid::Uuid::from_u128(u128::from(place) | 7 << 76)),
            attempt_of: None,
            started_at: start + SignedDuration::from_secs(self.second),
            upstream: format!("upstream-{}", self.upstream),
            role: if self.upstream == 2 {
                Role::Gateway
            } else {
                Role::Provider
            },
            format: "openai".into(),
            operation: "chat".into(),
            model_requested: None,
            model: Some(format!("model-{}", self.model)),
            tenant: self.tenant.map(|tenant| format!("tenant-{tenant}")),
            dimensions: BTreeMap::from([("team".into(), format!("t{}", self.team))]),
            capability: "8k".into(),
            status: Some(200),
            stream: false,
            end: StreamEnd::Complete,
            complete: true,
            source: Some(UsageSource::Reported),
            tokenizer: None,
            usage: TokenUsage {
                input: Some(input),
                output: Some(output),
                ..TokenUsage::default()
            },
            units: BTreeMap::new(),
            side: Vec::new(),
            pricing: match self.cost {
                Some(_) => Pricing::Priced,
                None => Pricing::Unpriced,
            },
            cost_native: self.cost.map(|(pico, _)| Pico(pico)),
            currency: self.cost.map(currency),
            cost_usd: self
                .cost
                .map(|(pico, yuan)| Pico(if yuan { pico / 7 } else { pico })),
            cost_lines: Vec::new(),
            price_id: None,
            would_cost_usd: None,
            service_tier: None,
            speed: None,
            region: None,
            origins: Origins::default(),
            thinking: None,
            finish_reason: None,
            response_id: None,
            request_id: None,
            ttft_ms: None,
            duration_ms: 1_000,
            flags: Vec::new(),
        }
    }
}

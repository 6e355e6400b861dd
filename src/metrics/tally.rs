//! Calls counted: integers in a tree of upstream, model and tenant.
//!
//! One lock, taken once a call by the recorder and once a scrape. A call whose names are known
//! allocates nothing. Money is a sum of picodollars: it becomes a float only when it is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fixed::ByLabel;
use super::histogram::{DURATION_MS, Histogram, TOKENS, TPOT_US, TTFT_MS};
use super::labels::{Labels, OTHER};
use super::tokens::Tokens;
use crate::call::{CallRecord, Flag, LineKind, Pricing, Role, Settled, StreamEnd};
use crate::money::Pico;
use crate::usage::UsageSource;

/// Different (operation, code) pairs that one (upstream, model, tenant) tells apart.
const OUTCOMES_MAX: usize = 64;

/// All calls so far.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) labels: Labels,
    pub(super) upstreams: BTreeMap<Arc<str>, UpstreamTally>,
    pub(super) sizes: BTreeMap<Arc<str>, Sizes>,
}

/// The calls of one upstream.
#[derive(Debug)]
pub(super) struct UpstreamTally {
    pub(super) role: Role,
    pub(super) models: BTreeMap<Arc<str>, ModelTally>,
    pub(super) ends: ByLabel<u64>,
    pub(super) flags: ByLabel<u64>,
    pub(super) settled: ByLabel<Pico>,
}

/// The calls of one model at one upstream.
#[derive(Debug)]
pub(super) struct ModelTally {
    pub(super) tenants: BTreeMap<Arc<str>, TenantTally>,
    pub(super) sources: ByLabel<u64>,
    pub(super) unpriced: u64,
    pub(super) unary: Histogram,
    pub(super) streamed: Histogram,
    pub(super) ttft: Histogram,
    pub(super) tpot: Histogram,
}

/// The calls of one tenant to one model at one upstream.
#[derive(Debug)]
pub(super) struct TenantTally {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) tokens: Tokens,
    pub(super) costs: ByLabel<Pico>,
    pub(super) gateway_cost: Pico,
}

/// Calls of one operation that ended with one code.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) operation: Box<str>,
    pub(super) code: Code,
    pub(super) calls: u64,
}

/// The label `code`: the HTTP status, else how the call ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Status(u16),
    NoAnswer(StreamEnd),
    Other,
}

/// How large the calls to one model are.
#[derive(Debug)]
pub(super) struct Sizes {
    pub(super) input: Histogram,
    pub(super) output: Histogram,
}

impl Tally {
    pub(super) fn new(labels: Labels) -> Self {
        Self {
            labels,
            upstreams: BTreeMap::new(),
            sizes: BTreeMap::new(),
        }
    }

    /// Shows an upstream's series at 0 before its first call.
    pub(super) fn preset_upstream(&mut self, upstream: &str, role: Role) {
        let name = self.upstream(upstream);
        self.upstreams
            .entry(name)
            .or_insert_with(|| UpstreamTally::new(role))
            .role = role;
    }

    /// Shows a model's series at 0, for every tenant, before its first call.
    pub(super) fn preset_model(&mut self, upstream: &str, model: &str) {
        let model = self.labels.model(model);
        self.sizes
            .entry(Arc::clone(&model))
            .or_insert_with(Sizes::new);
        let name = self.upstream(upstream);
        let at = self
            .upstreams
            .entry(name)
            .or_insert_with(|| UpstreamTally::new(Role::Provider));
        let at = at.models.entry(model).or_insert_with(ModelTally::new);
        for tenant in self.labels.tenants() {
            at.tenants.entry(tenant).or_insert_with(TenantTally::preset);
        }
    }

    /// Adds one call.
    pub(super) fn add(&mut self, call: &CallRecord) {
        let model = self.labels.model_of(call);
        let tenant = self.labels.tenant(call.tenant.as_deref());
        self.sizes
            .entry(Arc::clone(&model))
            .or_insert_with(Sizes::new)
            .add(call.usage.input, call.usage.output);
        if let Some(at) = self.upstreams.get_mut(call.upstream.as_str()) {
            return at.add(call, model, tenant, &mut self.labels);
        }
        let upstream = self.upstream(&call.upstream);
        self.upstreams
            .entry(upstream)
            .or_insert_with(|| UpstreamTally::new(call.role))
            .add(call, model, tenant, &mut self.labels);
    }

    /// The label of an upstream. Upstreams are configured; the bound is for a wrong caller.
    fn upstream(&mut self, name: &str) -> Arc<str> {
        if let Some((known, _)) = self.upstreams.get_key_value(name) {
            return Arc::clone(known);
        }
        if self.upstreams.len() < self.labels.values_max() {
            return name.into();
        }
        self.labels.count_overflow("upstream");
        OTHER.into()
    }
}

impl UpstreamTally {
    fn new(role: Role) -> Self {
        Self {
            role,
            models: BTreeMap::new(),
            ends: ByLabel::new(StreamEnd::ALL.map(StreamEnd::label)),
            flags: ByLabel::new(Flag::ALL.map(Flag::label)),
            settled: ByLabel::new(Settled::OTHERWISE.map(Settled::label)),
        }
    }

    fn add(&mut self, call: &CallRecord, model: Arc<str>, tenant: Arc<str>, labels: &mut Labels) {
        bump(&mut self.ends, call.end.label());
        for flag in &call.flags {
            bump(&mut self.flags, flag.label());
        }
        let settled = Settled::of(&call.flags);
        if settled != Settled::Invoice && call.role != Role::Gateway {
            let cost = call.cost_usd.unwrap_or_default();
            self.settled.change(settled.label(), |sum| *sum += cost);
        }
        let at = self.models.entry(model).or_insert_with(ModelTally::new);
        at.add(call);
        let at = at.tenants.entry(tenant).or_insert_with(TenantTally::new);
        at.add(call, labels);
    }
}

impl ModelTally {
    fn new() -> Self {
        Self {
            tenants: BTreeMap::new(),
            sources: ByLabel::new(UsageSource::ALL.map(UsageSource::label)),
            unpriced: 0,
            unary: Histogram::new(&DURATION_MS),
            streamed: Histogram::new(&DURATION_MS),
            ttft: Histogram::new(&TTFT_MS),
            tpot: Histogram::new(&TPOT_US),
        }
    }

    fn add(&mut self, call: &CallRecord) {
        if let Some(source) = call.source {
            bump(&mut self.sources, source.label());
        }
        if lacks_price(call) {
            self.unpriced = self.unpriced.saturating_add(1);
        }
        if !call.stream {
            self.unary.observe(call.duration_ms);
            return;
        }
        self.streamed.observe(call.duration_ms);
        if let Some(ttft_ms) = call.ttft_ms {
            self.ttft.observe(ttft_ms);
        }
        if let Some(us) = us_per_output_token(call) {
            self.tpot.observe(us);
        }
    }
}

/// Whether a price is what is missing. A call whose tokens nobody knows has no cost at any price: it
/// is counted under its source, and blaming the catalogue would send people to the wrong place.
fn lacks_price(call: &CallRecord) -> bool {
    let blamed = |flag: &Flag| matches!(flag, Flag::NoPrice | Flag::NoRate);
    let known = call.source != Some(UsageSource::Unknown);
    call.pricing == Pricing::Unpriced && (known || call.flags.iter().any(blamed))
}

/// Mean microseconds between the output tokens of a complete stream.
fn us_per_output_token(call: &CallRecord) -> Option<u64> {
    if call.end != StreamEnd::Complete {
        return None;
    }
    let ms = call.duration_ms.checked_sub(call.ttft_ms?)?;
    let gaps = call.usage.output?.checked_sub(1)?;
    ms.saturating_mul(1000).checked_div(gaps)
}

impl TenantTally {
    fn new() -> Self {
        Self {
            outcomes: Vec::new(),
            tokens: Tokens::default(),
            costs: ByLabel::new(LineKind::LABELS),
            gateway_cost: Pico::ZERO,
        }
    }

    /// As before the first call: its usual outcome is shown at 0, so that `increase()` sees it.
    fn preset() -> Self {
        let usual = Outcome {
            operation: "chat".into(),
            code: Code::Status(200),
            calls: 0,
        };
        Self {
            outcomes: vec![usual],
            ..Self::new()
        }
    }

    fn add(&mut self, call: &CallRecord, labels: &mut Labels) {
        self.count(call, labels);
        self.tokens.add(&call.usage);
        if call.role == Role::Gateway {
            // The provider behind the gateway is metered too: its bill is not added twice.
            self.gateway_cost += call.cost_usd.unwrap_or_default();
            return;
        }
        for line in &call.cost_lines {
            self.costs
                .change(line.kind.label(), |cost| *cost += line.cost_usd);
        }
    }

    /// Counts the call under its operation and code.
    fn count(&mut self, call: &CallRecord, labels: &mut Labels) {
        let code = call.status.map_or(Code::NoAnswer(call.end), Code::Status);
        if self.bump(&call.operation, code) {
            return;
        }
        let (operation, code) = if self.outcomes.len() < OUTCOMES_MAX {
            (&*call.operation, code)
        } else {
            labels.count_overflow("code");
            if self.bump(OTHER, Code::Other) {
                return;
            }
            (OTHER, Code::Other)
        };
        let operation = operation.into();
        self.outcomes.push(Outcome {
            operation,
            code,
            calls: 1,
        });
    }

    /// Counts a call under an outcome that was seen before. False: it was not.
    fn bump(&mut self, operation: &str, code: Code) -> bool {
        let seen = self.outcomes.iter_mut();
        let Some(outcome) = seen.into_iter().find(|seen| seen.is(operation, code)) else {
            return false;
        };
        outcome.calls = outcome.calls.saturating_add(1);
        true
    }
}

impl Outcome {
    fn is(&self, operation: &str, code: Code) -> bool {
        self.code == code && *self.operation == *operation
    }
}

impl Sizes {
    fn new() -> Self {
        Self {
            input: Histogram::new(&TOKENS),
            output: Histogram::new(&TOKENS),
        }
    }

    fn add(&mut self, input: Option<u64>, output: Option<u64>) {
        if let Some(tokens) = input {
            self.input.observe(tokens);
        }
        if let Some(tokens) = output {
            self.output.observe(tokens);
        }
    }
}

fn bump(counts: &mut ByLabel<u64>, label: &'static str) {
    counts.change(label, |count| *count = count.saturating_add(1));
}

//! A plan and an endpoint as someone wrote them: every value still to be checked.
//!
//! The names of the fields are the keys of a plans file. Prices and throughput without a date are
//! errors, and so is a model that does not fit its machines: never a zero, never a guess. Model and
//! GPU name rows of the catalogue.

use jiff::civil::Date;

use super::arm::TokenRates;
use super::as_of::AsOf;
use super::assumptions::{Parameter, Range};
use super::ownership::Ownership;
use super::plan::Basis;
use super::work::Coefficients;
use crate::money::RatePerMtok;

/// `[plans.NAME]` as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanDraft {
    /// NAME.
    pub name: String,
    /// `replaces`: model names.
    pub replaces: Vec<String>,
    /// `serves`: the most it can do, such as `"128k+schema"`.
    pub serves: Option<String>,
    /// `model`: the open model.
    pub model: Option<String>,
    /// `gpu`: such as `"H100-SXM"`.
    pub gpu: Option<String>,
    /// `gpus`: in one replica.
    pub gpus: Option<u32>,
    /// `precision`: such as `"fp8"`.
    pub precision: Option<String>,
    /// `[plans.NAME.throughput]`.
    pub throughput: ThroughputDraft,
    /// `offer`: a row of the catalogue that says what the GPU costs, such as `"runpod/secure SXM"`.
    pub offer: Option<String>,
    /// `gpu_usd_per_hour`: rent of one GPU.
    pub gpu_usd_per_hour: Option<f64>,
    /// `host_usd_per_hour`: what else a replica costs an hour.
    pub host_usd_per_hour: Option<f64>,
    /// `[plans.NAME.owned]`: bought instead of rented; the keys are the fields.
    pub owned: Option<Ownership>,
    /// `[plans.NAME.reserved]`: rented for a term, used or not.
    pub reserved: Option<ReservedDraft>,
    /// `price_as_of`: a date; an offer brings its own.
    pub price_as_of: Option<AsOf>,
    /// `price_source`; an offer brings its own.
    pub price_source: Option<String>,
    /// `policy`: `"fixed"`, `"peak"`, `"auto"`, `"serverless"` or `"hybrid"` (the default).
    pub policy: Option<String>,
    /// `replicas`: for `fixed`.
    pub replicas: Option<u32>,
    /// `peak_quantile`: for `peak`; 1.0.
    pub peak_quantile: Option<f64>,
    /// `warm_up_seconds`: for `auto`; 300.
    pub warm_up_seconds: Option<u32>,
    /// `cool_down_seconds`: for `auto`; 900.
    pub cool_down_seconds: Option<u32>,
    /// `idle_seconds`: how long a replica stays up after a call, for `serverless`; 60.
    pub idle_seconds: Option<u32>,
    /// `min_replicas`: 1; for `serverless` 0.
    pub min_replicas: Option<u32>,
    /// `max_replicas`: no limit.
    pub max_replicas: Option<u32>,
    /// `tpot_limit_seconds`: longest time per output token; what the API gives today.
    pub tpot_limit_seconds: Option<f64>,
    /// `ttft_limit_seconds`: how long a first token may wait in a burst; no such bound.
    pub ttft_limit_seconds: Option<f64>,
    /// The keys of [`Parameter`], each `[low, expected, high]`.
    pub ranges: Vec<(Parameter, Range)>,
    /// `further`: another plan is hosted already and pays for the people, which `basis` answers for;
    /// false.
    pub further: bool,
    /// `[plans.NAME.basis]`: `basis`, `by` and `date`, asked for when a range moves in favour of
    /// hosting.
    pub basis: Option<Basis>,
    /// `one_off_usd`: 0.
    pub one_off_usd: Option<f64>,
    /// `amortisation_months`: 12.
    pub amortisation_months: Option<u32>,
    /// `usd_per_call`: 0.
    pub usd_per_call: Option<f64>,
    /// `min_saving_usd_per_month`: 500.
    pub min_saving_usd_per_month: Option<f64>,
    /// `alert`: true.
    pub alert: Option<bool>,
}

/// `[plans.NAME.reserved]` as written. It has a date and a source of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReservedDraft {
    /// `usd_per_gpu_hour`: of every hour of the term.
    pub usd_per_gpu_hour: Option<f64>,
    /// `term_months`: how long it is paid for.
    pub term_months: Option<u32>,
    /// `up_front_usd`: paid at once for a replica, beside the hours; 0.
    pub up_front_usd: Option<f64>,
    /// `as_of`: a date.
    pub as_of: Option<AsOf>,
    /// `source`: an offer, a contract.
    pub source: Option<String>,
}

/// `[plans.NAME.throughput]` as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThroughputDraft {
    /// `source`: `"measured"`, `"published"` or `"roofline"`.
    pub source: Option<String>,
    /// `a`, `b`, `c` and optionally `d`: seconds. `published` looks them up where they are left out,
    /// `roofline` computes them.
    pub coefficients: Option<Coefficients>,
    /// `as_of`: a date; only with coefficients.
    pub as_of: Option<AsOf>,
    /// `cite`: which table or load test; only with coefficients.
    pub cite: Option<String>,
}

/// `[endpoints.NAME]` as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointDraft {
    /// NAME.
    pub name: String,
    /// `replaces`: model names.
    pub replaces: Vec<String>,
    /// `serves`: the most it can do.
    pub serves: Option<String>,
    /// `model`: the open model.
    pub model: Option<String>,
    /// `input_usd_per_mtok`.
    pub input_usd_per_mtok: Option<RatePerMtok>,
    /// `cached_input_usd_per_mtok`: the input price, if there is no discount.
    pub cached_input_usd_per_mtok: Option<RatePerMtok>,
    /// `output_usd_per_mtok`.
    pub output_usd_per_mtok: Option<RatePerMtok>,
    /// `price_as_of`: a date.
    pub price_as_of: Option<Date>,
    /// `price_source`.
    pub price_source: Option<String>,
    /// `qualifying_share`, `escalation`, `token_ratio_in`, `token_ratio_out`.
    pub ranges: Vec<(Parameter, Range)>,
    /// `[endpoints.NAME.basis]`.
    pub basis: Option<Basis>,
    /// `min_saving_usd_per_month`: 50.
    pub min_saving_usd_per_month: Option<f64>,
    /// `alert`: true.
    pub alert: Option<bool>,
}

/// `[optimised.NAME]` as written: a way to pay the same provider less. Exactly one of a model or its
/// prices, `price_factor` and `cached_share` says which way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimisedDraft {
    /// NAME.
    pub name: String,
    /// `replaces`: model names.
    pub replaces: Vec<String>,
    /// `serves`: the most it can do; everything, where the same model answers.
    pub serves: Option<String>,
    /// `model`: the smaller model; with `cached_share` the one that answers today.
    pub model: Option<String>,
    /// Its prices: `input_usd_per_mtok`, `cached_input_usd_per_mtok` and `output_usd_per_mtok`, or
    /// those of the price catalogue.
    pub rates: Option<TokenRates>,
    /// `price_factor`: times what was paid.
    pub price_factor: Option<f64>,
    /// `cached_share`: the part of fresh input that would be read from the cache.
    pub cached_share: Option<Range>,
    /// `router_usd_per_call`: 0.
    pub router_usd_per_call: Option<f64>,
    /// `price_as_of`: a date, or that of the catalogue.
    pub price_as_of: Option<Date>,
    /// `price_source`, or that of the catalogue.
    pub price_source: Option<String>,
    /// `qualifying_share`, `escalation`, `token_ratio_in`, `token_ratio_out`.
    pub ranges: Vec<(Parameter, Range)>,
}

/// What is wrong with a draft: the key, and what would do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct PlanProblem {
    /// The key inside the plan's or endpoint's table, such as `throughput.as_of`.
    pub key: String,
    /// What was found and what would do.
    pub message: String,
}

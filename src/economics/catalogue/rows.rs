#![expect(
    clippy::float_arithmetic,
    reason = "units of data sheets are converted here"
)]
//! The rows of the catalogue, each with its date and its source.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::economics::as_of::AsOf;
use crate::economics::calibrate::Errors;
use crate::economics::roofline::{Machine, Roofline, constants, roofline};

/// A row has a key: one of the same key takes its place.
pub trait Row {
    /// What tells it from the others.
    fn key(&self) -> String;
}

/// The data sheet of a GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// Such as `H100-SXM`.
    pub name: String,
    /// 10⁹ bytes.
    pub memory_gb: f64,
    /// 10¹² bytes a second.
    pub bandwidth_tb_s: f64,
    /// Dense arithmetic by precision, 10¹² FLOP a second.
    pub tflops: BTreeMap<String, f64>,
    /// Watts at full power.
    pub tdp_w: f64,
    /// When it was looked up.
    pub as_of: AsOf,
    /// Who says so.
    pub source: String,
}

/// What an hour of a GPU costs at one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The GPU.
    pub gpu: String,
    /// Who offers it.
    pub provider: String,
    /// What the provider calls it.
    pub offer: String,
    /// GPUs rented together.
    pub gpus: u32,
    /// Dollars an hour for one of them.
    pub usd_per_gpu_hour: f64,
    /// On which terms.
    pub kind: OfferKind,
    /// When it was looked up.
    pub as_of: AsOf,
    /// Who says so.
    pub source: String,
    /// What else there is to know, such as who says otherwise.
    pub note: Option<String>,
}

/// On which terms an hour is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferKind {
    /// By the hour, ended at any time.
    OnDemand,
    /// For three years.
    Reserved3y,
    /// Billed while in use.
    Serverless,
    /// By the hour, may be taken away.
    Spot,
    /// An estimate of what it costs an owner, everything included: for orientation, not for plans.
    Ownership,
}

impl OfferKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OnDemand,
        Self::Reserved3y,
        Self::Serverless,
        Self::Spot,
        Self::Ownership,
    ];

    /// As it is written.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Reserved3y => "reserved-3y",
            Self::Serverless => "serverless",
            Self::Spot => "spot",
            Self::Ownership => "ownership",
        }
    }

    /// The same for people, with what it may hide.
    const fn words(self) -> &'static str {
        match self {
            Self::OnDemand | Self::Reserved3y | Self::Serverless | Self::Ownership => self.label(),
            Self::Spot => "spot: may be taken away",
        }
    }

    /// Months for which it is owed, used or not.
    #[must_use]
    pub const fn term_months(self) -> Option<u32> {
        match self {
            Self::Reserved3y => Some(36),
            Self::OnDemand | Self::Serverless | Self::Spot | Self::Ownership => None,
        }
    }
}

/// The shape of an open model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Such as `llama-3.3-70b`.
    pub name: String,
    /// Weights, 10⁹.
    pub total_params_b: f64,
    /// Weights a token passes through, 10⁹; fewer in a mixture of experts.
    pub active_params_b: f64,
    /// Elements a token leaves in the KV cache.
    pub kv_elements_per_token: f64,
    /// When it was looked up.
    pub as_of: AsOf,
    /// Who says so.
    pub source: String,
    /// What else there is to know.
    pub note: Option<String>,
}

/// What serves a model: the smallest unit that can do so alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The open model.
    pub model: String,
    /// The kind of GPU.
    pub gpu: String,
    /// How many.
    pub gpus: u32,
    /// Of the weights.
    pub precision: String,
}

/// Coefficients fitted to a published table; see [`crate::economics::work`].
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// What was measured.
    pub replica: Replica,
    /// Seconds per input token.
    pub a: f64,
    /// Seconds per output token.
    pub b: f64,
    /// Seconds per output token and token of context.
    pub c: f64,
    /// Lengths in the table.
    pub points: u32,
    /// Of the fit.
    pub fit: Errors,
    /// Of each length when the fit does not know it.
    pub left_out: Errors,
    /// Of a single figure of tokens a second instead.
    pub single_figure: Errors,
    /// When the table was published.
    pub as_of: AsOf,
    /// Which table.
    pub cite: String,
}

impl Row for Gpu {
    fn key(&self) -> String {
        self.name.clone()
    }
}

impl Row for Shape {
    fn key(&self) -> String {
        self.name.clone()
    }
}

impl Row for Offer {
    fn key(&self) -> String {
        format!("{} from {}", self.gpu, self.label())
    }
}

impl Row for Published {
    fn key(&self) -> String {
        self.replica.to_string()
    }
}

impl Offer {
    /// How a plan names it, such as `runpod/secure SXM`; the plan says which GPU.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.provider, self.offer)
    }

    /// Who says what it costs, with the terms and what else there is to know.
    #[must_use]
    pub fn cite(&self) -> String {
        let note = self.note.as_ref();
        let note = note.map_or_else(String::new, |note| format!("; {note}"));
        let (label, kind, source) = (self.label(), self.kind.words(), &self.source);
        format!("{label}, {kind}: {source}{note}")
    }
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            model,
            gpu,
            gpus,
            precision,
        } = self;
        write!(f, "{model} on {gpus} x {gpu} at {precision}")
    }
}

/// Weights that are larger than the memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Misfit {
    /// All weights, 10⁹ bytes.
    pub weights_gb: f64,
    /// What an engine may use of the memory of all GPUs, 10⁹ bytes.
    pub usable_gb: f64,
    /// The fewest GPUs of this kind that hold the weights.
    pub gpus_min: f64,
}

impl Shape {
    /// Whether every token passes through every weight.
    #[must_use]
    pub fn is_dense(&self) -> bool {
        self.active_params_b >= self.total_params_b
    }

    /// What shape and data sheet say of a replica. Without a figure for the precision, `flops` is
    /// infinite: a and b are then nothing, all else holds.
    ///
    /// # Errors
    /// The weights do not fit the memory.
    pub fn on(
        &self,
        gpu: &Gpu,
        gpus: u32,
        precision: constants::Precision,
    ) -> Result<Roofline, Misfit> {
        let reached = constants::reached(gpus);
        let experts = if self.is_dense() {
            1.0
        } else {
            constants::MOE_MFU_FACTOR
        };
        let tflops = gpu.tflops.get(precision.name).copied();
        let machine = Machine {
            total_params: self.total_params_b * 1e9,
            active_params: self.active_params_b * 1e9,
            kv_elements_per_token: self.kv_elements_per_token,
            gpus: f64::from(gpus),
            memory_bytes: gpu.memory_gb * 1e9,
            bandwidth: gpu.bandwidth_tb_s * 1e12,
            flops: tflops.unwrap_or(f64::INFINITY) * 1e12,
            weight_bytes_per_param: precision.weight_bytes,
            kv_bytes_per_element: precision.kv_bytes,
            mfu: reached.mfu * experts,
            mbu: reached.mbu,
            memory_fraction: constants::MEMORY_FRACTION,
            engine_factor: 1.0,
        };
        roofline(&machine).ok_or_else(|| {
            let weights_gb = self.total_params_b * precision.weight_bytes;
            let usable = constants::MEMORY_FRACTION * gpu.memory_gb;
            Misfit {
                weights_gb,
                usable_gb: f64::from(gpus) * usable,
                gpus_min: (weights_gb / usable).floor() + 1.0,
            }
        })
    }
}

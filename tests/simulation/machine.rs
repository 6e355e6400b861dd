//! How long a step of an inference server takes: the data sheet, nothing of `economics`.

/// One replica: Llama 3.3 70B at fp8 on two H100 SXM. Seconds and tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// To read all weights once, as every step does.
    weights: f64,
    /// To read the KV cache of one token of context.
    context_token: f64,
    /// The arithmetic of one token, in or out.
    token: f64,
    /// Tokens whose KV cache fits beside the weights.
    pub(crate) kv_tokens: u64,
}

/// What one step of all sequences together has to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Step {
    /// Tokens read in, and tokens written.
    pub(crate) tokens: f64,
    /// Tokens of context that attention looks back on.
    pub(crate) context: f64,
}

/// Parameters, and bytes of weights: fp8.
const PARAMETERS: f64 = 70.55e9;
/// Bytes of KV cache per token: 2 · 80 layers · 8 heads · 128, one byte each.
const KV_BYTES: f64 = 163_840.0;
const GPUS: f64 = 2.0;
const MEMORY_BYTES: f64 = 80e9;
const MEMORY_USED: f64 = 0.9;
/// Bytes a second of one GPU, and the part of it that is reached.
const BANDWIDTH: f64 = 3.35e12 * 0.70;
/// Operations a second of one GPU at fp8, and the part of it that is reached.
const ARITHMETIC: f64 = 1.979e15 * 0.50;

impl Machine {
    pub(crate) fn llama_70b_on_two_h100() -> Self {
        let free_bytes = MEMORY_USED * GPUS * MEMORY_BYTES - PARAMETERS;
        Self {
            weights: PARAMETERS / (GPUS * BANDWIDTH),
            context_token: KV_BYTES / (GPUS * BANDWIDTH),
            token: 2.0 * PARAMETERS / (GPUS * ARITHMETIC),
            kv_tokens: (free_bytes / KV_BYTES) as u64,
        }
    }

    /// The three parts one after the other: nothing is hoped to overlap.
    pub(crate) fn seconds(&self, step: Step) -> f64 {
        self.weights + self.context_token * step.context + self.token * step.tokens
    }
}

//! What one made client asks for: tenant, model, prompt, and whether it stays to the end.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::filler;
use super::models::{MODELS, Model, Provider};
use super::traffic::{TENANTS, TrafficSettings};

/// Streams of a thousand calls.
const STREAM_PER_MILLE: u32 = 600;

/// Prompts of a thousand that carry a whole document.
const LONG_PER_MILLE: u32 = 20;

/// The length of the answer that a client which will hang up asks for: seconds longer than it
/// stays, so that it leaves in the middle on a busy machine too. An answer that ends while its
/// client leaves is told to nobody, and billed as if it were.
const HANG_UP_TOKENS: u64 = 5_000;

/// Frames it reads before it leaves.
const HANG_UP_FRAMES: (u64, u64) = (2, 5);

/// One call to be made.
#[derive(Debug, PartialEq)]
pub(super) struct Order {
    /// Whose API.
    pub(super) provider: Provider,
    /// Who asks.
    pub(super) tenant: &'static str,
    /// The request's body.
    pub(super) body: Vec<u8>,
    /// After how many frames of the answer the client leaves.
    pub(super) hang_up_after: Option<u64>,
}

impl Order {
    /// Throws the dice for one call.
    pub(super) fn draw(settings: &TrafficSettings, dice: &mut Dice) -> Self {
        let model = dice
            .pick(&MODELS, |model| model.weight)
            .unwrap_or(&MODELS[0]);
        let tenant = dice
            .pick(&TENANTS, |(_, weight)| *weight)
            .map_or("other", |(name, _)| name);
        let stream = dice.chance(STREAM_PER_MILLE);
        let hangs_up = stream && dice.chance(settings.hang_up_per_mille);
        let (first, last) = HANG_UP_FRAMES;
        let include_usage = !dice.chance(settings.without_usage_per_mille);
        let mut body = match model.provider {
            Provider::OpenAi => openai(model, stream, include_usage, dice),
            Provider::Anthropic => anthropic(model, stream, dice),
        };
        if hangs_up && let Some(fields) = body.as_object_mut() {
            for limit in ["min_tokens", "max_tokens"] {
                fields.insert(limit.to_owned(), json!(HANG_UP_TOKENS));
            }
        }
        Self {
            provider: model.provider,
            tenant,
            body: body.to_string().into_bytes(),
            hang_up_after: hangs_up.then(|| dice.between(first..=last)),
        }
    }
}

fn openai(model: &Model, stream: bool, include_usage: bool, dice: &mut Dice) -> Value {
    let mut body = Map::from_iter([
        ("model".to_owned(), json!(model.alias)),
        (
            "messages".to_owned(),
            json!([
                { "role": "system", "content": "You are a careful assistant." },
                { "role": "user", "content": prompt(model, dice) },
            ]),
        ),
    ]);
    if stream {
        body.insert("stream".to_owned(), json!(true));
    }
    if stream && include_usage {
        body.insert(
            "stream_options".to_owned(),
            json!({ "include_usage": true }),
        );
    }
    Value::Object(body)
}

/// Half of Anthropic's clients mark their long system prompt for the cache.
fn anthropic(model: &Model, stream: bool, dice: &mut Dice) -> Value {
    let mut system = Map::from_iter([
        ("type".to_owned(), json!("text")),
        ("text".to_owned(), json!(prompt(model, dice))),
    ]);
    if dice.chance(500) {
        system.insert("cache_control".to_owned(), json!({ "type": "ephemeral" }));
    }
    json!({
        "model": model.alias,
        "max_tokens": model.output.max,
        "stream": stream,
        "system": [system],
        "messages": [{ "role": "user", "content": "Sum it up." }],
    })
}

fn prompt(model: &Model, dice: &mut Dice) -> String {
    let usual = dice.size(model.input);
    let tokens = if dice.chance(LONG_PER_MILLE) {
        model.input.max
    } else {
        usual
    };
    filler::prompt(dice.between(0..=1_000), tokens)
}

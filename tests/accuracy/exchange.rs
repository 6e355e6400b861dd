//! The recorded exchanges that can be counted.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

use serde_json::Value;
use tollgate::tokens::{Encoding, Family};

/// One recorded exchange.
pub(crate) struct Exchange {
    pub(crate) provider: String,
    pub(crate) api: String,
    pub(crate) model: String,
    /// The request's body, if it was recorded whole.
    pub(crate) request: Option<String>,
    pub(crate) response: String,
    pub(crate) streaming: bool,
    expected: Value,
}

impl Exchange {
    fn read(line: &str) -> Option<Self> {
        let record: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| record[name].as_str().map(str::to_owned);
        let expected = record["expected"].clone();
        let whole = record["request_elided"] == 0 && record["request_synthesised"] != true;
        let model = ["model", "model_requested"];
        let exchange = Self {
            provider: text("provider")?,
            api: text("api")?,
            model: model
                .iter()
                .find_map(|name| expected[name].as_str())?
                .to_owned(),
            request: text("request_body").filter(|_| whole),
            response: text("response_body")?,
            streaming: record["streaming"] == true,
            expected,
        };
        let billed = record["status"] == 200 && exchange.expected["ambiguous"].is_null();
        (billed && record["response_elided"] == 0).then_some(exchange)
    }

    /// What the provider reported.
    pub(crate) fn reported(&self, name: &str) -> Option<u64> {
        self.expected[name].as_u64()
    }

    /// The family of its API, if tollgate counts requests of it.
    pub(crate) fn family(&self) -> Option<Family> {
        Some(match self.api.as_str() {
            "chat.completions" => Family::Chat,
            "responses" => Family::Responses,
            "messages" => Family::Messages,
            "completions" => Family::Completions,
            "embeddings" => Family::Embeddings,
            _ => return None,
        })
    }

    /// Whether `OpenAI` itself, or Azure, answered with a model whose rules are known.
    pub(crate) fn has_rules(&self) -> bool {
        matches!(self.provider.as_str(), "openai" | "azure") && Encoding::of(&self.model).is_some()
    }

    pub(crate) fn request(&self) -> Option<Value> {
        serde_json::from_str(self.request.as_deref()?).ok()
    }
}

/// All exchanges by file and line, once for each pair of bodies. `None` where nobody counts on them.
pub(crate) fn load() -> Option<Vec<Exchange>> {
    let folder = folder()?;
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    files.sort();
    let mut seen = BTreeSet::new();
    let mut exchanges = Vec::new();
    for file in files {
        for exchange in fs::read_to_string(file)
            .unwrap()
            .lines()
            .filter_map(Exchange::read)
        {
            let bodies = (exchange.request.clone(), exchange.response.clone());
            if seen.insert(bodies) {
                exchanges.push(exchange);
            }
        }
    }
    Some(exchanges)
}

fn folder() -> Option<PathBuf> {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = variable("TOLLGATE_SHARED");
    let folder = root
        .join(shared.as_deref().unwrap_or("../shared"))
        .join("fixtures/recorded");
    if folder.is_dir() {
        return Some(folder);
    }
    let promised = shared.is_some() || variable("CI").is_some_and(|ci| ci == "true");
    assert!(!promised, "no recorded exchanges in {}", folder.display());
    println!("skipped: no recorded exchanges in {}", folder.display());
    None
}

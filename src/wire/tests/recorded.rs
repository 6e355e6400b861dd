//! Recorded exchanges: what is read equals what was expected, whole, split and cut.
//!
//! They are third-party data outside this repository: `TOLLGATE_RECORDED`, else `fixtures/recorded`
//! in `TOLLGATE_SHARED`, else in `../shared`.

use std::collections::BTreeMap;
use std::env;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::call::Flag;

use super::bytewise::{check_every_cut, check_every_split, check_what_is_final};
use super::*;

/// Byte steps a test may take on one record; more would be slow in a debug build.
const WORK_MAX: usize = 30_000;

/// `expected` names that are ours under another name.
const RENAMED: [(&str, &str); 2] = [
    ("cached_input_tokens", "cache_read_tokens"),
    ("side_usage", "side"),
];

/// `expected` names that are units.
const UNITS: [(&str, &str); 4] = [
    ("web_search_requests", "web_search"),
    ("web_fetch_requests", "web_fetch"),
    ("search_units", "search_units"),
    ("audio_seconds", "audio_seconds"),
];

/// `expected` names that no record has: how the expectation was found, and what only reconciles.
const NOT_COMPARED: [&str; 7] = [
    "invocation_metrics",
    "reported",
    "total_tokens_reported",
    "cost_reported",
    "error",
    "stream_complete",
    "model_requested",
];

#[derive(Deserialize)]
pub(super) struct Recorded {
    id: String,
    provider: String,
    path: String,
    request_body: Option<String>,
    response_body: Option<String>,
    response_body_b64: Option<String>,
    response_headers: BTreeMap<String, String>,
    expected: Map<String, Value>,
}

impl Recorded {
    pub(super) fn sample(&self, format: WireFormat) -> Sample {
        let own = endpoint(format, &Method::POST, &self.path);
        // Some vendors serve chat completions at a path of their own.
        let path = match own.reading {
            Reading::Metered => self.path.as_str(),
            Reading::Lookup | Reading::Results | Reading::Unread | Reading::Free => {
                "/v1/chat/completions"
            }
        };
        Sample {
            name: format!("{} {}", self.provider, self.id),
            format,
            path: path.to_owned(),
            content_type: self.response_headers.get("content-type").cloned(),
            headers: self.headers(),
            body: self.body(),
        }
    }

    fn body(&self) -> Vec<u8> {
        match (&self.response_body, &self.response_body_b64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(coded)) => STANDARD.decode(coded).unwrap(),
            (None, None) => Vec::new(),
        }
    }

    fn headers(&self) -> HeaderMap {
        let parsed =
            |(name, value): (&String, &String)| Some((name.parse().ok()?, value.parse().ok()?));
        self.response_headers.iter().filter_map(parsed).collect()
    }

    fn is_to_compare(&self) -> bool {
        let says = |name: &str| {
            self.expected
                .get(name)
                .is_some_and(|value| !value.is_null())
        };
        says("reported") && !says("ambiguous")
    }
}

/// The folder, or `None` where it may be missing.
fn folder() -> Option<PathBuf> {
    let named = env::var_os("TOLLGATE_RECORDED").map(PathBuf::from);
    let shared = env::var_os("TOLLGATE_SHARED").map(PathBuf::from);
    let required =
        named.is_some() || shared.is_some() || env::var("CI").is_ok_and(|ci| ci == "true");
    let folder = named.unwrap_or_else(|| {
        shared
            .unwrap_or_else(|| "../shared".into())
            .join("fixtures/recorded")
    });
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        !required,
        "the recorded exchanges are missing: {}",
        folder.display()
    );
    println!("skipped: no recorded exchanges in {}", folder.display());
    None
}

/// The records of the files whose name ends so.
pub(super) fn records(ending: &str) -> Vec<Recorded> {
    let Some(folder) = folder() else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file ends with {ending}");
    files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect::<Vec<Recorded>>()
        })
        .collect()
}

/// The body of each recorded stream of a completion.
pub(super) fn recorded_streams() -> impl Iterator<Item = String> {
    let bodies = records("completions.jsonl").into_iter();
    bodies
        .filter_map(|record| record.response_body)
        .filter(|body| body.contains("data:"))
}

/// What a reader says, under the names of an exported row.
fn row(report: &Report) -> Map<String, Value> {
    let tokens = serde_json::to_value(report.usage.unwrap_or_default()).unwrap();
    let mut row = tokens.as_object().unwrap().clone();
    row.insert("model".into(), json!(report.model));
    row.insert("response_id".into(), json!(report.response_id));
    row.insert("service_tier".into(), json!(report.service_tier));
    row.insert("finish_reason".into(), json!(report.finish_reason));
    if !report.side.is_empty() {
        row.insert("side".into(), json!(report.side));
    }
    row
}

/// Every name on which the report and the expectation differ.
fn differences(format: WireFormat, expected: &Map<String, Value>, report: &Report) -> Vec<String> {
    let row = row(report);
    let reported = &expected["reported"];
    let mut differences = Vec::new();
    for (name, wanted) in expected {
        let prefixed = name.starts_with("usage_") || name.starts_with("header_");
        // Searches that only the output shows are no part of a plain reading of the usage.
        // Nor is the id of embeddings.
        // Neither are an interaction's tier, and modalities that are numbers.
        let unsaid = wanted.is_null()
            && match name.as_str() {
                "model" | "web_search_requests" | "response_id" => true,
                "service_tier" | "input_image_tokens" => format == WireFormat::Gemini,
                _ => false,
            };
        if prefixed || unsaid || NOT_COMPARED.contains(&name.as_str()) {
            continue;
        }
        let unit = UNITS.iter().find(|(theirs, _)| theirs == name);
        let ours = RENAMED
            .iter()
            .find(|(theirs, _)| theirs == name)
            .map_or(name.as_str(), |r| r.1);
        let found = match unit {
            Some((_, unit)) => report
                .units
                .get(*unit)
                .map_or(Value::Null, |count| json!(count)),
            None => row.get(ours).cloned().unwrap_or(Value::Null),
        };
        // A plain reading passes over Nova's names of its caches, and over Writer's details.
        let (input, output) = ("prompt_token_details", "completion_token_details");
        let wanted = match (name.as_str(), wanted) {
            ("cached_input_tokens", Value::Null) if reported.get(input).is_some() => {
                &reported[input]["cached_tokens"]
            }
            ("cached_input_tokens", Value::Null) => &reported["cacheReadInputTokenCount"],
            ("cache_write_tokens", Value::Null) => &reported["cacheWriteInputTokenCount"],
            ("output_tokens", Value::Null) => &reported["completion_tokens"],
            ("reasoning_tokens", Value::Null) => &reported[output]["reasoning_tokens"],
            _ => wanted,
        };
        let wanted = in_our_words(name, wanted);
        if found != wanted {
            differences.push(format!("{name}: {found}, not {wanted}"));
        }
    }
    differences
}

/// Answers of vendors who answer as `OpenAI` does.
const COMPATIBLE: [&str; 25] = [
    "alibaba.chat.completions.jsonl",
    "cerebras.chat.completions.jsonl",
    "crusoe.chat.completions.jsonl",
    "deepseek.chat.completions.jsonl",
    "deepseek.responses.jsonl",
    "groq.chat.completions.jsonl",
    "huggingface.chat.completions.jsonl",
    "local-openai-compatible.chat.completions.jsonl",
    "local-openai-compatible.completions.jsonl",
    "mistral.chat.completions.jsonl",
    "mistral.embeddings.jsonl",
    "moonshot.chat.completions.jsonl",
    "ollama.chat.completions.jsonl",
    "openrouter.chat.completions.jsonl",
    "openrouter.responses.jsonl",
    "perplexity.chat.completions.jsonl",
    "portkey.chat.completions.jsonl",
    "portkey.completions.jsonl",
    "snowflake.chat.completions.jsonl",
    "together.chat.completions.jsonl",
    "together.completions.jsonl",
    "writer.chat.completions.jsonl",
    "xai.chat.completions.jsonl",
    "xai.responses.jsonl",
    "zhipu.chat.completions.jsonl",
];

/// Records whose metrics count another output than their body.
const CONTRADICTORY: [&str; 1] = ["550cbdcdab04a914"];

/// Google's clients may ask for numbers in place of names, and it writes tiers in capitals.
fn in_our_words(name: &str, wanted: &Value) -> Value {
    match (name, wanted.as_str(), wanted.as_u64()) {
        // An empty name names nothing.
        (_, Some(""), _) => Value::Null,
        ("model", Some(model), _) => json!(model.strip_prefix("models/").unwrap_or(model)),
        ("service_tier", Some(tier), _) => json!(tier.to_ascii_lowercase()),
        ("service_tier", _, Some(1)) => json!("on_demand"),
        ("finish_reason", _, Some(1)) => json!("STOP"),
        ("finish_reason", _, Some(2)) => json!("MAX_TOKENS"),
        _ => wanted.clone(),
    }
}

/// The one oddity these records may have.
fn flags(record: &Recorded) -> Vec<Flag> {
    if CONTRADICTORY.contains(&record.id.as_str()) {
        return vec![Flag::TotalMismatch];
    }
    let expected = &record.expected;
    let count = |name: &str| expected[name].as_u64();
    let by_lifetime = count("cache_write_5m_tokens").zip(count("cache_write_1h_tokens"));
    let written = count("cache_write_tokens").unwrap_or(0);
    match by_lifetime {
        Some((short, long)) if short + long < written => vec![Flag::TtlRemainder],
        _ => Vec::new(),
    }
}

/// Compares the records of one format; all must agree.
#[track_caller]
fn check(ending: &str, format: WireFormat) {
    let mut counts = BTreeMap::new();
    let mut failures = Vec::new();
    for record in records(ending)
        .iter()
        .filter(|record| record.is_to_compare())
    {
        let said = record.sample(format).said();
        let found = endpoint(format, &Method::POST, &record.path);
        assert_eq!(found.reading, Reading::Metered, "{}", record.path);
        let mut wrong = differences(format, &record.expected, &said.report);
        // Ollama leaves out what it had in its cache: what was read is not known.
        let is_whole = json!(null) == record.expected["output_tokens"]
            || json!(null) != record.expected["input_tokens"];
        if said.report.final_usage != is_whole || said.report.flags != flags(record) {
            wrong.push(format!(
                "final {}, {:?}",
                said.report.final_usage, said.report.flags
            ));
        }
        // A stream of Gemini's has no end but the body's.
        let is_endless = format == WireFormat::Gemini && !said.ended && said.report.is_stream;
        let whole = said.ended || is_endless;
        if whole != (record.expected["stream_complete"] != json!(false)) {
            wrong.push(format!("ended {}", said.ended));
        }
        let shape = if said.report.is_stream {
            "streamed"
        } else {
            "whole"
        };
        *counts.entry(shape).or_insert(0) += 1;
        if !wrong.is_empty() {
            failures.push(format!("{}: {}", record.id, wrong.join("; ")));
        }
    }
    if folder().is_some() {
        println!("{ending}: {counts:?} records compared");
        assert!(!counts.is_empty(), "{ending}: nothing to compare");
    }
    assert!(failures.is_empty(), "{ending}:\n{}", failures.join("\n"));
}

#[test]
fn recorded_chat_completions_are_read_as_expected() {
    check("openai.chat.completions.jsonl", WireFormat::OpenAi);
    check("azure.chat.completions.jsonl", WireFormat::OpenAi);
}

#[test]
fn recorded_completions_and_embeddings_are_read_as_expected() {
    check("openai.completions.jsonl", WireFormat::OpenAi);
    check("openai.embeddings.jsonl", WireFormat::OpenAi);
    check("azure.embeddings.jsonl", WireFormat::OpenAi);
}

#[test]
fn recorded_responses_are_read_as_expected() {
    check("openai.responses.jsonl", WireFormat::OpenAi);
    check("openai.responses.compact.jsonl", WireFormat::OpenAi);
    check("azure.responses.jsonl", WireFormat::OpenAi);
}

#[test]
fn recorded_messages_are_read_as_expected() {
    check("anthropic.messages.jsonl", WireFormat::Anthropic);
}

#[test]
fn recorded_answers_of_ollama_are_read_as_expected() {
    check("ollama.ollama.chat.jsonl", WireFormat::Ollama);
    check("ollama.ollama.generate.jsonl", WireFormat::Ollama);
}

#[test]
fn recorded_answers_of_cohere_are_read_as_expected() {
    check("cohere.cohere.v2.chat.jsonl", WireFormat::Cohere);
    check("cohere.cohere.v2.embed.jsonl", WireFormat::Cohere);
    check("cohere.cohere.v1.rerank.jsonl", WireFormat::Cohere);
}

#[test]
fn recorded_answers_of_bedrock_are_read_as_expected() {
    check("bedrock.converse.jsonl", WireFormat::Bedrock);
    check("bedrock.invoke.jsonl", WireFormat::Bedrock);
    check("bedrock.converse-stream.jsonl", WireFormat::Bedrock);
    check(
        "bedrock.invoke-with-response-stream.jsonl",
        WireFormat::Bedrock,
    );
    check("bedrock-mantle.chat.completions.jsonl", WireFormat::Bedrock);
    check("bedrock-mantle.responses.jsonl", WireFormat::Bedrock);
}

#[test]
fn recorded_answers_of_google_are_read_as_expected() {
    for ending in [
        "gemini.generateContent.jsonl",
        "gemini.streamGenerateContent.jsonl",
        "gemini.interactions.jsonl",
        "gemini.batchEmbedContents.jsonl",
        "vertex.generateContent.jsonl",
        "vertex.streamGenerateContent.jsonl",
        "vertex.predict.jsonl",
    ] {
        check(ending, WireFormat::Gemini);
    }
}

#[test]
fn recorded_answers_of_compatible_vendors_are_read_as_expected() {
    for ending in COMPATIBLE {
        check(ending, WireFormat::OpenAi);
    }
}

#[test]
fn recorded_answers_of_voyage_are_read_as_expected() {
    check("voyage.embeddings.jsonl", WireFormat::Voyage);
    check("voyage.rerank.jsonl", WireFormat::Voyage);
}

#[test]
fn recorded_requests_name_their_model() {
    for (ending, format) in [
        ("openai.chat.completions.jsonl", WireFormat::OpenAi),
        ("openai.completions.jsonl", WireFormat::OpenAi),
        ("openai.embeddings.jsonl", WireFormat::OpenAi),
        ("openai.responses.jsonl", WireFormat::OpenAi),
        ("openai.responses.compact.jsonl", WireFormat::OpenAi),
        ("openai.images.jsonl", WireFormat::OpenAi),
        ("anthropic.messages.jsonl", WireFormat::Anthropic),
    ] {
        let mut compared = 0;
        for record in records(ending) {
            let Some(body) = &record.request_body else {
                continue;
            };
            let mut whole = RequestScanner::new(format);
            whole.feed(body.as_bytes());
            let mut single = RequestScanner::new(format);
            body.as_bytes().chunks(1).for_each(|byte| single.feed(byte));
            assert_eq!(
                json!(whole.facts().model),
                record.expected["model_requested"]
            );
            assert_eq!(single.facts(), whole.facts(), "{}", record.id);
            compared += 1;
        }
        println!("{ending}: {compared} requests compared");
    }
}

#[test]
fn recorded_bodies_say_the_same_at_every_cut_and_split() {
    let compatible = COMPATIBLE.map(|ending| (ending, WireFormat::OpenAi));
    let own = [
        ("openai.chat.completions.jsonl", WireFormat::OpenAi),
        ("azure.chat.completions.jsonl", WireFormat::OpenAi),
        ("openai.completions.jsonl", WireFormat::OpenAi),
        ("openai.embeddings.jsonl", WireFormat::OpenAi),
        ("azure.embeddings.jsonl", WireFormat::OpenAi),
        ("openai.responses.jsonl", WireFormat::OpenAi),
        ("openai.responses.compact.jsonl", WireFormat::OpenAi),
        ("azure.responses.jsonl", WireFormat::OpenAi),
        ("openai.images.jsonl", WireFormat::OpenAi),
        ("anthropic.messages.jsonl", WireFormat::Anthropic),
        ("ollama.ollama.chat.jsonl", WireFormat::Ollama),
        ("ollama.ollama.generate.jsonl", WireFormat::Ollama),
        ("cohere.cohere.v2.chat.jsonl", WireFormat::Cohere),
        ("cohere.cohere.v2.embed.jsonl", WireFormat::Cohere),
        ("cohere.cohere.v1.rerank.jsonl", WireFormat::Cohere),
        ("bedrock.converse.jsonl", WireFormat::Bedrock),
        ("bedrock.invoke.jsonl", WireFormat::Bedrock),
        ("bedrock.converse-stream.jsonl", WireFormat::Bedrock),
        (
            "bedrock.invoke-with-response-stream.jsonl",
            WireFormat::Bedrock,
        ),
        ("gemini.generateContent.jsonl", WireFormat::Gemini),
        ("gemini.streamGenerateContent.jsonl", WireFormat::Gemini),
        ("vertex.streamGenerateContent.jsonl", WireFormat::Gemini),
        ("vertex.predict.jsonl", WireFormat::Gemini),
        ("voyage.embeddings.jsonl", WireFormat::Voyage),
        ("voyage.rerank.jsonl", WireFormat::Voyage),
    ];
    for (ending, format) in own.into_iter().chain(compatible) {
        for record in records(ending) {
            let sample = record.sample(format);
            check_every_cut(&sample, WORK_MAX);
            check_what_is_final(&sample, WORK_MAX);
            if sample.body.len() <= 8 * 1024 {
                check_every_split(&sample, WORK_MAX);
            }
        }
    }
}

//! What this room promises, shown on fixtures, recorded exchanges and hostile input.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderMap, Method};

use super::*;

mod bytewise;
mod coding;
mod compatible;
mod counts;
mod echo;
mod fixtures;
pub(super) mod frames;
mod hostile;
mod random;
mod recorded;
mod requests;
mod scanner;
mod spoken;
mod usage_event;
mod usage_request;

/// Everything a reader says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    report: Report,
    ended: bool,
    output_started: bool,
    results: Vec<Report>,
}

impl Said {
    fn of(reader: &ResponseReader) -> Self {
        Self {
            report: reader.report().clone(),
            ended: reader.ended(),
            output_started: reader.output_started(),
            results: reader.results().to_vec(),
        }
    }
}

/// A body, and how to read it.
#[derive(Clone, Debug)]
struct Sample {
    name: String,
    format: WireFormat,
    path: String,
    content_type: Option<String>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sample {
    fn reader(&self) -> ResponseReader {
        let (method, path) = self.path.split_once(' ').unwrap_or(("POST", &self.path));
        let endpoint = endpoint(self.format, &method.parse().unwrap(), path);
        let mut reader = ResponseReader::new(endpoint, self.content_type.as_deref());
        // Who gets a stream has asked for it.
        if Path::new(&self.name).extension() == Some("sse".as_ref()) {
            reader.expect_stream();
        }
        reader.head(&self.headers);
        reader
    }

    fn said_after(&self, pieces: &[&[u8]]) -> Said {
        let mut reader = self.reader();
        for piece in pieces {
            reader.feed(piece);
        }
        Said::of(&reader)
    }

    fn said(&self) -> Said {
        self.said_after(&[&self.body])
    }
}

/// The fixture `openai/stream.sse`, labelled as its name says.
fn fixture(name: &str) -> Sample {
    let path = fixtures_dir().join(name);
    let format = name.split('/').next().unwrap().parse().unwrap();
    let content_type = match path.extension().and_then(|end| end.to_str()) {
        Some("sse") => "text/event-stream; charset=utf-8",
        Some("ndjson") => "application/x-ndjson",
        Some("events") => "application/vnd.amazon.eventstream",
        _ => "application/json",
    };
    let body = fs::read(&path).unwrap();
    let is_binary = name.ends_with(".events");
    Sample {
        name: name.to_owned(),
        format,
        path: path_of(name).to_owned(),
        content_type: Some(content_type.to_owned()),
        headers: HeaderMap::new(),
        body: if is_binary {
            frames::framed(&body)
        } else {
            body
        },
    }
}

/// What a fixture, or a recording, answers; its name begins with the operation.
fn path_of(name: &str) -> &'static str {
    let (format, file) = name.split_once(['/', '.']).unwrap();
    let named = [
        ("completions", "/v1/completions"),
        ("embeddings", "/v1/embeddings"),
        ("responses", "/v1/responses"),
        ("images", "/v1/images/generations"),
        ("transcription", "/v1/audio/transcriptions"),
        ("speech", "/v1/audio/speech"),
        ("run", "/v1/threads/t_1/runs"),
        ("batch_results", "GET /v1/messages/batches/b_1/results"),
        (
            "embed",
            "/v1beta/models/gemini-embedding-2:batchEmbedContents",
        ),
        (
            "predict",
            "/v1/publishers/google/models/gemini-embedding-001:predict",
        ),
        ("interaction", "/v1beta/interactions"),
        ("batch", "GET /v1/files/f_1/content"),
    ];
    let found = named.iter().find(|(begin, _)| file.starts_with(begin));
    let has = |part| file.contains(part);
    match (found, format) {
        (_, "ollama") if has("generate") => "/api/generate",
        (_, "ollama") if has("embed") => "/api/embed",
        (_, "ollama") if !has("completions") => "/api/chat",
        (_, "cohere" | "voyage") if has("rerank") => "/v1/rerank",
        (_, "cohere") if has("embed") => "/v2/embed",
        (_, "cohere") if has("v1") => "/v1/chat",
        (_, "cohere") => "/v2/chat",
        (_, "voyage") => "/v1/embeddings",
        (_, "dashscope") if has("embeddings") => {
            "/api/v1/services/embeddings/text-embedding/text-embedding"
        }
        (_, "dashscope") => "/api/v1/services/aigc/text-generation/generation",
        (_, "served") if has("sglang") || has("generate") => "/generate",
        (_, "served") if has("llama") => "/completion",
        (_, "served") if has("watsonx") => "/ml/v1/text/generation",
        (_, "served") => "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions",
        (Some((_, path)), _) => path,
        (None, "anthropic") => "/v1/messages",
        (None, "bedrock") => "/model/anthropic.claude-v2%3A1/converse",
        (None, "gemini") => "/v1beta/models/gemini-3-flash-preview:streamGenerateContent",
        (None, _) => "/v1/chat/completions",
    }
}

fn all_fixtures() -> Vec<Sample> {
    let mut all = Vec::new();
    for format in WireFormat::ALL {
        for entry in fs::read_dir(fixtures_dir().join(format.label())).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            all.push(fixture(&format!("{format}/{file}")));
        }
    }
    assert!(all.len() >= 40, "the fixtures are missing");
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn fixtures_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

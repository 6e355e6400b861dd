//! The paths of vendors with an API of their own: Ollama, Cohere, `DashScope`, Voyage.
//!
//! Sources: <https://github.com/ollama/ollama/blob/main/docs/api.md>,
//! <https://docs.cohere.com/reference/about>,
//! <https://help.aliyun.com/zh/model-studio/qwen-api-via-dashscope>,
//! <https://docs.voyageai.com/reference>.

use super::super::WireFormat;
use super::Operation;

/// What a path of several vendors asks of an upstream that is one of these.
pub(super) fn shared(own: WireFormat, tail: [&str; 3]) -> Option<Operation> {
    match (own, tail) {
        // The older one of two: its answers report nothing.
        (WireFormat::Ollama, ["embeddings", "api", _])
        | (WireFormat::Voyage, ["embeddings", ..]) => Some(Operation::Embeddings),
        // Cohere's older one; Writer's, whose answers are completions
        // (<https://dev.writer.com/api-reference/completion-api/chat-completion>).
        (WireFormat::Cohere | WireFormat::OpenAi, ["chat", "v1", _]) => Some(Operation::Chat),
        (WireFormat::Cohere, ["generate", "v1", _]) => Some(Operation::TextCompletion),
        (WireFormat::Voyage, ["rerank", ..]) => Some(Operation::Rerank),
        (
            WireFormat::OpenAi
            | WireFormat::Anthropic
            | WireFormat::Gemini
            | WireFormat::Ollama
            | WireFormat::Cohere
            | WireFormat::Bedrock
            | WireFormat::DashScope
            | WireFormat::Voyage
            | WireFormat::Served,
            _,
        ) => None,
    }
}

/// What a path asks that one vendor has, and who only copies it.
pub(super) fn posted(tail: [&str; 3]) -> Option<(WireFormat, Operation)> {
    Some(match tail {
        ["chat", "api", _] => (WireFormat::Ollama, Operation::Chat),
        ["generate", "api", _] => (WireFormat::Ollama, Operation::TextCompletion),
        ["embed", "api", _] => (WireFormat::Ollama, Operation::Embeddings),
        ["chat", "v2", _] => (WireFormat::Cohere, Operation::Chat),
        ["embed", "v1" | "v2", _] => (WireFormat::Cohere, Operation::Embeddings),
        ["rerank", ..] => (WireFormat::Cohere, Operation::Rerank),
        [
            "generation",
            "text-generation" | "multimodal-generation",
            "aigc",
        ] => (WireFormat::DashScope, Operation::Chat),
        ["text-embedding", "text-embedding", "embeddings"] => {
            (WireFormat::DashScope, Operation::Embeddings)
        }
        ["text-rerank", "text-rerank", "rerank"] => (WireFormat::DashScope, Operation::Rerank),
        ["multimodalembeddings" | "contextualizedembeddings", ..] => {
            (WireFormat::Voyage, Operation::Embeddings)
        }
        _ => return served(tail).map(|operation| (WireFormat::Served, operation)),
    })
}

/// What a path asks of a model server that answers in its own words, or of who answers alike.
fn served(tail: [&str; 3]) -> Option<Operation> {
    Some(match tail {
        // Text Generation Inference, SGLang; llama.cpp.
        ["generate" | "generate_stream" | "completion", ..]
        // watsonx.ai
        | ["generation" | "generation_stream", "text", _]
        | ["text" | "text_stream", "generation", _] => Operation::TextCompletion,
        _ => return None,
    })
}

/// What such a path asks that looks like one of `OpenAI`'s: of Qianfan, where the model stands last, and
/// of watsonx.ai.
pub(super) fn served_alike(tail: [&str; 3]) -> Option<Operation> {
    Some(match tail {
        [_, "chat", QIANFAN] => Operation::Chat,
        [_, "completions", QIANFAN] => Operation::TextCompletion,
        [_, "embeddings", QIANFAN] | ["embeddings", "text", _] => Operation::Embeddings,
        _ => return None,
    })
}

/// What stands in each path of Qianfan's first API.
const QIANFAN: &str = "wenxinworkshop";

/// The model that a path of Qianfan's names.
pub(super) fn model(path: &str) -> Option<&str> {
    let path = path.split(['?', '#']).next()?;
    let (_, asked) = path.split_once("/wenxinworkshop/")?;
    let (_, model) = asked.split_once('/')?;
    Some(model)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::{Endpoint, Reading, endpoint};
    use super::*;

    #[track_caller]
    fn check(own: WireFormat, path: &str, format: WireFormat, operation: Operation) {
        let expected = Endpoint {
            format,
            operation,
            reading: Reading::Metered,
            thoughts_in_total: false,
        };
        assert_eq!(endpoint(own, &Method::POST, path), expected, "{path}");
    }

    #[test]
    fn a_path_of_one_vendor_is_read_as_its_own_whatever_the_upstream_speaks() {
        for own in WireFormat::ALL {
            check(own, "/api/chat", WireFormat::Ollama, Operation::Chat);
            let generate = Operation::TextCompletion;
            check(own, "/x/api/generate", WireFormat::Ollama, generate);
            check(own, "/api/embed", WireFormat::Ollama, Operation::Embeddings);
            check(own, "/v2/chat", WireFormat::Cohere, Operation::Chat);
            for path in ["/v1/embed", "/compatibility/v2/embed"] {
                check(own, path, WireFormat::Cohere, Operation::Embeddings);
            }
            let dashscope = WireFormat::DashScope;
            for path in ["aigc/text-generation", "aigc/multimodal-generation"] {
                let path = format!("/api/v1/services/{path}/generation");
                check(own, &path, dashscope, Operation::Chat);
            }
            let path = "/api/v1/services/embeddings/text-embedding/text-embedding";
            check(own, path, dashscope, Operation::Embeddings);
            let path = "/api/v1/services/rerank/text-rerank/text-rerank";
            check(own, path, dashscope, Operation::Rerank);
            let path = "/v1/contextualizedembeddings";
            check(own, path, WireFormat::Voyage, Operation::Embeddings);
        }
        for own in [WireFormat::OpenAi, WireFormat::Cohere] {
            check(own, "/v2/rerank", WireFormat::Cohere, Operation::Rerank);
        }
    }

    #[test]
    fn a_server_answers_in_its_own_words_at_its_own_paths() {
        let text = Operation::TextCompletion;
        for (path, operation) in [
            ("/generate", text),
            ("/tgi/generate_stream", text),
            ("/completion", text),
            ("/ml/v1/text/generation?version=2024-05-01", text),
            ("/ml/v1/text/generation_stream", text),
            ("/ml/v1-beta/generation/text", text),
            ("/ml/v1/text/embeddings", Operation::Embeddings),
            (
                "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions",
                Operation::Chat,
            ),
            (
                "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/eb-instant",
                Operation::Chat,
            ),
            (
                "/rpc/2.0/ai_custom/v1/wenxinworkshop/completions/sqlcoder_7b",
                text,
            ),
            (
                "/rpc/2.0/ai_custom/v1/wenxinworkshop/embeddings/bge",
                Operation::Embeddings,
            ),
        ] {
            for own in [WireFormat::OpenAi, WireFormat::Gemini, WireFormat::Served] {
                check(own, path, WireFormat::Served, operation);
            }
        }
        let named = super::super::model_in_path;
        let path = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/eb-instant?access_token=a/b";
        assert_eq!(named(path).as_deref(), Some("eb-instant"));
        // In `OpenAI`'s words.
        for path in ["/ml/v1/text/chat", "/ml/v1/text/chat_stream"] {
            check(
                WireFormat::OpenAi,
                path,
                WireFormat::OpenAi,
                Operation::Chat,
            );
        }
    }

    #[test]
    fn where_several_have_a_path_the_upstream_tells() {
        let cohere = WireFormat::Cohere;
        check(cohere, "/v1/chat", cohere, Operation::Chat);
        check(cohere, "/v1/generate", cohere, Operation::TextCompletion);
        let ollama = WireFormat::Ollama;
        check(ollama, "/api/embeddings", ollama, Operation::Embeddings);
        let openai = WireFormat::OpenAi;
        check(openai, "/api/embeddings", openai, Operation::Embeddings);
        check(ollama, "/v1/chat/completions", openai, Operation::Chat);
        let voyage = WireFormat::Voyage;
        check(voyage, "/v1/embeddings", voyage, Operation::Embeddings);
        check(voyage, "/v1/rerank", voyage, Operation::Rerank);
        check(openai, "/v1/chat", openai, Operation::Chat);
        let found = endpoint(ollama, &Method::POST, "/v1/chat");
        assert_eq!(found.reading, Reading::Free);
    }

    #[test]
    fn what_ollama_does_with_its_models_is_free() {
        for path in ["/api/show", "/api/pull", "/api/delete"] {
            let found = endpoint(WireFormat::Ollama, &Method::POST, path);
            assert_eq!(found.reading, Reading::Free, "{path}");
        }
    }
}

//! What a path asks for, and whether that is billed and readable.
//!
//! Only the path's last segments count, so that every prefix works: `/openai/deployments/X/…`
//! (Azure), `/openai/v1/…`, `/api/v1/…`. Sources:
//! <https://platform.openai.com/docs/api-reference>, <https://docs.anthropic.com/en/api/overview>,
//! <https://learn.microsoft.com/azure/ai-services/openai/reference>, and for the words
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/> (`gen_ai.operation.name`).

use http::Method;

use super::WireFormat;
use super::named::short;

mod bedrock;
mod google;
mod others;

pub(super) use bedrock::streams;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `OpenAI` chat completions, Anthropic messages.
    Chat,
    /// The legacy completions of both vendors.
    TextCompletion,
    /// Vectors for texts.
    Embeddings,
    /// Texts put in order by how well they answer.
    Rerank,
    /// `OpenAI`'s Responses API; in OpenTelemetry's words it is chat too.
    Responses,
    /// Runs of assistants, threads and evaluations.
    Runs,
    /// Images made, edited or varied.
    Images,
    /// Videos made.
    Videos,
    /// Speech heard: transcription and translation.
    Audio,
    /// Speech made.
    Speech,
    /// Calls handed in together, answered and billed later.
    Batches,
    /// A model trained further.
    FineTuning,
    /// Texts judged; free.
    Moderations,
    /// What models there are; free.
    Models,
    /// Tokens counted before a call; free.
    CountTokens,
    /// Anything else; it passes unread.
    Other,
}

impl Operation {
    /// Whether it reads and writes text that could be counted.
    #[must_use]
    pub const fn is_text(self) -> bool {
        match self {
            Self::Chat | Self::TextCompletion | Self::Embeddings | Self::Responses => true,
            Self::Rerank
            | Self::Runs
            | Self::Images
            | Self::Videos
            | Self::Audio
            | Self::Speech
            | Self::Batches
            | Self::FineTuning
            | Self::Moderations
            | Self::Models
            | Self::CountTokens
            | Self::Other => false,
        }
    }

    /// The name used in labels and records: OpenTelemetry's where it has one, else in its style.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Chat | Self::Responses => "chat",
            Self::TextCompletion => "text_completion",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
            Self::Runs => "invoke_agent",
            Self::Images => "image_generation",
            Self::Videos => "video_generation",
            Self::Audio | Self::Speech => "audio",
            Self::Batches => "batches",
            Self::FineTuning => "fine_tuning",
            Self::Moderations => "moderations",
            Self::Models => "models",
            Self::CountTokens => "count_tokens",
            Self::Other => "other",
        }
    }
}

/// What the meter can say about an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Billed, and its usage is read.
    Metered,
    /// Bills nothing of its own, and may show the usage of a response in the background.
    Lookup,
    /// Bills nothing of its own, and may bring the results of a batch.
    Results,
    /// Billed, and its usage is not readable yet.
    Unread,
    /// Nothing is billed.
    Free,
}

impl Reading {
    /// Whether a call is billed for what it asks.
    #[must_use]
    pub const fn is_billed(self) -> bool {
        match self {
            Self::Metered | Self::Unread => true,
            Self::Lookup | Self::Results | Self::Free => false,
        }
    }
}

/// One operation of a provider's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// In which words it is asked and answered: the path's, where it tells, else the upstream's own.
    pub format: WireFormat,
    /// What is asked for.
    pub operation: Operation,
    /// What the meter can say about it.
    pub reading: Reading,
    /// Whether the total alone has what was thought: so it is where Google answers as `OpenAI` does.
    pub thoughts_in_total: bool,
}

/// The operation behind a path, as the upstream sees it. Many upstreams serve the APIs of several
/// vendors side by side, so the path goes before the format that the upstream is known by (`own`).
#[must_use]
pub fn endpoint(own: WireFormat, method: &Method, path: &str) -> Endpoint {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut back = path.rsplit('/').filter(|segment| !segment.is_empty());
    // The last three segments, last one first.
    let tail = [back.next(), back.next(), back.next()].map(Option::unwrap_or_default);
    let (format, operation, reading) = if *method == Method::POST {
        posted(own, tail)
    } else {
        looked_up(own, method, tail)
    };
    Endpoint {
        format,
        operation,
        reading,
        thoughts_in_total: format == WireFormat::OpenAi && google::answers_as_openai(tail),
    }
}

/// The model that a path names, as its client calls it: a deployment of Azure's, an id of Bedrock's, a
/// model of Google's.
#[must_use]
pub fn model_in_path(path: &str) -> Option<String> {
    let mut segments = path
        .split('/')
        .skip_while(|segment| *segment != "deployments");
    let named = short(segments.nth(1)).or_else(|| bedrock::model(path));
    named.or_else(|| short(google::model(path).or_else(|| others::model(path))))
}

/// The region that a path names: a location of Vertex AI's, what an id of Bedrock's says.
#[must_use]
pub fn region_in_path(format: WireFormat, path: &str) -> Option<String> {
    if format == WireFormat::Bedrock {
        bedrock::region(path)
    } else {
        // Vertex AI serves the models of others in their words.
        short(google::location(path))
    }
}

/// All vendors bill what is created.
fn posted(own: WireFormat, tail: [&str; 3]) -> (WireFormat, Operation, Reading) {
    let free = |operation| (own, operation, Reading::Free);
    let openai_lookup = |operation| (WireFormat::OpenAi, operation, Reading::Lookup);
    if let Some(operation) = others::shared(own, tail) {
        return (own, operation, Reading::Metered);
    }
    match tail {
        ["count_tokens", "messages", _] | ["input_tokens", "responses", _] => {
            free(Operation::CountTokens)
        }
        // What was generated until then is billed.
        ["cancel", _, "responses"] => openai_lookup(Operation::Responses),
        ["cancel", _, "runs"] | [_, "runs", _] => openai_lookup(Operation::Runs),
        // Each of its calls is billed, by the results.
        ["batches", ..] | ["cancel", _, "batches"] => free(Operation::Batches),
        ["moderations", ..] => free(Operation::Moderations),
        // Adds a message to a stored thread, where what is billed is the run; ends an upload.
        ["messages", _, "threads"] | ["complete", _, "uploads"] => free(Operation::Other),
        ["messages", ..] => (WireFormat::Anthropic, Operation::Chat, Reading::Metered),
        _ => {
            if let Some(operation) = others::served_alike(tail) {
                return (WireFormat::Served, operation, Reading::Metered);
            }
            if let Some(operation) = openai(tail) {
                return (WireFormat::OpenAi, operation, Reading::Metered);
            }
            if let Some((format, operation)) = others::posted(tail) {
                return (format, operation, Reading::Metered);
            }
            if let Some((operation, reading)) = bedrock::posted(tail) {
                return (WireFormat::Bedrock, operation, reading);
            }
            if let Some(found) = google::posted(tail) {
                return found;
            }
            let unread = posted_unread(tail);
            unread.map_or_else(
                || free(Operation::Other),
                |operation| (own, operation, Reading::Unread),
            )
        }
    }
}

/// Billed, and read as `OpenAI`'s.
fn openai(tail: [&str; 3]) -> Option<Operation> {
    Some(match tail {
        // An Azure deployment may be named `chat`.
        ["completions", "chat", "deployments"] => Operation::TextCompletion,
        // watsonx.ai's too.
        ["completions", "chat", _] | ["chat" | "chat_stream", "text", _] => Operation::Chat,
        ["completions", ..] => Operation::TextCompletion,
        ["embeddings", ..] => Operation::Embeddings,
        ["responses", ..] | ["compact", "responses", _] => Operation::Responses,
        ["generations" | "edits" | "variations", "images", _] => Operation::Images,
        ["transcriptions" | "translations", "audio", _] => Operation::Audio,
        ["speech", "audio", _] => Operation::Speech,
        ["runs", "threads", _] | ["runs", _, "threads"] | ["submit_tool_outputs", _, "runs"] => {
            Operation::Runs
        }
        _ => return None,
    })
}

/// Billed, not readable yet.
fn posted_unread(tail: [&str; 3]) -> Option<Operation> {
    Some(match tail {
        // Anthropic's, retired; its answers report nothing.
        ["complete", ..] => Operation::TextCompletion,
        // Of an evaluation.
        ["runs", ..] => Operation::Runs,
        ["videos", ..] | ["remix", _, "videos"] => Operation::Videos,
        ["jobs", "fine_tuning", _] => Operation::FineTuning,
        _ => return None,
    })
}

/// What names the results at a path that may bring a batch's: of its file, or of the batch.
#[must_use]
pub fn results_id(path: &str) -> Option<String> {
    short(
        path.rsplit('/')
            .filter(|segment| !segment.is_empty())
            .nth(1),
    )
}

/// Reading, listing and deleting is free.
fn looked_up(
    own: WireFormat,
    method: &Method,
    tail: [&str; 3],
) -> (WireFormat, Operation, Reading) {
    let openai_lookup = |operation| (WireFormat::OpenAi, operation, Reading::Lookup);
    if *method == Method::GET {
        match tail {
            // Any file of `OpenAI`'s may be a batch's.
            ["content", _, "files"] if own == WireFormat::OpenAi => {
                return (own, Operation::Other, Reading::Results);
            }
            ["results", _, "batches"] => {
                return (WireFormat::Anthropic, Operation::Batches, Reading::Results);
            }
            [_, "responses", _] => return openai_lookup(Operation::Responses),
            [_, "runs", _] => return openai_lookup(Operation::Runs),
            [_, "interactions", _] => {
                return (WireFormat::Gemini, Operation::Responses, Reading::Lookup);
            }
            _ => {}
        }
    }
    let operation = match tail {
        ["models", ..] | [_, "models", _] => Operation::Models,
        ["batches", ..] | [_, "batches", _] => Operation::Batches,
        _ => Operation::Other,
    };
    (own, operation, Reading::Free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: WireFormat, asked: &str, operation: Operation, reading: Reading) {
        let (method, path) = asked.split_once(' ').unwrap();
        let found = endpoint(format, &method.parse().unwrap(), path);
        assert_eq!(
            (found.operation, found.reading),
            (operation, reading),
            "{asked}"
        );
    }

    #[test]
    fn chat_completions_are_metered_behind_every_prefix() {
        for path in [
            "/v1/chat/completions",
            "/chat/completions/",
            "/api/v1/chat/completions?x=/models",
            "/openai/deployments/gpt-4o/chat/completions",
            "//openai/deployments/completions/chat/completions",
            "/api/paas/v4/chat/completions",
        ] {
            let asked = format!("POST {path}");
            check(
                WireFormat::OpenAi,
                &asked,
                Operation::Chat,
                Reading::Metered,
            );
        }
    }

    #[test]
    fn messages_are_metered_and_their_neighbours_are_not() {
        let check = |asked, operation, reading| {
            check(WireFormat::Anthropic, asked, operation, reading);
        };
        check("POST /v1/messages", Operation::Chat, Reading::Metered);
        check(
            "POST /anthropic/v1/messages?beta=true",
            Operation::Chat,
            Reading::Metered,
        );
        check(
            "POST /v1/messages/count_tokens",
            Operation::CountTokens,
            Reading::Free,
        );
        check(
            "POST /v1/messages/batches",
            Operation::Batches,
            Reading::Free,
        );
        check(
            "POST /v1/messages/batches/b_1/cancel",
            Operation::Batches,
            Reading::Free,
        );
        check(
            "GET /v1/messages/batches/b_1/results",
            Operation::Batches,
            Reading::Results,
        );
        check(
            "POST /v1/complete",
            Operation::TextCompletion,
            Reading::Unread,
        );
        check("GET /v1/models", Operation::Models, Reading::Free);
        check(
            "GET /v1/models/claude-opus-4-5",
            Operation::Models,
            Reading::Free,
        );
        check("POST /v1/files", Operation::Other, Reading::Free);
    }

    #[test]
    fn what_openai_bills_is_read_as_such_whatever_the_upstream_speaks() {
        for (path, operation) in [
            ("/v1/completions", Operation::TextCompletion),
            (
                "/openai/deployments/chat/completions",
                Operation::TextCompletion,
            ),
            ("/v1/embeddings", Operation::Embeddings),
            ("/v1/responses", Operation::Responses),
            ("/openai/v1/responses", Operation::Responses),
            ("/v1/responses/compact", Operation::Responses),
            ("/v1/images/generations", Operation::Images),
            ("/v1/images/edits", Operation::Images),
            ("/v1/audio/speech", Operation::Speech),
            ("/v1/audio/transcriptions", Operation::Audio),
            ("/v1/threads/runs", Operation::Runs),
            ("/openai/threads/t_1/runs", Operation::Runs),
            (
                "/v1/threads/t_1/runs/r_1/submit_tool_outputs",
                Operation::Runs,
            ),
        ] {
            for own in WireFormat::ALL {
                check(own, &format!("POST {path}"), operation, Reading::Metered);
                let found = endpoint(own, &Method::POST, path);
                // Voyage has a path of the same name.
                let is_own = own == WireFormat::Voyage && operation == Operation::Embeddings;
                let format = if is_own { own } else { WireFormat::OpenAi };
                assert_eq!(found.format, format, "{path}");
            }
        }
    }

    #[test]
    fn messages_are_anthropics_whatever_the_upstream_speaks() {
        for path in [
            "/v1/messages",
            "/anthropic/v1/messages",
            "/api/anthropic/v1/messages",
        ] {
            for own in WireFormat::ALL {
                let found = endpoint(own, &Method::POST, path);
                assert_eq!(found.format, WireFormat::Anthropic, "{path}");
                let read = (found.operation, found.reading);
                assert_eq!(read, (Operation::Chat, Reading::Metered));
            }
        }
    }

    #[test]
    fn what_is_billed_and_not_readable_is_said_to_be_so() {
        for (path, operation) in [
            ("/v1/complete", Operation::TextCompletion),
            ("/v1/videos", Operation::Videos),
            ("/v1/fine_tuning/jobs", Operation::FineTuning),
            ("/v1/evals/e_1/runs", Operation::Runs),
        ] {
            check(
                WireFormat::OpenAi,
                &format!("POST {path}"),
                operation,
                Reading::Unread,
            );
        }
    }

    #[test]
    fn a_response_and_a_run_may_be_looked_up() {
        let responses = Operation::Responses;
        for (asked, operation) in [
            ("GET /v1/responses/resp_1", responses),
            ("GET /openai/v1/responses/resp_1?stream=true", responses),
            ("POST /v1/responses/resp_1/cancel", responses),
            ("GET /v1/threads/t_1/runs/r_1", Operation::Runs),
            ("POST /v1/threads/t_1/runs/r_1", Operation::Runs),
            ("POST /v1/threads/t_1/runs/r_1/cancel", Operation::Runs),
        ] {
            check(WireFormat::OpenAi, asked, operation, Reading::Lookup);
        }
    }

    #[test]
    fn what_is_handed_in_together_is_free_until_it_is_answered() {
        for asked in [
            "POST /v1/batches",
            "POST /v1/batches/b_1/cancel",
            "GET /v1/batches",
            "GET /v1/batches/b_1",
        ] {
            check(WireFormat::OpenAi, asked, Operation::Batches, Reading::Free);
        }
        let file = "GET /openai/files/file_1/content?api-version=1";
        check(WireFormat::OpenAi, file, Operation::Other, Reading::Results);
        check(WireFormat::Anthropic, file, Operation::Other, Reading::Free);
        assert_eq!(
            results_id("/v1/files/file_1/content").as_deref(),
            Some("file_1")
        );
    }

    #[test]
    fn a_deployment_is_named_by_its_path() {
        let check = |path, name: Option<&str>| assert_eq!(model_in_path(path).as_deref(), name);
        let path = "/openai/deployments/our-gpt/chat/completions";
        check(path, Some("our-gpt"));
        check("/v1/chat/completions", None);
        check("/openai/deployments/", None);
        check(&format!("/openai/deployments/{}", "x".repeat(300)), None);
    }

    #[test]
    fn everything_else_is_free() {
        for asked in [
            "GET /v1/chat/completions",
            "DELETE /v1/responses/resp_1",
            "GET /v1/responses/resp_1/input_items",
            "POST /v1/chat/completions/chatcmpl-1",
            "POST /v1/assistants",
            "POST /v1/threads",
            "POST /v1/threads/t_1",
            "POST /v1/threads/t_1/messages",
            "GET /v1/threads/t_1/messages/m_1",
            "GET /v1/threads/t_1/runs",
            "GET /v1/threads/t_1/runs/r_1/steps",
            "GET /v1/threads/t_1/runs/r_1/steps/s_1",
            "POST /v1/vector_stores",
            "POST /v1/vector_stores/vs_1/search",
            "POST /v1/vector_stores/vs_1/file_batches",
            "POST /v1/files",
            "POST /v1/uploads",
            "POST /v1/conversations",
            "POST /v1/containers/c_1/files",
            "POST /v1/uploads/u_1/complete",
            "DELETE /v1/files/f_1",
            "OPTIONS /v1/messages",
            "GET /",
            "POST /",
        ] {
            check(WireFormat::OpenAi, asked, Operation::Other, Reading::Free);
        }
        check(
            WireFormat::OpenAi,
            "POST /v1/moderations",
            Operation::Moderations,
            Reading::Free,
        );
        let counted = "POST /v1/responses/input_tokens";
        check(
            WireFormat::OpenAi,
            counted,
            Operation::CountTokens,
            Reading::Free,
        );
        check(
            WireFormat::OpenAi,
            "GET /v1/models/gpt-4o",
            Operation::Models,
            Reading::Free,
        );
    }
}

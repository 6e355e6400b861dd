//! Paths of Google's: the Gemini API (<https://ai.google.dev/api/all-methods>) and Vertex AI
//! (<https://cloud.google.com/vertex-ai/docs/reference/rest>), where a method stands behind a model.

use super::{Operation, Reading, WireFormat};

/// What a posted path's last segments ask for; none where it is no path of Google's.
pub(super) fn posted(tail: [&str; 3]) -> Option<(WireFormat, Operation, Reading)> {
    let gemini = |operation, reading| Some((WireFormat::Gemini, operation, reading));
    match tail {
        ["interactions", ..] => return gemini(Operation::Responses, Reading::Metered),
        // What was generated until then is billed.
        ["cancel", _, "interactions"] => return gemini(Operation::Responses, Reading::Lookup),
        _ => {}
    }
    let [last, collection, publisher] = tail;
    let (model, method) = last.rsplit_once(':')?;
    match method {
        "generateContent" | "streamGenerateContent" => gemini(Operation::Chat, Reading::Metered),
        "embedContent" | "batchEmbedContents" => gemini(Operation::Embeddings, Reading::Metered),
        "countTokens" | "computeTokens" => gemini(Operation::CountTokens, Reading::Free),
        // Billed by its results.
        "batchGenerateContent" | "asyncBatchEmbedContent" => {
            gemini(Operation::Batches, Reading::Free)
        }
        "predictLongRunning" => gemini(Operation::Videos, Reading::Unread),
        // An endpoint of one's own is billed by the hour.
        "predict" if collection == "models" && model.starts_with("imagen") => {
            gemini(Operation::Images, Reading::Unread)
        }
        "predict" if collection == "models" => gemini(Operation::Embeddings, Reading::Metered),
        "rawPredict" if model == "count-tokens" => gemini(Operation::CountTokens, Reading::Free),
        // Other vendors' models, asked and answered in their own words.
        "rawPredict" | "streamRawPredict" => match publisher {
            "anthropic" => Some((WireFormat::Anthropic, Operation::Chat, Reading::Metered)),
            "mistralai" => Some((WireFormat::OpenAi, Operation::Chat, Reading::Metered)),
            _ => gemini(Operation::Chat, Reading::Unread),
        },
        _ => None,
    }
}

/// Whether it is a path at which Google answers as `OpenAI` does
/// (<https://ai.google.dev/gemini-api/docs/openai>).
pub(super) fn answers_as_openai(tail: [&str; 3]) -> bool {
    matches!(tail, ["completions", "chat", "openai" | "openapi"])
}

/// The model that a path names, before its method.
pub(super) fn model(path: &str) -> Option<&str> {
    let path = path.split(['?', '#']).next()?;
    let (before, last) = path.rsplit_once('/')?;
    let collection = before.rsplit('/').next()?;
    let is_model = matches!(collection, "models" | "tunedModels");
    let (model, _) = last.rsplit_once(':')?;
    is_model.then_some(model)
}

/// Where Vertex AI is to serve a call: `/v1/projects/P/locations/us-central1/…`, or `global`.
pub(super) fn location(path: &str) -> Option<&str> {
    let mut segments = path.split('/').skip_while(|segment| *segment != "projects");
    let is_kept_so = segments.nth(2) == Some("locations");
    segments.next().filter(|_| is_kept_so)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::{Endpoint, endpoint, model_in_path};
    use super::*;

    #[track_caller]
    fn check(path: &str, format: WireFormat, operation: Operation, reading: Reading) {
        let expected = Endpoint {
            format,
            operation,
            reading,
            thoughts_in_total: format == WireFormat::OpenAi && path.contains("/openapi/"),
        };
        for own in WireFormat::ALL {
            assert_eq!(endpoint(own, &Method::POST, path), expected, "{path}");
        }
    }

    #[test]
    fn a_method_behind_a_model_says_what_is_asked() {
        const GEMINI: &str = "/v1beta/models/gemini-2.5-flash";
        const VERTEX: &str =
            "/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro";
        for model in [GEMINI, VERTEX] {
            for (method, operation, reading) in [
                (":generateContent", Operation::Chat, Reading::Metered),
                (
                    ":streamGenerateContent?alt=sse",
                    Operation::Chat,
                    Reading::Metered,
                ),
                (":embedContent", Operation::Embeddings, Reading::Metered),
                (
                    ":batchEmbedContents",
                    Operation::Embeddings,
                    Reading::Metered,
                ),
                (":predict", Operation::Embeddings, Reading::Metered),
                (":countTokens", Operation::CountTokens, Reading::Free),
                (":batchGenerateContent", Operation::Batches, Reading::Free),
                (":predictLongRunning", Operation::Videos, Reading::Unread),
            ] {
                let path = format!("{model}{method}");
                check(&path, WireFormat::Gemini, operation, reading);
            }
        }
        let path = "/v1beta/models/imagen-4.0-generate-001:predict";
        let operation = Operation::Images;
        check(path, WireFormat::Gemini, operation, Reading::Unread);
        let interactions = "/v1beta/interactions";
        let responses = Operation::Responses;
        check(
            interactions,
            WireFormat::Gemini,
            responses,
            Reading::Metered,
        );
    }

    #[test]
    fn models_of_other_vendors_are_read_in_their_words() {
        let models = "/v1/projects/p/locations/us-east5/publishers";
        let chat = Operation::Chat;
        for (path, format, operation, reading) in [
            (
                "anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
                WireFormat::Anthropic,
                chat,
                Reading::Metered,
            ),
            (
                "mistralai/models/mistral-small-2503:rawPredict",
                WireFormat::OpenAi,
                chat,
                Reading::Metered,
            ),
            (
                "ai21/models/jamba-1.5-large:rawPredict",
                WireFormat::Gemini,
                chat,
                Reading::Unread,
            ),
            (
                "anthropic/models/count-tokens:rawPredict",
                WireFormat::Gemini,
                Operation::CountTokens,
                Reading::Free,
            ),
        ] {
            check(&format!("{models}/{path}"), format, operation, reading);
        }
        let openai = "/v1/projects/p/locations/l/endpoints/openapi/chat/completions";
        check(openai, WireFormat::OpenAi, chat, Reading::Metered);
    }

    #[test]
    fn a_model_is_named_by_its_path() {
        let check = |path, name: Option<&str>| assert_eq!(model_in_path(path).as_deref(), name);
        check(
            "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=a/b:c",
            Some("gemini-2.5-flash"),
        );
        check("/v1beta/tunedModels/mine:generateContent", Some("mine"));
        check(
            "/v1/publishers/anthropic/models/claude-opus-4@20250514:rawPredict",
            Some("claude-opus-4@20250514"),
        );
        check("/v1beta/files/x:generateContent", None);
        check("/v1beta/models/gemini-2.5-flash", None);
    }
}

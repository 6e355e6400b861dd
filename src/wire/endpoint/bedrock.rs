//! Amazon Bedrock's paths: `/model/ID/OPERATION`, the id percent-encoded
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html>).

use super::super::named::short;
use super::{Operation, Reading};
use crate::call::bedrock_model;

/// What is asked for by POST, from the last three segments of a path, last one first.
pub(super) fn posted([operation, id, before]: [&str; 3]) -> Option<(Operation, Reading)> {
    // The slash in an ARN may come as it is.
    if before != "model" && !before.starts_with("arn:") {
        return None;
    }
    Some(match operation {
        "converse" | "converse-stream" => (Operation::Chat, Reading::Metered),
        "invoke" | "invoke-with-response-stream" => (invoked(id), Reading::Metered),
        "count-tokens" => (Operation::CountTokens, Reading::Free),
        _ => return None,
    })
}

/// What a model is invoked for, as far as its name tells.
fn invoked(id: &str) -> Operation {
    let is = |words: &[&str]| words.iter().any(|word| id.contains(word));
    if is(&["embed"]) {
        Operation::Embeddings
    } else if is(&["rerank"]) {
        Operation::Rerank
    } else if is(&["stability.", "nova-canvas", "titan-image"]) {
        Operation::Images
    } else {
        Operation::Chat
    }
}

/// The model's id, an ARN included, as its client means it.
pub(super) fn model(path: &str) -> Option<String> {
    let (id, _) = behind_model(path)?;
    short(Some(&decoded(id)?))
}

/// Where models of an id that begins so may be served: a geography, or anywhere
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>).
const GEOGRAPHIES: [&str; 8] = ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"];

/// Where an id says that its model is served: the geography it begins with, else the region of an ARN.
pub(super) fn region(path: &str) -> Option<String> {
    let id = model(path)?;
    let (geography, _) = bedrock_model(&id).split_once('.').unwrap_or_default();
    let of_arn = || id.strip_prefix("arn:")?.split(':').nth(2);
    let known = GEOGRAPHIES.into_iter().find(|known| *known == geography);
    short(known.or_else(of_arn))
}

/// Whether a path asks for a stream, if it is one of these.
pub(in super::super) fn streams(path: &str) -> Option<bool> {
    let (_, operation) = behind_model(path)?;
    Some(operation.ends_with("-stream"))
}

/// The id and the operation of a path.
fn behind_model(path: &str) -> Option<(&str, &str)> {
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let (_, behind) = path.split_once("/model/")?;
    behind.rsplit_once('/')
}

/// A text without its percent-encoding; none if that is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next()?.as_bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::{WireFormat, endpoint, model_in_path, region_in_path};
    use super::*;

    #[track_caller]
    fn check(path: &str, operation: Operation, reading: Reading, streamed: Option<bool>) {
        let found = endpoint(WireFormat::OpenAi, &Method::POST, path);
        let expected = (WireFormat::Bedrock, operation, reading);
        let found = (found.format, found.operation, found.reading);
        assert_eq!((found, streams(path)), (expected, streamed), "{path}");
    }

    #[test]
    fn bedrock_is_known_by_its_paths_whatever_the_upstream_speaks() {
        use Operation::{Chat, CountTokens, Embeddings, Images};
        let claude = "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0";
        let metered = Reading::Metered;
        let streamed = |path: &str| Some(path.ends_with("-stream"));
        for (end, operation, reading) in [
            ("converse", Chat, metered),
            ("converse-stream", Chat, metered),
            ("invoke", Chat, metered),
            ("invoke-with-response-stream", Chat, metered),
            ("count-tokens", CountTokens, Reading::Free),
        ] {
            check(
                &format!("{claude}/{end}"),
                operation,
                reading,
                streamed(end),
            );
        }
        let embed = "/model/amazon.titan-embed-text-v2%3A0/invoke";
        check(embed, Embeddings, metered, Some(false));
        let rerank = "/model/cohere.rerank-v3-5:0/invoke";
        check(rerank, Operation::Rerank, metered, Some(false));
        let image = "/model/stability.sd3-large-v1:0/invoke";
        check(image, Images, metered, Some(false));
        let arn = "/x/model/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.a.b/converse/?a=b";
        check(arn, Chat, metered, Some(false));
    }

    #[test]
    fn its_neighbours_are_not_read() {
        for path in [
            "/guardrail/g/version/1/apply",
            "/model/m",
            "/model/m/x/invoke",
        ] {
            let found = endpoint(WireFormat::Bedrock, &Method::POST, path);
            assert_eq!(found.reading, Reading::Free, "{path}");
        }
    }

    #[test]
    fn an_id_says_where_its_model_is_served() {
        let check = |id: &str, said: Option<&str>| {
            let path = format!("/model/{id}/converse");
            let region = region_in_path(WireFormat::Bedrock, &path);
            assert_eq!(region.as_deref(), said, "{id}");
        };
        check("eu.anthropic.claude-v2%3A1", Some("eu"));
        check("global.anthropic.claude-v2", Some("global"));
        check("anthropic.claude-v2", None);
        let arn = "arn:aws:bedrock:us-east-2:1:";
        let profile = format!("{arn}inference-profile/us.anthropic.claude-v2");
        check(&profile, Some("us"));
        check(
            &format!("{arn}application-inference-profile/x1"),
            Some("us-east-2"),
        );
        check(
            &format!("{arn}foundation-model/anthropic.claude-v2"),
            Some("us-east-2"),
        );
    }

    #[test]
    fn the_id_is_decoded() {
        let check = |path: &str, id: Option<&str>| assert_eq!(model_in_path(path).as_deref(), id);
        check(
            "/model/anthropic.claude-v2%3a1/invoke",
            Some("anthropic.claude-v2:1"),
        );
        let arn = "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/1arbu5";
        let coded = arn.replace(':', "%3A").replace('/', "%2F");
        check(&format!("/model/{coded}/converse"), Some(arn));
        check(&format!("/model/{arn}/converse?x=/model/"), Some(arn));
        for broken in [
            "/model/a%3/invoke",
            "/model/a%zz/invoke",
            "/model/%ff/invoke",
        ] {
            check(broken, None);
        }
        check(&format!("/model/{}/invoke", "x".repeat(300)), None);
    }
}

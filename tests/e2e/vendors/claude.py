"""anthropic's clients of Claude on Amazon Bedrock and on Vertex AI."""

import anthropic

from .told import MESSAGES, whole


def bedrock(at, key):
    signed = {"aws_access_key": key, "aws_secret_key": "nobody's", "aws_region": "us-east-1"}
    return anthropic.AnthropicBedrock(base_url=f"{at}/bedrock", max_retries=0, **signed)


def vertex(at, key):
    place = {"project_id": "project-id", "region": "us-east5"}
    return anthropic.AnthropicVertex(base_url=f"{at}/vertex-claude/v1", access_token=key, max_retries=0, **place)


def messages(client):
    def ask(at, key, exchange):
        create = client(at, key).messages.create
        ask = {"model": exchange["model"], "messages": MESSAGES, "max_tokens": 99}
        if not exchange["streaming"]:
            return told([create(**ask).usage])
        events = list(create(**ask, stream=True))
        ends = [event.usage for event in events if event.type == "message_delta"]
        return told([events[0].message.usage, *ends])

    return ask


def told(usage):
    """A stream tells its input as it begins, and what changes as it ends; 0 takes nothing back."""
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    last = dict.fromkeys(names)
    for counts in usage:
        for name in names:
            count = getattr(counts, name, None)
            last[name] = last[name] if count is None else count or last[name] or 0
    read, cached, written_to_cache, written = last.values()
    return {
        "input_tokens": whole(read, cached, written_to_cache),
        "cache_read_tokens": cached,
        "cache_write_tokens": written_to_cache,
        "output_tokens": written,
    }


def of_claude(ask):
    """Other vendors' models are invoked by the same paths, and the oldest of Claude is no chat."""
    return lambda at, key, exchange: ask(at, key, exchange) if is_claudes(exchange) else None


def is_claudes(exchange):
    return (exchange["expected"]["model"] or "").startswith("claude")


PLAYS = {
    "bedrock.invoke": of_claude(messages(bedrock)),
    "bedrock.invoke-with-response-stream": of_claude(messages(bedrock)),
    "anthropic.messages": messages(vertex),
}
REFUSED = {
    "claude of bedrock": (anthropic.APIStatusError, messages(bedrock)),
    "claude of vertex": (anthropic.APIStatusError, messages(vertex)),
}

"""Calls through tollgate with the official SDKs; prints what each call was told, a JSON line each."""

import json
import sys

import anthropic
import openai

BASE = sys.argv[1]
ROUNDS = 5
QUESTION = [{"role": "user", "content": "Why is the sky blue?"}]


def say(headers, sdk, model, usage, coding="gzip"):
    # Both SDKs ask for gzip, and the mock complies as the providers do.
    assert headers.get("content-encoding") == coding
    call_id = headers["x-tollgate-call-id"]
    print(json.dumps({"call_id": call_id, "sdk": sdk, "model": model, **usage}))


def openai_usage(usage):
    return {
        "input_tokens": usage.prompt_tokens,
        "cache_read_tokens": usage.prompt_tokens_details.cached_tokens,
        "output_tokens": usage.completion_tokens,
    }


def anthropic_usage(usage):
    # Anthropic says its three classes of input apart; the ledger's input is all of them.
    read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    return {
        "input_tokens": usage.input_tokens + read + write,
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "output_tokens": usage.output_tokens,
    }


def with_openai(base_url):
    client = openai.OpenAI(base_url=base_url, api_key="sk-e2e", max_retries=5)
    ask = {"model": "gpt-4o-mini", "messages": QUESTION, "max_tokens": 40}
    for _ in range(ROUNDS):
        raw = client.chat.completions.with_raw_response.create(**ask)
        answer = raw.parse()
        assert answer.choices[0].message.content
        say(raw.headers, "openai", answer.model, openai_usage(answer.usage))

        raw = client.chat.completions.with_raw_response.create(
            **ask, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(raw.parse())
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        last = chunks[-1]
        say(raw.headers, "openai stream", last.model, openai_usage(last.usage))

    # Without include_usage the SDK is told nothing, and the ledger knows all the same. The mock says
    # a token a chunk.
    raw = client.chat.completions.with_raw_response.create(**ask, stream=True)
    chunks = list(raw.parse())
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    words = sum(1 for chunk in chunks if chunk.choices[0].delta.content)
    told = {"output_tokens": words}
    # An event can be taken out of what is not compressed only, so tollgate asks for that.
    say(raw.headers, "openai stream, no usage", chunks[-1].model, told, coding=None)


def with_anthropic(base_url):
    client = anthropic.Anthropic(base_url=base_url, api_key="sk-e2e", max_retries=5)
    ask = {"model": "claude-haiku-4-5", "messages": QUESTION, "max_tokens": 40}
    for _ in range(ROUNDS):
        raw = client.messages.with_raw_response.create(**ask)
        answer = raw.parse()
        assert answer.content[0].text
        say(raw.headers, "anthropic", answer.model, anthropic_usage(answer.usage))

        with client.messages.stream(**ask) as stream:
            assert "".join(stream.text_stream)
            answer = stream.get_final_message()
            headers = stream.response.headers
        say(headers, "anthropic stream", answer.model, anthropic_usage(answer.usage))


with_openai(f"{BASE}/v1")
with_openai(f"{BASE}/openai/v1")
with_anthropic(BASE)
with_anthropic(f"{BASE}/anthropic")

"""The openai client of vendors whose API is OpenAI's but for how they spell usage."""

import openai

from .told import MESSAGES, first, part, whole

CACHED = (
    ("prompt_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens",),
    ("cached_tokens",),
    ("num_cached_tokens",),
)
# Of the paths, what comes before /chat/completions.
BEFORE = {
    "alibaba": "/compatible-mode/v1",
    "deepseek": "",
    "openrouter": "/api/v1",
    "perplexity": "",
    "zhipu": "/api/paas/v4",
}


def client(at, key, upstream):
    return openai.OpenAI(api_key=key, base_url=f"{at}/{upstream}{BEFORE.get(upstream, '/v1')}", max_retries=0)


def chat(upstream):
    def ask(at, key, exchange):
        create = client(at, key, upstream).chat.completions.create
        ask = {"model": exchange["model"], "messages": MESSAGES}
        if not exchange["streaming"]:
            answer = create(**ask)
            return told(upstream, answer.model, answer.usage)
        chunks = list(create(**ask, stream=True, stream_options={"include_usage": True}))
        usage = [chunk.usage for chunk in chunks if chunk.usage][-1]
        return told(upstream, chunks[-1].model, usage)

    return ask


def told(upstream, model, usage):
    thought = part(usage, "completion_tokens_details", "reasoning_tokens")
    # xAI counts what a model thought beside what it wrote.
    beside = thought if upstream == "xai" else None
    return {
        "model": model,
        "input_tokens": usage.prompt_tokens,
        "output_tokens": whole(usage.completion_tokens, beside),
        "cache_read_tokens": first(*(part(usage, *names) for names in CACHED)),
        "reasoning_tokens": thought,
    }


def respond(upstream):
    def ask(at, key, exchange):
        create = client(at, key, upstream).responses.create
        ask = {"model": exchange["model"], "input": "Why is the sky blue?"}
        if not exchange["streaming"]:
            return told_of_response(create(**ask))
        return told_of_response(list(create(**ask, stream=True))[-1].response)

    return ask


def told_of_response(answer):
    usage = answer.usage
    return {
        "model": answer.model,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": part(usage, "input_tokens_details", "cached_tokens"),
        "reasoning_tokens": part(usage, "output_tokens_details", "reasoning_tokens"),
    }


CHATS = ("alibaba", "cerebras", "deepseek", "mistral", "moonshot", "openrouter")
CHATS += ("perplexity", "together", "xai", "zhipu")
RESPONSES = ("deepseek", "openrouter", "xai")
PLAYS = {f"{upstream}.chat.completions": chat(upstream) for upstream in CHATS}
PLAYS |= {f"{upstream}.responses": respond(upstream) for upstream in RESPONSES}
REFUSED = {"openai": (openai.APIStatusError, chat("together"))}

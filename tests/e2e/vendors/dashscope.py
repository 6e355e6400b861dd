"""DashScope's own client, of text generation and embeddings."""

import dashscope

from .told import MESSAGES, QUESTION, part


class Refused(Exception):
    """This client returns what others raise."""


def served(at, key, call, **ask):
    dashscope.base_http_api_url = f"{at}/dashscope/api/v1"
    answer = call(api_key=key, **ask)
    last = list(answer)[-1] if ask.get("stream") else answer
    if last.status_code != 200:
        raise Refused(f"{last.code}: {last.message}")
    return last.usage


def generate(at, key, exchange):
    ask = {"model": exchange["model"], "messages": MESSAGES, "result_format": "message"}
    usage = served(at, key, dashscope.Generation.call, stream=exchange["streaming"], **ask)
    return {
        "input_tokens": usage["input_tokens"],
        "output_tokens": usage["output_tokens"],
        "cache_read_tokens": part(usage, "prompt_tokens_details", "cached_tokens"),
        "reasoning_tokens": part(usage, "output_tokens_details", "reasoning_tokens"),
    }


def embed(at, key, exchange):
    usage = served(at, key, dashscope.TextEmbedding.call, model=exchange["model"], input=QUESTION)
    return {"input_tokens": usage["total_tokens"]}


PLAYS = {"dashscope.text-generation": generate, "dashscope.text-embedding": embed}
REFUSED = {"dashscope": (Refused, generate)}

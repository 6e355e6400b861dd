"""groq, which tells the usage of a stream in a place of its own."""

import groq

from .told import MESSAGES, part


def chat(at, key, exchange):
    client = groq.Groq(api_key=key, base_url=f"{at}/groq", max_retries=0)
    ask = {"model": exchange["model"], "messages": MESSAGES}
    if not exchange["streaming"]:
        answer = client.chat.completions.create(**ask)
        return told(answer.model, answer.usage)
    chunks = list(client.chat.completions.create(**ask, stream=True))
    return told(chunks[-1].model, chunks[-1].x_groq.usage)


def told(model, usage):
    return {
        "model": model,
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "cache_read_tokens": part(usage, "prompt_tokens_details", "cached_tokens"),
        "reasoning_tokens": part(usage, "completion_tokens_details", "reasoning_tokens"),
    }


PLAYS = {"groq.chat.completions": chat}
REFUSED = {"groq": (groq.APIStatusError, chat)}

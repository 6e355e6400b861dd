"""mistralai."""

from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from .told import MESSAGES, QUESTION, first, part


def client(at, key):
    return Mistral(api_key=key, server_url=f"{at}/mistral")


def chat(at, key, exchange):
    ask = {"model": exchange["model"], "messages": MESSAGES}
    if not exchange["streaming"]:
        return told(client(at, key).chat.complete(**ask))
    with client(at, key).chat.stream(**ask) as events:
        return told([event.data for event in events][-1])


def told(answer):
    usage = answer.usage.model_dump()
    cached = part(usage, "prompt_tokens_details", "cached_tokens")
    return {
        "model": answer.model,
        "input_tokens": usage["prompt_tokens"],
        "output_tokens": usage["completion_tokens"],
        "cache_read_tokens": first(usage.get("num_cached_tokens"), cached),
    }


def embed(at, key, exchange):
    answer = client(at, key).embeddings.create(model=exchange["model"], inputs=[QUESTION])
    return {"model": answer.model, "input_tokens": answer.usage.prompt_tokens}


PLAYS = {"mistral.chat.completions": chat, "mistral.embeddings": embed}
REFUSED = {"mistral": (SDKError, chat)}

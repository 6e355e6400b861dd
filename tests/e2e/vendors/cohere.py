"""cohere's client of its version 2."""

import cohere
from cohere.core.api_error import ApiError

from .told import MESSAGES, QUESTION


def client(at, key):
    return cohere.ClientV2(key, base_url=f"{at}/cohere", max_retries=0)


def chat(at, key, exchange):
    ask = {"model": exchange["model"], "messages": MESSAGES}
    if not exchange["streaming"]:
        return told(client(at, key).chat(**ask).usage)
    events = list(client(at, key).chat_stream(**ask))
    return told(events[-1].delta.usage)


def told(usage):
    return {
        "input_tokens": usage.tokens.input_tokens,
        "output_tokens": usage.tokens.output_tokens,
        "cache_read_tokens": usage.cached_tokens,
        "billed_input_tokens": usage.billed_units.input_tokens,
        "billed_output_tokens": usage.billed_units.output_tokens,
    }


def embed(at, key, exchange):
    kinds = {"input_type": "search_document", "embedding_types": ["float"]}
    answer = client(at, key).embed(model=exchange["model"], texts=[QUESTION], **kinds)
    return {"billed_input_tokens": answer.meta.billed_units.input_tokens}


def rerank(at, key, exchange):
    answer = client(at, key).rerank(model=exchange["model"], query=QUESTION, documents=["It scatters.", "Is it?"])
    return {"search_units": answer.meta.billed_units.search_units}


PLAYS = {
    "cohere.cohere.v2.chat": chat,
    "cohere.cohere.v2.embed": embed,
    # Recorded on version 1, whose answer is the same.
    "cohere.cohere.v1.rerank": rerank,
}
REFUSED = {"cohere": (ApiError, chat)}

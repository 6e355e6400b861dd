"""litellm, which makes OpenAI's words of every vendor's."""

import litellm
import openai

from .told import MESSAGES, part

# It would print where to get help.
litellm.suppress_debug_info = True


def chat(vendor, path):
    def ask(at, key, exchange):
        ask = {"model": f"{vendor}/{exchange['model']}", "messages": MESSAGES, "max_tokens": 99}
        ask |= {"api_base": f"{at}{path}", "api_key": key}
        if not exchange["streaming"]:
            return told(litellm.completion(**ask).usage, exchange)
        chunks = litellm.completion(**ask, stream=True, stream_options={"include_usage": True})
        return told([chunk.usage for chunk in chunks if hasattr(chunk, "usage")][-1], exchange)

    return ask


def told(usage, exchange):
    if (exchange["expected"]["reported"] or {}).get("iterations"):
        return {}  # It adds up what advised or declined beside the answer, which the ledger has apart.
    cached = part(usage, "prompt_tokens_details", "cached_tokens")
    return {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        # It says 0 where a vendor says nothing.
        **({"cache_read_tokens": cached} if cached else {}),
    }


PLAYS = {
    "openai.chat.completions": chat("openai", "/openai-api/v1"),
    "anthropic.messages": chat("anthropic", "/anthropic-api"),
}
REFUSED = {
    "litellm of openai": (openai.APIStatusError, PLAYS["openai.chat.completions"]),
    "litellm of anthropic": (openai.APIStatusError, PLAYS["anthropic.messages"]),
}

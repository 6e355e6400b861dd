"""ollama's own API."""

import ollama

from .told import MESSAGES, QUESTION


def client(at, key):
    return ollama.Client(f"{at}/ollama", headers={"authorization": f"Bearer {key}"})


def chat(at, key, exchange):
    ask = {"model": exchange["model"], "messages": MESSAGES, "stream": exchange["streaming"]}
    return told(client(at, key).chat(**ask))


def generate(at, key, exchange):
    ask = {"model": exchange["model"], "prompt": QUESTION, "stream": exchange["streaming"]}
    return told(client(at, key).generate(**ask))


def told(answer):
    last = answer if hasattr(answer, "model") else list(answer)[-1]
    usage = {"model": last.model, "output_tokens": last.eval_count}
    # Older servers leave out a prompt that they had in their cache; the ledger counts it then.
    read = last.prompt_eval_count
    return usage | ({"source": "partial"} if read is None else {"input_tokens": read})


PLAYS = {"ollama.ollama.chat": chat, "ollama.ollama.generate": generate}
REFUSED = {"ollama": (ollama.ResponseError, chat)}

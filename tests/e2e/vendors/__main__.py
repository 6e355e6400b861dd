"""Vendors' own clients through tollgate; prints what each call was told, a JSON line each.

    python -m vendors BASE_URL
"""

import json
import sys

from . import bedrock, claude, cohere, compatible, dashscope, google, groq, litellm, mistral, ollama
from .recorded import played

AT = sys.argv[1]
CLIENTS = (bedrock, claude, cohere, compatible, dashscope, google, groq, litellm, mistral, ollama)
# A model for a call that is refused.
REFUSED = {"model": "a-model", "streaming": False}
faults = []


def name_of(client):
    return client.__name__.rsplit(".", 1)[1]


def play(client):
    for recording, ask in client.PLAYS.items():
        for exchange in played(recording):
            key = f"e2e-{name_of(client)}-{exchange['id']}"
            try:
                told = ask(AT, key, exchange)
            except Exception as error:
                faults.append(f"{recording} {key}: {error!r}")
                continue
            if told is None:
                continue
            told = {"stream": exchange["streaming"], "status": 200, "source": "reported"} | told
            print(json.dumps({"key": key, "recording": recording, "told": told}), flush=True)


def refused(client):
    """What tollgate refuses and what the upstream refuses are exceptions of the client's own that say why."""
    for name, (kind, ask) in client.REFUSED.items():
        for at, why in ((f"{AT}/nowhere", "no upstream serves"), (AT, "does not know that parameter")):
            try:
                found = ask(at, f"e2e-{name.replace(' ', '-')}-refused", REFUSED)
            except Exception as error:
                found = error
            if not isinstance(found, kind) or why not in str(found):
                faults.append(f"{name}: {why!r} is {found!r}")


for client in CLIENTS:
    play(client)
    refused(client)
sys.exit("\n".join(faults) or None)

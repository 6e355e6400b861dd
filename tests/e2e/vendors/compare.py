"""Compares what the vendors' clients were told with the ledger's export, call by call, field by field.

    python3 -m vendors.compare TOLD SENT CALLS SECRET
"""

import hmac
import json
import sys
from collections import Counter, defaultdict

told, sent, calls = ([json.loads(line) for line in open(path)] for path in sys.argv[1:4])
# Of upstreams with a price list, what the catalogue has no price of.
NOT_IN_THE_LIST = {
    "embed-english-light-v3.0",
    "gemma-3-27b-it",
    "mistral-large-latest",
    "mistral-small-latest",
    "rerank-english-v2.0",
    "text-embedding-005",
    "text-embedding-v4",
    "unknown-model",
}
WITHOUT_LIST = {"bedrock", "cerebras", "ollama", "openrouter", "perplexity"}
secret = open(sys.argv[4], "rb").read()
rows = defaultdict(list)
for row in calls:
    rows[row["request_id"]].append(row)
gzipped = {answer["key"] for answer in sent if answer["gzip"]}
differences, played, compressed, unpriced = [], Counter(), Counter(), defaultdict(set)


def differ(name, what, expected, found):
    if expected != found:
        differences.append(f"{name}: {what} is {found!r}, and the client has {expected!r}")


def tenant(key):
    """Whatever a client makes of its key, its calls are its own."""
    return f"key-{hmac.digest(secret, key.encode(), 'sha256').hex()[:12]}"


def of_row(row, field):
    return row["units"].get(field) if field == "search_units" else row[field]


for call in told:
    key, recording = call["key"], call["recording"]
    client = key.split("-")[1]
    played[client, recording] += 1
    compressed[client, recording] += key in gzipped
    name = f"{recording} {key}"
    differ(name, "number of rows", 1, len(rows[key]))
    for row in rows[key]:
        expected = call["told"] | {"end": "complete", "complete": True, "tenant": tenant(key)}
        for field, value in expected.items():
            differ(name, field, value, of_row(row, field))
        model = row["model"] or row["model_requested"]
        if row["pricing"] != "priced":
            unpriced[client, recording].add(model)
        has_none = row["upstream"] in WITHOUT_LIST or model in NOT_IN_THE_LIST
        differ(name, f"whether {model} has a price", True, has_none or "no_price" not in row["flags"])

for answer in sent:
    if answer["status"] == 400:
        found = [(row["status"], row["pricing"]) for row in rows[answer["key"]]]
        differ(answer["key"], "the row of a refused call", [(400, "free")], found)
for (client, recording), count in sorted(played.items()):
    print(f"{client}: {recording}: {count} calls, {compressed[client, recording]} compressed", end="")
    models = unpriced[client, recording]
    print(f", no price: {', '.join(sorted(models))}" if models else "")
print(f"{len(told)} calls, {len(differences)} differences")
print("\n".join(differences))
sys.exit(bool(differences))

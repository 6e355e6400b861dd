"""Compares what the SDKs returned with and without tollgate between, and the bill with the ledger.

    compare.py DIRECT THROUGH BILL CALLS
"""

import json
import sys
from collections import defaultdict

direct, through, bill, calls = ([json.loads(line) for line in open(path)] for path in sys.argv[1:5])
differences = []


def differ(name, what, expected, found):
    if expected != found:
        differences.append(f"{name}: {what} is {found!r}, not {expected!r}")


differ("all", "the order of the cases", [answer["case"] for answer in direct], [answer["case"] for answer in through])
for expected, found in zip(direct, through):
    differ(expected["case"], "what the SDK returned", expected["result"], found["result"])

rows = defaultdict(list)
for row in calls:
    rows[row["request_id"]].append(row)


def compare(name, billed, row):
    left = "break" in name
    differ(name, "end", "client_gone" if left else "complete", row["end"])
    differ(name, "status", 200, row["status"])
    if left:
        # A message tells its input as it begins; a chat tells nothing before its end, so all is counted.
        told = "messages" in name
        most = billed["input_tokens"]
        differ(name, "source", "partial" if told else "counted", row["source"])
        differ(name, "pricing", "priced", row["pricing"])
        differ(name, "the input being known", True, row["input_tokens"] in range(most if told else 1, most + 1))
        # Two words had come when the reader left.
        differ(name, "the words that came", True, row["output_tokens"] in range(2, billed["output_tokens"] + 1))
        return
    for key, count in billed.items():
        differ(name, key, count, row["units"].get(key) if key == "characters" else row[key] or 0)
    tokens = billed.get("input_tokens")
    differ(name, "being reported", tokens is not None, row["source"] == "reported")
    if tokens is None:
        differ(name, "cost", True, row["cost_usd"] is None or float(row["cost_usd"]) == 0)


for line in bill:
    name, asked = line.pop("request_id"), line.pop("asked")
    differ(f"{name} ({asked})", "number of rows", 1, len(rows[name]))
    for row in rows.pop(name):
        compare(name, line, row)
differ("all", "rows that nobody asked for", [], [name for name, found in rows.items() if found])

print(f"{len(through)} cases, {len(calls)} calls, {len(differences)} differences")
print("\n".join(differences))
sys.exit(bool(differences))

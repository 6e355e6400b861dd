"""Compares what the SDKs were told with the ledger's export, call by call and field by field."""

import json
import sys
from collections import Counter

told, calls = ([json.loads(line) for line in open(path)] for path in sys.argv[1:3])
rows = Counter(row["call_id"] for row in calls)
row_of = {row["call_id"]: row for row in calls}
differences, counts = [], Counter()
for call in told:
    call_id, sdk = call.pop("call_id"), call.pop("sdk")
    counts[sdk] += 1
    if rows[call_id] != 1:
        differences.append(f"{sdk}: {rows[call_id]} rows for {call_id}")
        continue
    row = row_of[call_id]
    call |= {"source": "reported", "pricing": "priced"}
    call |= {"status": 200, "end": "complete", "complete": True, "stream": "stream" in sdk}
    for field, value in call.items():
        if row[field] != value:
            differences.append(f"{sdk}: {field} is {row[field]!r}, the SDK has {value!r}")

# Every other row is an attempt that was refused and that the SDK made again: free, and never billed.
asked = len(told)
others = [row for row in calls if row["status"] == 200]
if len(others) != asked:
    differences.append(f"{len(others)} answered rows for {asked} answered calls")
for sdk, number in sorted(counts.items()):
    print(f"{sdk}: {number} calls")
print(f"{asked} calls, {len(calls) - asked} refused and made again, {len(differences)} differences")
print("\n".join(differences))
sys.exit(bool(differences))

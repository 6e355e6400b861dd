"""Recorded exchanges of a vendor's API, as they are played: whole answers that have their usage."""

import base64
import json
import os
from pathlib import Path

# What nobody recorded is written beside this file, as it is documented.
FOLDERS = (Path(os.environ["TOLLGATE_SHARED"]) / "fixtures/recorded", Path(__file__).parent)
FIXTURES = Path(__file__).parents[2] / "fixtures"
FILES = {file.stem: file for folder in FOLDERS for file in folder.glob("*.jsonl")}
# Of a long recording as many as this, spread over it.
MOST = 40
# Its metrics say another output than its last event.
CONTRADICTORY = {"550cbdcdab04a914"}


def read(recording):
    """All exchanges of a recording, each with the bytes of its answer and the model it asks for."""
    for line in open(FILES[recording]):
        exchange = json.loads(line)
        exchange["body"] = body(exchange)
        exchange["model"] = exchange["expected"]["model_requested"]
        yield exchange


def body(exchange):
    if "fixture" in exchange:
        return (FIXTURES / exchange["fixture"]).read_bytes()
    text = exchange["response_body"]
    return base64.b64decode(exchange["response_body_b64"]) if text is None else text.encode()


def played(recording):
    """Those that are played."""
    found = [exchange for exchange in read(recording) if is_played(exchange)]
    return found[:: -(-len(found) // MOST)]


def is_played(exchange):
    found = exchange["expected"]
    is_whole = exchange["status"] == 200 and found["usage_found"] and found.get("stream_complete") is not False
    # Numbers that contradict each other prove nothing, and what stands for a long text is not one.
    is_clear = not found.get("ambiguous") and exchange["id"] not in CONTRADICTORY and not exchange["response_elided"]
    # Google's own client asks for events, and for names in place of numbers.
    is_asked = exchange["stream_format"] != "json-array" and "enum-encoding" not in exchange["path"]
    return is_whole and is_clear and is_asked

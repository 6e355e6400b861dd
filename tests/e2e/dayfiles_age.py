"""Makes the calls of a journal some days older: dayfiles_age.py JOURNAL_DIR DAYS.

Nobody waits for midnight in a test. Frames are `len u32 | crc32c u32 | kind u8 | seq u64 | ts_ms u64 |
body`, little-endian; length and checksum are of what follows them.
"""

import datetime
import json
import pathlib
import struct
import sys

FIXED = struct.Struct("<BQQ")
PREFIX = struct.Struct("<II")


def crc32c_table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        yield byte


TABLE = list(crc32c_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def aged(body, days):
    call = json.loads(body)
    if "started_at" in call:
        day, clock = call["started_at"].split("T")
        day = datetime.date.fromisoformat(day) - datetime.timedelta(days)
        call["started_at"] = f"{day}T{clock}"
    return json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode()


def frames(data, days):
    at = 0
    while at < len(data):
        length, crc = PREFIX.unpack_from(data, at)
        at += PREFIX.size
        frame = data[at : at + length]
        at += length
        assert crc32c(frame) == crc, "a frame is not as the journal writes it"
        kind, seq, ts_ms = FIXED.unpack_from(frame)
        frame = FIXED.pack(kind, seq, ts_ms - days * 86_400_000) + aged(frame[FIXED.size :], days)
        yield PREFIX.pack(len(frame), crc32c(frame)) + frame


folder, days = pathlib.Path(sys.argv[1]), int(sys.argv[2])
for segment in sorted(folder.glob("*.frames")):
    segment.write_bytes(b"".join(frames(segment.read_bytes(), days)))

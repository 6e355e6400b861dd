"""A provider that gives each client the recorded answer that its key names, and refuses where it names none.

    python3 -m vendors.provider PORT SENT

An answer is compressed where the client offers that, and carries the key as its request id. What was
sent is written down, a JSON line an answer.
"""

import json
import re
import sys
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from .recorded import FILES, read

# Whatever header a client puts its key into.
KEY = re.compile(r"e2e-[a-z0-9-]+-([0-9a-f]{16}|refused)")
EXCHANGES = {exchange["id"]: exchange for recording in FILES for exchange in read(recording)}
SENT = open(sys.argv[2], "a", buffering=1)
# A method of Vertex AI that has another vendor's body.
SAME_AS = {"rawPredict": "messages", "streamRawPredict": "messages"}
PIECE_BYTES = 700
# Of the body, not of the connection.
DROPPED = {"content-encoding", "content-length", "transfer-encoding", "connection"}
REQUEST_IDS = ("x-request-id", "x-amzn-requestid")
SAID = "the model does not know that parameter"
# By the path, in the words of its API.
REFUSALS = {
    "/v1/chat/completions": {"error": {"message": SAID, "type": "invalid_request_error", "code": "bad", "param": None}},
    "/v1/messages": {"type": "error", "error": {"type": "invalid_request_error", "message": SAID}},
    ":generateContent": {"error": {"code": 400, "message": SAID, "status": "INVALID_ARGUMENT"}},
    "/v2/chat": {"id": "1", "message": SAID},
    "/api/chat": {"error": SAID},
    "/generation": {"code": "InvalidParameter", "message": SAID, "request_id": "1"},
    "/converse": {"message": SAID},
    "/invoke": {"message": SAID},
    ":rawPredict": {"type": "error", "error": {"type": "invalid_request_error", "message": SAID}},
}


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        key = KEY.search(" ".join(self.headers.values()))
        path = unquote(self.path.split("?")[0])
        if key[1] == "refused":
            said = next(said for end, said in REFUSALS.items() if path.endswith(end))
            self.answer(key[0], 400, self.refused_headers(path), json.dumps(said).encode(), False)
            return
        exchange = EXCHANGES[key[1]]
        recorded = unquote(exchange["path"].split("?")[0])
        # Not the whole: a client may have a project, a model or a version of its own.
        asked, answered = (re.split("[/:]", whole)[-1] for whole in (path, recorded))
        same_end = SAME_AS.get(asked, asked) == answered
        headers = {name: value for name, value in exchange["response_headers"].items() if name not in DROPPED}
        kind = "text/event-stream" if exchange["stream_format"] == "sse" else "application/json"
        headers = {"content-type": kind} | headers
        status = 200 if same_end else 421
        self.answer(key[0], status, headers, exchange["body"], exchange["streaming"])

    def refused_headers(self, path):
        headers = {"content-type": "application/json"}
        return headers | ({"x-amzn-errortype": "ValidationException"} if path.startswith("/model/") else {})

    def answer(self, key, status, headers, body, is_stream):
        # Amazon compresses nothing.
        gzips = "gzip" in self.headers.get("accept-encoding", "") and "x-amz-date" not in self.headers
        SENT.write(json.dumps({"key": key, "path": self.path, "status": status, "gzip": gzips}) + "\n")
        self.send_response(status)
        for name, value in (headers | dict.fromkeys(REQUEST_IDS, key)).items():
            self.send_header(name, value)
        if gzips:
            self.send_header("content-encoding", "gzip")
        pieces = [body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES)]
        pieces = self.compressed(pieces) if gzips else pieces
        if is_stream:
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for piece in pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("content-length", str(sum(map(len, pieces))))
            self.end_headers()
            self.wfile.write(b"".join(pieces))

    def compressed(self, pieces):
        packer = zlib.compressobj(wbits=31)
        return [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces] + [packer.flush()]

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()

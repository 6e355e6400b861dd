"""A provider with one fixed answer an operation, in the shapes of OpenAI's and Anthropic's API.

It compresses what may be compressed and tells usage only where the real one does. What it would bill
is written down, a JSON line an answer, named by the request id that the answer carries:
    provider.py PORT BILL
"""

import gzip
import json
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BILL = open(sys.argv[2], "a", buffering=1)
LOCK = threading.Lock()
NUMBER = {}
# A reader that breaks off after the second event meets a stream that is far from over.
SLOW_SECONDS = 0.2


def chat_usage(read, written, cached=0, reasoning=0):
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
    }


def response_usage(read, written, cached=0, reasoning=0):
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": read + written,
    }


def billed(read, written, cached=0):
    return {"input_tokens": read, "output_tokens": written, "cache_read_tokens": cached}


TOOL_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city":"Köln"}'},
}
WORDS = ["The", " sky", " is", " blue", " über", " all", "."]
SENTENCE = "".join(WORDS)


def chat_message(ask):
    if ask.get("tools"):
        return {"role": "assistant", "content": None, "refusal": None, "tool_calls": [TOOL_CALL]}, "tool_calls"
    text = '{"city":"Köln","degrees":21}' if ask.get("response_format") else SENTENCE
    return {"role": "assistant", "content": text, "refusal": None}, "stop"


def chat_head(kind):
    return {"id": "chatcmpl-1", "object": kind, "created": 1760000000, "model": "gpt-4o-mini-2024-07-18"}


def chat(ask):
    message, finish = chat_message(ask)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    usage = chat_usage(1200, 7, cached=1024)
    return chat_head("chat.completion") | {"choices": [choice], "usage": usage}, billed(1200, 7, 1024)


def chat_stream(ask):
    asked = (ask.get("stream_options") or {}).get("include_usage") is True
    head = chat_head("chat.completion.chunk") | ({"usage": None} if asked else {})

    def chunk(delta, finish=None):
        return head | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": None if ask.get("tools") else ""})
    if ask.get("tools"):
        first = TOOL_CALL | {"function": {"name": "get_weather", "arguments": ""}, "index": 0}
        yield chunk({"tool_calls": [first]})
        for piece in ['{"city":', '"Köln"}']:
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield chunk({}, "tool_calls")
    else:
        for word in WORDS:
            yield chunk({"content": word})
        yield chunk({}, "stop")
    if asked:
        yield head | {"choices": [], "usage": chat_usage(1200, 7, cached=1024)}
    yield "[DONE]"


def completion(ask):
    choice = {"text": SENTENCE, "index": 0, "logprobs": None, "finish_reason": "stop"}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1760000000, "model": "gpt-3.5-turbo-instruct"}
    return head | {"choices": [choice], "usage": chat_usage(11, 7)}, billed(11, 7)


def response(ask, response_id, status="completed"):
    done = status == "completed"
    text = '{"city":"Köln","degrees":21}' if (ask.get("text") or {}).get("format") else SENTENCE
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    message = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content}
    return {
        "id": response_id,
        "object": "response",
        "created_at": 1760000000,
        "status": status,
        "background": bool(ask.get("background")),
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "gpt-5-mini-2025-08-07",
        "output": [message] if done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "service_tier": "default" if done else "auto",
        "usage": response_usage(75, 1186, reasoning=1024) if done else None,
    }


def response_stream(ask, response_id):
    events = [{"type": "response.created", "response": response(ask, response_id, "in_progress")}]
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    item = {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    done = response(ask, response_id)
    events += [
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", "part": part} | place,
    ]
    events += [{"type": "response.output_text.delta", "delta": word} | place for word in WORDS]
    events += [
        {"type": "response.output_text.done", "text": SENTENCE} | place,
        {"type": "response.output_item.done", "output_index": 0, "item": done["output"][0]},
        {"type": "response.completed", "response": done},
    ]
    for number, event in enumerate(events):
        yield event["type"], event | {"sequence_number": number}


def embeddings(ask):
    row = {"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125]}
    if ask.get("encoding_format") == "base64":
        row["embedding"] = "AACAPgAAAL8AAAA+"
    usage = {"prompt_tokens": 9, "total_tokens": 9}
    return {"object": "list", "model": "text-embedding-3-small", "data": [row], "usage": usage}, {"input_tokens": 9}


def image(_):
    usage = {
        "input_tokens": 12,
        "input_tokens_details": {"text_tokens": 12, "image_tokens": 0},
        "output_tokens": 1056,
        "total_tokens": 1068,
    }
    return {"created": 1760000000, "data": [{"b64_json": "aGVsbG8="}], "usage": usage}, billed(12, 1056)


def transcription(_):
    details = {"text_tokens": 0, "audio_tokens": 30}
    usage = {"type": "tokens", "input_tokens": 30, "input_token_details": details, "output_tokens": 7, "total_tokens": 37}
    return {"text": SENTENCE, "usage": usage}, billed(30, 7)


def moderation(_):
    result = {"flagged": False, "categories": {}, "category_scores": {}, "category_applied_input_types": {}}
    return {"id": "modr-1", "model": "omni-moderation-latest", "results": [result]}, {}


def batch(_):
    return {
        "id": "batch_1",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": "file-1",
        "completion_window": "24h",
        "status": "validating",
        "created_at": 1760000000,
    }, {}


def anthropic_usage(written):
    return {
        "input_tokens": 40,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 2000,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
        "output_tokens": written,
        "service_tier": "standard",
    }


TOLD = billed(2340, 7, 2000) | {"cache_write_tokens": 300}
TOOL_USE = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Köln"}}


def message(ask, written=7):
    tools = bool(ask.get("tools"))
    text = '{"city":"Köln","degrees":21}' if ask.get("output_config") or ask.get("output_format") else SENTENCE
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [TOOL_USE] if tools else [{"type": "text", "text": text}],
        "stop_reason": "tool_use" if tools else "end_turn",
        "stop_sequence": None,
        "usage": anthropic_usage(written),
    }


def message_stream(ask):
    whole = message(ask)
    start = message(ask, 1) | {"content": [], "stop_reason": None}
    yield "message_start", {"message": start}
    yield "ping", {}
    if ask.get("tools"):
        yield "content_block_start", {"index": 0, "content_block": TOOL_USE | {"input": {}}}
        for piece in ['{"city": ', '"Köln"}']:
            yield "content_block_delta", {"index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}}
    else:
        yield "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
        for word in WORDS:
            yield "content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": word}}
    yield "content_block_stop", {"index": 0}
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"delta": delta, "usage": {"output_tokens": 7}}
    yield "message_stop", {}


def message_batch(_):
    counts = {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    return {
        "id": "msgbatch_1",
        "type": "message_batch",
        "processing_status": "in_progress",
        "request_counts": counts,
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-01-02T00:00:00Z",
        "ended_at": None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": None,
    }, {}


UNARY = {
    "POST /v1/chat/completions": chat,
    "POST /v1/completions": completion,
    "POST /v1/embeddings": embeddings,
    "POST /v1/images/generations": image,
    "POST /v1/audio/transcriptions": transcription,
    "POST /v1/moderations": moderation,
    "POST /v1/batches": batch,
    "GET /v1/batches/batch_1": batch,
    "GET /v1/models": lambda _: ({"object": "list", "data": []}, {}),
    "POST /v1/messages": lambda ask: (message(ask), TOLD),
    "POST /v1/messages/count_tokens": lambda _: ({"input_tokens": 2340}, {}),
    "POST /v1/messages/batches": message_batch,
}


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        is_json = self.headers.get("content-type", "").startswith("application/json")
        self.answer(json.loads(body) if is_json else {})

    def answer(self, ask):
        self.asked = f"{self.command} {self.path.split('?')[0]}"
        case = self.headers.get("x-case", "none")
        with LOCK:
            NUMBER[case] = NUMBER.get(case, 0) + 1
            self.request_id = f"req-{case}-{NUMBER[case]}"
        if self.asked == "POST /v1/audio/speech":
            self.bill({"characters": len(ask["input"])})
            self.whole(b"\x00\x01\x02\x03" * 64, "audio/mpeg")
        elif ask.get("stream"):
            self.stream(ask)
        else:
            told, bill = self.response(ask) if "/responses" in self.asked else UNARY[self.asked](ask)
            self.bill(bill)
            self.whole(json.dumps(told, ensure_ascii=False).encode(), "application/json")

    def response(self, ask):
        """One in the background is billed when it is done, and once, however often it is looked up."""
        if ask.get("background"):
            return response(ask, f"resp_{self.request_id}", "queued"), {}
        if self.command == "GET":
            is_first = self.request_id.endswith("-2")
            return response({"background": True}, self.path.split("/")[-1]), billed(75, 1186) if is_first else {}
        return response(ask, f"resp_{self.request_id}"), billed(75, 1186)

    def bill(self, tokens):
        BILL.write(json.dumps({"request_id": self.request_id, "asked": self.asked} | tokens) + "\n")

    def head(self, content_type, *headers):
        self.send_response(200)
        for name, value in (("content-type", content_type), ("x-request-id", self.request_id), *headers):
            self.send_header(name, value)
        self.send_header("request-id", self.request_id)
        self.end_headers()

    def may_compress(self):
        return "gzip" in self.headers.get("accept-encoding", "")

    def whole(self, body, content_type):
        headers = []
        if content_type == "application/json" and self.may_compress():
            body = gzip.compress(body, mtime=0)
            headers.append(("content-encoding", "gzip"))
        self.head(content_type, *headers, ("content-length", str(len(body))))
        self.wfile.write(body)

    def stream(self, ask):
        chat_like = self.asked == "POST /v1/chat/completions"
        if chat_like:
            self.bill(billed(1200, 7, 1024))
        else:
            self.bill(TOLD if self.asked == "POST /v1/messages" else billed(75, 1186))
        packer = zlib.compressobj(wbits=31) if self.may_compress() else None
        coding = [("content-encoding", "gzip")] if packer else []
        self.head("text/event-stream; charset=utf-8", *coding, ("transfer-encoding", "chunked"))
        slow = "break" in self.headers.get("x-case", "")
        for event in self.events(ask):
            data = event.encode()
            if packer:
                data = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
            self.chunk(data)
            if slow:
                time.sleep(SLOW_SECONDS)
        if packer:
            self.chunk(packer.flush())
        self.wfile.write(b"0\r\n\r\n")

    def events(self, ask):
        if self.asked == "POST /v1/chat/completions":
            for event in chat_stream(ask):
                yield f"data: {event if event == '[DONE]' else json.dumps(event, ensure_ascii=False)}\n\n"
        elif self.asked == "POST /v1/responses":
            for name, event in response_stream(ask, f"resp_{self.request_id}"):
                yield f"event: {name}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
        else:
            for name, event in message_stream(ask):
                yield f"event: {name}\ndata: {json.dumps({'type': name} | event, ensure_ascii=False)}\n\n"

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass  # The reader broke off, as some cases do.

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()

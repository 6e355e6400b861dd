"""Two servers as vLLM 0.10 and SGLang show themselves: their metrics, written by prometheus_client.

measured_servers.py PORT: /vllm and /sglang are pages; each GET of /call is one call on both.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder


def metric(kind, name, registry, **labels):
    return kind(name, f"{name}, as the engine has it.", labels.keys(), registry=registry).labels(*labels.values())


def vllm():
    """Two data-parallel engines; version 1's names, and the old ones beside them."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    engines = []
    for kind, names in (
        (Counter, ("prompt_tokens", "generation_tokens", "prefix_cache_queries", "prefix_cache_hits",
                   "gpu_prefix_cache_queries", "gpu_prefix_cache_hits")),
        (Gauge, ("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc")),
        (Histogram, ("e2e_request_latency_seconds",)),
    ):
        for name in names:
            made = kind(f"vllm:{name}", f"{name} of the engine.", ["model_name", "engine"], registry=registry)
            engines.append((name, [made.labels('a "quoted\\\n{model}', str(i)) for i in range(2)]))
    return registry, dict(engines)


def sglang():
    registry = CollectorRegistry()
    return registry, {
        "prompt": metric(Counter, "sglang:prompt_tokens", registry, model_name="m", is_streaming="true"),
        "output": metric(Counter, "sglang:generation_tokens", registry, model_name="m", is_streaming="true"),
        "cached": metric(Counter, "sglang:cached_tokens", registry, model_name="m", cache_source="device"),
        "running": metric(Gauge, "sglang:num_running_reqs", registry, model_name="m"),
        "usage": metric(Gauge, "sglang:token_usage", registry, model_name="m"),
    }


VLLM, SGLANG = vllm(), sglang()


def call():
    for engine in VLLM[1]["prompt_tokens"]:
        engine.inc(100)
    VLLM[1]["generation_tokens"][1].inc(30)
    for prefix in ("", "gpu_"):
        VLLM[1][f"{prefix}prefix_cache_queries"][0].inc(200)
        VLLM[1][f"{prefix}prefix_cache_hits"][0].inc(50)
    VLLM[1]["num_requests_running"][0].set(3)
    VLLM[1]["kv_cache_usage_perc"][0].set(0.5)
    VLLM[1]["e2e_request_latency_seconds"][0].observe(1.5)
    SGLANG[1]["prompt"].inc(1_000_000)
    SGLANG[1]["output"].inc(20)
    SGLANG[1]["cached"].inc(250_000)
    SGLANG[1]["running"].set(1)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/call":
            call()
            return self.say("text/plain", b"")
        registry = {"/vllm": VLLM, "/sglang": SGLANG}[self.path][0]
        encode, content_type = choose_encoder(self.headers.get("accept", ""))
        self.say(content_type, encode(registry))

    def say(self, content_type, body):
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

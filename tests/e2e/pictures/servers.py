"""A server of one's own, as vLLM and OpenCost show it, and the clients of it and of an API.

servers.py PORT TRAFFIC: /metrics and /allocation/compute are pages. Once TRAFFIC is up, clients
call the server and the API through it; what the server's answers say was used is what its page counts.
"""

import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, TRAFFIC = int(sys.argv[1]), sys.argv[2]
BEGAN = int(time.time())
LOCK = threading.Lock()
SEEN = {"prompt_tokens_total": 0, "generation_tokens_total": 0, "prefix_cache_queries_total": 0,
        "prefix_cache_hits_total": 0, "num_requests_running": 0, "num_requests_waiting": 0}
# One call in so many goes to the server past tollgate, as a forgotten client does.
PAST_TOLLGATE = 25
COST_HOUR = {"minutes": 60, "gpuCost": 2.6, "cpuCost": 0.2, "ramCost": 0.1, "totalCost": 2.9}


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/allocation/compute"):
            return self.say("application/json", json.dumps({"code": 200, "data": [{"llm": COST_HOUR}]}))
        with LOCK:
            lines = [f'vllm:{name}{{engine="0"}} {value}' for name, value in SEEN.items()]
            lines.append(f'vllm:kv_cache_usage_perc{{engine="0"}} {0.12 * SEEN["num_requests_running"]:.2f}')
        lines.append(f"process_start_time_seconds {BEGAN}")
        self.say("text/plain; version=0.0.4", "\n".join(lines) + "\n")

    def say(self, content_type, body):
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def call(dice, upstream, tenant):
    model, stream = dice.choice([("gpt-4o-mini", True), ("gpt-4o-mini", False), ("gpt-4o", True)])
    if upstream == "own":
        model, stream = "gpt-4o-mini", False
    words = " ".join(dice.choices(["what", "does", "it", "cost", "and", "when"], k=dice.randint(20, 900)))
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": words}]}
    ask = urllib.request.Request(
        f"http://{TRAFFIC}/{upstream}/v1/chat/completions", json.dumps(body).encode(),
        {"content-type": "application/json", "x-tollgate-tenant": tenant, "authorization": "Bearer none"})
    with urllib.request.urlopen(ask, timeout=60) as answer:
        return answer.read()


def served(dice):
    with LOCK:
        SEEN["num_requests_running"] += 1
    try:
        usage = json.loads(call(dice, "own", dice.choice(["search", "support"])))["usage"]
    finally:
        with LOCK:
            SEEN["num_requests_running"] -= 1
    times = 2 if dice.randrange(PAST_TOLLGATE) == 0 else 1
    with LOCK:
        SEEN["prompt_tokens_total"] += times * usage["prompt_tokens"]
        SEEN["generation_tokens_total"] += times * usage["completion_tokens"]
        SEEN["prefix_cache_queries_total"] += times * usage["prompt_tokens"]
        SEEN["prefix_cache_hits_total"] += times * usage["prompt_tokens"] * 2 // 5


def client(seed):
    dice = random.Random(seed)
    while True:
        try:
            served(dice) if seed % 2 else call(dice, "openai", dice.choice(["search", "support", "support"]))
        except urllib.error.HTTPError:
            pass
        except OSError:
            time.sleep(1)
        time.sleep(dice.uniform(0.1, 0.6))


for number in range(6):
    threading.Thread(target=client, args=(number,), daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", PORT), Pages).serve_forever()

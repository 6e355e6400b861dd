#!/usr/bin/env bash
# Pages of vLLM and SGLang, written by the library that both write them with, as tollgate measures them.
#   tests/e2e/measured.sh target/quick/tollgate
# Needs python3 with venv, and curl. Runs on loopback, on free ports, in a temporary folder;
# prometheus_client comes from PyPI, pinned, into a venv that TOLLGATE_MEASURED_VENV can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/measured.sh PATH_OF_TOLLGATE}

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
venv=${TOLLGATE_MEASURED_VENV:-$work/venv}
[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/e2e/measured.txt ||
  fail "prometheus_client cannot be installed"

servers=$(free_port)
traffic=127.0.0.1:$(free_port)
admin=127.0.0.1:$(free_port)
"$venv/bin/python" tests/e2e/measured_servers.py "$servers" >"$work/servers.log" 2>&1 &
pids+=($!)
wait_for "the servers" "http://127.0.0.1:$servers/vllm" "$!"
for engine in vllm sglang; do
  cat <<CONFIG
[upstreams.$engine]
format = "openai"
base_url = "http://127.0.0.1:$servers"
role = "own"
[upstreams.$engine.measured_by]
$engine = "http://127.0.0.1:$servers/$engine"
every = "1s"
CONFIG
done >"$work/tollgate.toml"
"$binary" serve --listen "$traffic" --admin "$admin" --config "$work/tollgate.toml" \
  --data-dir "$work/data" >"$work/tollgate.log" 2>&1 &
pids+=($!)
wait_for tollgate "http://$admin/readyz" "$!"

# until_is EXPRESSION: what is measured of both, asked until the expression of Python holds.
until_is() {
  for ((i = 0; i < 150; i++)); do
    curl -fsS "http://$admin/api/v1/breakeven" >"$work/seen.log"
    "$venv/bin/python" - "$work/seen.log" "$1" <<'PYTHON' && return
import json, sys
sglang, vllm = json.load(open(sys.argv[1]))["measured"]
of = lambda it, *names: [it["windows"][0][name] for name in names]
tokens = lambda it: of(it, "server_input_tokens", "server_output_tokens")
sys.exit(not eval(sys.argv[2]))
PYTHON
    sleep 0.2
  done
  fail "never: $1"
}

until_is 'vllm["servers"][0]["up"] and sglang["servers"][0]["up"]'
for _ in 1 2 3 4; do curl -fsS "http://127.0.0.1:$servers/call"; done
until_is 'tokens(vllm) == [800, 120] and tokens(sglang) == [4_000_000, 80]'
until_is 'of(vllm, "prefix_cache_hit_ratio", "passes_by") == [0.25, False]'
until_is 'of(sglang, "prefix_cache_hit_ratio", "passes_by") == [0.25, True]'
until_is '[it["running_calls"] for it in (vllm, sglang)] == [3, 1] and vllm["kv_cache_usage"] == 0.25'
echo "ok: pages of prometheus_client are read as they are meant"

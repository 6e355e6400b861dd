#!/usr/bin/env bash
# Every operation with the official SDKs of Python and JavaScript, nothing changed but the base URL:
# what an SDK returned through tollgate is what it returned without, and the ledger has the bill.
#   tests/e2e/operations.sh target/quick/tollgate
# Needs python3 with venv, node with npm, and curl. The SDKs come from PyPI and npm, pinned, into
# folders that TOLLGATE_SDK_VENV and TOLLGATE_SDK_NODE can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/operations.sh PATH_OF_TOLLGATE}
here=$PWD/tests/e2e/operations

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
venv=${TOLLGATE_SDK_VENV:-$work/venv}
node=${TOLLGATE_SDK_NODE:-$work/node}

[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/e2e/sdks.txt ||
  fail "the Python SDKs cannot be installed"
mkdir -p "$node" && cp "$here"/package*.json "$here/client.mjs" "$node" &&
  npm ci --prefix "$node" --silent --no-audit --no-fund >"$work/npm.log" 2>&1 ||
  fail "the JavaScript SDKs cannot be installed"

# provider: a fresh one, which counts from one again.
provider() { # BILL
  port=$(free_port)
  python3 "$here/provider.py" "$port" "$1" 2>>"$work/provider.log" &
  pids+=($!)
  wait_for "the provider" "http://127.0.0.1:$port/v1/models" "$!"
  : >"$1"
}

# clients: every case of both SDKs.
clients() { # BASE_URL ANSWERS
  "$venv/bin/python" -W ignore "$here/client.py" "$1" >"$2" 2>"$work/python.log" || fail "a Python SDK failed"
  node "$node/client.mjs" "$1" >>"$2" 2>"$work/node.log" || fail "a JavaScript SDK failed"
}

provider "$work/bill-direct.jsonl"
clients "http://127.0.0.1:$port" "$work/direct.jsonl"

provider "$work/bill.jsonl"
traffic=127.0.0.1:$(free_port)
admin=127.0.0.1:$(free_port)
cat >"$work/tollgate.toml" <<TOML
[server]
listen = "$traffic"
admin = "$admin"
data_dir = "$work/data"
[upstreams.openai]
format = "openai"
base_url = "http://127.0.0.1:$port"
[upstreams.anthropic]
format = "anthropic"
base_url = "http://127.0.0.1:$port"
TOML
"$binary" serve -c "$work/tollgate.toml" >"$work/tollgate.log" 2>&1 &
pids+=($!)
wait_for tollgate "http://$admin/readyz" "$!"
clients "http://$traffic" "$work/through.jsonl"

# The ledger takes calls in some ten times a second.
asked=$(wc -l <"$work/bill.jsonl")
for ((i = 0; i < 50; i++)); do
  "$binary" export calls -q -c "$work/tollgate.toml" >"$work/calls.jsonl" || fail "no export"
  (($(wc -l <"$work/calls.jsonl") >= asked)) && break
  sleep 0.2
done
python3 "$here/compare.py" "$work/direct.jsonl" "$work/through.jsonl" "$work/bill.jsonl" "$work/calls.jsonl" ||
  fail "tollgate makes a difference"

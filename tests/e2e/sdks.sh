#!/usr/bin/env bash
# The official Python SDKs as clients, unary and streamed: what an SDK was told is what the ledger has.
#   tests/e2e/sdks.sh target/quick/tollgate
# Needs python3 with venv, and curl. Runs on loopback, on free ports, in a temporary folder; the SDKs
# come from PyPI, pinned in tests/e2e/sdks.txt, into a venv that TOLLGATE_SDK_VENV can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/sdks.sh PATH_OF_TOLLGATE}

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
venv=${TOLLGATE_SDK_VENV:-$work/venv}

[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/e2e/sdks.txt ||
  fail "the SDKs cannot be installed"

mock=127.0.0.1:$(free_port)
traffic=127.0.0.1:$(free_port)
admin=127.0.0.1:$(free_port)

# Refusals of the mock are retried by the SDKs, as in life: an attempt more, of which the ledger knows.
"$binary" mock --listen "$mock" --speed 100 >"$work/mock.log" 2>&1 &
pids+=($!)
wait_for mock "http://$mock/__stats" "$!"

cat >"$work/tollgate.toml" <<TOML
[server]
listen = "$traffic"
admin = "$admin"
data_dir = "$work/data"
[upstreams.openai]
format = "openai"
base_url = "http://$mock"
[upstreams.anthropic]
format = "anthropic"
base_url = "http://$mock"
TOML
"$binary" serve -c "$work/tollgate.toml" >"$work/tollgate.log" 2>&1 &
pids+=($!)
wait_for tollgate "http://$admin/readyz" "$!"

"$venv/bin/python" tests/e2e/sdks.py "http://$traffic" >"$work/told.jsonl" 2>"$work/sdks.log" ||
  fail "an SDK did not get its answer"
"$binary" export calls -q -c "$work/tollgate.toml" >"$work/calls.jsonl" || fail "no export"
"$venv/bin/python" tests/e2e/sdks_compare.py "$work/told.jsonl" "$work/calls.jsonl" ||
  fail "the ledger has something else than the SDKs were told"

#!/usr/bin/env bash
# A day file that the real binary wrote, read by DuckDB and pyarrow: their sums are the report's.
#   tests/e2e/dayfiles.sh target/quick/tollgate
# Needs python3 with venv, and curl. Runs on loopback, on free ports, in a temporary folder; the readers
# come from PyPI, pinned in tests/e2e/dayfiles.txt, into a venv that TOLLGATE_READERS_VENV can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/dayfiles.sh PATH_OF_TOLLGATE}
ready_seconds=30
calls=60
# Past the closing of yesterday, whatever the time is.
days_ago=2

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
venv=${TOLLGATE_READERS_VENV:-$work/venv}

wait_until() { # WHAT PID COMMAND...
  local what=$1 pid=$2
  shift 2
  for ((i = 0; i < ready_seconds * 5; i++)); do
    "$@" >/dev/null 2>&1 && return
    kill -0 "$pid" 2>/dev/null || fail "tollgate or mock ended before $what"
    sleep 0.2
  done
  fail "no $what after $ready_seconds s"
}

[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/e2e/dayfiles.txt ||
  fail "the readers cannot be installed"

mock=127.0.0.1:$(free_port)
traffic=127.0.0.1:$(free_port)
admin=127.0.0.1:$(free_port)
data=$work/data

"$binary" mock --listen "$mock" --speed 1000 >"$work/mock.log" 2>&1 &
pids+=($!)
wait_until "the mock" "$!" curl -fsS "http://$mock/__stats"

cat >"$work/tollgate.toml" <<TOML
[server]
listen = "$traffic"
admin = "$admin"
data_dir = "$data"
[upstreams.openai]
format = "openai"
base_url = "http://$mock"
[upstreams.anthropic]
format = "anthropic"
base_url = "http://$mock"
[attribution]
dimensions = { team = "x-team" }
TOML

serve() {
  "$binary" serve -c "$work/tollgate.toml" >>"$work/tollgate.log" 2>&1 &
  serving=$!
  pids+=("$serving")
  wait_until "tollgate" "$serving" curl -fsS "http://$admin/readyz"
}

serve
question='"messages":[{"role":"user","content":"Why is the sky blue?"}],"max_tokens":40'
for ((n = 0; n < calls; n++)); do
  case $((n % 3)) in
    0) path=chat/completions body="{\"model\":\"gpt-4o-mini\",$question}" ;;
    1) path=chat/completions body="{\"model\":\"gpt-4o\",\"stream\":true,\"stream_options\":{\"include_usage\":true},$question}" ;;
    2) path=messages body="{\"model\":\"claude-sonnet-4-5\",$question}" ;;
  esac
  # Refusals of the mock are calls too.
  curl -sS -o /dev/null -H "x-team: team-$((n % 4))" -H 'content-type: application/json' \
    -d "$body" "http://$traffic/v1/$path" || fail "call $n had no answer"
done
kill "$serving" && wait "$serving" || fail "tollgate did not end well"

# The journal, as if it had been written some days ago; totals are computed from it again.
"$venv/bin/python" tests/e2e/dayfiles_age.py "$data/journal" "$days_ago"
rm -r "$data/ledger"
serve
written() { compgen -G "$data/calls/*.parquet"; }
wait_until "day file" "$serving" written
files=("$data"/calls/*.parquet)
# A test that began before midnight has two days.
if ((${#files[@]} > 1)); then echo "skipped: midnight came in between" && exit 0; fi

"$binary" report -q -c "$work/tollgate.toml" --since 30d --by model --format json >"$work/report.json" ||
  fail "no report"
"$binary" export calls -q -c "$work/tollgate.toml" >"$work/calls.jsonl" || fail "no export"
"$venv/bin/python" tests/e2e/dayfiles_read.py "${files[0]}" "$work/report.json" "$work/calls.jsonl" ||
  fail "a reader finds something else than tollgate reports"

#!/usr/bin/env bash
# A real Prometheus scrapes the real binary; every query of every dashboard must return data.
#   tests/e2e/prometheus.sh target/quick/tollgate
# Needs prometheus, promtool, curl and jq. Runs on loopback, on free ports, in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/prometheus.sh PATH_OF_TOLLGATE}
scrape_seconds=30 # what rate() and increase() are taken over
ready_seconds=60

work=$(mktemp -d)
pids=()
# shellcheck disable=SC2317 # called by the trap
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

fail() {
  echo "FAILED: $*" >&2
  for log in "$work"/*.log; do echo "--- $log" >&2 && tail -n 20 "$log" >&2; done
  exit 1
}

# A port that nobody listens on now.
free_port() {
  local port
  while port=$((20000 + RANDOM % 20000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
  done
}

wait_for() { # NAME URL PID
  for ((i = 0; i < ready_seconds * 5; i++)); do
    curl -fsS -o /dev/null "$2" 2>/dev/null && return
    kill -0 "$3" 2>/dev/null || fail "$1 ended before it was ready"
    sleep 0.2
  done
  fail "$1 was not ready after $ready_seconds s: $2"
}

admin=127.0.0.1:$(free_port)
traffic=127.0.0.1:$(free_port)
prometheus=127.0.0.1:$(free_port)

"$binary" demo --for 10m --listen "$traffic" --admin "$admin" >"$work/tollgate.log" 2>&1 &
pids+=($!)
wait_for tollgate "http://$admin/readyz" "$!"

cat >"$work/prometheus.yml" <<YML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$PWD/config/alerts/*.rules.yml"]
scrape_configs:
  - job_name: tollgate
    static_configs: [{targets: ["$admin"]}]
YML
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address="$prometheus" --log.level=warn >"$work/prometheus.log" 2>&1 &
pids+=($!)
wait_for prometheus "http://$prometheus/-/ready" "$!"

curl -fsS "http://$admin/metrics" | promtool check metrics || fail "promtool check metrics"
echo "scraping for $scrape_seconds s"
sleep "$scrape_seconds"

query() { # EXPR: the answer of an instant query
  curl -fsS "http://$prometheus/api/v1/query" --data-urlencode "query=$1" || fail "refused: $1"
}
[[ $(query 'min(up{job="tollgate"})' | jq -r '.data.result[0].value[1]') == 1 ]] ||
  fail "the scrape fails: $(curl -fsS "http://$prometheus/api/v1/targets" | jq -r '.data.activeTargets[].lastError')"

asked=0
empty=0
while IFS=$'\t' read -r title expr; do
  plain=${expr//\$__rate_interval/20s}
  plain=${plain//\$__range/20s}
  plain=${plain//\$window/14d}
  for variable in job instance model; do plain=${plain//\$$variable/.*}; done
  asked=$((asked + 1))
  if [[ $(query "$plain" | jq '.data.result | length') == 0 ]]; then
    empty=$((empty + 1))
    echo "no data: $title: $plain" >&2
  fi
done < <(jq -r '.panels[] | .title as $title | .targets[]? | [$title, .expr] | @tsv' dashboards/*.json)
[[ $asked -gt 0 ]] || fail "no dashboard asks anything"

broken=$(curl -fsS "http://$prometheus/api/v1/rules" |
  jq -r '.data.groups[].rules[] | select(.health != "ok") | "\(.name): \(.lastError)"')
[[ -z $broken ]] || fail "rules with errors: $broken"
[[ $empty == 0 ]] || fail "$empty of $asked queries return nothing"
echo "ok: $asked queries return data, all rules are healthy"

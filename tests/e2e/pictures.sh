#!/usr/bin/env bash
# Every dashboard, drawn by Grafana's own components in Chromium, with what a real Prometheus read off
# the real binary: once with the demo's calls and history, once with servers of its own and a budget.
#   tests/e2e/pictures.sh target/quick/tollgate [OUT]     (OUT: target/pictures)
# Fails where a query or a component fails, or a panel is empty. Needs prometheus,
# chromium, python3, curl, and node with npm; the components come from npm, pinned (500 MB), into
# the folder that TOLLGATE_PICTURES_NODE can keep. PICTURES_SECONDS is how long Prometheus reads
# (default 180: the verdict waits for closed minutes), PICTURES_THEME light or dark.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/pictures.sh PATH_OF_TOLLGATE [OUT]}
out=$PWD/${2:-target/pictures}
here=$PWD/tests/e2e/pictures
seconds=${PICTURES_SECONDS:-180}

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
node=${TOLLGATE_PICTURES_NODE:-$work/node}
mkdir -p "$node" && cp "$here"/* "$node"
if [[ ! -d $node/node_modules || $here/package-lock.json -nt $node/node_modules ]]; then
  npm ci --prefix "$node" --silent --no-audit --no-fund >"$work/npm.log" 2>&1 ||
    fail "Grafana's components cannot be installed"
fi

demo=127.0.0.1:$(free_port)
"$binary" demo --quiet --for 5s --keep-running --listen "127.0.0.1:$(free_port)" --admin "$demo" \
  >"$work/demo.log" 2>&1 &
pids+=($!)
wait_for "the demo" "http://$demo/readyz" "$!"

providers=127.0.0.1:$(free_port)
"$binary" mock --listen "$providers" --speed 10 >"$work/mock.log" 2>&1 &
pids+=($!)
wait_for "the mock providers" "http://$providers/v1/models" "$!"
own=127.0.0.1:$(free_port)
traffic=127.0.0.1:$(free_port)
page=$(free_port)
python3 "$here/servers.py" "$page" "$traffic" >"$work/servers.log" 2>&1 &
pids+=($!)
wait_for "the servers' pages" "http://127.0.0.1:$page/metrics" "$!"
cat >"$work/tollgate.toml" <<CONFIG
$(sed -n '/^\[plans.llama-8b-1xh100\]/,/^$/p' config/plans.toml | sed 's/llama-8b-1xh100/own-llama-8b/')
[upstreams.openai]
format = "openai"
base_url = "http://$providers"
[upstreams.own]
format = "openai"
base_url = "http://$providers"
role = "own"
plan = "own-llama-8b"
replicas = 1
would_cost_as = "openai/gpt-4o-mini"
[upstreams.own.measured_by]
vllm = "http://127.0.0.1:$page/metrics"
opencost = "http://127.0.0.1:$page"
namespace = "llm"
every = "1s"
[tenants.support]
monthly_budget_usd = 6
[tenants.search]
monthly_budget_usd = 4
[meter]
audit_share = 1
CONFIG
"$binary" serve --listen "$traffic" --admin "$own" --config "$work/tollgate.toml" \
  --data-dir "$work/data" >"$work/tollgate.log" 2>&1 &
pids+=($!)
wait_for tollgate "http://$own/readyz" "$!"

prometheus=127.0.0.1:$(free_port)
cat >"$work/prometheus.yml" <<CONFIG
global: { scrape_interval: 5s }
scrape_configs:
  - job_name: tollgate
    static_configs: [{ targets: ["$demo", "$own"] }]
CONFIG
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
  --web.listen-address="$prometheus" >"$work/prometheus.log" 2>&1 &
pids+=($!)
wait_for Prometheus "http://$prometheus/-/ready" "$!"

sleep "$seconds"
CHROMIUM=$(command -v chromium) node "$node/draw.mjs" "http://$prometheus" "$seconds" "$out" dashboards/*.json || fail "a panel cannot be drawn"
echo "ok: look at $out/*.png"

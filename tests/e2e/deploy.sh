#!/usr/bin/env bash
# What runs tollgate elsewhere, as far as it can be tried without an engine, a cluster or a systemd
# that runs: compose and kustomize resolve it, schemas hold it, mistakes planted in it are found, and
# its configurations are some.
#   tests/e2e/deploy.sh target/quick/tollgate
# Needs docker compose, kubectl and systemd-analyze, and says which of them is missing and what that
# leaves out; node with npm for the schemas, pinned, into a folder that TOLLGATE_SCHEMAS can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/deploy.sh PATH_OF_TOLLGATE}

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
node=${TOLLGATE_SCHEMAS:-$work/schemas}

# The most that systemd may say of the unit's exposure, in tenths: 14 by version 252, and room for
# what a newer one asks for.
exposure_max=20

# configuration FILE TOKENS: a file that tollgate takes, its tokens read from where they are mounted.
configuration() {
  mkdir -p "$work/tokens" && echo one >"$work/tokens/admin_token" && echo two >"$work/tokens/metrics_token"
  sed "s#$2#$work/tokens#" "$1" >"$work/tollgate.toml"
  [[ $(grep -c "file:$work/tokens/" "$work/tollgate.toml") == 2 ]] || fail "$1 reads no tokens from $2"
  "$binary" check -q -c "$work/tollgate.toml" >"$work/check.log" 2>&1 || fail "$1 is no configuration"
}

configuration deploy/compose.toml /run/secrets
configuration deploy/kubernetes/base/tollgate.toml /run/secrets/tollgate

if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  compose=()
  echo "docker-compose.yml: skipped, docker compose is not here"
fi
if ((${#compose[@]} > 0)); then
  "${compose[@]}" config -q || fail "compose refuses docker-compose.yml"
  "${compose[@]}" --profile demo config >"$work/demo.yml" || fail "compose refuses the profile demo"
  grep -q GF_AUTH_ANONYMOUS_ENABLED "$work/demo.yml" || fail "the demo's Grafana asks for a login"
  "${compose[@]}" config >"$work/plain.yml" 2>"$work/compose.log"
  # Version 1 writes all services, with their profiles; a newer one those that would run.
  python3 - "$work/plain.yml" <<'PYTHON' || fail "a Grafana outside of the profile demo lets everybody in"
import re, sys
services = re.split(r"^  (?=\S)", open(sys.argv[1]).read().split("services:\n", 1)[1], flags=re.M)
sys.exit(any("ANONYMOUS" in service and "profiles:" not in service for service in services))
PYTHON
  sed 's/^    depends_on:/    depend_on:/' docker-compose.yml >"$work/docker-compose.yml"
  if "${compose[@]}" -f "$work/docker-compose.yml" config -q 2>/dev/null; then fail "compose takes anything"; fi
fi

if command -v systemd-analyze >/dev/null; then
  # The binary that it would start is not here.
  unit() { sed 's#^ExecStart=/usr/local/bin/tollgate#ExecStart=/bin/true#' deploy/tollgate.service; }
  unit >"$work/tollgate.service"
  systemd-analyze verify --man=no "$work/tollgate.service" >"$work/unit.log" 2>&1 && [[ ! -s $work/unit.log ]] ||
    fail "systemd has something to say of deploy/tollgate.service"
  systemd-analyze security --offline=true --threshold="$exposure_max" "$work/tollgate.service" \
    >"$work/security.log" || fail "deploy/tollgate.service is more exposed than $exposure_max tenths"
  tail -n 1 "$work/security.log"
  unit | sed 's/^DynamicUser=yes/DynamicUsr=yes/' >"$work/tollgate.service"
  systemd-analyze verify --man=no "$work/tollgate.service" >"$work/unit.log" 2>&1 || true
  [[ -s $work/unit.log ]] || fail "systemd takes anything"
  unit | grep -vE '^(CapabilityBoundingSet|SystemCallFilter)=' >"$work/tollgate.service"
  if systemd-analyze security --offline=true --threshold="$exposure_max" "$work/tollgate.service" \
    >"$work/security.log" 2>&1; then fail "systemd finds nothing exposed"; fi
else
  echo "deploy/tollgate.service: skipped, systemd-analyze is not here"
fi

if command -v kubectl >/dev/null; then
  mkdir -p "$node" && cp tests/e2e/kubernetes/* "$node" &&
    npm ci --prefix "$node" --silent --no-audit --no-fund --ignore-scripts >"$work/npm.log" 2>&1 ||
    fail "the schemas cannot be installed"
  for layer in base monitoring; do
    kubectl kustomize "deploy/kubernetes/$layer" >"$work/$layer.yaml" || fail "kustomize refuses $layer"
    node "$node/check.mjs" "$work/$layer.yaml" >"$work/$layer.log" || fail "$layer does not fit"
    echo "deploy/kubernetes/$layer: $(<"$work/$layer.log")"
  done
  # An empty selector means every pod of the namespace.
  grep -A3 -E '^  (podSelector|selector):' "$work/base.yaml" | grep -q '{}' && fail "a selector is empty"
  for mistake in 's/containerPort: 4141/containerPort: "4141"/' 's/enableServiceLinks/enableServiceLink/' \
    's/interval: 15s/intervall: 15s/' 's/alert: MeterDown/alerts: MeterDown/' 's#policy/v1#policy/v9#'; do
    sed "$mistake" "$work/monitoring.yaml" >"$work/mistake.yaml"
    cmp -s "$work/monitoring.yaml" "$work/mistake.yaml" && fail "nothing to plant by $mistake"
    if node "$node/check.mjs" "$work/mistake.yaml" >/dev/null; then fail "not found: $mistake"; fi
  done
else
  echo "deploy/kubernetes: skipped, kubectl is not here"
fi

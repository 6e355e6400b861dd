#!/usr/bin/env bash
# The dashboards are what Grafana's own types say a dashboard, its panels' options and their fields are.
#   tests/e2e/panels.sh
# Needs node with npm; the types and TypeScript come from npm, pinned, into the folder that
# TOLLGATE_PANELS_NODE can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/e2e/panels

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
node=${TOLLGATE_PANELS_NODE:-$work/node}
mkdir -p "$node/boards" && cp "$here"/* "$node"
npm ci --prefix "$node" --silent --no-audit --no-fund >"$work/npm.log" 2>&1 ||
  fail "Grafana's types cannot be installed"
rm -f "$node"/boards/*.ts
node "$node/generate.mjs" "$node/boards" dashboards/*.json
"$node/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --module nodenext \
  --moduleResolution nodenext --types "" "$node"/boards/*.ts || fail "a dashboard is not what Grafana reads"
echo "ok: the dashboards fit Grafana's types"

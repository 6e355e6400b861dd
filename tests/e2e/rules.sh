#!/usr/bin/env bash
# Checks what Prometheus, Alertmanager and compose will load, with their own tools.
# Needs promtool and amtool (Debian: prometheus, prometheus-alertmanager); docker-compose if there.
set -euo pipefail
cd "$(dirname "$0")/../.."

promtool check config config/prometheus.yml
promtool check rules config/alerts/*.rules.yml
promtool test rules config/alerts/tests/*.test.yml
amtool check-config config/alertmanager.yml
if command -v docker-compose >/dev/null; then
  TOLLGATE_ADMIN_TOKEN=unused docker-compose config -q
  echo "docker-compose.yml: ok"
else
  echo "docker-compose.yml: skipped, docker-compose is not installed"
fi

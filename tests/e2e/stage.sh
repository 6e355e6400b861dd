# Sourced by the scripts beside it: a temporary folder ($work), processes that end with the script
# ($pids), a failure that shows the logs, free ports, and servers that are waited for.
# shellcheck shell=bash

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

# A port that nobody listens on now, below those that the system gives to clients.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
  done
}

wait_for() { # NAME URL PID
  for ((i = 0; i < 150; i++)); do
    curl -fsS -o /dev/null "$2" 2>/dev/null && return
    kill -0 "$3" 2>/dev/null || fail "$1 ended before it was ready"
    sleep 0.2
  done
  fail "$1 was not ready after 30 s: $2"
}

#!/usr/bin/env bash
# The nginx of docs/placement.md, as it stands there but for addresses: while tollgate is down its calls
# go around it and leave a line, and none does while it is up.
#   tests/e2e/placement.sh target/quick/tollgate
# Needs nginx and curl. Runs on loopback, on free ports, in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/placement.sh PATH_OF_TOLLGATE}

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
mock=127.0.0.1:$(free_port)
traffic=127.0.0.1:$(free_port)
admin=127.0.0.1:$(free_port)
front=127.0.0.1:$(free_port)
around=127.0.0.1:$(free_port)

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
TOML
tollgate() {
  "$binary" serve -c "$work/tollgate.toml" >>"$work/tollgate.log" 2>&1 &
  meter=$!
  pids+=("$meter")
  wait_for tollgate "http://$admin/readyz" "$meter"
}
tollgate

{
  echo "daemon off; pid $work/nginx.pid; error_log stderr; events {} http {"
  for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $work/$kind;"; done
  echo "access_log off;"
  # A second that nobody is up again after is too long for a test.
  sed -n '/^```nginx$/,/^```$/p' docs/placement.md | grep -v '^```' |
    sed -e "s#127.0.0.1:4141#$traffic#; s#127.0.0.1:8091#$around#; s#127.0.0.1:8080#$front#" \
      -e "s#https://api.openai.com#http://$mock#; s#/var/log/nginx#$work#; s#fail_timeout=5s#fail_timeout=1s#"
  echo "}"
} >"$work/nginx.conf"
nginx -p "$work" -c "$work/nginx.conf" >"$work/nginx.log" 2>&1 &
pids+=($!)
wait_for nginx "http://$front/openai/v1/models" "$!"

# call: one through nginx; says `metered` or `around`, by the call id of its answer.
call() {
  curl -fsS -D "$work/head" -o /dev/null "http://$front/openai/v1/chat/completions" \
    -H 'content-type: application/json' -d '{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}' ||
    fail "a call has no answer"
  if grep -qi '^x-tollgate-call-id:' "$work/head"; then echo metered; else echo around; fi
}
lines() { wc -l <"$work/unmetered.log"; }

[[ $(call) == metered && $(lines) == 0 ]] || fail "a call went around a tollgate that is up"
kill "$meter" && wait "$meter" || true
[[ $(call) == around && $(call) == around ]] || fail "a call was metered by nobody"
[[ $(lines) == 2 ]] || fail "unmetered.log has $(lines) lines for two calls"
grep -qF '"POST /openai/v1/chat/completions' "$work/unmetered.log" || fail "unmetered.log tells no call"
tollgate
for ((i = 0; i < 50; i++)); do
  [[ $(call) == metered ]] && break
  sleep 0.2
done
((i < 50)) || fail "calls go on around a tollgate that is up again"
echo "nginx: metered, around while tollgate was down ($((2 + i)) calls, each with its line), metered again"
[[ $(lines) == $((2 + i)) ]] || fail "unmetered.log has $(lines) lines for $((2 + i)) calls"

#!/usr/bin/env bash
# What scripts/release gives to people: it is whole by its checksum, has no path and no token of who
# built it, names what is linked, and runs where there is nothing else, in an empty folder.
#   tests/e2e/release.sh [FOLDER]
# FOLDER has what scripts/release made; without one it is made here, which takes minutes. Needs curl,
# readelf, and root for chroot, or namespaces in which anybody is root.
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
made=${1:-$work/made}
[[ -n ${1:-} ]] || scripts/release "$made" >"$work/release.log" 2>&1 || fail "no release is made"

archives=("$made"/tollgate-*-linux.tar.gz)
((${#archives[@]} == 1)) || fail "${#archives[@]} archives in $made"
name=$(basename "${archives[0]}" .tar.gz)
(cd "$made" && sha256sum --check --quiet "$name.tar.gz.sha256") || fail "the checksum is another one"
tar -xzf "${archives[0]}" -C "$work"
unpacked=$work/$name

for file in LICENSE-APACHE LICENSE-MIT THIRD-PARTY README.md config/tollgate.toml config/prometheus.yml \
  config/alertmanager.yml config/alerts/tollgate.rules.yml dashboards/spend.json deploy/tollgate.service; do
  [[ -s $unpacked/$file ]] || fail "$file is not in it"
done
cmp "$made/$name.cdx.json" "$unpacked/$name.cdx.json" || fail "the archive has another bill of materials"
compgen -G "$unpacked/deploy/secrets/*" >/dev/null && fail "a secret is in it"
for path in "$PWD" "${CARGO_HOME:-$HOME/.cargo}"; do
  if grep -rqaF "$path" "$unpacked"; then fail "$path is in it"; fi
done
# A loader would be named in it.
if readelf --program-headers "$unpacked/tollgate" | grep -q INTERP; then fail "it is not static"; fi

# Every crate that is linked, by Cargo.lock's names and checksums.
cargo tree --locked --edges normal,no-proc-macro --prefix none --format '{p}' |
  cut -d' ' -f1,2 | sort -u >"$work/linked"
python3 - "$work/linked" Cargo.lock "$made/$name.cdx.json" <<'PYTHON' || fail "a crate is not named"
import json, sys, tomllib
linked, lock, bill = sys.argv[1:]
locked = {(it["name"], it["version"]): it.get("checksum") for it in tomllib.load(open(lock, "rb"))["package"]}
named = {(it["name"], it["version"]): it["hashes"][0]["content"] for it in json.load(open(bill))["components"]}
crates = [(name, version[1:]) for name, version in map(str.split, open(linked))]
crates = [crate for crate in crates if locked[crate]]
missing = [crate for crate in crates if named.get(crate) != locked[crate]]
print(f"{len(crates)} linked crates, {len(named)} named", *missing)
sys.exit(bool(missing) or len(crates) < 100)
PYTHON

mkdir "$work/empty" && cp "$unpacked/tollgate" "$work/empty/"
alone=(chroot "$work/empty" /tollgate)
((EUID == 0)) || alone=(unshare --map-root-user "${alone[@]}")
"${alone[@]}" --version
"${alone[@]}" check -q >"$work/check.log" 2>&1 || fail "it refuses its own catalogue"

mock=127.0.0.1:$(free_port)
traffic=127.0.0.1:$(free_port)
admin=127.0.0.1:$(free_port)
"${alone[@]}" mock --listen "$mock" --speed 100 >"$work/mock.log" 2>&1 &
pids+=($!)
wait_for mock "http://$mock/__stats" "$!"
cat >"$work/empty/tollgate.toml" <<TOML
[upstreams.openai]
format = "openai"
base_url = "http://$mock"
TOML
at=(-c /tollgate.toml --data-dir /data --admin "$admin")
"${alone[@]}" serve "${at[@]}" --listen "$traffic" >"$work/tollgate.log" 2>&1 &
serving=$!
pids+=("$serving")
wait_for tollgate "http://$admin/readyz" "$serving"
curl -fsS -o /dev/null "http://$traffic/v1/chat/completions" -H 'content-type: application/json' \
  -d '{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}' || fail "a call has no answer"
kill "$serving" && wait "$serving" || fail "it did not end well"
"${alone[@]}" report -q "${at[@]}" --format json >"$work/report.json" ||
  fail "no report"
grep -q '"calls": *1\b' "$work/report.json" || fail "the call is not in the report"
echo "$name: $(stat -c %s "$unpacked/tollgate") bytes, static, alone: a call, its record, a report"

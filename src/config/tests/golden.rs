//! What people see of a wrong configuration, compared with `tests/golden/config-*.txt`.
//!
//! `UPDATE_GOLDEN=1 cargo test --lib config::` writes the files anew; review the difference.

use std::path::Path;

use super::*;

/// Compares with a file of `tests/golden`, or writes it.
#[track_caller]
pub(super) fn compare(name: &str, actual: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = folder.join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{}", path.display());
}

/// Loads a text whose problems are the golden file.
#[track_caller]
fn check(name: &str, text: &str) {
    compare_problems(name, text, &folder(text));
}

/// The same in a folder with more files in it.
#[track_caller]
pub(super) fn compare_problems(name: &str, text: &str, folder: &tempfile::TempDir) {
    let path = folder.path().join("tollgate.toml");
    let result = load_with(Some(&path), &Overrides::default(), &env);
    let problems = result.map(|config| config.print()).unwrap_err().to_string();
    let place = format!("{}/", folder.path().display());
    let shown = problems.replace(&place, "config/");
    assert!(!shown.contains("hunter2"), "a secret is shown: {shown}");
    let number = |(i, line): (usize, &str)| format!("{:>3} | {line}", i + 1);
    let numbered: Vec<String> = text.lines().enumerate().map(number).collect();
    compare(name, &format!("{}\n\n{shown}\n", numbered.join("\n")));
}

#[test]
fn prices_are_told_all_at_once() {
    check(
        "config-prices.txt",
        r#"[[prices]]
list = "openai"
input_usd_per_mtok = "2,50"
cache_read_usd_per_mtok = "0.1234567"
output_usd_per_mtok = 1e3
cache_write_usd_per_mtok = -1
match = []
from = "soon"
source = "s"
[[prices]]
match = ["m", "m", "a*b*", ""]
input_usd_per_mtok = true
inputs_usd_per_mtok = 1
[[prices]]
list = "l"
match = "m"
from = 2026-01-01
seen = 2026-01-01
input_usd_per_mtok = 1
output_eur_per_mtok = 1
avoidable = "later"
source = "two dates, two currencies"
[[prices]]
list = "l"
match = "n"
from = 2026-01-01T05:00:00
free = true
input_usd_per_mtok = 1
service_tier = "priority"
avoidable = "never"
source = "free and not"
[[prices]]
list = "l"
match = "o"
from = 2026-01-01
source = "no rate"
[[prices]]
list = "l"
match = "p"
seen = 2026-02-01
read = 2026-01-31
free = true
source = "read before it was known"
[[fx]]
currency = "eur"
usd_per_unit = 0
"#,
    );
}

#[test]
fn what_is_reserved_and_cannot_be_is_told() {
    check(
        "config-reserved.txt",
        r#"[[reserved]]
[[reserved]]
name = "a"
upstream = "azure"
match = ["a*b*"]
units = 0
usd_per_unit_hour = 0
usd_per_unit_month = 1
from = "2026-11-01T00:00:00"
source = "s"
[[reserved]]
name = "b"
upstream = "openai"
list = "openai"
match = []
units = 1
eur_per_unit_hour = 1
from = 2026-11-01
until = 2026-11-01
source = "s"
[[reserved]]
name = "c"
list = "nobody"
match = "m"
units = 1
usd_per_unit_hours = 1
from = 2026-11-01
committed_until = "soon"
source = "s"
"#,
    );
}

#[test]
fn conditions_that_cannot_hold_are_told() {
    check(
        "config-price-conditions.txt",
        r#"[[prices]]
list = "l"
match = "m"
from = 2026-01-01
hours = "9-17"
weekdays = ["saturday"]
zone = "Peking"
billed_at = "noon"
times = 0
source = "s"
[[prices]]
list = "l"
match = "n"
from = 2026-01-01
hours = "09:00-17:00"
marginal = true
input_usd_per_mtok = 1
free_until = 2026-02-01
source = "no clock, no length, a quota at certain hours"
[[prices]]
list = "l"
match = "o"
from = 2026-01-01
zone = "UTC"
above_input_tokens = 10
marginal = true
output_usd_per_mtok = 1
source = "the other side"
[[prices]]
list = "l"
match = "p"
from = 2026-01-01
times = "50%"
settled = "later"
source = "s"
[[prices]]
list = "l"
match = "q"
from = 2026-01-01
images_usd_per_mtok = 1
images_usd_per_unit = 1
images_usd_per_1k = 1
source = "a unit is no token, and twice"
"#,
    );
}

#[test]
fn contradicting_prices_are_named_both() {
    check(
        "config-ambiguous.txt",
        r#"[[prices]]
list = "openai"
match = ["gpt-4o", "gpt-4.1"]
from = 2026-01-01
input_usd_per_mtok = 1
source = "first"
[[prices]]
list = "openai"
match = "gpt-4o"
from = 2026-01-01
input_usd_per_mtok = 2
source = "second"
[[prices]]
list = "openai"
match = "gpt-4*"
from = 2026-01-01
input_usd_per_mtok = 3
source = "third"
[[prices]]
list = "openai"
match = "g*t-4o"
from = 2026-02-01
input_usd_per_mtok = 4
source = "fits gpt-4o as well as the third"
[[prices]]
list = "openai"
match = "gpt*mi"
from = 2026-02-01
input_usd_per_mtok = 5
source = "fits gpt-4mi as well as the third"
[[prices]]
list = "openai"
match = "x"
from = 2026-02-01
input_chf_per_mtok = 5
source = "francs without a rate"
[[prices]]
list = "deepseek"
match = "night"
from = 2026-02-01
hours = "16:30-00:30"
weekdays = ["sun", "sat"]
zone = "UTC"
input_usd_per_mtok = 1
source = "weekend nights"
[[prices]]
list = "deepseek"
match = "night"
from = 2026-02-01
hours = "00:00-08:30"
weekdays = ["sun", "mon"]
zone = "Asia/Shanghai"
input_usd_per_mtok = 2
source = "the same nights, on another clock"
[[prices]]
list = "deepseek"
match = "night"
from = 2026-02-01
hours = "16:30-00:30"
weekdays = ["fri"]
zone = "UTC"
input_usd_per_mtok = 3
source = "fridays overlap with nothing"
"#,
    );
}

#[test]
fn a_way_out_is_told_without_its_secrets() {
    check(
        "config-egress.txt",
        r#"[upstreams.a]
format = "openai"
base_url = "https://a"
egress_proxy = "http://us:hunter2@proxy:3128"
egress_credentials = "us:hunter2"
[upstreams.b]
format = "openai"
base_url = "https://b"
egress_proxy = "https://proxy:3128"
egress_credentials = "env:TOKEN"
[upstreams.c]
format = "openai"
base_url = "https://c"
egress_proxy = "http://proxy:3128/path"
[upstreams.d]
format = "openai"
base_url = "https://d"
egress_credentials = "env:PROXY"
"#,
    );
}

#[test]
fn signing_for_everybody_is_told() {
    check(
        "config-sign.txt",
        r#"[upstreams.a]
format = "bedrock"
base_url = "https://bedrock-runtime.eu-central-1.amazonaws.com"
sign = "aws"
sign_for = ["0.0.0.0/0", "10.0.0.0/40", "tenant:search", "tenant:nobody", "everybody"]
[upstreams.b]
format = "bedrock"
base_url = "https://gateway.example"
sign = "gcp"
sign_profile = ""
[upstreams.c]
format = "bedrock"
base_url = "https://gateway.example"
sign_region = "eu-west-1"
sign_for = "loopback"
[upstreams.d]
format = "bedrock"
base_url = "https://gateway.example"
sign = "aws"
[tenants.search]
header_values = ["s"]
"#,
    );
}

#[test]
fn server_and_upstreams_are_told_all_at_once() {
    check(
        "config-server.txt",
        r#"reporting_currency = "EUR"
reporting_timezone = "Mars/Olympus"
default_upstream = "opnai"
colour = "red"
[server]
lisen = "127.0.0.1:1"
listen = "localhost"
admin = "0.0.0.0:4142"
calls_in_flight_max = 0
header_timeout = 30
header_bytes_max = "64 lots"
drain = "0"
[upstreams.openai]
format = "opanai"
base_url = "api.openai.com"
prices = "opena"
idle_timeout = "soon"
[upstreams."Bad Name"]
format = "openai"
base_url = "https://user:hunter2@host"
http2 = "yes"
[upstreams.v1]
billed = "yes"
[upstreams.query]
format = "openai"
base_url = "https://host/?key=1"
inject_usage = "yes"
[upstreams.fragment]
format = "openai"
base_url = "https://host/#x"
[ledger]
on_ledger_failure = "panic"
ack_wait = "5"
strict_ack = "yes"
segment_bytes_max = 64.5
retention_days = "400d"
[metrics]
label_values_max = "many"
"#,
    );
}

#[test]
fn hosting_that_cannot_be_is_told() {
    check(
        "config-hosting.txt",
        r#"[upstreams.api]
format = "openai"
base_url = "https://api"
plan = "llama-70b-2xh100"
would_cost_as = "openai/gpt-4o-mini"
[upstreams.typo]
format = "openai"
base_url = "http://a"
role = "own"
plan = "llama-70b-2xh10"
would_cost_as = "opena/gpt-4o-mini"
replicas = 2
[upstreams.model]
format = "openai"
base_url = "http://b"
role = "own"
would_cost_as = "openai/gpt-4o-mimi"
replicas = 2
[upstreams.bare]
format = "openai"
base_url = "http://c"
role = "own"
plan = "llama-70b-2xh100"
[upstreams.order]
format = "openai"
base_url = "http://d"
role = "own"
plan = "llama-70b-2xh100"
would_cost_as = "gpt-4o-mini"
replicas = [{ from = 2026-10-02, replicas = 2 }, { from = 2026-10-01, replicas = 3 }]
[upstreams.once]
format = "openai"
base_url = "http://e"
role = "own"
plan = "llama-70b-2xh100"
would_cost_as = "openai/gpt-4o-mini"
replicas = 2
[upstreams.twice]
format = "openai"
base_url = "http://f"
role = "own"
plan = "llama-70b-2xh100"
would_cost_as = "openai/gpt-4o-mini"
replicas = 3
[upstreams.none]
format = "openai"
base_url = "http://g"
role = "own"
plan = "llama-70b-2xh100"
would_cost_as = "openai/gpt-4o-mini"
replicas = []
"#,
    );
}

#[test]
fn people_and_secrets_are_told_all_at_once() {
    check(
        "config-tenants.txt",
        r#"[server]
listen = "127.0.0.1:4142"
admin_token = "hunter2"
metrics_token = "env:NOT_SET"
[attribution]
tenant_headers = "x-tenant"
key_headers = ["x api key"]
key_hash_secret = "file:not-there"
[attribution.dimensions]
a = "x-a"
b = "x-a"
c = "x-c"
D = "x-d"
model = "x-m"
[tenants.other]
[tenants.a]
keys = ["env:KEY", "hunter2", "env:EMPTY"]
header_values = ["b", "same"]
[tenants.b]
keys = ["env:SAME_KEY"]
header_values = ["same"]
key = "env:KEY"
"#,
    );
}

#[test]
fn plans_are_told_all_at_once_each_at_its_key() {
    check(
        "config-plans.txt",
        r#"[plans.a]
replaces = []
serves = "9k"
gpus = 2.5
gpu_usd_per_hour = "2.69"
owned = { capex_usd = 1 }
utilisation = [0.9, 0.95, 0.99]
escalation = [0.1, 0.2]
policies = "hybrid"
[plans.a.throughput]
source = "guessed"
a = 5.0
cites = "x"
[plans.a.basis]
basis = "hope"
[endpoints.b]
replaces = ["gpt-4o"]
input_usd_per_mtok = "0,59"
output_usd_per_mtok = 0.79
price_as_of = 2026
"#,
    );
}

/// A plan whose model, GPUs and precision are `replica`, with a price unless `rest` has one.
fn referring(
    name: &str,
    (model, gpus, gpu, precision): (&str, u32, &str, &str),
    rest: &str,
) -> String {
    let priced = rest.contains("offer") || rest.contains("usd");
    let offer = if priced {
        ""
    } else {
        "offer = \"verda/1H100.80S.32V\"\n"
    };
    let source = if rest.contains("source") {
        ""
    } else {
        "throughput.source = \"published\"\n"
    };
    format!(
        "[plans.{name}]\nreplaces = \"gpt-4o\"\nserves = \"8k\"\nmodel = \"{model}\"\ngpu = \"{gpu}\"\n\
         gpus = {gpus}\nprecision = \"{precision}\"\n{offer}{source}{rest}"
    )
}

#[test]
fn what_plans_refer_to_is_told_with_what_is_known() {
    let large = ("llama-3.3-70b", 2, "H100-SXM", "fp8");
    let small = ("llama-3.1-8b", 1, "H100-SXM", "fp8");
    let plans = [
        referring("unknown", ("Llama-3.3-70B-Instruct", 2, "H100", "fp16"), ""),
        referring("too-large", ("llama-3.1-405b", 4, "H100-SXM", "fp8"), ""),
        referring(
            "nobody-measured",
            ("llama-3.3-70b", 4, "H100-SXM", "fp8"),
            "",
        ),
        referring("slow", large, "tpot_limit_seconds = 0.01\n"),
        referring("no-offer", ("llama-3.3-70b", 1, "H200-SXM", "fp8"), ""),
        referring(
            "whole-hosts",
            large,
            "offer = \"aws-ec2/p5.48xlarge\"\nprice_as_of = \"2026\"\n",
        ),
        referring("undated", large, "gpu_usd_per_hour = 2.5\n"),
        referring(
            "no-figure",
            ("llama-3.1-8b", 1, "A10G", "fp8"),
            "offer = \"aws-ec2/g5.xlarge\"\nthroughput.source = \"roofline\"\n",
        ),
        referring("naive", small, "throughput.source = \"naive\"\n"),
        referring("unmeasured", small, "throughput.source = \"measured\"\n"),
        referring("estimated", small, "offer = \"owner/hyperscaler TCO\"\n"),
        referring(
            "never-idle",
            small,
            "offer = \"runpod/secure SXM\"\npolicy = \"serverless\"\n",
        ),
        referring(
            "people",
            small,
            "further = true\namortisation_months = 4000000000\n",
        ),
    ];
    check("config-references.txt", &plans.concat());
}

#[test]
fn rows_of_the_users_own_are_told_all_at_once() {
    let folder = folder("[catalogues]\nhardware = \"h.toml\"\nthroughput = \"t.toml\"\n");
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file(
        "h.toml",
        r#"[[gpu]]
name = "H100-PCIe"
memory_gb = -80
tflops = { bf16 = 756, fp16 = 756 }
tdp_w = 350
as_of = "May 2026"
source = "data sheet"
[[gpu]]
name = "L40S"
[[offer]]
gpu = "H100-PCI"
provider = "ours"
offer = "rack 4"
gpus = 0
usd_per_gpu_hour = "1.10"
kind = "on demand"
as_of = 2026-05
"#,
    );
    file(
        "t.toml",
        r#"[[model]]
name = "ours-9b"
total_params_b = 9
active_params_b = 90
kv_elements_per_token = 65536
as_of = "2026-11"
source = "config.json"
[[model]]
name = "ours-9b"
total_params_b = 9
active_params_b = 9
kv_elements_per_token = 65536
as_of = "2026-11"
source = "config.json"
[[published]]
model = "ours-8b"
gpu = "H100"
gpus = 1
precision = "fp16"
a = 1.5
b = "fast"
points = 10
fit_error = [0.08, 0.03]
left_out_error = 0.05
single_figure_error = [0.3, 0.9]
as_of = 2026-05-22
cites = "table"
"#,
    );
    let path = folder.path().join("tollgate.toml");
    let load = || {
        let problems = load_with(Some(&path), &Overrides::default(), &env).unwrap_err();
        let place = format!("{}/", folder.path().display());
        problems.to_string().replace(&place, "config/")
    };
    let not_toml = load();
    let text = std::fs::read_to_string(folder.path().join("h.toml")).unwrap();
    file("h.toml", &text.replace("2026-05\n", "\"2026-05\"\n"));
    compare("config-rows.txt", &format!("{not_toml}\n\n{}\n", load()));
}

#[test]
fn wrong_types_are_told() {
    check(
        "config-types.txt",
        "server = 1\nprices = 2\nupstreams = [3]\n[catalogues]\nprices = 4\nplans = \"\"\n",
    );
}

#[test]
fn text_that_is_not_toml_is_shown_with_a_caret() {
    check(
        "config-syntax.txt",
        "[server]\nlisten = \"127.0.0.1:1\nadmin = 2\n",
    );
    check(
        "config-duplicate.txt",
        "[server]\ndrain = \"1s\"\ndrain = \"2s\"\n",
    );
}

#[test]
fn a_wrong_catalogue_file_is_told_with_its_own_name() {
    let folder = folder("[catalogues]\nprices = \"mine.toml\"\n[server]\ndrain = 1\n");
    let path = folder.path().join("tollgate.toml");
    let load = || {
        let problems = load_with(Some(&path), &Overrides::default(), &env).unwrap_err();
        let place = format!("{}/", folder.path().display());
        problems.to_string().replace(&place, "config/")
    };
    let missing = load();
    let price = "[[prices]]\nlist = \"l\"\nmatch = \"m*\"\nfrom = 2026-01-01\n\
                 input_usd_per_mtok = 1\nsource = \"s\"\n[server]\n";
    std::fs::write(folder.path().join("mine.toml"), price).unwrap();
    compare(
        "config-catalogue.txt",
        &format!("{missing}\n\n{}\n", load()),
    );
}

#[test]
fn a_file_that_is_not_there_and_a_wrong_environment_are_told() {
    let path = Path::new("no/such/tollgate.toml");
    let gone = load_with(Some(path), &Overrides::default(), &env).unwrap_err();
    let env = |name: &str| (name == "TOLLGATE_ADMIN").then(|| "here".to_owned());
    let odd = load_with(None, &Overrides::default(), &env).unwrap_err();
    compare("config-environment.txt", &format!("{gone}\n\n{odd}\n"));
}

#[test]
fn ways_to_pay_less_are_told_all_at_once_each_at_its_key() {
    check(
        "config-optimised.txt",
        r#"[optimised.nothing]
replaces = ["gpt-4o"]
[optimised.misspelt]
replaces = ["gpt-4o"]
serves = "32k"
model = "gpt-4o-mni"
[optimised.nobodys]
replaces = ["gpt-4o"]
serves = "32k"
model = "mistral-large"
list = "nobody"
qualifying_share = 0.2
[optimised.half]
replaces = ["gpt-4o"]
serves = "32k"
model = "m"
input_usd_per_mtok = 1
qualifying_share = 0.2
[optimised.undated]
replaces = ["gpt-4o"]
model = "m"
input_usd_per_mtok = 1
output_usd_per_mtok = "1,5"
qualifying_share = [0.4, 0.2, 0.1]
utilisation = 0.7
[optimised.batch]
replaces = ["gpt-4o"]
price_factor = 1.5
model = "gpt-4o-mini"
token_ratio_out = 1.0
price_as_of = 2026-08-22
[optimised.cache]
replaces = ["gpt-4o", "gpt-4o-mini"]
cached_share = [0.5, 0.2, 1.2]
router_usd_per_call = -1
[optimised.cacheless]
replaces = ["gpt-4-turbo"]
cached_share = 0.5
alert = true
[optimised.both]
replaces = []
cached_share = 0.5
price_factor = 0.5
"#,
    );
}

#[test]
fn receivers_of_alerts_are_told() {
    check(
        "config-alerts.txt",
        r#"[[alerts]]
name = "ops"
webhook = "https://hooks.example/hunter2"
format = "slack"
secret = "env:TOKEN"
on = ["verdict", "spend"]
spike_ratio = 0.5
spike_usd_min = -3
[[alerts]]
name = "ops"
webhook = "env:TOKEN"
format = "teams"
language = "cn"
[[alerts]]
name = "no spaces"
colour = "red"
[tenants.search]
monthly_budget_usd = 0
"#,
    );
}

#[test]
fn what_servers_are_measured_by_is_told_all_at_once() {
    check(
        "config-measured.txt",
        r#"[upstreams.rented]
format = "openai"
base_url = "https://api.openai.com"
[upstreams.rented.measured_by]
vllm = "http://us:hunter2@vllm:8000/metrics"
[upstreams.idle]
format = "openai"
base_url = "http://vllm:8000"
role = "own"
measured_by = {}
[upstreams.own]
format = "openai"
base_url = "http://vllm:8000"
role = "own"
[upstreams.own.measured_by]
vllm = ["vllm:8000", 7]
vlm = []
every = "500ms"
timeout = "0"
token = "hunter2"
namespace = "llm"
label = "app"
[upstreams.costs]
format = "openai"
base_url = "http://vllm:8000"
role = "own"
[upstreams.costs.measured_by]
opencost = "http://opencost:9003"
"#,
    );
}

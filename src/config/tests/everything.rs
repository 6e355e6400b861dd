//! Facts about a file that sets every key.

use super::*;
use crate::call::Role;
use crate::economics::Arm;
use crate::economics::arm::ArmPrice;
use crate::economics::assumptions::{Parameter, Range};
use crate::proxy::InjectUsage;

/// A file that sets everything to something else than the default.
const EVERYTHING: &str = r#"
default_upstream = "gate"
reporting_timezone = "Europe/Berlin"
[server]
listen = "0.0.0.0:1"
admin = "0.0.0.0:2"
data_dir = "d"
admin_token = "env:TOKEN"
metrics_token = "none"
calls_in_flight_max = 3
header_timeout = "0"
header_bytes_max = 1024
client_stall = "1500ms"
drain = "2h"
inject_body_bytes_max = "1MiB"
watch = false
[upstreams.gate]
format = "anthropic"
base_url = "http://gate:8080/prefix/"
role = "gateway"
billed = false
prices = "anthropic"
ca_file = "/ca.pem"
egress_proxy = "http://proxy:3128/"
egress_credentials = "env:PROXY"
http2 = "prior_knowledge"
connect_timeout = "1s"
response_header_timeout = "0"
idle_timeout = "3s"
client_gone = "drain"
drain_time_max = "4s"
drain_bytes_max = "5MiB"
[upstreams.bedrock]
format = "bedrock"
base_url = "https://bedrock-runtime.eu-central-1.amazonaws.com"
sign = "aws"
sign_region = "eu-west-1"
sign_service = "bedrock-x"
sign_profile = "metering"
sign_for = ["loopback", "10.0.0.0/8", "tenant:search"]
[upstreams.vllm]
format = "openai"
base_url = "http://127.0.0.1:8000"
role = "own"
plan = "mine"
replicas = [{ from = 2026-10-01, replicas = 1 }, { from = "2026-11-01T08:00:00Z", replicas = 3 }]
would_cost_as = "openai/gpt-4o-mini"
inject_usage = "always"
[upstreams.vllm.measured_by]
vllm = ["http://10.0.0.5:8000", "http://10.0.0.6:8000/metrics"]
sglang = "https://sglang/base/metrics/"
every = "15s"
timeout = "5s"
token = "env:TOKEN"
opencost = "http://opencost:9003"
opencost_token = "env:TOKEN"
namespace = "llm"
controller = "vllm"
label = "app=chat"
share_idle = true
[attribution]
tenant_headers = ["x-who"]
key_headers = ["x-key"]
key_hash_secret = "env:TOKEN"
dimensions = { team = "x-team" }
[tenants.search]
keys = ["env:KEY"]
header_values = ["s", "se"]
monthly_budget_usd = 500.50
[[alerts]]
name = "ops"
webhook = "env:HOOK"
format = "feishu"
secret = "env:TOKEN"
language = "zh"
on = ["verdict", "budget"]
spike_ratio = 3
spike_usd_min = "12.5"
ca_file = "/ca.pem"
egress_proxy = "env:HOOK"
[fleet]
replicas = 3

[meter]
text_bytes_max = "64MiB"
audit_share = 0.5

[ledger]
on_ledger_failure = "refuse"
backlog_max = 4
ack_wait = "6ms"
strict_ack = true
sync_interval = "7ms"
segment_bytes_max = "1GiB"
retention_days = 30
retention_bytes = "20GiB"
hours_retention_days = 60
minutes_retention_days = 3
[metrics]
label_values_max = 8
[[prices]]
list = "vllm"
match = "*"
asked = true
from = 2026-01-01
free = true
free_units = ["web_search"]
avoidable = "never"
source = "ours"
[[prices]]
list = "openai"
match = "gpt-4o"
from = 2026-01-01
input_usd_per_mtok = 1
avoidable = 2027-06-30
source = "capacity"
[[prices]]
list = "anthropic"
match = ["claude-opus-5", "claude-*"]
seen = "2026-01-02"
above_input_tokens = 100
service_tier = "priority"
speed = "fast"
region = "us"
input_cny_per_mtok = 1.5
cache_write_5m_cny_per_mtok = "0.000001"
web_search_cny_per_1k = 7.25
source = "contract"
[[prices]]
list = "zhipu"
match = "glm-4.7"
from = 2026-01-01
above_output_tokens = 199
thinking = false
hours = "16:30-00:30"
weekdays = ["sat", "sun"]
zone = "Asia/Shanghai"
billed_at = "end"
input_cny_per_mtok = 3
input_audio_cny_per_mtok = 4
images_cny_per_unit = 0.25
audio_seconds_cny_per_minute = 0.006
source = "contract"
[[prices]]
list = "zhipu"
match = "glm-4.7"
from = 2026-01-01
above_input_tokens = 1000
marginal = true
input_cny_per_mtok = 5
source = "contract"
[[prices]]
list = "zhipu"
match = "glm-4.8"
from = 2026-01-01
free_until = 2026-12-31
input_cny_per_mtok = 5
source = "contract"
[[prices]]
list = "zhipu"
match = "glm-4.9"
from = 2026-01-01
settled = "prepaid"
avoidable = "now"
input_cny_per_mtok = 5
source = "contract"
[[prices]]
list = "openai"
match = "gpt-*"
from = 2026-01-01
service_tier = "flex"
times = "17/20"
source = "contract"
[[fx]]
currency = "CNY"
usd_per_unit = 0.140000000001
from = 2026-01-01
source = "bank"
[[reserved]]
name = "ptu"
list = "anthropic"
match = ["gpt-4o", "gpt-5*"]
units = 3
usd_per_unit_hour = 2.00
from = 2026-11-01
until = 2027-11-01
source = "order"
[[reserved]]
name = "ptu"
upstream = ["gate", "vllm"]
match = "gpt-4o"
service_tier = "scale"
units = 1
cny_per_unit_month = 100
from = 2026-11-01T08:30:00+08:00
committed_until = 2026-12-01
source = "order"
[plans.mine]
replaces = ["gpt-4o"]
serves = "128k+vision+tools"
model = "llama-3.3-70b"
gpu = "H100-SXM"
gpus = 2
precision = "fp8"
price_as_of = 2026-05-22
price_source = "invoice"
tpot_limit_seconds = 0.1
escalation = 0.2
utilisation = [0.4, 0.5, 0.9]
basis = { basis = "load test", by = "ops", date = 2026-10-01 }
throughput = { source = "roofline" }
[plans.mine.owned]
capex_usd = 60000
life_years = 4
kw = 1.6
usd_per_kwh = 0.2
[endpoints.there]
replaces = "gpt-4o"
serves = "128k"
model = "llama-3.3-70b"
input_usd_per_mtok = 0.59
cached_input_usd_per_mtok = "0.1"
output_usd_per_mtok = 0.79
price_as_of = "2026-05-22"
price_source = "its page"
alert = false
[optimised.later]
replaces = ["gpt-4o"]
price_factor = 0.5
qualifying_share = [0.1, 0.2, 0.3]
price_as_of = 2026-05-22
price_source = "its page"
"#;

#[test]
fn what_is_printed_is_read_back_and_holds_no_secret() {
    let config = good(EVERYTHING);
    let printed = config.print();
    let again = good(&printed);
    assert_eq!(again.print(), printed);
    assert_eq!(again.server, config.server);
    assert_eq!(again.upstreams, config.upstreams);
    assert_eq!(again.attribution, config.attribution);
    assert_eq!(again.tenants, config.tenants);
    assert_eq!(again.alerts, config.alerts);
    assert_eq!(again.ledger, config.ledger);
    assert_eq!(again.meter, config.meter);
    assert_eq!(again.prices.entries(), config.prices.entries());
    assert_eq!(again.prices.fx(), config.prices.fx());
    assert_eq!(again.prices.reserved(), config.prices.reserved());
    assert_eq!(config.prices.reserved().len(), 2);
    assert_eq!(again.plans, config.plans);
    assert_eq!(
        config.plans.plans.len(),
        1,
        "own plans take the place of the examples"
    );
    assert_eq!(config.plans.endpoints.len(), 1);
    let assumed = config.plans.plans.first().unwrap().assumptions;
    let escalation = assumed.range(Parameter::Escalation);
    assert_eq!(escalation, Range::certain(0.2), "one number is certain");
    for secret in ["t0ken", "sk-1", "hunter2", "s3cret"] {
        assert!(!printed.contains(secret), "{printed}");
        assert!(!format!("{config:?}").contains(secret));
    }
    golden::compare("config-print.txt", &printed);
}

#[test]
fn values_mean_what_they_say() {
    let config = good(EVERYTHING);
    let server = &config.server;
    assert_eq!(server.admin_token.as_ref().unwrap().expose(), "t0ken");
    assert_eq!(server.header_timeout, None);
    assert_eq!(server.client_stall.unwrap().as_millis(), 1_500);
    assert_eq!(server.drain.as_secs(), 7_200);
    assert_eq!(server.metrics_token, MetricsToken::Open);
    assert_eq!(config.ledger.segment_bytes_max, 1 << 30);
    assert_eq!(config.ledger.retention_days, 30);
    assert_eq!(config.ledger.retention_bytes, Some(20 << 30));
    assert_eq!(config.ledger.hours_retention_days, 60);
    assert_eq!(config.ledger.minutes_retention_days, 3);
    assert_eq!(config.fleet.replicas, 3);
    assert_eq!(config.meter.text_bytes_max, 64 << 20);
    assert_eq!(config.meter.audit_share.to_string(), "0.5");
    let [bedrock, gate, vllm] = config.upstreams.as_slice() else {
        panic!("{:?}", config.upstreams)
    };
    let sign = bedrock.sign.as_ref().unwrap();
    assert_eq!(
        sign.region, "eu-west-1",
        "what is written, not what base_url says"
    );
    assert_eq!(sign.admits.networks.len(), 3);
    assert_eq!(gate.base_url.to_string(), "http://gate:8080/prefix");
    assert_eq!(vllm.inject_usage, InjectUsage::Always);
    assert_eq!(gate.inject_usage, InjectUsage::Auto);
    assert_eq!((vllm.role, vllm.billed), (Role::Own, false));
    let as_priced = vllm.would_cost_as.as_ref().unwrap();
    assert_eq!(as_priced.to_string(), "openai/gpt-4o-mini");
    // Days begin in the reporting time zone, two hours before UTC's.
    let since = |from: &str, replicas| ReplicasFrom {
        from: from.parse().unwrap(),
        replicas,
    };
    let replicas = vec![
        since("2026-09-30T22:00:00Z", 1),
        since("2026-11-01T08:00:00Z", 3),
    ];
    let plan = "mine".to_owned();
    assert_eq!(vllm.runs_on, Some(RunsOn { plan, replicas }));
    assert_eq!(
        vllm.prices, "vllm",
        "an upstream's own name is its price list"
    );
}

#[test]
fn a_plans_file_adds_to_the_plans_written_beside_it() {
    let (before, plans) = EVERYTHING.split_once("[plans.mine]").unwrap();
    let folder = folder(&format!(
        "{before}[catalogues]\nplans = \"p.toml\"\n[plans.mine]{plans}"
    ));
    let path = folder.path().join("tollgate.toml");
    let load = |text: &str| {
        std::fs::write(folder.path().join("p.toml"), text).unwrap();
        load_with(Some(&path), &Overrides::default(), &env)
    };
    let other = plans
        .replace(".mine", ".other")
        .replace(".there", ".elsewhere")
        .replace(".later", ".never");
    let config = load(&format!("[plans.other]{other}")).unwrap();
    let of = &config.plans;
    let numbers = (of.plans.len(), of.endpoints.len(), of.optimised.len());
    assert_eq!(numbers, (2, 2, 2));
    let twice = load(&format!("[plans.mine]{plans}"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        twice.matches("is in the other file too").count(),
        3,
        "{twice}"
    );
}

#[test]
fn rows_of_ones_own_are_added_and_take_the_place_of_ours() {
    let folder = folder(
        "[catalogues]\nhardware = \"h.toml\"\nthroughput = \"t.toml\"\n\
         [plans.p]\nreplaces = \"gpt-4o\"\nserves = \"8k\"\nmodel = \"ours-9b\"\n\
         gpu = \"H100-SXM\"\ngpus = 1\nprecision = \"fp8\"\noffer = \"ours/rack 4\"\n\
         throughput.source = \"roofline\"\n",
    );
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file(
        "h.toml",
        "[[gpu]]\nname = \"H100-SXM\"\nmemory_gb = 96\nbandwidth_tb_s = 3.35\n\
         tflops = { fp8 = 1979 }\ntdp_w = 700\nas_of = \"2026-05\"\nsource = \"nvidia-smi\"\n\
         [[offer]]\ngpu = \"H100-SXM\"\nprovider = \"ours\"\noffer = \"rack 4\"\ngpus = 1\n\
         usd_per_gpu_hour = 1.25\nkind = \"on-demand\"\nas_of = 2026-10-01\nsource = \"books\"\n",
    );
    file(
        "t.toml",
        "[[model]]\nname = \"ours-9b\"\ntotal_params_b = 9\nactive_params_b = 9\n\
         kv_elements_per_token = 65536\nas_of = \"2026-11\"\nsource = \"config.json\"\n",
    );
    let path = folder.path().join("tollgate.toml");
    let config = load_with(Some(&path), &Overrides::default(), &env).unwrap();
    let printed = config.print();
    std::fs::write(&path, &printed).unwrap();
    let again = load_with(Some(&path), &Overrides::default(), &env).unwrap();
    assert_eq!(
        (&again.rows, again.plans),
        (&config.rows, config.plans.clone()),
        "{printed}"
    );
    let (ours, rows) = (defaults().rows, &config.rows);
    assert_eq!(rows.gpus.len(), ours.gpus.len(), "in place of ours");
    assert_eq!(rows.offers.len(), ours.offers.len() + 1);
    assert_eq!(rows.models.len(), ours.models.len() + 1);
    let plan = config.plans.plans.first().unwrap();
    assert!((plan.gpu.memory_gb - 96.0).abs() < 1e-9);
    assert!((plan.price.usd_per_hour - 1.25).abs() < 1e-12);
    assert_eq!(
        plan.throughput.cite,
        "shape: config.json; data sheet: nvidia-smi"
    );
}

#[test]
fn a_smaller_model_is_priced_by_the_catalogue_on_its_day() {
    let table = |more: &str| {
        format!(
            "[optimised.mini]\nreplaces = [\"gpt-4o\"]\nserves = \"32k\"\nqualifying_share = 0.2\n\
             {more}\n"
        )
    };
    let arm = |more: &str| good(&table(more)).plans.optimised.remove(0);
    let price = |arm: &Arm| match &arm.price {
        ArmPrice::Tokens { rates, .. } => rates.input.to_string(),
        ArmPrice::Factor(_) | ArmPrice::Cache { .. } => panic!("{arm:?}"),
    };
    let mini = arm("model = \"gpt-4o-mini\"");
    assert_eq!(price(&mini), "0.15");
    // The day its source was read; the price was known a year before.
    assert_eq!(mini.as_of.to_string(), "2026-08-21");
    assert!(
        mini.source.starts_with("price list openai: pydantic"),
        "{}",
        mini.source
    );
    // gpt-4o cost 5 until it cost 2.5.
    let newest = arm("model = \"gpt-4o\"");
    let first = arm("model = \"gpt-4o\"\nprice_as_of = 2024-06-01");
    assert_eq!((price(&newest), price(&first)), ("2.5".into(), "5".into()));
    assert_eq!(first.as_of.to_string(), "2024-05-01");
    let haiku = arm("model = \"claude-haiku-4-5\"\nlist = \"anthropic\"");
    assert_eq!(price(&haiku), "1");
}

#[test]
fn without_a_file_every_way_to_pay_less_has_an_example_and_a_price() {
    let arms = defaults().plans.optimised;
    let of = |kind: fn(&ArmPrice) -> bool| arms.iter().filter(|arm| kind(&arm.price)).count();
    assert_eq!(of(|price| matches!(price, ArmPrice::Tokens { .. })), 2);
    assert_eq!(of(|price| matches!(price, ArmPrice::Factor(_))), 2);
    assert_eq!(of(|price| matches!(price, ArmPrice::Cache { .. })), 1);
    assert!(arms.iter().any(|arm| arm.router_usd_per_call > 0.0));
}

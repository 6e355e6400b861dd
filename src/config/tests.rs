//! Facts about whole configurations. The problems people see: `golden`.

mod catalogue;
mod golden;

use std::path::Path;

use super::*;
use crate::call::Role;

/// An environment with one key and one token in it.
fn env(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("t0ken\n".to_owned()),
        "KEY" | "SAME_KEY" => Some("sk-1".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

/// A folder with a configuration in it.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tollgate.toml"), text).unwrap();
    folder
}

fn load_text(text: &str) -> Result<Config, Problems> {
    let folder = folder(text);
    let path = folder.path().join("tollgate.toml");
    load_with(Some(&path), &Overrides::default(), &env)
}

#[track_caller]
fn good(text: &str) -> Config {
    load_text(text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn defaults() -> Config {
    load_with(None, &Overrides::default(), &|_| None).unwrap()
}

#[test]
fn no_file_is_a_valid_configuration() {
    let config = defaults();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4141");
    assert_eq!(config.server.admin.to_string(), "127.0.0.1:4142");
    assert_eq!(config.default_upstream.as_deref(), Some("openai"));
    let urls: Vec<_> = config
        .upstreams
        .iter()
        .map(|u| u.base_url.to_string())
        .collect();
    assert_eq!(
        urls,
        ["https://api.anthropic.com/", "https://api.openai.com/"]
    );
    assert!(config.prices.has_list("openai") && config.prices.has_list("anthropic"));
}

#[test]
fn the_example_file_is_exactly_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/tollgate.toml");
    let example = load_with(Some(&path), &Overrides::default(), &|_| None).unwrap();
    assert_eq!(example.print(), defaults().print());
    assert_eq!(example.server, Server::default());
    assert_eq!(example.upstreams, Upstream::defaults());
    assert_eq!(example.attribution, Attribution::default());
    assert_eq!(example.ledger, Ledger::default());
    assert_eq!(example.metrics, Metrics::default());
    assert_eq!(example.reporting, Reporting::default());
    assert_eq!(example.catalogues, Catalogues::default());
    assert_eq!(example.prices.entries(), defaults().prices.entries());
}

#[test]
fn everything_the_example_leaves_commented_out_is_valid_too() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/tollgate.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let key = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let is_key = rest.starts_with('[')
            || rest
                .split_once(" = ")
                .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        is_key.then(|| rest.to_owned())
    };
    let full: String = text
        .lines()
        .map(|line| key(line).unwrap_or_else(|| line.to_owned()) + "\n")
        .filter(|line| !line.starts_with("plans ="))
        .collect();
    let folder = folder(&full);
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("prices.toml", include_str!("../../config/prices.toml"));
    file("key-hash-secret", "h");
    let path = folder.path().join("tollgate.toml");
    let secrets = |name: &str| {
        let secret = name.ends_with("_TOKEN") || name.ends_with("_KEY");
        secret.then(|| format!("secret of {name}"))
    };
    let config = load_with(Some(&path), &Overrides::default(), &secrets);
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.tenants.len(), 1);
    assert_eq!(config.attribution.dimensions.len(), 2);
    assert!(config.prices.has_list("own-vllm"));
}

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
[upstreams.gate]
format = "anthropic"
base_url = "http://gate:8080/prefix/"
role = "gateway"
billed = false
prices = "anthropic"
ca_file = "/ca.pem"
http2 = "prior_knowledge"
connect_timeout = "1s"
response_header_timeout = "0"
idle_timeout = "3s"
[upstreams.vllm]
format = "openai"
base_url = "http://127.0.0.1:8000"
role = "own"
[attribution]
tenant_headers = ["x-who"]
key_headers = ["x-key"]
key_hash_secret = "env:TOKEN"
dimensions = { team = "x-team" }
[tenants.search]
keys = ["env:KEY"]
header_values = ["s", "se"]
[ledger]
on_ledger_failure = "refuse"
backlog_max = 4
ack_wait = "6ms"
sync_interval = "7ms"
segment_bytes_max = "1GiB"
[metrics]
label_values_max = 8
[[prices]]
list = "vllm"
match = "*"
from = 2026-01-01
free = true
free_units = ["web_search"]
source = "ours"
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
[[fx]]
currency = "CNY"
usd_per_unit = 0.140000000001
from = 2026-01-01
source = "bank"
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
    assert_eq!(again.ledger, config.ledger);
    assert_eq!(again.prices.entries(), config.prices.entries());
    assert_eq!(again.prices.fx(), config.prices.fx());
    for secret in ["t0ken", "sk-1"] {
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
    let [gate, vllm] = config.upstreams.as_slice() else {
        panic!("{:?}", config.upstreams)
    };
    assert_eq!(gate.base_url.to_string(), "http://gate:8080/prefix");
    assert_eq!((vllm.role, vllm.billed), (Role::Own, false));
    assert_eq!(
        vllm.prices, "vllm",
        "an upstream's own name is its price list"
    );
}

#[test]
fn flag_wins_over_environment_and_environment_over_file() {
    let folder = folder("[server]\nlisten = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:2\"\n");
    let path = folder.path().join("tollgate.toml");
    let flags = Overrides {
        listen: "127.0.0.1:3".parse().ok(),
        ..Overrides::default()
    };
    let env = |name: &str| match name {
        "TOLLGATE_LISTEN" => Some("127.0.0.1:4".to_owned()),
        "TOLLGATE_ADMIN" => Some("127.0.0.1:5".to_owned()),
        "TOLLGATE_DATA_DIR" => Some("elsewhere".to_owned()),
        _ => None,
    };
    let server = load_with(Some(&path), &flags, &env).unwrap().server;
    assert_eq!(server.listen.port(), 3);
    assert_eq!(server.admin.port(), 5);
    assert_eq!(server.data_dir, Path::new("elsewhere"));
}

#[test]
fn the_default_upstream_is_openai_or_the_only_one() {
    let upstream =
        |name: &&str| format!("[upstreams.{name}]\nformat = \"openai\"\nbase_url = \"http://h\"\n");
    let default = |names: &[&str]| {
        let text: String = names.iter().map(upstream).collect();
        good(&text).default_upstream
    };
    assert_eq!(default(&["a"]).as_deref(), Some("a"));
    assert_eq!(default(&["a", "openai"]).as_deref(), Some("openai"));
    assert_eq!(default(&["a", "b"]), None);
}

#[test]
fn a_catalogue_file_takes_the_place_of_the_embedded_one() {
    let folder = folder("[catalogues]\nprices = \"mine.toml\"\n");
    let price = "[[prices]]\nlist = \"l\"\nmatch = \"m\"\nfrom = 2026-01-01\n\
                 input_usd_per_mtok = 1\nsource = \"s\"\n";
    std::fs::write(folder.path().join("mine.toml"), price).unwrap();
    let path = folder.path().join("tollgate.toml");
    let config = load_with(Some(&path), &Overrides::default(), &env).unwrap();
    assert_eq!(config.prices.entries().len(), 1);
}
